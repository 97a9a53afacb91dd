package session

import (
	"cmp"
	"encoding/json"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// The decisions about a session: each takes the session as it is in the
// transaction, makes its transitions and drafts the events. They know no store and no
// browser.

// decider drafts events with the server's public URL and one time.
type decider struct {
	publicURL string
	now       time.Time
	traced    bool
}

// place is where spans and events of something that has an id, such as a step, belong in
// its trace: under its own span, or where no spans are made under what that would be in.
func (d decider) place(under domain.Trace, id string) domain.Trace {
	if !d.traced {
		return under
	}
	return under.Of(id)
}

func (d decider) draftSession(c *domain.SessionChange, t domain.EventType) {
	draft := domain.DraftSession(c.Session, t, d.publicURL, d.now)
	draft.Trace = d.place(c.Session.Trace, c.Session.ID)
	c.Drafts = append(c.Drafts, draft)
}

func (d decider) draftStep(c *domain.SessionChange, st *domain.Step, t domain.EventType) {
	draft := domain.DraftStep(c.Session, st, t, d.publicURL, d.now)
	draft.Trace = d.place(st.Trace, st.ID)
	c.Drafts = append(c.Drafts, draft)
}

func (d decider) ready(c *domain.SessionChange) error {
	if err := c.Session.Transition(domain.SessionReady); err != nil {
		return err
	}
	c.Session.ReadyAt = d.now
	d.draftSession(c, domain.EventBrowserReady)
	return nil
}

// failed ends a session whose browser could not be started.
func (d decider) failed(c *domain.SessionChange, why *domain.Failure) error {
	if err := d.cancelAll(c); err != nil {
		return err
	}
	if err := c.Session.Transition(domain.SessionFailed); err != nil {
		return err
	}
	c.Session.Error, c.Session.EndedAt = why, d.now
	d.draftSession(c, domain.EventBrowserFailed)
	return nil
}

// closing begins the end of a session. Doing it twice keeps the first reason.
func (d decider) closing(c *domain.SessionChange, reason domain.CloseReason) error {
	if c.Session.Status.Ended() || c.Session.Status == domain.SessionClosing {
		return nil
	}
	if err := c.Session.Transition(domain.SessionClosing); err != nil {
		return err
	}
	c.Session.CloseReason = reason
	d.releaseControl(c)
	return nil
}

// recovered has a session go on whose browser another server had before: what ran
// then is interrupted.
func (d decider) recovered(c *domain.SessionChange) error {
	if c.Session.Status != domain.SessionReady { // it was closed meanwhile
		return c.Session.Transition(domain.SessionReady)
	}
	d.releaseControl(c)
	d.draftSession(c, domain.EventBrowserRecovered)
	for _, st := range c.Open {
		if st.Status != domain.StepRunning && st.Status != domain.StepWaiting {
			continue
		}
		if err := d.interruptAndStop(c, st); err != nil {
			return err
		}
	}
	return nil
}

// interruptAndStop ends a step that ran when its server ended. Later steps of its request are
// canceled if they are not to run after a failure.
func (d decider) interruptAndStop(c *domain.SessionChange, st *domain.Step) error {
	if err := d.interrupt(c, st, "The server ended while the step ran; it is not run again."); err != nil {
		return err
	}
	return d.cancelRest(c, st)
}

// lost begins the end of a session whose browser is gone: what ran is
// interrupted.
func (d decider) lost(c *domain.SessionChange, reason domain.CloseReason, why *domain.Failure) error {
	if c.Session.Status != domain.SessionReady {
		return d.closing(c, reason)
	}
	for _, st := range c.Open {
		if st.Status != domain.StepRunning && st.Status != domain.StepWaiting {
			continue
		}
		if err := d.interrupt(c, st, "The browser was lost while the step ran; it is not run again."); err != nil {
			return err
		}
	}
	if err := d.closing(c, reason); err != nil {
		return err
	}
	if reason == domain.ClosedCrashed {
		c.Session.Error = why
		d.draftSession(c, domain.EventBrowserCrashed)
	}
	return nil
}

// interrupt ends a step of which can't be known whether it had its effect.
func (d decider) interrupt(c *domain.SessionChange, st *domain.Step, message string) error {
	if err := st.Transition(domain.StepInterrupted); err != nil {
		return err
	}
	st.FinishedAt = d.now
	st.Error = &domain.Failure{Code: "interrupted", Message: message}
	d.draftStep(c, st, domain.EventStepFailed)
	return nil
}

// closed ends a session whose browser is gone for good.
func (d decider) closed(c *domain.SessionChange) error {
	if c.Session.Status.Ended() {
		return nil
	}
	if err := d.cancelAll(c); err != nil {
		return err
	}
	if err := c.Session.Transition(domain.SessionClosed); err != nil {
		return err
	}
	c.Session.EndedAt = d.now
	d.draftSession(c, domain.EventBrowserClosed)
	return nil
}

func (d decider) cancelAll(c *domain.SessionChange) error {
	for _, st := range c.Open {
		if st.Status.Ended() {
			continue
		}
		if err := d.cancel(c, st); err != nil {
			return err
		}
	}
	return nil
}

func (d decider) cancel(c *domain.SessionChange, st *domain.Step) error {
	if err := st.Transition(domain.StepCanceled); err != nil {
		return err
	}
	st.FinishedAt = d.now
	d.draftStep(c, st, domain.EventStepCanceled)
	return nil
}

// downloaded keeps what a page has downloaded, or tells why there is no file.
func (d decider) downloaded(c *domain.SessionChange, got domain.Downloaded) error {
	if c.Session.Status.Ended() {
		return domain.Refuse(domain.CodeEnded, "the session has ended")
	}
	if got.Failure == nil {
		c.Artifacts = append(c.Artifacts, got.Artifact)
	}
	draft := domain.DraftDownload(c.Session, got, d.publicURL, d.now)
	draft.Trace = d.place(c.Session.Trace, c.Session.ID)
	c.Drafts = append(c.Drafts, draft)
	return nil
}

// outcome is what became of a step.
type outcome struct {
	result      json.RawMessage
	why         *domain.Failure  // nil: it is done
	tries       []domain.Failure // why those before the last failed
	canceled    bool
	interrupted bool // it was stopped because the server ends and leaves the browser to the next
}

// finished records what became of a step. After a failure that stops, the
// later steps of the same request are canceled.
func (d decider) finished(c *domain.SessionChange, id string, o outcome) error {
	st := find(c, id)
	if st == nil || st.Status != domain.StepRunning {
		return nil // it was decided otherwise meanwhile
	}
	st.FinishedAt, st.Tries = d.now, o.tries
	switch {
	case o.interrupted:
		return d.interruptAndStop(c, st)
	case o.canceled:
		if err := d.cancel(c, st); err != nil {
			return err
		}
	case o.why == nil:
		if err := st.Transition(domain.StepCompleted); err != nil {
			return err
		}
		st.Result = o.result
		d.draftStep(c, st, domain.EventStepCompleted)
	default:
		if err := st.Transition(domain.StepFailed); err != nil {
			return err
		}
		st.Error = o.why
		d.draftStep(c, st, domain.EventStepFailed)
	}
	if st.Status != domain.StepFailed {
		return nil
	}
	return d.cancelRest(c, st)
}

// cancelRest cancels the later steps of a failed one's request, if that is to stop.
func (d decider) cancelRest(c *domain.SessionChange, st *domain.Step) error {
	if st.OnError != domain.OnErrorStop {
		return nil
	}
	for _, later := range c.Open {
		if later.Batch == st.Batch && later.Status == domain.StepPending {
			if err := d.cancel(c, later); err != nil {
				return err
			}
		}
	}
	return nil
}

// next starts the session's next step, if it has one, and returns a copy.
func (d decider) next(c *domain.SessionChange) (*domain.Step, error) {
	if c.Session.Status != domain.SessionReady || c.Session.Control != nil {
		return nil, nil
	}
	for _, st := range c.Open {
		if st.Status == domain.StepRunning {
			return nil, nil // one at a time
		}
		if st.Status != domain.StepPending {
			continue
		}
		if err := st.Transition(domain.StepRunning); err != nil {
			return nil, err
		}
		st.StartedAt = d.now
		d.draftStep(c, st, domain.EventStepStarted)
		started := *st
		return &started, nil
	}
	return nil, nil
}

func find(c *domain.SessionChange, id string) *domain.Step {
	for _, st := range c.Open {
		if st.ID == id {
			return st
		}
	}
	return nil
}

// add puts steps at the end of the queue.
func (d decider) add(c *domain.SessionChange, steps []domain.Step) error {
	if s := c.Session.Status; s.Ended() || s == domain.SessionClosing {
		return domain.Refuse(domain.CodeEnded, "the session is %s: it takes no more steps", s)
	}
	if len(c.Open)+len(steps) > MaxOpenSteps {
		return domain.Refuse(domain.CodeTooMany, "the session has %d unfinished steps; at most %d are kept", len(c.Open), MaxOpenSteps)
	}
	batch := c.Session.StepCount
	for i := range steps {
		steps[i].Index, steps[i].Batch = c.Session.StepCount, batch
		steps[i].Trace = cmp.Or(steps[i].Trace, d.place(c.Session.Trace, c.Session.ID))
		c.Session.StepCount++
		c.NewSteps = append(c.NewSteps, &steps[i])
	}
	return nil
}
