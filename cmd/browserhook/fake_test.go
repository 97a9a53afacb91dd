package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/browserhook/browserhook/client/webhook"
	"github.com/browserhook/browserhook/internal/sender"
)

// What the scripts know of the fakes.
const (
	fakeKey    = "bh_scripts"
	fakeSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwzJGRsFSY4Us="
)

// patience bounds what a script waits for; a busy machine takes long.
const patience = time.Minute

// fakes stand for a browserhook server and for a user's receiver.
type fakes struct {
	mu      sync.Mutex
	changed chan struct{} // closed when anything below changes
	asked   []string      // requests of the log
	arrived []string      // ids of verified webhooks
	refused int           // webhooks that were not
	away    bool          // the next endpoint can't be made yet
}

func (f *fakes) change(what func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	what()
	close(f.changed)
	f.changed = make(chan struct{})
}

// wait waits until ok, which is called with the lock held.
func (f *fakes) wait(ts *testscript.TestScript, what string, ok func() bool) {
	deadline := time.After(patience)
	for {
		f.mu.Lock()
		done, changed := ok(), f.changed
		state := fmt.Sprintf("asked: %q, arrived: %q, refused: %d", f.asked, f.arrived, f.refused)
		f.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			ts.Fatalf("waited for %s; %s", what, state)
		}
	}
}

var fakeLog = []string{"evt_1", "evt_2", "evt_3"}

// log is GET /v1/events as a stream. The first stream breaks after the second
// event; the others stay open.
func (f *fakes) log(w http.ResponseWriter, r *http.Request) {
	last := cmp.Or(r.Header.Get("Last-Event-ID"), r.URL.Query().Get("cursor"))
	first := false
	f.change(func() {
		f.asked = append(f.asked, r.URL.RequestURI()+" after "+last)
		first = len(f.asked) == 1
	})
	if r.Header.Get("Authorization") != "Bearer "+fakeKey {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"code":"unauthorized","detail":"Send a valid API key."}`)
		return
	}
	if r.URL.Query().Get("types") == "nonsense" {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusUnprocessableEntity)
		fmt.Fprint(w, `{"code":"invalid_request","detail":"types: \"nonsense\" is not an event type"}`)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprintf(w, ": follows\nid: %s\n\n", last)
	for i, id := range fakeLog[slices.Index(fakeLog, last)+1:] {
		if first && i == 2 {
			return
		}
		fmt.Fprintf(w, "id: %s\nevent: step_completed\ndata: {\"sessionId\":\"browser_1\",\"type\":\"step\",\"data\":{\"eventType\":\"step_completed\",\"status\":\"COMPLETED\"},\"id\":%q,\"sequence\":%s}\n\n", id, id, id[4:])
	}
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

// endpoints is POST /v1/webhook-endpoints. It sends a first event before it has
// even answered, as a server may.
func (f *fakes) endpoints(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		URL, Secret string
		Events      []string
	}
	err := json.NewDecoder(r.Body).Decode(&asked)
	w.Header().Set("Content-Type", "application/problem+json")
	f.mu.Lock()
	away := f.away
	f.away = false
	f.mu.Unlock()
	switch {
	case away:
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprint(w, `{"code":"unavailable","detail":"The database is away."}`)
		return
	case r.Header.Get("Authorization") != "Bearer "+fakeKey:
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"code":"unauthorized","detail":"Send a valid API key."}`)
		return
	case strings.Contains(asked.URL, "127.0.0.2"):
		w.WriteHeader(http.StatusUnprocessableEntity)
		fmt.Fprint(w, `{"code":"invalid_request","detail":"url: is in loopback address space, which is closed","errors":[{"field":"url"}]}`)
		return
	case err != nil || len(asked.Events) != 1 || asked.Events[0] != "*":
		w.WriteHeader(http.StatusUnprocessableEntity)
		fmt.Fprint(w, `{"code":"invalid_request","detail":"events: are wrong"}`)
		return
	}
	go func() {
		s, err := sender.New(asked.Secret, "test", patience)
		if err != nil {
			return
		}
		defer s.Close()
		body := []byte(`{"sessionId":"","type":"webhook","data":{"eventType":"webhook_test","status":"TEST"},"id":"evt_1","sequence":0}`)
		header, err := s.Header("evt_1", time.Now(), body)
		if err != nil {
			return
		}
		answer, _ := s.Post(context.Background(), asked.URL, header, body)
		f.change(func() { f.arrived = append(f.arrived, fmt.Sprint("evt_1 ", answer.Status)) })
	}()
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, `{"endpointId":"we_1","url":%q,"secret":%q}`, asked.URL, asked.Secret)
}

// deleted is DELETE /v1/webhook-endpoints/{id}.
func (f *fakes) deleted(w http.ResponseWriter, r *http.Request) {
	w.WriteHeader(http.StatusNoContent)
	f.change(func() { f.asked = append(f.asked, "DELETE "+r.URL.Path) })
}

// hook is the user's receiver.
func (f *fakes) hook(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = webhook.Verify(body, r.Header, fakeSecret)
	}
	if err != nil {
		http.Error(w, "not for \x1b[31mme", http.StatusUnauthorized)
		f.change(func() { f.refused++ })
		return
	}
	w.WriteHeader(http.StatusNoContent)
	f.change(func() { f.arrived = append(f.arrived, r.Header.Get(webhook.HeaderID)) })
}

type fakesKey struct{}

// setup gives each script its fakes: $SERVER, $SINK and $SECRET.
func setup(env *testscript.Env) error {
	f := &fakes{changed: make(chan struct{}), away: true}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/events", f.log)
	mux.HandleFunc("POST /v1/webhook-endpoints", f.endpoints)
	mux.HandleFunc("DELETE /v1/webhook-endpoints/{id}", f.deleted)
	mux.HandleFunc("POST /hook", f.hook)
	server := httptest.NewServer(mux)
	env.Defer(func() {
		server.CloseClientConnections()
		server.Close()
	})
	env.Values[fakesKey{}] = f
	env.Setenv("SERVER", server.URL)
	env.Setenv("SINK", server.URL+"/hook")
	env.Setenv("SECRET", fakeSecret)
	source, err := os.Getwd()
	if err != nil {
		return err
	}
	env.Setenv("SOURCE", source)
	env.Setenv("GORACE", os.Getenv("GORACE"))
	// What is tested isn't how fast this machine is.
	env.Setenv("BROWSERHOOK_TIMEOUT", "2m")
	return nil
}

var scriptCommands = map[string]func(*testscript.TestScript, bool, []string){
	// arrived waits until the receiver has got these webhooks, in this order.
	"arrived": func(ts *testscript.TestScript, _ bool, ids []string) {
		f := ts.Value(fakesKey{}).(*fakes)
		f.wait(ts, "webhooks", func() bool { return slices.Equal(f.arrived, ids) })
	},
	// refused waits until the receiver has refused a webhook.
	"refused": func(ts *testscript.TestScript, _ bool, _ []string) {
		f := ts.Value(fakesKey{}).(*fakes)
		f.wait(ts, "a refused webhook", func() bool { return f.refused > 0 })
	},
	// asked waits until the server was asked for this.
	"asked": func(ts *testscript.TestScript, _ bool, args []string) {
		f := ts.Value(fakesKey{}).(*fakes)
		want := strings.Join(args, " ")
		f.wait(ts, want, func() bool { return slices.Contains(f.asked, want) })
	},
	// address puts a free one into a variable.
	"address": func(ts *testscript.TestScript, _ bool, args []string) {
		ln, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
		ts.Check(err)
		ts.Setenv(args[0], ln.Addr().String())
		ts.Check(ln.Close())
	},
	// json says that each line of a file is a JSON object, and that there is one.
	"json": func(ts *testscript.TestScript, _ bool, args []string) {
		text := strings.TrimSpace(ts.ReadFile(args[0]))
		for line := range strings.SplitSeq(text, "\n") {
			var object map[string]any
			if err := json.Unmarshal([]byte(line), &object); err != nil {
				ts.Fatalf("no JSON on %s: %q", args[0], line)
			}
		}
	},
	// listening waits until something listens on the address.
	"listening": func(ts *testscript.TestScript, _ bool, args []string) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			c, err := (&net.Dialer{}).DialContext(ctx, "tcp", args[0])
			if err == nil {
				c.Close()
				return
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				ts.Fatalf("nothing listens on %s: %v", args[0], err)
			}
		}
	},
}
