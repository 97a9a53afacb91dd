package browserhook

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// script answers one request after another.
type script struct {
	t       *testing.T
	answers []func(*http.Request) (*http.Response, error)
	asked   []string    // method, path and query, Idempotency-Key and body
	at      []time.Time // when
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Error(err)
	}
	s.asked = append(s.asked, strings.TrimSpace(r.Method+" "+strings.TrimPrefix(r.URL.RequestURI(), "/base")+" "+r.Header.Get("Idempotency-Key")+" "+string(body)))
	s.at = append(s.at, time.Now())
	if len(s.answers) == 0 {
		s.t.Fatalf("it asks once more: %q", s.asked)
	}
	one := s.answers[0]
	s.answers = s.answers[1:]
	return one(r)
}

func says(status int, body string, header ...string) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) { return answer(status, body, header...), nil }
}

var errLost = errors.New("connection reset")

func lost(*http.Request) (*http.Response, error) { return nil, errLost }

// breaks is an answer that breaks off.
func breaks(body string) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) {
		res := answer(http.StatusOK, "")
		res.Body, res.ContentLength = io.NopCloser(io.MultiReader(strings.NewReader(body), broken{})), -1
		return res, nil
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errLost }

// scripted runs a test with virtual time and answers that were written down; all are to
// be asked for.
func scripted(t *testing.T, do func(*testing.T, *Client, *script), answers ...func(*http.Request) (*http.Response, error)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &script{t: t, answers: answers}
		do(t, over(t, s.RoundTrip), s)
		if len(s.answers) > 0 {
			t.Errorf("%d answers were not asked for", len(s.answers))
		}
	})
}

const (
	unavailable = `{"status":503,"code":"unavailable","detail":"Not now.","requestId":"req_1"}`
	someSession = `{"sessionId":"browser_1","status":"READY","later":1}`
)

// TestARepeatedCall is the same one, under the same key, and waits longer each time.
func TestARepeatedCall(t *testing.T) {
	scripted(t, func(t *testing.T, c *Client, s *script) {
		began := time.Now()
		session, err := c.Sessions.Create(t.Context(), CreateSessionRequest{URL: "https://shop.example"})
		if err != nil || session.SessionID != "browser_1" || string(session.Raw) != someSession {
			t.Fatal(session, err)
		}
		for _, one := range s.asked {
			if one != s.asked[0] || !strings.HasPrefix(one, "POST /v1/sessions go-") || !strings.HasSuffix(one, ` {"url":"https://shop.example"}`) {
				t.Errorf("it asks %q", one)
			}
		}
		for i, least := range []time.Duration{0, 187 * time.Millisecond, 375 * time.Millisecond, 750 * time.Millisecond, 1500 * time.Millisecond} {
			before := began
			if i > 0 {
				before = s.at[i-1]
			}
			if d := s.at[i].Sub(before); d < least || d > least*2 {
				t.Errorf("pause %d was %s", i, d)
			}
		}
	}, lost, breaks(`{"sessionId":"brow`), says(502, "<html>"), says(504, ""), says(201, someSession))
}

// TestTheServersOwnTime is waited for, unless it is too long.
func TestTheServersOwnTime(t *testing.T) {
	for _, tt := range []struct {
		header, body string
		want         time.Duration // -1: the error comes at once
	}{
		{"7", "", 7 * time.Second},
		{"Sat, 01 Jan 2000 00:00:09 GMT", "", 9 * time.Second},
		{"", `{"code":"too_many","detail":"Later.","retryAt":"2000-01-01T00:00:05Z"}`, 5 * time.Second},
		{"3600", "", -1},
	} {
		answers := []func(*http.Request) (*http.Response, error){says(429, tt.body, "Retry-After", tt.header)}
		if tt.want >= 0 {
			answers = append(answers, says(200, someSession))
		}
		scripted(t, func(t *testing.T, c *Client, _ *script) {
			began := time.Now()
			_, err := c.Sessions.Get(t.Context(), "browser_1")
			if (err != nil) != (tt.want < 0) {
				t.Errorf("%q: %v", tt.header, err)
			}
			if d := time.Since(began); d != max(tt.want, 0) {
				t.Errorf("%q: it waited for %s", tt.header, d)
			}
		}, answers...)
	}
}

// TestWhatIsNotRepeated is what another try changes nothing about.
func TestWhatIsNotRepeated(t *testing.T) {
	problem := `{"type":"https://docs/invalid","title":"Unprocessable","status":422,"code":"invalid_request","detail":"url: is wrong","requestId":"req_1","errors":[{"field":"url","message":"is wrong"}]}`
	scripted(t, func(t *testing.T, c *Client, _ *script) {
		_, err := c.Sessions.Create(t.Context(), CreateSessionRequest{})
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Status != 422 || e.Code != "invalid_request" || e.RequestID != "req_1" || !slices.Equal(e.Fields, []FieldError{{"url", "is wrong"}}) || e.Temporary() {
			t.Errorf("%#v", err)
		}
		if err.Error() != "invalid_request: url: is wrong" {
			t.Error(err)
		}
		_, err = c.Sessions.Get(t.Context(), "browser_1")
		if e, ok := errors.AsType[*Error](err); !ok || e.Code != "internal" || err.Error() != "internal: It failed. (req_2)" {
			t.Error(err)
		}
		_, err = c.Sessions.Get(t.Context(), "browser_1")
		if e, ok := errors.AsType[*Error](err); !ok || e.Code != "" || e.Status != 404 || !strings.Contains(err.Error(), "is that the address of a browserhook server?") {
			t.Error(err)
		}
		if _, err = c.Sessions.Get(t.Context(), "browser_1"); err == nil || !strings.Contains(err.Error(), "is that the address") {
			t.Error(err)
		}
		if _, err = c.Sessions.Get(t.Context(), "browser_1"); err == nil || !strings.Contains(err.Error(), "307") {
			t.Error(err)
		}
		if _, err = c.Sessions.Get(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "an id is missing") {
			t.Error(err)
		}
	}, says(422, problem), says(500, `{"code":"internal","detail":"It failed."}`, "X-Request-Id", "req_2"), says(404, "<html>"), says(200, "<html>"), says(307, ""))
}

// TestTheEndOfATime ends a call: at once, when there is no time for another try.
func TestTheEndOfATime(t *testing.T) {
	scripted(t, func(t *testing.T, c *Client, _ *script) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		_, err := c.Sessions.Get(ctx, "browser_1")
		if e, ok := errors.AsType[*Error](err); !ok || e.Code != "unavailable" || time.Since(began) != 0 {
			t.Error(err, time.Since(began))
		}
		mine := errors.New("mine")
		ctx, end := context.WithCancelCause(t.Context())
		time.AfterFunc(100*time.Millisecond, func() { end(mine) })
		if _, err := c.Sessions.Get(ctx, "browser_1"); !errors.Is(err, mine) || time.Since(began) != 100*time.Millisecond {
			t.Error(err, time.Since(began))
		}
	}, says(503, unavailable, "Retry-After", "2"), says(503, unavailable))
	scripted(t, func(t *testing.T, c *Client, _ *script) {
		_, err := c.Sessions.Get(t.Context(), "browser_1")
		if !errors.Is(err, errLost) || strings.Contains(err.Error(), "bh_test") {
			t.Error(err)
		}
	}, lost, lost, lost, lost, lost)
}

// TestDeletedUnheard is deleted: what isn't there when the call is made again was what the
// call was for. What never was there isn't.
func TestDeletedUnheard(t *testing.T) {
	missing := `{"code":"not_found","detail":"There is none."}`
	scripted(t, func(t *testing.T, c *Client, _ *script) {
		if err := c.Endpoints.Delete(t.Context(), "we_1"); err != nil {
			t.Error(err)
		}
		if err := c.Endpoints.Delete(t.Context(), "we_1"); err == nil {
			t.Error("there was none")
		}
		if err := c.Endpoints.Delete(t.Context(), "we_1"); err == nil {
			t.Error("there was none, and nothing was done before")
		}
		if err := c.Session("browser_1").Close(t.Context()); err == nil {
			t.Error("a session that isn't there has no state")
		}
	}, lost, says(404, missing), says(404, missing), says(429, ""), says(404, missing), lost, says(404, missing))
}

func TestAKeyOfOnesOwn(t *testing.T) {
	scripted(t, func(t *testing.T, c *Client, s *script) {
		ctx := WithIdempotencyKey(t.Context(), "order-7")
		if _, err := c.Sessions.Create(ctx, CreateSessionRequest{}); err != nil {
			t.Error(err)
		}
		if _, err := c.Session("browser_1").Add(ctx, Back()); err != nil {
			t.Error(err)
		}
		if want := []string{"POST /v1/sessions order-7 {}", `POST /v1/sessions/browser_1/steps order-7 {"steps":[{"action":"back"}]}`}; !slices.Equal(s.asked, want) {
			t.Errorf("%q", s.asked)
		}
	}, says(201, someSession), says(202, `{"data":[]}`))
}

// TestLists go on from page to page as they are read, can be left, read again, and end with
// an error.
func TestLists(t *testing.T) {
	scripted(t, func(t *testing.T, c *Client, s *script) {
		list := c.Keys.List(t.Context(), ListParams{Limit: 2})
		for range 2 {
			keys, err := Collect(list)
			if err != nil || len(keys) != 3 || keys[2].KeyID != "key_3" {
				t.Error(keys, err)
			}
		}
		for k := range list {
			if k.KeyID == "key_1" {
				break
			}
		}
		keys, err := Collect(list)
		if e, ok := errors.AsType[*Error](err); !ok || e.Code != "forbidden" || len(keys) != 2 {
			t.Error(keys, err)
		}
		if s.asked[1] != "GET /v1/keys?cursor=a%2F%2B&limit=2" {
			t.Errorf("%q", s.asked)
		}
	}, says(200, `{"data":[{"keyId":"key_1"},{"keyId":"key_2"}],"nextCursor":"a/+"}`), says(200, `{"data":[{"keyId":"key_3"}]}`),
		says(200, `{"data":[{"keyId":"key_1"},{"keyId":"key_2"}],"nextCursor":"a/+"}`), says(200, `{"data":[{"keyId":"key_3"}]}`),
		says(200, `{"data":[{"keyId":"key_1"},{"keyId":"key_2"}],"nextCursor":"a/+"}`),
		says(200, `{"data":[{"keyId":"key_1"},{"keyId":"key_2"}],"nextCursor":"a/+"}`), says(403, `{"code":"forbidden","detail":"No."}`))
}

// TestTheLogEnds where it does now, though it always has a cursor.
func TestTheLogEnds(t *testing.T) {
	event := `{"sessionId":"browser_1","type":"browser","data":{"eventType":"browser_ready"},"id":"evt_1","sequence":1}`
	scripted(t, func(t *testing.T, c *Client, s *script) {
		events, err := Collect(c.Events.List(t.Context(), ListEventsParams{Types: []string{"browser_ready", "browser_closed"}}))
		if err != nil || len(events) != 1 || string(events[0].Raw) != event {
			t.Error(events, err)
		}
		if s.asked[1] != "GET /v1/events?cursor=evt_1&types="+url.QueryEscape("browser_ready,browser_closed") {
			t.Errorf("%q", s.asked)
		}
	}, says(200, `{"data":[`+event+`],"nextCursor":"evt_1"}`), says(200, `{"data":[],"nextCursor":"evt_9"}`))
}

func TestNew(t *testing.T) {
	t.Setenv("BROWSERHOOK_URL", "")
	t.Setenv("BROWSERHOOK_KEY", "")
	if _, err := New(Options{}); err == nil || !strings.Contains(err.Error(), "there is no API key") {
		t.Error(err)
	}
	for _, address := range []string{"127.0.0.1:8080", "ftp://server.example", "http://", "http://user:secret@server.example", "http://server.example?a", "http://server.example#a"} {
		if _, err := New(Options{URL: address, Key: "bh_test"}); err == nil {
			t.Errorf("%s is an address", address)
		}
	}
	t.Setenv("BROWSERHOOK_KEY", "bh_env")
	if c, err := New(Options{}); err != nil || c.URL() != DefaultURL || c.key != "bh_env" {
		t.Error(c, err)
	}
	t.Setenv("BROWSERHOOK_URL", "https://server.example/base/")
	if c, err := New(Options{Key: "bh_own"}); err != nil || c.URL() != "https://server.example/base" || c.key != "bh_own" {
		t.Error(c, err)
	}
}
