package e2e

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/coder/websocket"
)

// protocol is a plain client of the DevTools protocol.
type protocol struct {
	t    *testing.T
	ws   *websocket.Conn
	last int
}

func connect(t *testing.T, url string) *protocol {
	t.Helper()
	ws, _, err := websocket.Dial(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ws.CloseNow() })
	ws.SetReadLimit(-1)
	return &protocol{t: t, ws: ws}
}

// call sends a command and returns its result, or its error.
func (p *protocol) call(method, params string) string {
	p.t.Helper()
	return p.callIn("", method, params)
}

func (p *protocol) callIn(session, method, params string) string {
	p.t.Helper()
	if params == "" {
		params = "{}"
	}
	p.send(session, method, params)
	for {
		if m := p.next(); m.ID == p.last {
			return string(m.Result) + string(m.Error)
		}
	}
}

// send doesn't wait for the answer.
func (p *protocol) send(session, method, params string) {
	p.t.Helper()
	p.last++
	message := fmt.Sprintf(`{"id":%d,"method":%q,"params":%s,"sessionId":%q}`, p.last, method, params, session)
	if err := p.ws.Write(p.t.Context(), websocket.MessageText, []byte(message)); err != nil {
		p.t.Fatal(err)
	}
}

// event waits for one, and returns its parameters.
func (p *protocol) event(method string) json.RawMessage {
	p.t.Helper()
	for {
		if m := p.next(); m.Method == method {
			return m.Params
		}
	}
}

type said struct {
	ID                    int
	Method                string
	Params, Result, Error json.RawMessage
}

func (p *protocol) next() (m said) {
	p.t.Helper()
	_, raw, err := p.ws.Read(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		p.t.Fatal(err)
	}
	return m
}

// over waits for the end of the connection, and says why it ended.
func (p *protocol) over() string {
	for {
		if _, _, err := p.ws.Read(p.t.Context()); err != nil {
			return err.Error()
		}
	}
}
