package storetest

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// fill puts one of everything into a store, in every state that it can have.
func (w *world) fill() {
	w.Helper()
	w.project = w.newProject("default")
	w.fillKeys()
	endpoints := w.fillEndpoints()
	w.fillSessions()
	w.fillDeliveries(endpoints)
	other := w.in(w.newProject("other"))
	other.fillKeys()
	other.newEndpoint("step_*")
	other.say(other.newSession(1), domain.EventStepStarted)
}

// in is the same store as another project sees it.
func (w *world) in(project string) *world {
	return &world{TB: w.TB, ctx: w.ctx, open: w.open, store: w.store, project: project}
}

func (w *world) fillKeys() {
	w.Helper()
	for i, name := range []string{"first", "ci", "old"} {
		k := domain.APIKey{
			ID: domain.NewID(domain.PrefixKey), ProjectID: w.project, Role: domain.RoleProject, Name: name, Prefix: "bh_abcdefgh",
			Hash: append([]byte(w.project), byte(i), 0, 255), CreatedAt: start,
		}
		w.ok(w.store.CreateKey(w.ctx, k, "", nil))
		if name == "old" {
			w.ok(w.store.RevokeKey(w.ctx, k.ID, start.Add(time.Hour), false))
		}
	}
}

// fillEndpoints makes an endpoint of each kind.
func (w *world) fillEndpoints() map[string]domain.Endpoint {
	w.Helper()
	all := map[string]domain.Endpoint{}
	add := func(name string, change func(*domain.Endpoint)) {
		e := w.endpoint("*")
		e.Description = name
		if change != nil {
			change(&e)
		}
		w.ok(w.store.CreateEndpoint(w.ctx, e, fixtureKey(name, e.ID)))
		all[name] = e
	}
	add("plain", nil)
	add("ordered", func(e *domain.Endpoint) { e.Ordered = true })
	add("signing", func(e *domain.Endpoint) {
		e.Secrets = append(e.Secrets, domain.Secret{Value: domain.PrivateKeyPrefix + "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="})
	})
	add("limited", func(e *domain.Endpoint) {
		e.RateLimit, e.Concurrency, e.Events = 1000, 3, domain.Subscription{"step_completed", "webhook_test"}
		e.Headers = []domain.Header{{Name: "X-A", Value: "1"}, {Name: "Authorization", Value: "Bearer ü", Secret: true}}
		e.Filter = domain.Filter{Metadata: map[string][]string{"order": {"16", "17"}}}
	})
	add("failing", func(e *domain.Endpoint) { e.FailingSince, e.FailingTold = start.Add(time.Second), start.Add(time.Hour) })
	add("gone", nil)
	add("paused", nil)
	add("disabled", nil)
	add("deleted", nil)
	return all
}

func fixtureKey(name, ref string) *domain.Idempotency {
	return &domain.Idempotency{Key: "key of " + name, Fingerprint: "made of " + name, Refs: []string{ref}}
}

// fillSessions makes a session in each state; those that are READY or have ended
// have steps in each state, files, links and events.
func (w *world) fillSessions() {
	w.Helper()
	for _, status := range []domain.SessionStatus{
		domain.SessionStarting, domain.SessionReady, domain.SessionClosing, domain.SessionClosed, domain.SessionFailed, domain.SessionQueued,
	} {
		n := w.draftSession(3)
		n.Idempotency = fixtureKey(string(status), n.Session.ID)
		n.Session.Metadata["status"] = string(status)
		if status != domain.SessionQueued {
			inline := w.endpoint("browser_*", "step_completed")
			inline.SessionID, inline.Description = n.Session.ID, "inline "+string(status)
			n.Endpoint = &inline
		}
		w.ok(w.store.CreateSession(w.ctx, n))
		if status != domain.SessionQueued {
			claimed, err := w.store.ClaimSession(w.ctx)
			w.ok(err)
			w.equal("the session that is claimed", claimed.ID, n.Session.ID)
		}
		link := w.newLink(n.Session, domain.StreamControl, start.Add(time.Hour))
		w.ok(w.store.AddViewer(w.ctx, domain.Viewer{
			ID: domain.NewID(domain.PrefixViewer), ProjectID: w.project, SessionID: n.Session.ID, StreamID: link.ID, Name: "Zoë", Mode: link.Mode,
			Address: "2001:db8::1", JoinedAt: start, LeftAt: start.Add(time.Minute),
		}, "mark"))
		revoked := w.newLink(n.Session, domain.StreamView, time.Time{})
		w.ok(w.store.RevokeStream(w.ctx, w.project, n.Session.ID, revoked.ID, start.Add(time.Minute)))
		w.ok(w.store.ChangeSession(w.ctx, w.project, n.Session.ID, func(c *domain.SessionChange) error {
			become(c, status)
			return nil
		}))
	}
}

func (w *world) newLink(s domain.Session, mode domain.StreamMode, until time.Time) domain.Stream {
	w.Helper()
	st := domain.Stream{
		ID: domain.NewID(domain.PrefixStream), ProjectID: w.project, SessionID: s.ID, Token: domain.NewToken(),
		Mode: mode, CreatedAt: start, ExpiresAt: until, Name: "Zoë", Once: mode == domain.StreamControl,
	}
	w.ok(w.store.CreateStream(w.ctx, st, fixtureKey(st.ID, st.ID)))
	return st
}

// become takes a session to a state with all that comes on the way.
func become(c *domain.SessionChange, status domain.SessionStatus) {
	const public = "https://bh.example.com"
	s := c.Session
	s.Status = status
	if status == domain.SessionQueued || status == domain.SessionStarting {
		return
	}
	say := func(t domain.EventType) { c.Drafts = append(c.Drafts, domain.DraftSession(s, t, public, start)) }
	s.ReadyAt = start.Add(time.Second)
	if status == domain.SessionReady {
		s.Control = &domain.Control{StreamID: "str_a", Name: "Zoë", Viewer: "view_a", Since: start}
	}
	say(domain.EventBrowserReady)
	for i := range 5 {
		st := step(s, s.StepCount)
		st.Batch = 3
		st.Status = []domain.StepStatus{
			domain.StepCompleted, domain.StepFailed, domain.StepCanceled, domain.StepInterrupted, domain.StepRunning,
		}[i]
		event := domain.EventStepStarted
		switch st.Status {
		case domain.StepCompleted:
			st.Result, event = json.RawMessage(`{"text":"Zoë \u2028 <b>","n":[1,2.5,null]}`), domain.EventStepCompleted
			a := domain.Artifact{
				ID: domain.NewID(domain.PrefixArtifact), ProjectID: s.ProjectID, SessionID: s.ID, StepID: st.ID,
				Kind: "screenshot", ContentType: "image/png", Size: 12345, CreatedAt: start,
			}
			c.Artifacts = append(c.Artifacts, a)
		case domain.StepFailed, domain.StepInterrupted:
			st.Error = &domain.Failure{Code: "timeout", Message: "Nothing came.", WaitedFor: "#a", Seen: "#b"}
			event = domain.EventStepFailed
		case domain.StepCanceled:
			event = domain.EventStepCanceled
		default:
			if s.Status.Ended() {
				continue
			}
		}
		st.StartedAt = start.Add(time.Second)
		if st.Status.Ended() {
			st.FinishedAt = start.Add(2 * time.Second)
		}
		s.StepCount++
		c.NewSteps = append(c.NewSteps, &st)
		c.Drafts = append(c.Drafts, domain.DraftStep(s, &st, event, public, start))
	}
	switch status {
	case domain.SessionClosing:
		s.CloseReason = domain.ClosedIdle
	case domain.SessionClosed:
		s.CloseReason = domain.ClosedRequested
	case domain.SessionFailed:
		s.Error = &domain.Failure{Code: "browser_failed", Message: "It did not start.", Lines: []string{"a", "b"}}
	default:
		return
	}
	if !s.Status.Ended() {
		return
	}
	s.EndedAt = start.Add(time.Minute)
	for _, st := range c.Open {
		st.Status, st.FinishedAt = domain.StepCanceled, s.EndedAt
	}
	say(map[domain.SessionStatus]domain.EventType{
		domain.SessionClosed: domain.EventBrowserClosed, domain.SessionFailed: domain.EventBrowserFailed,
	}[status])
}

// fillDeliveries tries some deliveries once, some often, and leaves others in
// each state.
func (w *world) fillDeliveries(endpoints map[string]domain.Endpoint) {
	w.Helper()
	for _, name := range []string{"plain", "limited", "gone", "paused", "disabled", "deleted"} {
		id := endpoints[name].ID
		e := endpoints[name]
		_, err := w.store.SendTest(w.ctx, w.project, id, domain.DraftEndpoint(&e, domain.EventWebhookTest, "", start), fixtureKey("test of "+name, "?"))
		w.ok(err)
	}
	// Each delivery goes another way, in turn.
	for _, name := range []string{"plain", "ordered", "signing", "limited", "failing"} {
		at := start.Add(time.Minute)
		for i := range map[bool]int{true: 3, false: 9}[name == "limited"] { // it has few
			d := w.claim(endpoints[name].ID, at, 1).Jobs[0].Delivery
			to := []domain.DeliveryStatus{domain.DeliveryDelivered, domain.DeliveryPending, domain.DeliveryPending, domain.DeliveryFailed}[i%4]
			if d.Attempts > 1 {
				to = domain.DeliveryDelivered
			}
			o := outcome(d, to, at)
			if to == domain.DeliveryFailed {
				o.Delivery.Reason = domain.ReasonExhausted
			}
			if name == "failing" {
				o.Health = domain.HealthBad
			}
			drafts := []domain.Draft{}
			if to == domain.DeliveryFailed {
				drafts = append(drafts, domain.DraftDelivery(&o.Delivery, at))
			}
			w.ok(w.store.Finish(w.ctx, []domain.Outcome{o}, drafts))
			at = at.Add(6 * time.Second)
		}
		rest := w.deliveries(domain.DeliveryFilter{EndpointID: endpoints[name].ID, Status: domain.DeliveryPending})
		_, err := w.store.CancelDelivery(w.ctx, w.project, rest[0].ID, at)
		w.ok(err)
	}
	gone := w.claim(endpoints["gone"].ID, start.Add(time.Hour), 1).Jobs[0].Delivery
	o := outcome(gone, domain.DeliveryFailed, start.Add(time.Hour))
	o.Health, o.Delivery.Reason = domain.HealthGone, domain.ReasonGone
	w.ok(w.store.Finish(w.ctx, []domain.Outcome{o}, nil))
	for name, status := range map[string]domain.EndpointStatus{"paused": domain.EndpointPaused, "disabled": domain.EndpointDisabled} {
		w.ok(w.store.ChangeEndpoint(w.ctx, w.project, endpoints[name].ID, func(c *domain.EndpointChange) error {
			c.Endpoint.Status, c.Endpoint.DisabledReason = status, "requested"
			return nil
		}))
	}
	w.ok(w.store.DeleteEndpoint(w.ctx, w.project, endpoints["deleted"].ID, start.Add(time.Hour)))
	// What is being sent when the database is copied is due again.
	w.claim(endpoints["plain"].ID, start.Add(time.Hour), 2)
	w.claim(endpoints["ordered"].ID, start.Add(time.Hour), 2)
}

// replays asks for what was made under an idempotency key before.
func (w *world) replays(name string) []string {
	w.Helper()
	n := w.draftSession(0)
	n.Idempotency = fixtureKey(name, "another")
	err := w.store.CreateSession(w.ctx, n)
	replay, ok := errors.AsType[*domain.Replay](err)
	if !ok {
		w.Errorf("the key of %s: got %v, want what was made before", name, err)
		return nil
	}
	return replay.Refs
}
