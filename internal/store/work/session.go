package work

import (
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
)

// Session is a session with its unfinished steps: as it is stored, and as the
// changes that it has kept since leave it.
type Session struct {
	Row  domain.Session
	Num  int64 // of its row
	Open []*Step

	row     SessionRow // of Row, but for what is not kept yet
	stored  SessionRow
	changed bool
	dirty   []*Step // changed or new, in the order in which they became so
}

// Step is a step of it.
type Step struct {
	domain.Step
	stored StepRow
	dirty  bool
	added  bool
}

// SessionRow is the part of a session that changes, as it is stored.
type SessionRow struct {
	Status           domain.SessionStatus
	Reason           domain.CloseReason
	Failure          string
	Steps            int
	ReadyAt, EndedAt int64
	Usage            string
	Browser          string // of its options, of which nothing else changes
	Control          string
}

// ChangedRow is its row, to be written.
func (s *Session) ChangedRow() SessionRow { return s.row }

// ChangedOptions are its options, to be written; empty: as they are stored.
func (s *Session) ChangedOptions() string {
	if s.row.Browser == s.stored.Browser {
		return ""
	}
	return codec.Text(s.Row.Options)
}

// rowOf is a session's.
func rowOf(s *domain.Session) SessionRow {
	return SessionRow{s.Status, s.CloseReason, codec.FailureText(s.Error), s.StepCount, codec.Micros(s.ReadyAt), codec.Micros(s.EndedAt), codec.UsageText(s.Usage), s.Options.Browser, codec.ControlText(s.Control)}
}

// StepRow is the part of a step that changes, as it is stored.
type StepRow struct {
	Status                domain.StepStatus
	Result, Failures      string
	StartedAt, FinishedAt int64
}

// RowOfStep is a step's.
func RowOfStep(s *domain.Step) StepRow {
	return StepRow{s.Status, string(s.Result), codec.FailuresText(s), codec.Micros(s.StartedAt), codec.Micros(s.FinishedAt)}
}

// Load is a session as it was read, with its unfinished steps in order.
func Load(row domain.Session, num int64, open []domain.Step) *Session {
	s := &Session{Row: row, Num: num, row: rowOf(&row)}
	s.stored = s.row
	for i := range open {
		s.LoadStep(open[i])
	}
	return s
}

// LoadStep adds a step that was read.
func (s *Session) LoadStep(st domain.Step) {
	if !st.Status.Ended() {
		s.Open = append(s.Open, &Step{Step: st, stored: RowOfStep(&st)})
	}
}

// Clone is a copy of a session that is all stored, for a unit that may fail.
func (s *Session) Clone() *Session {
	c := *s
	c.Open = make([]*Step, len(s.Open))
	for i, o := range s.Open {
		step := *o
		c.Open[i] = &step
	}
	return &c
}

// Decide has fn decide a change, on copies: the session is as before until the
// change is kept. A panic is fn's own failure. mine says that this server runs
// the session.
func (s *Session) Decide(mine bool, fn func(*domain.SessionChange) error) (c *domain.SessionChange, refused error) {
	row := s.Row
	c = &domain.SessionChange{Session: &row, Owned: mine, Open: make([]*domain.Step, len(s.Open))}
	steps := make([]domain.Step, len(s.Open))
	for i, o := range s.Open {
		steps[i] = o.Step
		c.Open[i] = &steps[i]
	}
	defer func() {
		if p := recover(); p != nil {
			refused = fmt.Errorf("panic in a transaction: %v\n%s", p, debug.Stack())
		}
	}()
	return c, fn(c)
}

// Entries are the drafts of a change in their order. Those of its own session
// get their numbers in it, so that it has them when it is kept.
func (s *Session) Entries(c *domain.SessionChange) []Entry {
	entries := make([]Entry, len(c.Drafts))
	for i, d := range c.Drafts {
		entries[i].Draft = d
		if d.SessionID == c.Session.ID && d.ProjectID == c.Session.ProjectID {
			c.Session.Sequence++
			entries[i].Session, entries[i].Sequence = s.Num, c.Session.Sequence
		}
	}
	return entries
}

// Keep takes over what a change has decided about the session and its steps.
func (s *Session) Keep(c *domain.SessionChange) {
	s.Row = *c.Session
	s.row = rowOf(&s.Row)
	s.changed = s.changed || s.row != s.stored || len(c.NewSteps) > 0
	for i, o := range s.Open {
		if o.Step = *c.Open[i]; !o.dirty && RowOfStep(&o.Step) != o.stored {
			o.dirty, s.changed = true, true
			s.dirty = append(s.dirty, o)
		}
	}
	s.Open = slices.DeleteFunc(s.Open, func(o *Step) bool { return o.Status.Ended() })
	for _, st := range c.NewSteps {
		o := &Step{Step: *st, dirty: true, added: true}
		s.dirty = append(s.dirty, o)
		if !st.Status.Ended() {
			s.Open = append(s.Open, o)
		}
	}
}

// Changed says whether its row, or one of its steps', differs from what is
// stored.
func (s *Session) Changed() bool { return s.changed }

// RowChanged says whether its own row does.
func (s *Session) RowChanged() bool { return s.row != s.stored }

// Ends says whether it has ended, and is not stored so.
func (s *Session) Ends() bool { return s.Row.Status.Ended() && !s.stored.Status.Ended() }

// Steps are the steps to be written: those to be inserted, and those to be
// updated.
func (s *Session) Steps() (added, changed []*domain.Step) {
	for _, o := range s.dirty {
		if o.added {
			added = append(added, &o.Step)
		} else {
			changed = append(changed, &o.Step)
		}
	}
	return added, changed
}

// Stored says that all of it is.
func (s *Session) Stored() {
	s.stored, s.changed, s.dirty = s.row, false, nil
	for _, o := range s.Open {
		if o.dirty {
			o.stored, o.dirty, o.added = RowOfStep(&o.Step), false, false
		}
	}
}
