package work

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/browserhook/browserhook/internal/domain"
)

var now = time.UnixMicro(1_800_000_000_000_000).UTC()

func loaded() *Session {
	steps := []domain.Step{
		{ID: "step_0", Index: 0, Status: domain.StepCompleted}, // has ended: not loaded
		{ID: "step_1", Index: 1, Status: domain.StepRunning},
		{ID: "step_2", Index: 2, Status: domain.StepPending},
	}
	return Load(domain.Session{ID: "browser_a", ProjectID: "proj_a", Status: domain.SessionReady, StepCount: 3, Sequence: 7}, 5, steps)
}

func ids(steps []*domain.Step) (ids []string) {
	for _, s := range steps {
		ids = append(ids, s.ID)
	}
	return ids
}

// TestAChangeIsWhatDiffers: of what a decision touched only what differs from
// what is stored is to be written, and it is so no more once it has been.
func TestAChangeIsWhatDiffers(t *testing.T) {
	s := loaded()
	c, err := s.Decide(true, func(c *domain.SessionChange) error {
		if !c.Owned || len(c.Open) != 2 {
			t.Errorf("mine: %v, open: %v", c.Owned, ids(c.Open))
		}
		c.Open[0].Status, c.Open[0].FinishedAt = domain.StepCompleted, now
		c.Session.StepCount++
		c.NewSteps = append(c.NewSteps, &domain.Step{ID: "step_3", Index: 3, Status: domain.StepPending})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if s.Changed() || s.Open[0].Status != domain.StepRunning {
		t.Error("the session has changed before the change is kept")
	}
	s.Keep(c)
	added, changed := s.Steps()
	if !s.Changed() || !s.RowChanged() || !cmp.Equal(ids(added), []string{"step_3"}) || !cmp.Equal(ids(changed), []string{"step_1"}) {
		t.Errorf("changed: %v, %v; added %v, changed %v", s.Changed(), s.RowChanged(), ids(added), ids(changed))
	}
	if len(s.Open) != 2 || s.Open[0].ID != "step_2" || s.Open[1].ID != "step_3" {
		t.Errorf("open: %v", s.Open)
	}
	s.Stored()
	added, changed = s.Steps()
	if s.Changed() || s.RowChanged() || len(added)+len(changed) > 0 {
		t.Error("something is left to be written")
	}
	c, _ = s.Decide(true, func(*domain.SessionChange) error { return nil })
	if s.Keep(c); s.Changed() {
		t.Error("a change of nothing is one")
	}
}

// TestChangesAddUp: what several changes do is written one time, as the last
// left it. A step that one added and another ended is inserted as ended.
func TestChangesAddUp(t *testing.T) {
	s := loaded()
	for _, fn := range []func(*domain.SessionChange) error{
		func(c *domain.SessionChange) error {
			c.Open[1].Status = domain.StepRunning
			c.NewSteps = append(c.NewSteps, &domain.Step{ID: "step_3", Status: domain.StepPending})
			return nil
		},
		func(c *domain.SessionChange) error {
			c.Open[1].Status, c.Open[2].Status = domain.StepFailed, domain.StepCanceled
			return nil
		},
	} {
		c, err := s.Decide(false, fn)
		if err != nil {
			t.Fatal(err)
		}
		s.Keep(c)
	}
	added, changed := s.Steps()
	if len(added) != 1 || added[0].Status != domain.StepCanceled || len(changed) != 1 || changed[0].Status != domain.StepFailed {
		t.Errorf("added %v, changed %v", added, changed)
	}
}

// TestWhyEarlierTriesFailedIsAChange: nothing else of the step may have changed.
func TestWhyEarlierTriesFailedIsAChange(t *testing.T) {
	s := loaded()
	c, _ := s.Decide(true, func(c *domain.SessionChange) error {
		c.Open[0].Tries = append(c.Open[0].Tries, domain.Failure{Code: "timeout"})
		return nil
	})
	s.Keep(c)
	if _, changed := s.Steps(); len(changed) != 1 {
		t.Error("it is not written")
	}
}

// TestRefusedIsAsBefore: by an error and by a panic, which is the decision's own.
func TestRefusedIsAsBefore(t *testing.T) {
	for _, fail := range []func() error{
		func() error { return errors.New("refused") },
		func() error { panic("refused") },
	} {
		s := loaded()
		before := s.Clone()
		if _, err := s.Decide(true, func(c *domain.SessionChange) error {
			c.Session.Status, c.Open[0].Status = domain.SessionClosed, domain.StepFailed
			return fail()
		}); err == nil {
			t.Error("it is not refused")
		}
		if d := cmp.Diff(before, s, cmp.AllowUnexported(Session{}, Step{})); d != "" {
			t.Errorf("(-before +after):\n%s", d)
		}
	}
}

// TestAClonesChangesAreItsOwn: what is remembered stays as it is stored.
func TestAClonesChangesAreItsOwn(t *testing.T) {
	s := loaded()
	clone := s.Clone()
	c, _ := clone.Decide(true, func(c *domain.SessionChange) error {
		c.Session.Status, c.Open[0].Status = domain.SessionClosing, domain.StepFailed
		return nil
	})
	clone.Keep(c)
	if s.Row.Status != domain.SessionReady || s.Open[0].Status != domain.StepRunning || len(s.Open) != 2 || s.Changed() {
		t.Errorf("it has become %+v", s)
	}
}

// TestEntriesAreNumbered: those of the session go on after its last event,
// others are numbered where they belong.
func TestEntriesAreNumbered(t *testing.T) {
	s := loaded()
	c, _ := s.Decide(true, func(c *domain.SessionChange) error {
		c.Drafts = append(c.Drafts, domain.DraftSession(c.Session, domain.EventBrowserReady, "", now),
			domain.Draft{ProjectID: "proj_a", At: now}, domain.Draft{ProjectID: "proj_b", SessionID: "browser_a"},
			domain.DraftSession(c.Session, domain.EventBrowserClosed, "", now))
		return nil
	})
	entries := s.Entries(c)
	s.Keep(c)
	var got []int64
	for i := range entries {
		got = append(got, entries[i].Sequence, entries[i].Session)
	}
	if want := []int64{8, 5, 0, 0, 0, 0, 9, 5}; !cmp.Equal(got, want) || s.Row.Sequence != 9 {
		t.Errorf("numbered %v, want %v; the session is at %d", got, want, s.Row.Sequence)
	}
}

func TestEnds(t *testing.T) {
	s := loaded()
	c, _ := s.Decide(true, func(c *domain.SessionChange) error {
		c.Session.Status, c.Session.EndedAt = domain.SessionClosed, now
		return nil
	})
	if s.Keep(c); !s.Ends() {
		t.Error("it doesn't")
	}
	if s.Stored(); s.Ends() {
		t.Error("it ends again")
	}
}
