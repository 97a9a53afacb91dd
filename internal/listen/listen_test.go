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

	browserhook "github.com/browserhook/browserhook/client"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run is [Run] against a server.
func run(ctx context.Context, t *testing.T, c Config, h http.HandlerFunc) (said string, err error) {
	t.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	c.Server, err = browserhook.New(browserhook.Options{URL: server.URL, Key: "bh_1", Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Server.CloseIdleConnections()
	var out bytes.Buffer
	c.Out = &out
	err = Run(ctx, c)
	return out.String(), err
}

// TestRefusals end it; a server that fails or isn't there yet is waited for.
func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		status       int
		kind, answer string
		want         string
		final        bool
	}{
		{401, "application/problem+json", `{"code":"unauthorized","detail":"Send a valid API key."}`, "unauthorized: Send a valid API key.", true},
		{404, "text/html", `<h1>Nothing`, "the server answers 404 Not Found: is that the address of a browserhook server?", true},
		{200, "text/html", `<h1>Hello`, "is that the address of a browserhook server?", true},
		{500, "application/problem+json", `{"code":"internal","detail":"Something."}`, "internal: Something. Trying again.", false},
		{503, "application/problem+json", `{"code":"unavailable","detail":"The server stops."}`, "unavailable: The server stops. Trying again.", false},
		{429, "text/plain", ``, "the server answers 429 Too Many Requests", false},
	} {
		t.Run(fmt.Sprint(c.status, c.kind), func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			asked := 0
			said, err := run(ctx, t, Config{}, func(w http.ResponseWriter, _ *http.Request) {
				if asked++; asked == 2 {
					cancel()
				}
				w.Header().Set("Content-Type", c.kind)
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.answer)
			})
			if c.final != (err != nil) || c.final != (asked == 1) || !strings.Contains(said+fmt.Sprint(err), c.want) || strings.Contains(said, "Connected") {
				t.Errorf("%v, after %d requests, and said %q", err, asked, said)
			}
		})
	}
}

// TestOvertakenByRetention is told that what would have come next is deleted: it
// says so and goes on with the oldest that there is.
func TestOvertakenByRetention(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var asked []string
	said, err := run(ctx, t, Config{Since: "evt_old"}, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Query().Get("cursor"))
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
	})
	if err != nil {
		t.Error(err)
	}
	if fmt.Sprintf("%q", asked) != `["evt_old" "beginning"]` || !strings.Contains(said, "events after evt_old are lost") || strings.Contains(said, "Trying again") {
		t.Errorf("asked after %q and said %q", asked, said)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	said, err := run(ctx, t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_ = http.NewResponseController(w).Flush()
		cancel()
		<-r.Context().Done()
	})
	if err != nil || strings.Contains(said, "Trying") {
		t.Errorf("%v, %q", err, said)
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
