package receive

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	browserhook "github.com/browserhook/browserhook/client"
)

// endpoints is a server that makes one endpoint for each key, and one for each
// call without a key.
type endpoints struct {
	mu      sync.Mutex
	keys    []string
	made    int
	deleted []string
	lose    func(nth int) bool // whether an answer is lost
}

func (e *endpoints) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	e.mu.Lock()
	defer e.mu.Unlock()
	if r.Method == http.MethodDelete {
		e.deleted = append(e.deleted, r.URL.Path)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	key := r.Header.Get("Idempotency-Key")
	if key == "" || !slices.Contains(e.keys, key) {
		e.made++
	}
	e.keys = append(e.keys, key)
	if e.lose(len(e.keys)) {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(map[string]string{"endpointId": "we_1"})
}

// registering is a receiver that registers with the server.
func registering(t *testing.T, e *endpoints) *Receiver {
	t.Helper()
	server := httptest.NewUnstartedServer(e)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	t.Cleanup(server.Close)
	client, err := browserhook.New(browserhook.Options{URL: server.URL, Key: "key", Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	r, _ := newReceiver(t, Config{Secrets: []string{secret}, Server: client})
	return r
}

func TestALostAnswerMakesNoSecondEndpoint(t *testing.T) {
	e := &endpoints{lose: func(nth int) bool { return nth == 1 }}
	endpoint, err := registering(t, e).register(t.Context())
	if err != nil || endpoint != "we_1" {
		t.Fatalf("%q, %v", endpoint, err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.made != 1 || len(e.keys) < 2 {
		t.Errorf("%d endpoints were made by %q", e.made, e.keys)
	}
}

func TestAnEndpointMadeAtTheEndIsDeleted(t *testing.T) {
	ctx, end := context.WithCancel(t.Context())
	e := &endpoints{lose: func(nth int) bool {
		if nth == 1 {
			end()
		}
		return nth == 1
	}}
	endpoint, err := registering(t, e).register(ctx)
	if err != nil || endpoint != "" {
		t.Fatalf("%q, %v", endpoint, err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.made != 1 || !slices.Equal(e.deleted, []string{"/v1/webhook-endpoints/we_1"}) {
		t.Errorf("%d were made, %q deleted", e.made, e.deleted)
	}
}

// TestAnEndpointOfAReceiverThatFailsIsDeleted too, before the failure is told.
func TestAnEndpointOfAReceiverThatFailsIsDeleted(t *testing.T) {
	e := &endpoints{}
	r := registering(t, e)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	if err := r.serve(t.Context(), listener, "we_1"); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if !slices.Equal(e.deleted, []string{"/v1/webhook-endpoints/we_1"}) {
		t.Errorf("%q were deleted", e.deleted)
	}
}
