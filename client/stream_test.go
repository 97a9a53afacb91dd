package browserhook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// streams is an answer that says something, and then stays open until its reader leaves;
// broken: it breaks off instead.
func streams(text string, broken bool) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		if r.Header.Get("Accept") != "text/event-stream" {
			return nil, errors.New("it accepts " + r.Header.Get("Accept"))
		}
		res, reader := answer(http.StatusOK, ""), io.Reader(strings.NewReader(text))
		res.Header.Set("Content-Type", "Text/Event-Stream; charset=UTF-8")
		end := make(chan struct{})
		if !broken {
			reader = io.MultiReader(reader, stays{r.Context(), end})
		}
		res.Body = &closing{reader, end}
		return res, nil
	}
}

type stays struct {
	ctx context.Context
	end chan struct{}
}

func (s stays) Read([]byte) (int, error) {
	select {
	case <-s.ctx.Done():
		return 0, s.ctx.Err()
	case <-s.end:
		return 0, errors.New("closed")
	}
}

type closing struct {
	io.Reader
	end chan struct{}
}

func (c *closing) Close() error {
	select {
	case <-c.end:
	default:
		close(c.end)
	}
	return nil
}

// happens is a message of the stream.
func happens(n int, kind, status string) string {
	return fmt.Sprintf("id: evt_%d\nevent: x\ndata: {\"sessionId\":\"browser_1\",\"type\":%q,\ndata: \"data\":{\"eventType\":\"x\",\"status\":%q},\"id\":\"evt_%d\",\"sequence\":%d}\n\n", n, kind, status, n, n)
}

// after says behind which event a request goes on.
func after(want string, then func(*http.Request) (*http.Response, error)) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		if got := r.Header.Get("Last-Event-ID"); got != want {
			return nil, fmt.Errorf("it goes on after %q, not %q", got, want)
		}
		return then(r)
	}
}

// TestEventsOfASession come once each, whatever becomes of connections, and end with it.
func TestEventsOfASession(t *testing.T) {
	scripted(t, func(t *testing.T, c *Client, s *script) {
		var got []string
		for e, err := range c.Session("browser_1").Events(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, e.ID)
		}
		if want := []string{"evt_1", "evt_2", "evt_3", "evt_4"}; !slices.Equal(got, want) {
			t.Errorf("%q", got)
		}
		if s.asked[0] != "GET /v1/events?cursor=beginning&sessionId=browser_1" {
			t.Error(s.asked[0])
		}
	},
		after("", streams(": follows\nid: beginning\n\n", true)),
		after("beginning", streams(": follows\nid: beginning\n\n"+happens(1, "browser", "READY")+"id: evt_2\ndata: {\"half\":", true)),
		lost,
		after("evt_1", streams(strings.ReplaceAll(happens(2, "step", "COMPLETED"), "\n", "\r\n")+": alive\nid: evt_2b\n\n", true)),
		says(503, unavailable),
		after("evt_2b", streams(happens(3, "step", "FAILED")+happens(4, "browser", "CLOSED")+happens(5, "browser", "CLOSED"), false)),
	)
}

// TestASilentStream is lost: there would be a comment. Who takes a message for as long as
// they like is not, and is told of what becomes of the connection.
func TestASilentStream(t *testing.T) {
	scripted(t, func(t *testing.T, c *Client, s *script) {
		var told []string
		p := FollowParams{After: "evt_0", Types: []string{"x"}, Connection: func(lost error) { told = append(told, fmt.Sprint(lost)) }}
		n := 0
		for e, err := range c.Events.Follow(t.Context(), p) {
			if n++; err != nil || e.ID != fmt.Sprintf("evt_%d", n) {
				t.Error(e, err)
			}
			if n == 2 {
				break
			}
			time.Sleep(2 * silence)
		}
		if d := s.at[1].Sub(s.at[0]); d < silence || d > silence+time.Second {
			t.Errorf("it was lost after %s", d)
		}
		if want := []string{"<nil>", "browserhook: the stream was silent for 45s", "<nil>"}; !slices.Equal(told, want) {
			t.Errorf("told %q", told)
		}
		if s.asked[0] != "GET /v1/events?cursor=evt_0&types=x" {
			t.Error(s.asked[0])
		}
	}, streams("id: evt_0\n\n", false), after("evt_0", streams(happens(1, "step", "x")+happens(2, "step", "x"), false)))
}

// TestTheEndOfAStream is an error, of the server or of who follows.
func TestTheEndOfAStream(t *testing.T) {
	follow := func(ctx context.Context, c *Client) (n int, last error) {
		for _, err := range c.Events.Follow(ctx, FollowParams{}) {
			if n++; err != nil {
				last = err
			}
		}
		return n, last
	}
	expired := says(410, `{"code":"cursor_expired","detail":"It is gone."}`)
	scripted(t, func(t *testing.T, c *Client, _ *script) {
		n, err := follow(t.Context(), c)
		if e, ok := errors.AsType[*Error](err); !ok || e.Code != "cursor_expired" || n != 2 {
			t.Error(n, err)
		}
	}, streams(happens(1, "step", "x"), true), expired)
	scripted(t, func(t *testing.T, c *Client, _ *script) {
		if n, err := follow(t.Context(), c); !errors.Is(err, errLost) || n != 1 { // there never was one
			t.Error(n, err)
		}
	}, lost, lost, lost, lost, lost)
	scripted(t, func(t *testing.T, c *Client, _ *script) {
		mine := errors.New("mine")
		ctx, end := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { end(mine) })
		if n, err := follow(ctx, c); !errors.Is(err, mine) || n != 2 {
			t.Error(n, err)
		}
	}, streams(happens(1, "step", "x"), false))
	scripted(t, func(t *testing.T, c *Client, _ *script) {
		if n, err := follow(t.Context(), c); err == nil || n != 1 {
			t.Error(n, err)
		}
	}, streams("data: nonsense\n\n", false))
	scripted(t, func(t *testing.T, c *Client, _ *script) {
		n, err := follow(t.Context(), c)
		if e, ok := errors.AsType[*Error](err); !ok || !strings.Contains(e.Detail, isItOurs) || n != 1 {
			t.Error(n, err)
		}
	}, says(200, "<h1>Hello"))
}

// TestASessionWithoutEvents has ended, and its events are deleted.
func TestASessionWithoutEvents(t *testing.T) {
	scripted(t, func(t *testing.T, c *Client, _ *script) {
		for e, err := range c.Session("browser_1").Events(t.Context()) {
			t.Error(e, err)
		}
	}, streams(": follows\nid: beginning\n\n: alive\n\n: alive\n\n", false), says(200, `{"status":"READY"}`), says(200, `{"status":"CLOSED","endedAt":"1999-01-01T00:00:00Z"}`))
}

// TestReady waits for the browser, and says what has become of a session that gets none.
func TestReady(t *testing.T) {
	scripted(t, func(t *testing.T, c *Client, _ *script) {
		session := c.Session("browser_1")
		if err := session.Ready(t.Context()); err != nil || session.Status != SessionReady {
			t.Error(session, err)
		}
		err := session.Ready(t.Context())
		if e, ok := errors.AsType[*SessionEndedError](err); !ok || e.Session.CloseReason != ClosedTimeout || err.Error() != "the session is CLOSED, for the reason timeout" {
			t.Error(err)
		}
	}, says(200, `{"sessionId":"browser_1","status":"QUEUED","queuePosition":1}`), streams(happens(1, "browser", "READY"), false), says(200, `{"sessionId":"browser_1","status":"READY"}`),
		says(200, `{"sessionId":"browser_1","status":"CLOSED","closeReason":"timeout"}`))
}

// TestAFileThatBreaksOff is read on from where it was, and is not put together of two.
func TestAFileThatBreaksOff(t *testing.T) {
	part := func(text, etag, size string, status int, want ...string) func(*http.Request) (*http.Response, error) {
		return func(r *http.Request) (*http.Response, error) {
			if got := []string{r.Header.Get("Range"), r.Header.Get("If-Range")}; !slices.Equal(got, want) {
				return nil, fmt.Errorf("it asks for %q", got)
			}
			res, _ := breaks(text)(r)
			res.StatusCode, res.ContentLength = status, 10
			res.Header = http.Header{"Content-Type": {"text/plain"}, "Etag": {etag}}
			if status == http.StatusPartialContent {
				res.Header.Set("Content-Range", "bytes 0-0/"+size)
			}
			return res, nil
		}
	}
	scripted(t, func(t *testing.T, c *Client, _ *script) {
		f, err := c.Session("browser_1").Artifact(t.Context(), "art_1")
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(f)
		if err != nil || string(got) != "0123456789" || f.Size != 10 || f.ContentType != "text/plain" {
			t.Errorf("%q, %v", got, err)
		}
	}, part("0123", `"a"`, "", 200, "", ""), part("45", `"a"`, "10", 206, "bytes=4-", `"a"`), lost, part("6789", `"a"`, "10", 206, "bytes=6-", `"a"`))
	scripted(t, func(t *testing.T, c *Client, _ *script) {
		f, err := c.Session("browser_1").Artifact(t.Context(), "art_1")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(f); err == nil || string(got) != "0123" {
			t.Errorf("%q, %v", got, err)
		}
	}, part("0123", `"a"`, "", 200, "", ""), part("abcdefghij", `"b"`, "", 200, "bytes=4-", `"a"`))
	scripted(t, func(t *testing.T, c *Client, _ *script) {
		f, err := c.Session("browser_1").ArtifactStart(t.Context(), "art_1", 4)
		if err != nil || f.Size != 10 {
			t.Error(f, err)
		}
	}, part("0123", `"a"`, "10", 206, "bytes=0-3", ""))
}
