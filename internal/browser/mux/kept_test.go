package mux

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"testing"
	"testing/synctest"
)

// TestThePlaceOfTheServerIsKept: what it has attached stays, what is attached and
// asked meanwhile too, and the next one is told of what is left of it, before
// anything that comes after.
func TestThePlaceOfTheServerIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		one := b.server()
		// S1 is its root: then a page S2 with a frame S3, and a page S4 that goes again.
		for i, in := range []string{"", "S2", "", "S2"} {
			one.send(in, "attach", `{}`)
			one.next()
			if m, err := one.next(); err != nil || m.ID != int64(i)+1 {
				t.Fatalf("%+v, %v", m, err)
			}
		}
		one.send("S3", "silent", `{}`)
		one.send("", "note", `{"a":3}`)
		one.expect(t, `{"id":6,"result":{}}`)
		one.send("S4", "die", `{}`)
		one.next()
		one.send("S3", "ask", `{"message":"?"}`)
		one.next()
		one.next()
		one.send("S2", "ask", `{"message":"!"}`)
		one.next()
		one.next()
		one.conn.Close()
		if err := <-one.err; err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if len(b.sessions) != 4 || len(b.fake.parent) != 4 || len(b.clients) != 0 {
			t.Errorf("after it left: %v at the browser, %d sessions, %d clients", b.fake.parent, len(b.sessions), len(b.clients))
		}
		// Meanwhile: one dialog goes, and S6 comes in S2.
		b.fake.say(said{Method: "Page.javascriptDialogClosed", Params: json.RawMessage(`{}`), SessionID: "S3"})
		b.fake.parent["S6"] = "S2"
		b.fake.say(said{Method: "Target.attachedToTarget", Params: json.RawMessage(`{"sessionId":"S6","waitingForDebugger":true}`), SessionID: "S2"})
		synctest.Wait()

		two := b.server()
		two.expect(t,
			`{"method":"Target.attachedToTarget","params":{"sessionId":"S2"}}`,
			`{"method":"Page.javascriptDialogOpening","params":{"message":"!"},"sessionId":"S2"}`,
			`{"method":"Target.attachedToTarget","params":{"sessionId":"S3"},"sessionId":"S2"}`,
			`{"method":"Target.attachedToTarget","params":{"sessionId":"S5"},"sessionId":"S2"}`,
			`{"method":"Target.attachedToTarget","params":{"sessionId":"S6","waitingForDebugger":true},"sessionId":"S2"}`,
			`{"method":"resumed","params":{"a":3}}`)
		two.send("S6", "echo", `{"a":1}`)
		two.expect(t, `{"id":1,"result":{"a":1},"sessionId":"S6"}`)
		two.send("", "echo", `{"a":2}`)
		two.expect(t, `{"id":2,"result":{"a":2}}`)
		b.close()
	})
}

// TestTheNewerServerTakesThePlace of one that is there still, which hears nothing
// more.
func TestTheNewerServerTakesThePlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		one := b.server()
		one.send("", "attach", `{}`)
		one.next()
		one.next()
		two := b.server()
		two.expect(t, `{"method":"Target.attachedToTarget","params":{"sessionId":"S2"}}`, `{"method":"resumed","params":{}}`)
		if err := <-one.err; !errors.Is(err, ErrReplaced) {
			t.Errorf("the one before ended with %v", err)
		}
		if m, err := one.next(); err == nil {
			t.Errorf("it heard %+v", m)
		}
		two.send("S2", "tell", `{}`)
		two.expect(t, `{"method":"told","params":{},"sessionId":"S2"}`, `{"id":1,"result":{},"sessionId":"S2"}`)
		b.close()
	})
}

// TestAPlaceWithoutARootIsNone: whoever takes it has a root of its own, and what the
// browser makes late for the one before is detached.
func TestAPlaceWithoutARootIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, out, running := mute()
		b := &bench{Mux: m}
		one := b.server()
		synctest.Wait()
		two := b.server()
		synctest.Wait()
		fmt.Fprint(out, `{"id":1,"result":{"sessionId":"S1"}}`+"\x00"+`{"id":2,"result":{"sessionId":"S2"}}`+"\x00")
		if err := <-one.err; !errors.Is(err, ErrReplaced) {
			t.Errorf("the one before ended with %v", err)
		}
		synctest.Wait()
		m.mu.Lock()
		if s := m.sessions["S2"]; len(m.sessions) != 1 || s == nil || s.owner != m.kept {
			t.Errorf("sessions %v", m.sessions)
		}
		if c := m.calls[3]; c == nil || len(m.calls) != 1 {
			t.Errorf("S1 is not detached: %v", m.calls)
		}
		m.mu.Unlock()
		two.conn.Close()
		<-two.err
		out.Close()
		running.Wait()
		b.serving.Wait()
	})
}

// TestTheServerHearsOfPrograms' downloads, which the browser tells only them.
func TestTheServerHearsOfProgramsDownloads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		server := b.server()
		server.send("", "echo", `{}`)
		server.expect(t, `{"id":1,"result":{}}`)
		program := b.user(Rules{})
		program.send("", "echo", `{}`)
		program.expect(t, `{"id":1,"result":{}}`)
		root := fmt.Sprintf("S%d", b.fake.last)
		const told = `{"method":"Browser.downloadWillBegin","params":{"guid":"a"}}`
		b.fake.say(said{Method: "Browser.downloadWillBegin", Params: json.RawMessage(`{"guid":"a"}`), SessionID: root})
		program.expect(t, told)
		server.expect(t, told)
		// Of nothing else, and not twice of its own.
		b.fake.say(said{Method: "Browser.other", Params: json.RawMessage(`{}`), SessionID: root})
		program.expect(t, `{"method":"Browser.other","params":{}}`)
		b.fake.say(said{Method: "Browser.downloadProgress", Params: json.RawMessage(`{"guid":"b"}`), SessionID: "S1"})
		server.send("", "echo", `{}`)
		server.expect(t, `{"method":"Browser.downloadProgress","params":{"guid":"b"}}`, `{"id":2,"result":{}}`)
		server.conn.Close()
		<-server.err
		b.fake.say(said{Method: "Browser.downloadWillBegin", Params: json.RawMessage(`{"guid":"a"}`), SessionID: root})
		program.expect(t, told)
		program.conn.Close()
		b.close()
	})
}

// TestTheServerHearsOfNewContexts' downloads, whatever who makes one says of them: before
// that can say anything, they go where the session's go. One that isn't made has none.
func TestTheServerHearsOfNewContextsDownloads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		server := b.server()
		server.send("", "echo", `{}`)
		server.expect(t, `{"id":1,"result":{}}`)
		rules := ForClients(Folders{Downloads: "/run/s/files/downloads"}, nil)
		rules["refuse"] = rules["Target.createBrowserContext"]
		program := b.user(rules)
		program.send("", "Target.createBrowserContext", `{"browserContextId":"C"}`) // which the fake repeats
		program.expect(t, `{"id":1,"result":{"browserContextId":"C"}}`)
		want := `{"behavior":"allowAndName","browserContextId":"C","downloadPath":"/run/s/files/downloads","eventsEnabled":true}`
		said, _ := b.fake.downloads.Load("S1") // the server's
		var got, wanted map[string]any
		raw, _ := said.(string)
		_, _ = json.Unmarshal([]byte(raw), &got), json.Unmarshal([]byte(want), &wanted)
		if !maps.Equal(got, wanted) {
			t.Errorf("the browser was told %s, want %s", raw, want)
		}
		b.fake.downloads.Clear()
		program.send("", "refuse", `{}`)
		if m, err := program.next(); err != nil || m.Error == nil {
			t.Errorf("%+v, %v", m, err)
		}
		program.conn.Close()
		server.conn.Close()
		b.close()
		if told, ok := b.fake.downloads.Load("S1"); ok {
			t.Errorf("of none it was told %v", told)
		}
	})
}
