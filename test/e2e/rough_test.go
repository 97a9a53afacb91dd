package e2e

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/test/harness"
)

// rawSocket is a program's connection of which each byte is the test's.
type rawSocket struct {
	net.Conn
	in *bufio.Reader
}

func dialRaw(t *testing.T, address string) *rawSocket {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	nc, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(harness.Deadline))
	fmt.Fprintf(nc, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", u.RequestURI(), u.Host)
	r := &rawSocket{nc, bufio.NewReader(nc)}
	res, err := http.ReadResponse(r.in, nil)
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("%v, %v", res, err)
	}
	return r
}

// The parts of a WebSocket's frame (RFC 6455).
const (
	final, text, binaryFrame, pingFrame byte = 0x80, 1, 2, 9

	masked byte = 0x80
)

// frame writes the head of a frame that is so long, and so much of it as there is, under
// a mask of zeros.
func (r *rawSocket) frame(first byte, length int, payload string) {
	head := []byte{first, masked | 127}
	head = binary.BigEndian.AppendUint64(head, uint64(length))
	if first&0xf == pingFrame {
		head = []byte{first, masked | byte(length)}
	}
	head = append(head, 0, 0, 0, 0)
	_, _ = r.Write(append(head, payload...))
}

func (r *rawSocket) say(message string) { r.frame(final|text, len(message), message) }

// TestRoughPrograms break off, flood, and speak what isn't the protocol: the session
// goes on for everybody else, and is idle when they have gone.
func TestRoughPrograms(t *testing.T) {
	dir := harness.Beside(t)
	site, _ := forPrograms(t)
	server := harness.Start(t, filepath.Join(dir, "data"), "--pool-size=0")
	c := server.Client()
	made, err := c.Do(t.Context(), http.MethodPost, "/v1/sessions", obj{"url": site + "/page", "idleTimeout": "5s"})
	if err != nil {
		t.Fatal(err)
	}
	id, address := made.String("sessionId"), made.String("connectUrl")
	step := func(name string) {
		t.Helper()
		got, err := c.With("Prefer", "wait=60").Do(t.Context(), http.MethodPost, "/v1/sessions/"+id+"/steps", obj{"steps": []obj{{"action": "evaluate", "expression": "6 * 7", "timeout": "20s"}}})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if st := got.List("data")[0]; st["result"] != 42.0 {
			t.Errorf("%s: the session's step: %v", name, st)
		}
	}
	step("nothing")
	version := `{"id":1,"method":"Browser.getVersion"}`
	for _, way := range []struct {
		name string
		do   func(r *rawSocket)
	}{
		{"a reset in the midst of a message", func(r *rawSocket) {
			r.frame(final|text, 90<<20, strings.Repeat("x", 1<<20))
			_ = r.Conn.(*net.TCPConn).SetLinger(0)
		}},
		{"an end in the midst of a message", func(r *rawSocket) { r.frame(final|text, 1<<20, `{"id":1,"method"`) }},
		{"a reset right after a command", func(r *rawSocket) {
			r.say(`{"id":1,"method":"Target.createTarget","params":{"url":"about:blank"}}`)
			_ = r.Conn.(*net.TCPConn).SetLinger(0)
		}},
		{"a half that is closed", func(r *rawSocket) {
			r.say(version)
			_ = r.Conn.(*net.TCPConn).CloseWrite()
			if _, err := r.in.Discard(100); err != nil { // it is answered, or told that it has gone
				return
			}
			for {
				if _, err := r.in.ReadByte(); err != nil {
					if e, ok := err.(net.Error); ok && e.Timeout() {
						t.Error("the other half stays open")
					}
					return
				}
			}
		}},
		{"parts of a message without end", func(r *rawSocket) {
			r.frame(text, 3, `{"a`)
			for range 2000 {
				r.frame(0, 1, "x")
			}
		}},
		{"a message that is too long", func(r *rawSocket) { r.frame(final|text, 97<<20, "{") }},
		{"a length that isn't", func(r *rawSocket) { r.frame(final|text, -1, "{") }},
		{"bytes", func(r *rawSocket) { r.frame(final|binaryFrame, len(version), version) }},
		{"what isn't UTF-8", func(r *rawSocket) { r.say("\xff\xfe\x00\x80") }},
		{"what isn't JSON", func(r *rawSocket) { r.say(strings.Repeat("[", 1<<20)) }},
		{"no command", func(r *rawSocket) {
			for _, m := range []string{`{}`, `[]`, `null`, `{"id":-1}`, `{"id":1e99,"method":"x"}`, `{"id":1,"id":2,"method":"Browser.close"}`, `{"id":1,"method":"Browser.getVersion","sessionId":"no"}`, `{"id":1,"method":"Browser.getVersion"} {}`} {
				r.say(m)
			}
		}},
		{"pings without end", func(r *rawSocket) {
			for range 20_000 {
				r.frame(final|pingFrame, 4, "ping")
			}
		}},
		{"commands without end, and nothing is read", func(r *rawSocket) {
			_ = r.SetWriteDeadline(time.Now().Add(2 * time.Second))
			for i := range 50_000 {
				r.say(fmt.Sprintf(`{"id":%d,"method":"Target.getTargets","params":{"filter":[{}]}}`, i))
			}
		}},
		{"large answers, and nothing is read", func(*rawSocket) {
			p := connect(t, address)
			defer p.ws.CloseNow()
			var own struct{ TargetID string }
			_ = json.Unmarshal([]byte(p.call("Target.createTarget", `{"url":"about:blank"}`)), &own)
			var at struct{ SessionID string }
			_ = json.Unmarshal([]byte(p.call("Target.attachToTarget", fmt.Sprintf(`{"targetId":%q,"flatten":true}`, own.TargetID))), &at)
			for range 30 { // more than may wait
				p.send(at.SessionID, "Runtime.evaluate", `{"expression":"'x'.repeat(16e6)","returnByValue":true}`)
			}
			step("large answers")
		}},
		{"answers that never come", func(r *rawSocket) {
			for i := range 5000 {
				r.say(fmt.Sprintf(`{"id":%d,"method":"Target.attachToTarget","params":{"targetId":"none","flatten":true}}`, i))
			}
		}},
	} {
		r := dialRaw(t, address)
		way.do(r)
		step(way.name)
		r.Close()
	}
	// As many as there may be, all in the midst of something, and one more.
	var many []*rawSocket
	for range 32 {
		r := dialRaw(t, address)
		r.frame(final|text, 1<<20, `{"id":1,`)
		many = append(many, r)
	}
	res, err := upgrade(t.Context(), strings.Replace(address, "ws://", "http://", 1))
	if err != nil || res != http.StatusTooManyRequests {
		t.Errorf("one more: %d, %v", res, err)
	}
	step("as many as there may be")
	for _, r := range many {
		r.Close()
	}
	// Nobody uses it any more, and that is known.
	if _, err := c.WaitSession(t.Context(), id, "CLOSED"); err != nil {
		t.Error(err)
	}
	over, err := c.Do(t.Context(), http.MethodGet, "/v1/sessions/"+id, nil)
	if err != nil || over.String("closeReason") != "idle" {
		t.Errorf("%v, %v", over, err)
	}
	harness.WaitForNothingLeft(t, dir)
}

// upgrade asks for a WebSocket, and says what is answered.
func upgrade(ctx context.Context, address string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, err
	}
	for name, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="} {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	return res.StatusCode, nil
}
