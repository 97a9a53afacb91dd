package harness

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
)

// Delivery is one request that a receiver got.
type Delivery struct {
	Header http.Header
	Body   []byte
	Event  Object // the body, decoded
	Status int    // that the receiver answered
}

// ID is the webhook-id header.
func (d Delivery) ID() string { return d.Header.Get("webhook-id") }

// Receiver takes webhooks and remembers each.
type Receiver struct {
	URL string
	// Answer gives the status for the nth request (from 1); nil answers 204.
	Answer func(n int64) int

	server *httptest.Server
	n      atomic.Int64
	mu     sync.Mutex
	got    []Delivery
	change chan struct{}
}

// NewReceiver listens on a free port of loopback.
func NewReceiver(tb testing.TB) *Receiver {
	r := &Receiver{change: make(chan struct{})}
	r.server = httptest.NewServer(r)
	r.URL = r.server.URL + "/hook"
	tb.Cleanup(r.server.Close)
	return r
}

// ServeHTTP takes one webhook.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // the sender was killed on the way
	}
	status := http.StatusNoContent
	n := r.n.Add(1)
	if r.Answer != nil {
		status = r.Answer(n)
	}
	d := Delivery{Header: req.Header.Clone(), Body: body, Status: status}
	_ = json.Unmarshal(body, &d.Event)
	r.mu.Lock()
	r.got = append(r.got, d)
	close(r.change)
	r.change = make(chan struct{})
	r.mu.Unlock()
	w.WriteHeader(status)
}

// Deliveries is all that came so far.
func (r *Receiver) Deliveries() []Delivery {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Delivery(nil), r.got...)
}

// Wait waits until want is content with what came.
func (r *Receiver) Wait(tb testing.TB, what string, want func([]Delivery) bool) []Delivery {
	tb.Helper()
	deadline := timer(tb)
	for {
		r.mu.Lock()
		got, change := append([]Delivery(nil), r.got...), r.change
		r.mu.Unlock()
		if want(got) {
			return got
		}
		select {
		case <-change:
		case <-deadline:
			tb.Fatalf("the receiver waited for %s and got %d deliveries", what, len(got))
		}
	}
}

// OfType keeps the deliveries with one event type.
func OfType(all []Delivery, eventType string) []Delivery {
	var some []Delivery
	for _, d := range all {
		if data, _ := d.Event["data"].(map[string]any); data["eventType"] == eventType {
			some = append(some, d)
		}
	}
	return some
}
