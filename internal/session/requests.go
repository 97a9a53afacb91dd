package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
)

// withStoreTimeout bounds how long a request waits for a store that doesn't answer.
func withStoreTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, 10*time.Second, errStoreAway)
}

var errStoreAway = domain.Refuse(domain.CodeUnavailable, "the store does not answer; try again soon")

// CreateRequest is all that a session can be created with.
type CreateRequest struct {
	Options     domain.SessionOptions // DefaultOptions, and what is to be different
	Metadata    map[string]string
	Steps       []step.Spec
	OnError     domain.OnError // empty: stop
	Webhook     *InlineWebhook // nil: none
	Idempotency *domain.Idempotency
}

// InlineWebhook is an endpoint for one session alone.
type InlineWebhook struct {
	domain.EndpointSettings
	Secret string // empty: a new one
}

// Create makes a session with its first steps and its inline webhook, in one
// transaction. It waits in the store until a server has room for it. A call that is repeated answers with
// the session and the endpoint that it made, if they are still there, and no
// steps: they may be long by now, and are for the caller to read.
func (s *Service) Create(ctx context.Context, project string, r CreateRequest) (domain.Session, []domain.Step, *domain.Endpoint, error) {
	r.Options.Record = cmp.Or(r.Options.Record, s.Record)
	if err := checkOptions(&r.Options); err != nil {
		return domain.Session{}, nil, nil, err
	}
	if s.isStopping() {
		return domain.Session{}, nil, nil, errStopping
	}
	if err := domain.CheckMetadata("metadata", r.Metadata); err != nil {
		return domain.Session{}, nil, nil, err
	}
	r.OnError = cmp.Or(r.OnError, domain.OnErrorStop)
	if err := checkSteps(r.Steps, r.OnError); err != nil {
		return domain.Session{}, nil, nil, err
	}
	if err := s.checkBrowser(ctx, r.Options.Browser); err != nil {
		return domain.Session{}, nil, nil, err
	}
	now := time.Now()
	id := domain.NewID(domain.PrefixSession)
	n := &domain.NewSession{
		Session: domain.Session{
			ID: id, ProjectID: project, Status: domain.SessionQueued,
			Options: s.sealOptions(project, id, r.Options), Metadata: r.Metadata, StreamToken: domain.NewToken(), ConnectToken: domain.NewToken(), CreatedAt: now,
			Trace: domain.TraceOf(ctx),
		},
		Idempotency: r.Idempotency, MaxQueued: s.queueRoom(),
	}
	n.Stream = domain.Stream{
		ID: domain.NewID(domain.PrefixStream), ProjectID: project, SessionID: n.Session.ID,
		Token: n.Session.StreamToken, Mode: domain.StreamView, CreatedAt: now,
	}
	if w := r.Webhook; w != nil {
		e, err := s.Endpoints.Inline(project, id, w.EndpointSettings, w.Secret)
		if err != nil {
			return domain.Session{}, nil, nil, err
		}
		n.Endpoint = &e
	}
	if r.Options.URL != "" {
		// The first address is the request's first step: its outcome is seen
		// like any other, and what follows doesn't meet the browser's own
		// error page, unless it was asked to go on after errors.
		first := step.Spec{Action: "goto", URL: r.Options.URL}
		n.Steps = append(n.Steps, s.newStep(project, n.Session.ID, first, r.OnError, now))
	}
	given := len(n.Steps)
	for _, spec := range r.Steps {
		st := s.newStep(project, n.Session.ID, spec, r.OnError, now)
		st.Index = len(n.Steps)
		n.Steps = append(n.Steps, st)
	}
	for i := range n.Steps {
		n.Steps[i].Trace = s.decider().place(n.Session.Trace, id)
	}
	n.Session.StepCount = len(n.Steps)
	if r.Idempotency != nil {
		r.Idempotency.Refs = []string{n.Session.ID}
		if n.Endpoint != nil {
			r.Idempotency.Refs = append(r.Idempotency.Refs, n.Endpoint.ID)
		}
	}
	err := s.Store.CreateSession(ctx, n)
	if made, again := r.Idempotency.Again(err); again {
		return s.createdBefore(ctx, project, made)
	}
	if err != nil {
		return domain.Session{}, nil, nil, fmt.Errorf("create session: %w", err)
	}
	return n.Session, n.Steps[given:], n.Endpoint, nil
}

// createdBefore is what an earlier call made.
func (s *Service) createdBefore(ctx context.Context, project string, made []string) (domain.Session, []domain.Step, *domain.Endpoint, error) {
	session, err := s.Session(ctx, project, made[0])
	if err != nil || len(made) == 1 {
		return session, nil, nil, err
	}
	e, err := s.Store.Endpoint(ctx, project, made[1])
	if errors.Is(err, domain.ErrNotFound) { // it has ended
		return session, nil, nil, nil
	}
	return session, nil, &e, err
}

// checkBrowser refuses a browser that no server can start. What is asked for is kept as
// it is: a session is started by whichever server has that, as its default if it is none.
func (s *Service) checkBrowser(ctx context.Context, asked string) error {
	if asked == "" || slices.Contains(s.Browsers, asked) {
		return nil
	}
	there, where := slices.Clone(s.Browsers), "on this server, which has"
	if s.Nodes != nil {
		nodes, err := s.Nodes(ctx)
		if err != nil {
			return fmt.Errorf("see which browsers there are: %w", err)
		}
		where = "on any server that starts sessions; there is"
		for _, n := range nodes {
			if n.State != domain.NodeReady {
				continue
			}
			if n.Browsers == nil { // it may have it
				return nil
			}
			there = append(there, n.Browsers...)
		}
		slices.Sort(there)
		there = slices.Compact(there)
	}
	if len(there) == 0 || slices.Contains(there, asked) { // without any the session will say so
		return nil
	}
	return domain.Invalid("browser", "%q is not installed %s %s", asked, where, strings.Join(there, " and "))
}

func (s *Service) newStep(project, session string, spec step.Spec, onError domain.OnError, now time.Time) domain.Step {
	st := domain.Step{
		ID: domain.NewID(domain.PrefixStep), ProjectID: project, SessionID: session, Action: spec.Action,
		OnError: whenFailed(spec, onError), Status: domain.StepPending, CreatedAt: now,
	}
	s.sealStep(&st, spec)
	return st
}

// whenFailed says what follows the step if it fails.
func whenFailed(spec step.Spec, onError domain.OnError) domain.OnError {
	if spec.Optional {
		return domain.OnErrorContinue
	}
	return onError
}

func checkSteps(specs []step.Spec, onError domain.OnError) error {
	if len(specs) > MaxSteps {
		return domain.Invalid("steps", "has %d steps; at most %d are taken at once", len(specs), MaxSteps)
	}
	if onError != domain.OnErrorStop && onError != domain.OnErrorContinue {
		return domain.Invalid("onError", "%q is neither stop nor continue", onError)
	}
	for i := range specs {
		if err := specs[i].Check(fmt.Sprintf("steps[%d]", i)); err != nil {
			return err
		}
	}
	return nil
}

// AddSteps puts steps at the end of a session's queue. A call that is repeated
// answers with the steps that it added, without their parameters and results.
func (s *Service) AddSteps(ctx context.Context, project, id string, specs []step.Spec, onError domain.OnError, idem *domain.Idempotency) ([]domain.Step, error) {
	if s.isStopping() {
		return nil, errStopping
	}
	if len(specs) == 0 {
		return nil, domain.Invalid("steps", "must hold at least one step")
	}
	onError = cmp.Or(onError, domain.OnErrorStop)
	if err := checkSteps(specs, onError); err != nil {
		return nil, err
	}
	now := time.Now()
	steps := make([]domain.Step, len(specs))
	for i, spec := range specs {
		steps[i] = s.newStep(project, id, spec, onError, now)
		steps[i].Trace = domain.TraceOf(ctx)
		if idem != nil {
			idem.Refs = append(idem.Refs, steps[i].ID)
		}
	}
	d := s.decider()
	changing, cancel := withStoreTimeout(ctx)
	defer cancel()
	err := s.Store.ChangeSession(changing, project, id, func(c *domain.SessionChange) error {
		c.Idempotency = idem
		return d.add(c, steps)
	})
	if made, again := idem.Again(err); again {
		return s.StepsByID(ctx, project, id, made)
	}
	if err != nil {
		return nil, fmt.Errorf("add steps: %w", err)
	}
	if a := s.actor(id); a != nil {
		a.touch()
		a.wake()
	}
	return steps, nil
}

// WaitSteps returns the steps when all of them have ended, or as they are when
// ctx ends, without their parameters and results: those are long, and are looked
// at once rather than at every change.
func (s *Service) WaitSteps(ctx context.Context, project, session string, ids []string) ([]domain.Step, error) {
	for {
		changed := s.Changed(session)
		steps, err := s.StepsByID(context.WithoutCancel(ctx), project, session, ids)
		if err != nil {
			return nil, fmt.Errorf("wait for steps: %w", err)
		}
		ended := true
		for i := range steps {
			ended = ended && steps[i].Status.Ended()
		}
		if ended {
			return steps, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return steps, nil
		}
	}
}

// CancelStep cancels a step that waits, or stops one that runs; it returns
// when that is done. A step that has ended is a conflict.
func (s *Service) CancelStep(ctx context.Context, project, session, id string) (domain.Step, error) {
	if _, err := s.Step(ctx, project, session, id); err != nil {
		return domain.Step{}, err
	}
	d := s.decider()
	running := false
	changing, cancel := withStoreTimeout(ctx)
	defer cancel()
	err := s.Store.ChangeSession(changing, project, session, func(c *domain.SessionChange) error {
		st := find(c, id)
		if st == nil {
			return domain.Refuse(domain.CodeConflict, "the step has ended")
		}
		if running = st.Status == domain.StepRunning; running {
			return nil
		}
		return d.cancel(c, st)
	})
	if err != nil {
		return domain.Step{}, fmt.Errorf("cancel step: %w", err)
	}
	if running {
		if err := s.stopStep(ctx, project, session, id); err != nil {
			return domain.Step{}, err
		}
	}
	return s.Step(ctx, project, session, id)
}

// stopAgain is how long another server gets to stop a step before it is asked
// once more.
const stopAgain = time.Second

// stopStep stops a step that runs, here or elsewhere, and waits until it has ended.
func (s *Service) stopStep(ctx context.Context, project, session, id string) error {
	a := s.actor(session)
	if a != nil || s.StopElsewhere == nil {
		if a != nil {
			a.cancelStep(id)
		}
		_, err := s.WaitSteps(ctx, project, session, []string{id})
		return err
	}
	for ctx.Err() == nil {
		if err := s.StopElsewhere(ctx, id); err != nil {
			return err
		}
		waiting, cancel := context.WithTimeout(ctx, stopAgain)
		steps, err := s.WaitSteps(waiting, project, session, []string{id})
		cancel()
		if err != nil || steps[0].Status.Ended() {
			return err
		}
	}
	return nil
}

// Close ends a session; it doesn't wait for the end. Closing what has ended
// changes nothing.
func (s *Service) Close(ctx context.Context, project, id string) (domain.Session, error) {
	d := s.decider()
	var now domain.Session
	changing, cancel := withStoreTimeout(ctx)
	defer cancel()
	err := s.Store.ChangeSession(changing, project, id, func(c *domain.SessionChange) error {
		waiting := c.Session.Status == domain.SessionQueued
		if err := d.closing(c, domain.ClosedRequested); err != nil {
			return err
		}
		if waiting { // there is no browser to end
			if err := d.closed(c); err != nil {
				return err
			}
		}
		now = *c.Session
		return nil
	})
	if err != nil {
		return domain.Session{}, fmt.Errorf("close session: %w", err)
	}
	if a := s.actor(id); a != nil {
		a.close(domain.ClosedRequested)
	}
	return now, nil
}

// WaitClosed waits until a session that is being closed has ended, or ctx has.
func (s *Service) WaitClosed(ctx context.Context, project, id string) error {
	for {
		changed := s.Changed(id)
		now, err := s.Session(context.WithoutCancel(ctx), project, id)
		if err != nil {
			return fmt.Errorf("wait for a session's end: %w", err)
		}
		if now.Status != domain.SessionClosing {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
}
