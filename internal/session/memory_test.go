package session_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/session"
)

// memory is a store of one session, in memory: quick, and it can be stopped
// before and after each of its changes.
type memory struct {
	session.Store // nothing else of it is called

	notify func(domain.Commit)
	point  func() // before a change begins, and when it is made and not yet answered

	mu       sync.Mutex
	awayTill time.Time // until then it does not answer
	fullTill time.Time // until then its disk is full
	theirs   bool      // another server has taken the session over
	sess     domain.Session
	steps    []domain.Step
	news     []string // event types with the index of their step, in order
}

func (m *memory) CreateSession(_ context.Context, n *domain.NewSession) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sess, m.steps = n.Session, n.Steps
	m.notify(domain.Commit{Sessions: []string{m.sess.ID}, Queue: true})
	return nil
}

func (m *memory) ChangeSession(ctx context.Context, _, _ string, fn func(*domain.SessionChange) error) error {
	m.point()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	err := m.change(fn)
	if err == nil {
		m.notify(domain.Commit{Sessions: []string{m.id()}})
	}
	m.point()
	return err
}

func (m *memory) change(fn func(*domain.SessionChange) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if time.Now().Before(m.awayTill) {
		return domain.Refuse(domain.CodeUnavailable, "the store does not answer")
	}
	if time.Now().Before(m.fullTill) {
		return errors.New("no space left on device")
	}
	sess, steps := m.sess, slices.Clone(m.steps)
	c := &domain.SessionChange{Session: &sess, Owned: !m.theirs}
	for i := range steps {
		if !steps[i].Status.Ended() {
			c.Open = append(c.Open, &steps[i])
		}
	}
	if err := fn(c); err != nil {
		return err
	}
	m.sess, m.steps = sess, steps
	for _, st := range c.NewSteps {
		m.steps = append(m.steps, *st)
	}
	for _, n := range c.Drafts {
		of := ""
		if n.Data.Index != nil {
			of = " " + string(rune('0'+*n.Data.Index))
		}
		m.news = append(m.news, string(n.Data.EventType)+of)
	}
	return nil
}

func (m *memory) Session(context.Context, string, string) (domain.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sess, nil
}

// ClaimSession gives out the session if it waits.
func (m *memory) ClaimSession(ctx context.Context) (ref domain.SessionRef, err error) {
	m.mu.Lock()
	waits := m.sess.Status == domain.SessionQueued
	m.mu.Unlock()
	if !waits {
		return ref, domain.ErrNotFound
	}
	m.point()
	if ctx.Err() != nil {
		return ref, context.Cause(ctx)
	}
	err = m.change(func(c *domain.SessionChange) error {
		if c.Session.Status != domain.SessionQueued {
			return domain.ErrNotFound
		}
		ref = domain.SessionRef{ProjectID: c.Session.ProjectID, ID: c.Session.ID}
		return c.Session.Transition(domain.SessionStarting)
	})
	m.point()
	return ref, err
}

// OpenSessions are those that are this server's.
func (m *memory) OpenSessions(context.Context) ([]domain.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.theirs || m.sess.ID == "" || m.sess.Status.Ended() || m.sess.Status == domain.SessionQueued {
		return nil, nil
	}
	return []domain.Session{m.sess}, nil
}

func (m *memory) Step(_ context.Context, _, _, id string) (domain.Step, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.steps, func(st domain.Step) bool { return st.ID == id })
	return m.steps[i], nil
}

func (m *memory) StepsByID(_ context.Context, _, _ string, ids []string) (all []domain.Step, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, st := range m.steps {
		if slices.Contains(ids, st.ID) {
			all = append(all, st)
		}
	}
	return all, nil
}

// id is the session's, and step that of one of its steps.
func (m *memory) id() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sess.ID
}

func (m *memory) step(i int) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.steps[i].ID
}

// states is that of the session, with its reason, and those of the steps.
func (m *memory) states() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := []string{strings.TrimSpace(string(m.sess.Status) + " " + string(m.sess.CloseReason))}
	for _, st := range m.steps {
		all = append(all, string(st.Status))
	}
	return strings.Join(all, ", ")
}

// add is that another server adds a step, if the session takes one.
func (m *memory) add() {
	if m.sess.Status == domain.SessionClosing || m.sess.Status.Ended() {
		return
	}
	n := len(m.steps)
	m.steps = append(m.steps, domain.Step{ID: "step_added", Index: n, Batch: n, Action: "reload", Params: m.steps[0].Params, Status: domain.StepPending, CreatedAt: time.Now()})
	m.sess.StepCount = len(m.steps)
}

// set changes what the store says from now on.
func (m *memory) set(fn func(m *memory)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	fn(m)
}

// count is how often there was each event.
func (m *memory) count() map[string]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := map[string]int{}
	for _, one := range m.news {
		n[one]++
	}
	return maps.Clone(n)
}
