package storetest

import (
	"encoding/json"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

var stepTests = []test{
	{"run to the end", func(w *world) {
		s := w.newSession(2)
		artifact := domain.Artifact{
			ID: domain.NewID(domain.PrefixArtifact), ProjectID: w.project, SessionID: s.ID, StepID: "step_1",
			Kind: "screenshot", ContentType: "image/png", Size: 12345, Name: "a – b.png", SHA256: "5e884898", CreatedAt: start,
		}
		var want domain.Step
		w.ok(w.store.ChangeSession(w.ctx, w.project, s.ID, func(c *domain.SessionChange) error {
			w.equal("open steps", len(c.Open), 2)
			c.Open[0].Status, c.Open[0].StartedAt = domain.StepRunning, start.Add(time.Second)
			return nil
		}))
		w.ok(w.store.ChangeSession(w.ctx, w.project, s.ID, func(c *domain.SessionChange) error {
			st := c.Open[0]
			st.Status, st.FinishedAt = domain.StepCompleted, start.Add(2*time.Second)
			st.Result = json.RawMessage(`{"total":"12,50 €","n":[1,2.50,1e3]}`)
			c.Artifacts = append(c.Artifacts, artifact)
			want = *st
			return nil
		}))
		got, err := w.store.Step(w.ctx, w.project, s.ID, want.ID)
		w.ok(err)
		w.equal("step", got, want)
		files, err := w.store.Artifacts(w.ctx, w.project, s.ID)
		w.ok(err)
		w.equal("artifacts", files, []domain.Artifact{artifact})
		file, err := w.store.Artifact(w.ctx, w.project, s.ID, artifact.ID)
		w.ok(err)
		w.equal("artifact", file, artifact)
		w.ok(w.store.ChangeSession(w.ctx, w.project, s.ID, func(c *domain.SessionChange) error {
			w.equal("open steps", len(c.Open), 1)
			st := c.Open[0]
			st.Status = domain.StepFailed
			st.Error = &domain.Failure{Code: "timeout", Message: "Too slow.", WaitedFor: "a", Seen: "b"}
			want = *st
			return nil
		}))
		got, err = w.store.Step(w.ctx, w.project, s.ID, want.ID)
		w.ok(err)
		w.equal("failed step", got, want)
	}},
	{"added in order", func(w *world) {
		s := w.newSession(1)
		w.ok(w.store.ChangeSession(w.ctx, w.project, s.ID, func(c *domain.SessionChange) error {
			for range 4 {
				st := step(c.Session, c.Session.StepCount)
				c.Session.StepCount++
				c.NewSteps = append(c.NewSteps, &st)
			}
			return nil
		}))
		got, err := w.store.Session(w.ctx, w.project, s.ID)
		w.ok(err)
		w.equal("count", got.StepCount, 5)
		indexes := func(all []domain.Step, err error) []int {
			w.ok(err)
			var out []int
			for _, st := range all {
				out = append(out, st.Index)
			}
			return out
		}
		w.equal("all", indexes(w.store.Steps(w.ctx, w.project, s.ID, -1, 10)), []int{0, 1, 2, 3, 4})
		w.equal("after 1, at most 2", indexes(w.store.Steps(w.ctx, w.project, s.ID, 1, 2)), []int{2, 3})
		w.empty("after the last", indexes(w.store.Steps(w.ctx, w.project, s.ID, 4, 2)))
		w.equal("last 2", indexes(w.store.LastSteps(w.ctx, w.project, s.ID, domain.StepsEnd, 2)), []int{3, 4})
		w.equal("2 before 3", indexes(w.store.LastSteps(w.ctx, w.project, s.ID, 3, 2)), []int{1, 2})
		w.empty("before the first", indexes(w.store.LastSteps(w.ctx, w.project, s.ID, 0, 2)))
		all, err := w.store.Steps(w.ctx, w.project, s.ID, -1, 10)
		w.ok(err)
		w.equal("by id, in that order", indexes(w.store.StepsByID(w.ctx, w.project, s.ID, []string{all[3].ID, all[0].ID, all[3].ID})), []int{3, 0, 3})
		_, err = w.store.StepsByID(w.ctx, w.project, s.ID, []string{all[0].ID, "step_none"})
		w.missing("one of the ids", err)
	}},
	{"an index is used once", func(w *world) {
		s := w.newSession(1)
		err := w.store.ChangeSession(w.ctx, w.project, s.ID, func(c *domain.SessionChange) error {
			st := step(c.Session, 0)
			c.NewSteps = append(c.NewSteps, &st)
			return nil
		})
		if err == nil {
			w.Error("two steps have one index")
		}
	}},
}
