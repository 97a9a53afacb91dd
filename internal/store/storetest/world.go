package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/browserhook/browserhook/internal/domain"
)

// start is when the tests' world begins. Stored times keep microseconds.
var start = time.Date(2026, 3, 4, 5, 6, 7, 891_000_000, time.UTC)

// world is a store with a project, and short ways to fill it.
type world struct {
	testing.TB
	ctx     context.Context
	open    Open
	store   Store
	project string

	mu      sync.Mutex
	commits []domain.Commit
	tell    func()        // at each commit
	more    chan struct{} // closed at the next one
	deleted int           // artifacts, by pruning
}

func newWorld(t testing.TB, open Open) *world {
	w := &world{TB: t, ctx: t.Context(), open: open, more: make(chan struct{})}
	w.start()
	t.Cleanup(func() {
		if err := w.store.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	w.project = w.newProject("default")
	return w
}

func (w *world) start() {
	w.Helper()
	store, err := w.open(func(c domain.Commit) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.commits = append(w.commits, c)
		if w.tell != nil {
			w.tell()
		}
		close(w.more)
		w.more = make(chan struct{})
	})
	if err != nil {
		w.Fatal(err)
	}
	w.store = store
}

// onCommit has fn called at each commit; nil: no more.
func (w *world) onCommit(fn func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tell = fn
}

// reopen does what a server that stops and starts does.
func (w *world) reopen() {
	w.Helper()
	w.ok(w.store.Close())
	w.start()
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) equal(what string, got, want any) {
	w.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		w.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func (w *world) empty(what string, got any) {
	w.Helper()
	if n := reflect.ValueOf(got).Len(); n > 0 {
		w.Errorf("%s: got %d of them: %v", what, n, got)
	}
}

func (w *world) missing(what string, err error) {
	w.Helper()
	if !errors.Is(err, domain.ErrNotFound) {
		w.Errorf("%s: got %v, want ErrNotFound", what, err)
	}
}

func (w *world) refused(what string, err error, code domain.Code) {
	w.Helper()
	if e, ok := errors.AsType[*domain.Error](err); !ok || e.Code != code {
		w.Errorf("%s: got %v, want the code %s", what, err, code)
	}
}

func (w *world) newProject(name string) string {
	w.Helper()
	p := domain.Project{ID: domain.NewID(domain.PrefixProject), Name: name, CreatedAt: start}
	w.ok(w.store.CreateProject(w.ctx, p, "", nil))
	return p.ID
}

// draftSession is a session as the service makes one, with n steps.
func (w *world) draftSession(n int) *domain.NewSession {
	s := domain.Session{
		ID: domain.NewID(domain.PrefixSession), ProjectID: w.project, Status: domain.SessionQueued,
		Options: domain.SessionOptions{
			URL: "https://example.com/?a=1&b=ü", Viewport: domain.Viewport{Width: 1280, Height: 720},
			Locale: "de-DE", Timeout: 30 * time.Minute, IdleTimeout: time.Minute,
		},
		Metadata: map[string]string{"order": "17", "name": "Zoë"}, StreamToken: domain.NewToken(), ConnectToken: domain.NewToken(),
		StepCount: n, CreatedAt: start,
	}
	d := &domain.NewSession{
		Session: s,
		Stream: domain.Stream{
			ID: domain.NewID(domain.PrefixStream), ProjectID: w.project, SessionID: s.ID,
			Token: s.StreamToken, Mode: domain.StreamView, CreatedAt: start,
		},
	}
	for i := range n {
		d.Steps = append(d.Steps, step(&s, i))
	}
	return d
}

func step(s *domain.Session, index int) domain.Step {
	return domain.Step{
		ID: domain.NewID(domain.PrefixStep), ProjectID: s.ProjectID, SessionID: s.ID, Index: index, Action: "goto",
		Params: json.RawMessage(`{"action":"goto","url":"https://example.com"}`), OnError: domain.OnErrorStop,
		Status: domain.StepPending, CreatedAt: start,
	}
}

func (w *world) newSession(steps int) domain.Session {
	w.Helper()
	n := w.draftSession(steps)
	w.ok(w.store.CreateSession(w.ctx, n))
	return n.Session
}

// endpoint is one of the world's project for the given events.
func (w *world) endpoint(events ...string) domain.Endpoint {
	return domain.Endpoint{
		ID: domain.NewID(domain.PrefixEndpoint), ProjectID: w.project, Status: domain.EndpointEnabled,
		EndpointSettings: domain.EndpointSettings{
			URL: "https://hooks.example.com/in", Events: events, Description: "orders", Metadata: map[string]string{"team": "a"},
		},
		Secrets:   []domain.Secret{{Value: "whsec_bmV3"}, {Value: "whsec_b2xk", ExpiresAt: start.Add(time.Hour)}},
		CreatedAt: start, UpdatedAt: start,
	}
}

func (w *world) newEndpoint(events ...string) domain.Endpoint {
	w.Helper()
	e := w.endpoint(events...)
	w.ok(w.store.CreateEndpoint(w.ctx, e, nil))
	return e
}

// say commits one event of each type in the session.
func (w *world) say(s domain.Session, types ...domain.EventType) {
	w.Helper()
	w.ok(w.store.ChangeSession(w.ctx, s.ProjectID, s.ID, draftEvents(start, types...)))
}

func draftEvents(at time.Time, types ...domain.EventType) func(*domain.SessionChange) error {
	return func(c *domain.SessionChange) error {
		for _, t := range types {
			c.Drafts = append(c.Drafts, domain.DraftSession(c.Session, t, "https://bh.example.com", at))
		}
		return nil
	}
}

func (w *world) events(q domain.EventQuery) []domain.Event {
	w.Helper()
	return w.page(q).Events
}

func (w *world) page(q domain.EventQuery) domain.EventPage {
	w.Helper()
	page, err := w.store.Events(w.ctx, w.project, q)
	w.ok(err)
	return page
}

// end is the cursor after which nothing has happened yet.
func (w *world) end() string {
	w.Helper()
	cursor, err := w.store.EventsEnd(w.ctx, w.project)
	w.ok(err)
	return cursor
}

func (w *world) deliveries(f domain.DeliveryFilter) []domain.Delivery {
	w.Helper()
	f.Limit = 10_000
	all, next, err := w.store.Deliveries(w.ctx, w.project, f)
	w.ok(err)
	if next != "" {
		w.Fatalf("more deliveries than expected")
	}
	return all
}

// capacityFor is room for so many deliveries, however long.
func capacityFor(n int) domain.Capacity { return domain.Capacity{Deliveries: n, Bytes: math.MaxInt} }

func (w *world) claim(endpoint string, at time.Time, limit int) domain.Claim {
	w.Helper()
	c, err := w.store.Claim(w.ctx, endpoint, at, capacityFor(limit))
	w.ok(err)
	return c
}

// outcome is what an attempt made of a claimed delivery.
func outcome(d domain.Delivery, to domain.DeliveryStatus, at time.Time) domain.Outcome {
	d.Attempts++
	d.Tries++
	d.Status = to
	if to == domain.DeliveryPending {
		d.NextAt = at.Add(5 * time.Second)
	} else {
		d.EndedAt = at
	}
	return domain.Outcome{Delivery: d, Attempt: domain.Attempt{
		ID: domain.NewID(domain.PrefixAttempt), ProjectID: d.ProjectID, DeliveryID: d.ID, Number: d.Attempts,
		StartedAt: at, Duration: 12345 * time.Microsecond, StatusCode: 200, Response: []byte("ok\x00\xff"),
		RemoteAddr: "203.0.113.7:443", ErrorClass: "status", Error: "no",
	}}
}

// committed waits until the store has told of n events in all.
func (w *world) committed(n int) []domain.Commit {
	w.Helper()
	events := 0
	w.told(fmt.Sprint(n, " events"), func(c domain.Commit) bool {
		events += len(c.Events)
		return events >= n
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.commits)
}

// told waits until the store has told of what is looked for. It is shown each
// commit once.
func (w *world) told(what string, is func(domain.Commit) bool) {
	w.Helper()
	deadline := time.After(30 * time.Second)
	for seen := 0; ; {
		w.mu.Lock()
		commits, more := w.commits[seen:], w.more
		w.mu.Unlock()
		for _, c := range commits {
			if is(c) {
				return
			}
		}
		seen += len(commits)
		select {
		case <-more:
		case <-deadline:
			w.Fatalf("not told of %s", what)
		}
	}
}

func ids[T any](all []T, id func(T) string) []string {
	var out []string
	for _, one := range all {
		out = append(out, id(one))
	}
	return out
}

func body(e domain.Event) domain.Payload {
	var p domain.Payload
	if err := json.Unmarshal(e.Body, &p); err != nil {
		panic(fmt.Sprintf("body of %s: %v", e.ID, err))
	}
	return p
}
