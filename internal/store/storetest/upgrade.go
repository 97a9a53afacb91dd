package storetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/browserhook/browserhook/internal/domain"
)

// TestKey is the master key of the databases that are kept for [Upgrade]. It is
// for tests alone: everybody knows it.
const TestKey = "YnJvd3Nlcmhvb2sgdGVzdCBrZXksIG5vdCBzZWNyZXQ="

// Fill makes a database to be kept, and returns while the store is open.
func Fill(t *testing.T, open Open) Store {
	w := &world{TB: t, ctx: t.Context(), open: open, more: make(chan struct{})}
	w.start()
	w.fill()
	return w.store
}

// Upgrade opens a database that an earlier program has made and that was kept,
// and tests that all of it is read as that program read it, which is what the
// file says, and that it goes on from there. With write, the file is written
// instead. starting is what a session is by then that was being started.
func Upgrade(t *testing.T, open Open, file string, write bool, starting domain.SessionStatus) {
	w := &world{TB: t, ctx: t.Context(), open: open, more: make(chan struct{})}
	w.start()
	defer func() { w.ok(w.store.Close()) }()
	w.ok(w.store.ReleaseClaims(w.ctx))
	got, err := json.MarshalIndent(w.contents(), "", "\t")
	w.ok(err)
	if write {
		w.ok(os.WriteFile(file, append(got, '\n'), 0o644))
	}
	want, err := os.ReadFile(file)
	w.ok(err)
	want = bytes.ReplaceAll(want, []byte(`"Status": "STARTING"`), fmt.Appendf(nil, `"Status": %q`, starting))
	for _, problem := range lacks("", decoded(w, want), decoded(w, got)) {
		w.Error(problem)
	}
	var before contents
	w.ok(json.Unmarshal(want, &before))
	w.goesOn(&before)
}

// contents is all that a store tells.
type contents struct {
	Projects []projectContents
	Open     []domain.Session
	Due      []domain.Due
	Signing  []domain.Endpoint
}

type projectContents struct {
	Project    domain.Project
	Keys       []domain.APIKey
	Endpoints  []domain.Endpoint
	Sessions   []sessionContents
	Events     []eventContents
	Deliveries []deliveryContents
	Replays    map[string][]string // the idempotency keys
}

type sessionContents struct {
	Session   domain.Session
	Steps     []domain.Step
	Artifacts []domain.Artifact
	Streams   []domain.Stream
	Viewers   []domain.Viewer
	Events    []string
}

// eventContents is an event with its body legible.
type eventContents struct {
	Event domain.Event
	Body  string
}

type deliveryContents struct {
	Delivery domain.Delivery
	Attempts []domain.Attempt
}

func (w *world) contents() contents {
	w.Helper()
	var c contents
	projects, err := w.store.Projects(w.ctx)
	w.ok(err)
	for _, p := range projects {
		c.Projects = append(c.Projects, w.in(p.ID).projectContents(p))
	}
	c.Open, err = w.store.OpenSessions(w.ctx)
	w.ok(err)
	for _, p := range c.Projects { // and those that wait
		for _, s := range p.Sessions {
			if s.Session.Status == domain.SessionQueued {
				c.Open = append(c.Open, s.Session)
			}
		}
	}
	slices.SortFunc(c.Open, func(a, b domain.Session) int { return strings.Compare(a.ID, b.ID) })
	c.Due, err = w.store.DueEndpoints(w.ctx)
	w.ok(err)
	slices.SortFunc(c.Due, func(a, b domain.Due) int { return strings.Compare(a.EndpointID, b.EndpointID) })
	c.Signing, err = w.store.SigningEndpoints(w.ctx)
	w.ok(err)
	return c
}

func (w *world) projectContents(p domain.Project) projectContents {
	w.Helper()
	c := projectContents{Project: p, Replays: map[string][]string{}}
	named, err := w.store.ProjectByName(w.ctx, p.Name)
	w.ok(err)
	w.equal("project by name", named, p)
	keys, _, err := w.store.Keys(w.ctx, domain.PageFilter{})
	w.ok(err)
	for _, k := range slices.Backward(keys) { // oldest first
		if k.ProjectID == p.ID {
			c.Keys = append(c.Keys, k)
		}
	}
	for f := (domain.EndpointFilter{Limit: 3}); ; {
		page, next, err := w.store.Endpoints(w.ctx, p.ID, f)
		w.ok(err)
		c.Endpoints = append(c.Endpoints, page...)
		if f.Cursor = next; next == "" {
			break
		}
	}
	for f := (domain.SessionFilter{Limit: 3}); ; {
		page, next, err := w.store.Sessions(w.ctx, p.ID, f)
		w.ok(err)
		for _, s := range page {
			c.Sessions = append(c.Sessions, w.sessionContents(s))
			if name := s.Metadata["status"]; name != "" {
				c.Replays[name] = w.replays(name)
			}
		}
		if f.Cursor = next; next == "" {
			break
		}
	}
	for _, e := range c.Endpoints {
		if e.SessionID == "" && len(c.Replays) > 0 {
			c.Replays[e.Description] = w.replays(e.Description)
		}
	}
	for _, e := range w.events(domain.EventQuery{Limit: 10_000}) {
		body := string(e.Body)
		e.Body = nil
		c.Events = append(c.Events, eventContents{e, body})
	}
	for _, d := range w.deliveries(domain.DeliveryFilter{}) {
		attempts, err := w.store.Attempts(w.ctx, p.ID, d.ID)
		w.ok(err)
		c.Deliveries = append(c.Deliveries, deliveryContents{d, attempts})
	}
	return c
}

func (w *world) sessionContents(s domain.Session) sessionContents {
	w.Helper()
	c := sessionContents{Session: s}
	var err error
	c.Steps, err = w.store.Steps(w.ctx, s.ProjectID, s.ID, -1, 1000)
	w.ok(err)
	c.Artifacts, err = w.store.Artifacts(w.ctx, s.ProjectID, s.ID)
	w.ok(err)
	c.Viewers, err = w.store.Viewers(w.ctx, s.ProjectID, s.ID, "", 1000)
	w.ok(err)
	c.Streams, err = w.store.Streams(w.ctx, s.ProjectID, s.ID)
	w.ok(err)
	c.Events = ids(w.events(domain.EventQuery{SessionID: s.ID, Limit: 1000}), func(e domain.Event) string { return e.ID })
	return c
}

// goesOn tests that what was to be sent is sent, and that new things are made
// beside the old ones.
func (w *world) goesOn(before *contents) {
	w.Helper()
	status := map[string]domain.EndpointStatus{}
	for _, p := range before.Projects {
		for _, e := range p.Endpoints {
			status[e.ID] = e.Status
		}
	}
	late := start.Add(24 * time.Hour)
	sent := map[string]bool{}
	for busy := true; busy; {
		busy = false
		for id := range status {
			for _, j := range w.claim(id, late, 100).Jobs {
				busy, sent[j.Delivery.ID] = true, true
				w.ok(w.store.Finish(w.ctx, []domain.Outcome{outcome(j.Delivery, domain.DeliveryDelivered, late)}, nil))
			}
		}
	}
	for _, p := range before.Projects {
		for _, was := range p.Deliveries {
			d := was.Delivery
			now, err := w.store.Delivery(w.ctx, d.ProjectID, d.ID)
			w.ok(err)
			due := d.Status == domain.DeliveryPending && status[d.EndpointID] == domain.EndpointEnabled
			if sent[d.ID] != due {
				w.Errorf("the delivery %s was %s to an endpoint that is %s: sent is %v", d.ID, d.Status, status[d.EndpointID], sent[d.ID])
			}
			if due {
				attempts, err := w.store.Attempts(w.ctx, d.ProjectID, d.ID)
				w.ok(err)
				if now.Status != domain.DeliveryDelivered || len(attempts) != len(was.Attempts)+1 {
					w.Errorf("the delivery %s was sent: %+v with %d attempts, had %d", d.ID, now, len(attempts), len(was.Attempts))
				}
			}
		}
	}
	w.addsTo(before)
	w.claims(100)
	for _, s := range before.Open {
		if s.Status == domain.SessionQueued || s.Status == domain.SessionStarting {
			now, err := w.store.Session(w.ctx, s.ProjectID, s.ID)
			w.ok(err)
			w.equal("a session that waited", now.Status, domain.SessionStarting)
		}
	}
}

// addsTo makes new things beside the old ones.
func (w *world) addsTo(before *contents) {
	w.Helper()
	w.project = before.Projects[0].Project.ID
	for _, c := range before.Projects[0].Sessions {
		if c.Session.Status != domain.SessionReady {
			continue
		}
		w.say(c.Session, domain.EventStepStarted)
		events := w.events(domain.EventQuery{SessionID: c.Session.ID, Limit: 1000})
		if last := events[len(events)-1]; last.Sequence != c.Session.Sequence+1 {
			w.Errorf("the next event of %s has the sequence %d, after %d", c.Session.ID, last.Sequence, c.Session.Sequence)
		}
		if n := len(w.deliveries(domain.DeliveryFilter{EventID: events[len(events)-1].ID})); n < 4 {
			w.Errorf("a new event is sent to %d endpoints", n)
		}
	}
	e := w.newEndpoint("*")
	s := w.newSession(2)
	w.say(s, domain.EventBrowserReady, domain.EventBrowserClosed)
	w.equal("due to a new endpoint", len(w.claim(e.ID, time.Now(), 10).Jobs), 2)
	key := before.Projects[0].Keys[0]
	now, err := w.store.Key(w.ctx, key.ID)
	w.ok(err)
	if now.Role != domain.RoleProject && now.Role != key.Role {
		w.Errorf("a key has become %q", now.Role)
	}
	w.ok(w.store.RevokeKey(w.ctx, key.ID, start, true))
	w.newProject("new")
	w.ok(w.store.DeleteEndpoint(w.ctx, w.project, before.Projects[0].Endpoints[0].ID, start))
	n, err := w.store.Prune(w.ctx, time.Now().Add(time.Hour))
	w.ok(err)
	if n == 0 {
		w.Error("nothing old is deleted")
	}
}

func decoded(w *world, raw []byte) (v any) {
	w.Helper()
	w.ok(json.Unmarshal(raw, &v))
	return v
}

// lacks lists what is in want and not in got. Members that got has beside
// those are newer than want.
func lacks(at string, want, got any) (problems []string) {
	switch want := want.(type) {
	case map[string]any:
		has, ok := got.(map[string]any)
		if !ok {
			break
		}
		for name, v := range want {
			if _, ok := has[name]; !ok && v != nil {
				problems = append(problems, fmt.Sprintf("%s.%s is missing", at, name))
				continue
			}
			problems = append(problems, lacks(at+"."+name, v, has[name])...)
		}
		return problems
	case []any:
		has, ok := got.([]any)
		if !ok || len(has) != len(want) {
			break
		}
		for i := range want {
			problems = append(problems, lacks(fmt.Sprintf("%s[%d]", at, i), want[i], has[i])...)
		}
		return problems
	}
	if d := cmp.Diff(want, got); d != "" {
		problems = append(problems, fmt.Sprintf("%s (-want +got):\n%s", at, d))
	}
	return problems
}
