package live_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
)

// TestManyChangesAskTheStoreSeldom: a page that moves on all the time is shown
// where it is without the store, and what happens to a session is asked for a
// few times a second at most.
func TestManyChangesAskTheStoreSeldom(t *testing.T) {
	l := browsertest.Launcher(t, step.Script(), nil)
	page := browsertest.Launch(t, l, domain.SessionOptions{}).Page()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<link rel=icon href="data:,"><script>n = 0; setInterval(() => history.replaceState(0, '', '?' + n++), 60)</script>`)
	}))
	t.Cleanup(site.Close)
	goTo := step.Spec{Action: "goto", URL: site.URL}
	if _, f := step.Run(t.Context(), page, &goTo, nil); f != nil {
		t.Fatalf("%+v", f)
	}
	h := &fakeSessions{pages: map[string]*browser.Page{"a": page}, mode: domain.StreamControl}
	server := h.open(t)
	conn, other := look(t, server, "a"), look(t, server, "a")
	seen := map[string]bool{}
	for len(seen) < 15 {
		s, err := state(t, conn)
		if err != nil {
			t.Fatal(err)
		}
		seen[s.URL] = true
	}
	if _, err := state(t, other); err != nil || h.countAsks() != 1 {
		t.Errorf("asked the store %d times for 15 addresses and two viewers; %v", h.countAsks(), err)
	}
	began := time.Now()
	for range 3 {
		looked := h.looked()
		h.change(func() {})
		<-looked
	}
	if took := time.Since(began); took < 200*time.Millisecond {
		t.Errorf("asked the store three times within %s", took)
	}
	if n := h.countAsks(); n != 4 {
		t.Errorf("asked the store %d times for three changes and two viewers", n-1)
	}
}

// TestInputsToAStuckPageKeepTheViewer: whatever is sent to a page that hangs,
// the viewer's pings are answered, and so are ours by the viewer.
func TestInputsToAStuckPageKeepTheViewer(t *testing.T) {
	l := browsertest.Launcher(t, step.Script(), nil)
	b := browsertest.Launch(t, l, domain.SessionOptions{})
	goTo := step.Spec{Action: "goto", URL: `data:text/html,<h1>0</h1><script>setInterval(() => { document.querySelector('h1').textContent++ }, 50)</script>`}
	if _, f := step.Run(t.Context(), b.Page(), &goTo, nil); f != nil {
		t.Fatalf("%+v", f)
	}
	h := &fakeSessions{pages: map[string]*browser.Page{"a": b.Page()}, mode: domain.StreamControl}
	conn := look(t, h.open(t), "a")
	frames(t, conn, 2)
	if err := syscall.Kill(b.PID(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for i := range 400 {
		for _, in := range []string{
			`{"type":"mouse","kind":"move","x":0.5,"y":0.5}`, `{"type":"key","kind":"down","key":"a"}`, `{"type":"key","kind":"up","key":"a"}`,
			fmt.Sprintf(`{"type":"text","text":"%d"}`, i),
		} {
			if err := conn.Write(ctx, websocket.MessageText, []byte(in)); err != nil {
				t.Fatal(err)
			}
		}
	}
	var reading sync.WaitGroup
	reading.Go(func() {
		for err := error(nil); err == nil; { // pictures of before may come still
			_, _, err = conn.Read(ctx)
		}
	})
	if err := conn.Ping(ctx); err != nil {
		t.Errorf("no pong: %v", err)
	}
	_ = conn.CloseNow()
	reading.Wait()
}
