package listen

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/browserhook/browserhook/internal/apiclient"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stream is a server of one stream and a follower of it.
func stream(t *testing.T, c Config, h http.HandlerFunc) *follower {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	c.URL = server.URL
	f := newFollower(c)
	t.Cleanup(f.client.Close)
	return f
}

func TestFollowerRemembersWhereItWas(t *testing.T) {
	var asked []string
	f := stream(t, Config{Key: "bh_1", Session: "browser_1", Events: []string{"step_*", "browser_ready"}}, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Header.Get("Last-Event-ID"))
		if r.Header.Get("Authorization") != "Bearer bh_1" || r.URL.RawQuery != "sessionId=browser_1&types=step_%2A%2Cbrowser_ready" {
			t.Errorf("asked for %s", r.URL)
		}
		w.Header().Set("Content-Type", "Text/Event-Stream; charset=UTF-8")
		switch len(asked) {
		case 1: // breaks before the first event
			_, _ = io.WriteString(w, ": follows\nid: evt_0\n\n")
		case 2:
			_, _ = io.WriteString(w, "id: evt_1\ndata: {\"a\":1}\n\n: alive\n\nid: evt_2\ndata: {\"a\":2}\n\nid: evt_3\ndata: cut of")
		}
	})
	var got []string
	for range 3 {
		heard := false
		err := f.once(t.Context(), func() { heard = true }, func(id, body string) { got = append(got, id+" "+body) })
		if !heard || err == nil {
			t.Errorf("heard: %t, %v", heard, err)
		}
	}
	if fmt.Sprint(got) != `[evt_1 {"a":1} evt_2 {"a":2}]` || fmt.Sprintf("%q", asked) != `["" "evt_0" "evt_2"]` {
		t.Errorf("got %v, asked after %q", got, asked)
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		status       int
		kind, answer string
		want         string
		final        bool
	}{
		{401, "application/problem+json", `{"detail":"Send a valid API key."}`, "is --key one of its API keys?", true},
		{422, "application/problem+json", `{"detail":"after: is not the id of an event"}`, "the server answers 422 after: is not the id of an event", true},
		{404, "text/html", `<h1>Nothing`, "the server answers 404 Not Found", true},
		{200, "text/html", `<h1>Hello`, "is --url the address of a browserhook server?", true},
		{503, "application/problem+json", `{"detail":"The server stops."}`, "the server answers 503 The server stops.", false},
		{429, "text/plain", ``, "the server answers 429 Too Many Requests", false},
	} {
		f := stream(t, Config{}, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", c.kind)
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.answer)
		})
		heard := false
		err := f.once(t.Context(), func() { heard = true }, nil)
		refused, ok := err.(*apiclient.RefusedError)
		if heard || !ok || refused.Final() != c.final || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%d: %v", c.status, err)
		}
	}
}

// TestOvertakenByRetention is told that what would have come next is deleted: it
// says so and goes on with the oldest that there is.
func TestOvertakenByRetention(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Header.Get("Last-Event-ID"))
		if len(asked) == 1 {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusGone)
			_, _ = io.WriteString(w, `{"code":"cursor_expired","detail":"after: was deleted"}`)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		_ = http.NewResponseController(w).Flush()
		cancel()
		<-r.Context().Done()
	}))
	defer server.Close()
	var out bytes.Buffer
	if err := Run(ctx, Config{URL: server.URL, Out: &out, Since: "evt_old"}); err != nil {
		t.Error(err)
	}
	if fmt.Sprintf("%q", asked) != `["evt_old" "beginning"]` || !strings.Contains(out.String(), "events after evt_old are lost") || strings.Contains(out.String(), "Trying again") {
		t.Errorf("asked after %q and said %q", asked, out.String())
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_ = http.NewResponseController(w).Flush()
		cancel()
		<-r.Context().Done()
	}))
	defer server.Close()
	var out bytes.Buffer
	if err := Run(ctx, Config{URL: server.URL, Out: &out}); err != nil || strings.Contains(out.String(), "Trying") {
		t.Errorf("%v, %q", err, out.String())
	}
}

// TestSilentStreamsAreLeft is for connections that died without a word.
func TestSilentStreamsAreLeft(t *testing.T) {
	f := stream(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	f.silence = 20 * time.Millisecond
	if err := f.once(t.Context(), func() {}, nil); err == nil || err.Error() != "it was silent for 20ms" {
		t.Error(err)
	}
}

// TestWhatLingers ends some time after its context, or by its end, which leaves
// no goroutine: those of a bubble end before it.
func TestWhatLingers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		longer, end := linger(ctx, time.Minute)
		other, endOther := linger(ctx, time.Minute)
		never, endNever := linger(t.Context(), time.Minute)
		endNever()
		stop()
		time.Sleep(time.Minute - time.Nanosecond)
		if err := longer.Err(); err != nil {
			t.Error(err)
		}
		endOther()
		if never.Err() == nil || other.Err() == nil {
			t.Error("it goes on after its end")
		}
		time.Sleep(time.Nanosecond)
		<-longer.Done()
		end()
	})
}
