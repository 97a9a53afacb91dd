package demo

import (
	"encoding/json"
	"io"
	"net/http"
	"sync"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Received is a webhook as the receiver saw it.
type Received struct {
	Type      string
	Session   string
	Sequence  int64
	Action    string
	Status    string
	Verified  bool
	Duplicate bool
}

// Receiver takes webhooks as any user's backend would: it verifies the
// signature with the official library, answers at once, and drops what it has
// seen before.
type Receiver struct {
	C chan Received

	hook *standardwebhooks.Webhook
	mu   sync.Mutex
	seen map[string]bool
}

// NewReceiver makes a receiver for an endpoint's secret.
func NewReceiver(secret string) (*Receiver, error) {
	hook, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		return nil, err
	}
	return &Receiver{C: make(chan Received, 1000), hook: hook, seen: map[string]bool{}}, nil
}

// Take reads one request.
func (r *Receiver) Take(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(io.LimitReader(req.Body, 1<<20))
	if err != nil {
		return
	}
	var event struct {
		SessionID string
		Sequence  int64
		Data      struct{ EventType, Action, Status string }
	}
	_ = json.Unmarshal(body, &event) // an event that can't be read shows as not verified
	got := Received{
		Type: event.Data.EventType, Session: event.SessionID, Sequence: event.Sequence, Action: event.Data.Action,
		Status: event.Data.Status, Verified: r.hook.Verify(body, req.Header) == nil,
	}
	id := req.Header.Get("webhook-id")
	r.mu.Lock()
	got.Duplicate = r.seen[id]
	r.seen[id] = true
	r.mu.Unlock()
	if !got.Verified {
		w.WriteHeader(http.StatusUnauthorized)
	} else {
		w.WriteHeader(http.StatusNoContent)
	}
	r.C <- got
}
