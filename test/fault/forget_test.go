package fault

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/browserhook/browserhook/internal/store/seal"
	"github.com/browserhook/browserhook/test/harness"
)

// TestForgetWhileSending forgets a session while one of its webhooks is under
// way and others wait in the server's memory: nothing more of it is sent, what
// came of the one is written down nowhere, and whatever happens afterwards is
// sent as ever.
func TestForgetWhileSending(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		s := harness.Start(t, t.TempDir(), "--chromium=/bin/false")
		forgetWhileSending(t, s.Client(), s.Client())
	})
	t.Run("postgres, by another server", func(t *testing.T) {
		t.Parallel()
		db := postgresFor(t)
		key := seal.NewKey()
		start := func() *harness.Client {
			return harness.Start(t, t.TempDir(), "--database-url="+db.where, "--master-key="+key, "--chromium=/bin/false").Client()
		}
		forgetWhileSending(t, start(), start())
	})
}

func forgetWhileSending(t *testing.T, a, b *harness.Client) {
	ctx := t.Context()
	do := func(c *harness.Client, method, path string, body any) harness.Object {
		t.Helper()
		got, err := c.Do(ctx, method, path, body)
		if err != nil {
			t.Fatalf("%s %s: %v", method, path, err)
		}
		return got
	}
	var mu sync.Mutex
	var arrived []string
	first, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		arrived = append(arrived, r.Header.Get("webhook-id"))
		mu.Unlock()
		once.Do(func() {
			close(first)
			<-goOn
		})
	}))
	defer receiver.Close()
	endpoint := do(a, http.MethodPost, "/v1/webhook-endpoints", harness.Object{"url": receiver.URL, "events": []string{"*"}, "concurrency": 1})
	steps := []harness.Object{{"action": "reload"}, {"action": "reload"}, {"action": "reload"}, {"action": "reload"}}
	session := func() string {
		t.Helper()
		id := do(a, http.MethodPost, "/v1/sessions", harness.Object{"steps": steps}).String("sessionId")
		if _, err := a.WaitSession(ctx, id, "FAILED"); err != nil {
			t.Fatal(err)
		}
		return id
	}
	forgotten := session()
	<-first
	waiting, err := a.All(ctx, "/v1/deliveries?sessionId="+forgotten)
	if err != nil || len(waiting) < 4 {
		t.Fatalf("%d deliveries, %v", len(waiting), err)
	}
	do(b, http.MethodDelete, "/v1/sessions/"+forgotten+"/data", nil)
	_, err = a.Do(ctx, http.MethodGet, "/v1/sessions/"+forgotten, nil)
	if e, ok := errors.AsType[*harness.StatusError](err); !ok || e.Status != http.StatusNotFound {
		t.Errorf("the other server answers %v", err)
	}
	close(goOn)
	next := session()
	if err := harness.Until(ctx, func() (bool, error) {
		all, err := a.All(ctx, "/v1/deliveries?endpointId="+endpoint.String("endpointId"))
		if err != nil || len(all) < len(steps) {
			return false, err
		}
		for _, d := range all {
			if d.String("sessionId") != next {
				t.Errorf("there is a delivery of another session: %v", d)
			}
			if d.String("status") != "DELIVERED" {
				return false, nil
			}
		}
		return true, nil
	}); err != nil {
		t.Fatal(err)
	}
	events := allEvents(ctx, t, a)
	mu.Lock()
	defer mu.Unlock()
	if len(arrived) != 1+len(events) {
		t.Errorf("%d webhooks arrived: one of the forgotten session, and of the next one %d events", len(arrived), len(events))
	}
}
