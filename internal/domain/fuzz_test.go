package domain

import (
	"bytes"
	"encoding/json"
	"maps"
	"testing"
)

// FuzzRemember: a stored body gives back what was known of the event when it
// was committed, or an error, and its contract's form is stable.
func FuzzRemember(f *testing.F) {
	for _, body := range []string{
		`{"sessionId":"browser_1","type":"browser","data":{"eventType":"browser_ready","status":"READY","streamingUrl":"https://x/streams?id=1&a=2"},"id":"evt_1","timestamp":"2026-01-02T03:04:05.678Z","sequence":1,"metadata":{"env":"prod"}}`,
		`{"sessionId":"","type":"webhook","data":{"eventType":"endpoint_failing","status":"ENABLED","endpointId":"we_1"},"metadata":null}`,
		`{"data":{"result":{"a":[1,2,{"b":"\u2028<>&"}]},"index":0,"durationMs":-1}}`,
		`{"metadata":{"":"\ud800"}}`, `[]`, `null`, `{`, "\x00",
	} {
		f.Add(string(EventStepStarted), []byte(body))
	}
	f.Fuzz(func(t *testing.T, event string, body []byte) {
		e := Event{Type: EventType(event), Body: body}
		if e.Remember() != nil {
			return
		}
		var p Payload
		if err := json.Unmarshal(body, &p); err != nil {
			t.Fatalf("remembered, and can't be read: %v", err)
		}
		sent, err := EncodePayload(p)
		if err != nil {
			t.Fatalf("%q can't be written again: %v", body, err)
		}
		again := Event{Type: e.Type, Body: sent}
		if err := again.Remember(); err != nil {
			t.Fatalf("%q: %v", sent, err)
		}
		if !maps.Equal(again.Metadata, e.Metadata) || again.EndpointID != e.EndpointID {
			t.Fatalf("%q is remembered as %v, and written again as %v", body, e, again)
		}
		var q Payload
		if err := json.Unmarshal(sent, &q); err != nil {
			t.Fatal(err)
		}
		if twice, err := EncodePayload(q); err != nil || !bytes.Equal(twice, sent) {
			t.Fatalf("%q became %q", sent, twice)
		}
		if bytes.ContainsRune(sent, '\n') {
			t.Fatalf("%q has a line break", sent)
		}
	})
}

// FuzzDecodeID: an id has one spelling.
func FuzzDecodeID(f *testing.F) {
	for _, id := range []string{
		NewID(PrefixEvent), "evt_", "", "evt_00000000000000000000000000", "evt_zzzzzzzzzzzzzzzzzzzzzzzzzz",
		"evt_0000000000000\n0000000000000", "EVT_00000000000000000000000000", "evt_0000000000000000000000000l", "we_00000000000000000000000000",
	} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		raw, ok := DecodeID(PrefixEvent, id)
		if ok != ValidID(PrefixEvent, id) || ok && EncodeID(PrefixEvent, raw) != id {
			t.Errorf("%q: %x, %v", id, raw, ok)
		}
	})
}
