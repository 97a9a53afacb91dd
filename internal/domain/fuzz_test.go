package domain

import (
	"bytes"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzReadBody: a stored body gives back what was known of the event when it
// was committed, or an error, and its contract's form is stable.
func FuzzReadBody(f *testing.F) {
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
		if e.ReadBody() != nil {
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
		if err := again.ReadBody(); err != nil {
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

// FuzzEncodePayload: a body is what encoding/json makes of it, byte for byte.
func FuzzEncodePayload(f *testing.F) {
	f.Add("browser_1", "CLICK", []byte(`{ "a" : [1, "<\u2028>"] }`), int64(3), uint16(0xffff))
	f.Add("", "", []byte(nil), int64(0), uint16(0))
	f.Add("\x00\x1f\x7f\"\\/\b\f\n\r\t<>&'", "\u2027\u2028\u2029\u202a", []byte(`null`), int64(-1), uint16(0x5555))
	f.Add("\xff\xc3(\xed\xa0\x80\ufffd", "\U0001f600\xf0\x9f", []byte(`"`), int64(1)<<62, uint16(0xaaaa))
	f.Fuzz(func(t *testing.T, a, b string, result []byte, n int64, members uint16) {
		has := func(bit int) bool { return members>>bit&1 == 1 }
		pick := func(bit int, s string) string {
			if has(bit) {
				return s
			}
			return ""
		}
		p := Payload{SessionID: a, Type: b, ID: b + a, Timestamp: a + b, Sequence: n, Data: EventData{
			EventType: EventType(a), Status: b, StepID: pick(0, a), Action: pick(1, b), StreamingURL: pick(2, a),
			Reason: pick(3, b), EndpointID: pick(4, a), DeliveryID: pick(5, b), EventID: pick(6, a),
		}}
		if index := int(n); has(7) {
			p.Data.Index = &index
		}
		if has(8) {
			p.Data.DurationMs = &n
		}
		if has(9) {
			p.Data.Result = result
		}
		if has(10) {
			p.Data.Error = &Failure{Code: a, Message: b, WaitedFor: pick(11, a), Seen: pick(12, b)}
			if has(13) {
				p.Data.Error.Lines = []string{a, b}
			}
		}
		p.Metadata = map[string]string{}
		if has(14) {
			p.Metadata = map[string]string{a: b, b: a, "\xff" + a: b}
		}
		var want bytes.Buffer
		enc := json.NewEncoder(&want)
		enc.SetEscapeHTML(false)
		wantErr := enc.Encode(p)
		written := strings.ToValidUTF8(want.String(), "\uFFFD") // a result is written as it is, but for that
		if has(15) && len(p.Metadata) == 0 {
			p.Metadata = nil // is written as an empty one
		}
		got, err := EncodePayload(p)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%v, encoding/json: %v", err, wantErr)
		}
		// But for U+0000, which jsonb refuses, in what isn't a result.
		if err == nil && strings.ReplaceAll(string(got)+"\n", `\u0000`, `\ufffd`) != strings.ReplaceAll(written, `\u0000`, `\ufffd`) {
			t.Fatalf("\ngot  %s\nwant %s", got, written)
		}
		if err == nil && (!json.Valid(got) || !utf8.Valid(got)) {
			t.Fatalf("%q is no JSON", got)
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
