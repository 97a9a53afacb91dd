package receive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/browserhook/browserhook/client/webhook"
	"github.com/browserhook/browserhook/internal/sender"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwzJGRsFSY4Us="

func request(t *testing.T, id, body string) *http.Request {
	t.Helper()
	s, err := sender.New(secret, "test", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodPost, "/hook", strings.NewReader(body))
	if req.Header, err = s.Header(id, time.Now(), []byte(body)); err != nil {
		t.Fatal(err)
	}
	return req
}

func event(session string, sequence int) string {
	return fmt.Sprintf(`{"sessionId":%q,"type":"browser","data":{"eventType":"browser_ready","status":"READY"},"sequence":%d}`, session, sequence)
}

func newReceiver(t *testing.T, c Config) (*Receiver, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	c.Out, c.JSON = &out, true
	r, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return r, &out
}

func serve(r *Receiver, req *http.Request) int {
	w := httptest.NewRecorder()
	r.ServeHTTP(w, req)
	return w.Code
}

// last is the last line that was written.
func last(t *testing.T, out *bytes.Buffer) (r record) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAttemptsAndOrder(t *testing.T) {
	r, out := newReceiver(t, Config{Secrets: []string{secret}})
	for _, c := range []struct {
		id, session string
		sequence    int
		fail        int
		attempt     int
		duplicate   bool
		overtaken   int64
	}{
		{"evt_1", "a", 1, 503, 1, false, 0},
		{"evt_1", "a", 1, 0, 2, false, 0},  // a retry
		{"evt_1", "a", 1, 0, 3, true, 0},   // it was taken already
		{"evt_1", "a", 1, 503, 4, true, 0}, // and that stays so
		{"evt_3", "a", 3, 0, 1, false, 0},
		{"evt_2", "a", 2, 0, 1, false, 3},
		{"evt_4", "b", 1, 0, 1, false, 0},
	} {
		r.Fail, r.FailRate = c.fail, 1
		if c.fail == 0 {
			r.FailRate = 0
		}
		serve(r, request(t, c.id, event(c.session, c.sequence)))
		got := last(t, out)
		if got.Attempt != c.attempt || got.Duplicate != c.duplicate || got.Overtaken != c.overtaken || got.OnPurpose != (c.fail > 0) {
			t.Errorf("%+v: got %+v", c, got)
		}
	}
}

func TestRefusedRequestsLeaveNoTrace(t *testing.T) {
	r, out := newReceiver(t, Config{Secrets: []string{secret}})
	forged := request(t, "evt_1", event("a", 9))
	forged.Header.Set(webhook.HeaderSignature, "v1,AAAA")
	if got := serve(r, forged); got != http.StatusUnauthorized || last(t, out).Error != webhook.ErrSignature.Error() {
		t.Errorf("answered %d, %s", got, out)
	}
	if got := serve(r, request(t, "evt_1", event("a", 1))); got != http.StatusNoContent {
		t.Errorf("answered %d", got)
	}
	if got := last(t, out); got.Attempt != 1 || got.Overtaken != 0 {
		t.Errorf("what was refused counts: %+v", got)
	}
}

func TestBodiesThatAreNone(t *testing.T) {
	r, out := newReceiver(t, Config{})
	if got := serve(r, request(t, "evt_1", "hello")); got != http.StatusNoContent || last(t, out).Body != "hello" {
		t.Errorf("answered %d, %s", got, out)
	}
	if got := serve(r, httptest.NewRequest(http.MethodGet, "/", nil)); got != http.StatusMethodNotAllowed {
		t.Errorf("answered %d", got)
	}
	if got := serve(r, request(t, "evt_1", strings.Repeat(" ", maxBody+1))); got != http.StatusRequestEntityTooLarge {
		t.Errorf("answered %d", got)
	}
}

func TestFailRate(t *testing.T) {
	r, _ := newReceiver(t, Config{FailRate: 0.5})
	for random, want := range map[float64]int{0: 500, 0.49: 500, 0.5: 204, 0.99: 204} {
		r.random = func() float64 { return random }
		if got := serve(r, request(t, "evt_1", event("a", 1))); got != want {
			t.Errorf("%g: answered %d", random, got)
		}
	}
}

func TestSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newReceiver(t, Config{Slow: time.Hour})
		start := time.Now()
		if got := serve(r, request(t, "evt_1", event("a", 1))); got != http.StatusNoContent || time.Since(start) != time.Hour {
			t.Errorf("answered %d after %s", got, time.Since(start))
		}
	})
}

func TestPastIsBounded(t *testing.T) {
	p := newHistory()
	for i := range remembered + 10 {
		r := record{ID: fmt.Sprint(i), Status: 204}
		r.event.SessionID = r.ID
		p.place(&r)
	}
	if len(p.webhooks.values) != remembered || len(p.sessions.values) != remembered || len(p.webhooks.order) != remembered {
		t.Errorf("it holds %d webhooks and %d sessions", len(p.webhooks.values), len(p.sessions.values))
	}
	r := record{ID: "0"}
	if p.place(&r); r.Attempt != 1 {
		t.Error("the oldest is still known")
	}
}
