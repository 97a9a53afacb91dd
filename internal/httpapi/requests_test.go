package httpapi_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestEveryProblemNamesItsRequest: whoever asks for help can say which request
// it was, however far it came.
func TestEveryProblemNamesItsRequest(t *testing.T) {
	onBothStores(t, func(r *rig) {
		t := r.t
		seen := map[string]bool{}
		for _, tt := range []struct {
			method, target, body string
			header               []string
			status               int
		}{
			{"GET", "/nothing", "", nil, 404},
			{"GET", "/v1/nothing", "", nil, 404},
			{"PUT", "/v1/sessions", "{}", nil, 405},
			{"GET", "/v1/sessions", "", []string{"Authorization: Basic x"}, 401},
			{"GET", "/v1/sessions", "", []string{"Authorization: Basic x"}, 401},
			{"POST", "/v1/sessions", "{", nil, 400},
			{"POST", "/v1/sessions", "{}", []string{"Content-Type: text/plain"}, 415},
			{"POST", "/v1/sessions", `{"nope":1}`, nil, 422},
			{"POST", "/v1/sessions", `{"timeout":"soon"}`, nil, 422},
			{"POST", "/v1/sessions/x/steps", "", nil, 400},
			{"GET", "/v1/sessions/x", "", nil, 404},
			{"GET", "/v1/sessions?limit=0", "", nil, 422},
			{"GET", "/v1/events?after=x", "", []string{"Accept: text/event-stream"}, 422},
			{"POST", "/streams", "", nil, 405},
			{"GET", "/streams/nothing", "", nil, 404},
			{"GET", "/streams/assets/nothing.js", "", nil, 404},
			{"GET", "/streams/ws?id=nothing", "", nil, 404},
		} {
			what := tt.method + " " + tt.target + " " + tt.body
			a := r.ask(tt.method, tt.target, tt.body, tt.header...)
			id, _ := a.body["requestId"].(string)
			if a.status != tt.status || !strings.HasPrefix(id, "req_") || id != a.header.Get("X-Request-Id") || seen[id] {
				t.Errorf("%s: %d %s, X-Request-Id %q", what, a.status, a.raw, a.header.Get("X-Request-Id"))
			}
			if got := a.header.Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("%s: %s", what, got)
			}
			seen[id] = true
		}
		session := r.made("POST", "/v1/sessions", "{}", "sessionId")
		_, token, _ := strings.Cut(r.made("POST", "/v1/sessions/"+session+"/streams", "{}", "streamingUrl"), "id=")
		if a := r.ask("GET", "/streams/ws?id="+token, ""); a.status != 426 || a.body["requestId"] != a.header.Get("X-Request-Id") {
			t.Errorf("no WebSocket: %d %s", a.status, a.raw)
		}
		// The live page is for people, and says it to them.
		if a := r.ask("GET", "/streams?id=nothing", ""); a.status != 404 || !strings.Contains(a.raw, a.header.Get("X-Request-Id")) {
			t.Errorf("live page: %d %s", a.status, a.raw)
		}
	})
}

type logged struct {
	Msg, Level, Request, Method, Route string
	Status                             int
	Duration                           int64
}

// requestLine waits for the log's line about a request that has ended.
func (r *rig) requestLine(id string) logged {
	r.t.Helper()
	for timeout := time.After(time.Minute); ; {
		text, more := r.log.next()
		for line := range strings.Lines(text) {
			var l logged
			if err := json.Unmarshal([]byte(line), &l); err == nil && l.Msg == "request" && l.Request == id {
				return l
			}
		}
		select {
		case <-more:
		case <-timeout:
			r.t.Fatalf("no line of %s in\n%s", id, text)
		}
	}
}

// TestRequestsAreLinesOfTheLog: each says what was asked and what was answered,
// without the secrets that are in paths.
func TestRequestsAreLinesOfTheLog(t *testing.T) {
	onBothStores(t, func(r *rig) {
		t := r.t
		session := r.made("POST", "/v1/sessions", "{}", "sessionId")
		token := r.made("POST", "/v1/sessions/"+session+"/streams", "{}", "streamingUrl")
		_, token, _ = strings.Cut(token, "id=")
		for _, tt := range []struct {
			method, target, route string
			header                []string
			status                int
		}{
			{"GET", "/v1/sessions/" + session, "GET /v1/sessions/{sessionId}", nil, 200},
			{"GET", "/v1/sessions/nothing", "GET /v1/sessions/{sessionId}", nil, 404},
			{"GET", "/v1/sessions", "GET /v1/sessions", []string{"Authorization: x"}, 401},
			{"DELETE", "/v1/sessions", "", nil, 405},
			{"GET", "/nothing", "", nil, 404},
			{"GET", "/healthz", "GET /healthz", nil, 200},
			{"GET", "/streams?id=" + token, "GET /streams", nil, 200},
			{"GET", "/streams/ws?id=x", "GET /streams/ws", nil, 404},
		} {
			a := r.ask(tt.method, tt.target, "", tt.header...)
			got := r.requestLine(a.header.Get("X-Request-Id"))
			if got.Level != "DEBUG" || got.Method != tt.method || got.Route != tt.route || got.Status != tt.status || got.Duration <= 0 || a.status != tt.status {
				t.Errorf("%s %s: %d, logged %+v", tt.method, tt.target, a.status, got)
			}
		}
		if strings.Contains(r.log.String(), token) {
			t.Error("a link is in the log")
		}
	})
}

// TestRequestsThatLastAreLinesOfTheLog: a stream of events, and a connection
// that became a WebSocket.
func TestRequestsThatLastAreLinesOfTheLog(t *testing.T) {
	onBothStores(t, func(r *rig) {
		t := r.t
		req, err := http.NewRequestWithContext(t.Context(), "GET", r.URL+"/v1/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+r.key)
		req.Header.Set("Accept", "text/event-stream")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := bufio.NewReader(res.Body).ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if got := r.requestLine(res.Header.Get("X-Request-Id")); got.Status != 200 || got.Route != "GET /v1/events" {
			t.Errorf("stream of events: %+v", got)
		}

		session := r.made("POST", "/v1/sessions", "{}", "sessionId")
		_, token, _ := strings.Cut(r.made("POST", "/v1/sessions/"+session+"/streams", "{}", "streamingUrl"), "id=")
		conn, err := net.Dial("tcp", r.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "GET /streams/ws?id=%s HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", token)
		res, err = http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		conn.Close()
		if got := r.requestLine(res.Header.Get("X-Request-Id")); got.Status != 101 || got.Route != "GET /streams/ws" {
			t.Errorf("live view: %+v", got)
		}
	})
}

// TestBearerInAnyCase: the scheme's name has no case (RFC 9110, 11.1).
func TestBearerInAnyCase(t *testing.T) {
	onBothStores(t, func(r *rig) {
		t := r.t
		for header, want := range map[string]int{
			"Bearer " + r.key: 200, "bearer " + r.key: 200, "BEARER  " + r.key: 200,
			"Bearer" + r.key: 401, r.key: 401, "Bearer": 401, "Bearer ": 401, "Basic " + r.key: 401,
		} {
			if a := r.ask("GET", "/v1/sessions", "", "Authorization: "+header); a.status != want {
				t.Errorf("%q: %d %s", header, a.status, a.raw)
			}
		}
	})
}

// TestMediaTypesInAnyCase: and with parameters (RFC 9110, 8.3.1).
func TestMediaTypesInAnyCase(t *testing.T) {
	onBothStores(t, func(r *rig) {
		t := r.t
		for header, want := range map[string]int{
			"application/json": 201, "Application/JSON": 201, "Application/JSON; charset=utf-8": 201, `APPLICATION/json;Charset="UTF-8"`: 201,
			"application/jsonx": 415, "text/json": 415, "application/octet-stream": 415, "application/problem+json": 415, "application/json; charset=latin1": 415, "json": 415,
		} {
			if a := r.ask("POST", "/v1/sessions", `{"metadata":{"a":"b"}}`, "Content-Type: "+header); a.status != want {
				t.Errorf("%q: %d %s", header, a.status, a.raw)
			}
		}
		for _, accept := range []string{"text/event-stream", "TEXT/Event-Stream", "text/html, Text/Event-Stream;q=0.9"} {
			a := r.ask("GET", "/v1/events?after=x", "", "Accept: "+accept)
			if a.status != 422 || a.field() != "after" {
				t.Errorf("%q: %d %s", accept, a.status, a.raw)
			}
		}
	})
}
