package mcp

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	browserhook "github.com/browserhook/browserhook/client"
)

// Steps, run through the API.

type step = browserhook.AnyStep

// run runs steps in a session and waits until all have ended, whatever becomes of them.
// When the call is canceled it cancels them.
func (c *call) run(session *browserhook.Session, onError string, steps ...step) ([]browserhook.StepRun, error) {
	in := browserhook.AddStepsRequest{OnError: browserhook.OnError(onError)}
	for _, s := range steps {
		in.Steps = append(in.Steps, s)
	}
	var progress func([]browserhook.StepRun)
	if c.req.Params.GetProgressToken() != nil {
		progress = c.tell
	}
	runs, err := session.RunSteps(c.ctx, in, progress)
	if _, ok := errors.AsType[*browserhook.StepFailedError](err); err != nil && !ok {
		return nil, err
	}
	return runs, nil
}

func (c *call) tell(runs []browserhook.StepRun) {
	done, now := 0, "waiting for the session"
	for i := range runs {
		if runs[i].Ended() {
			done++
		} else if runs[i].Status != browserhook.StepPending {
			now = runs[i].Action
		}
	}
	c.progress(done, len(runs), fmt.Sprintf("%d of %d steps done; %s", done, len(runs), now))
}

// done is the one step's result, or why there is none.
func (c *call) done(session *browserhook.Session, s step) (json.RawMessage, error) {
	runs, err := c.run(session, "", s)
	if err != nil {
		return nil, err
	}
	if len(runs) == 0 || runs[0].Status != browserhook.StepCompleted {
		return nil, c.why(session, runs)
	}
	return runs[0].Result, nil
}

// why says why a step has failed: in its own words or, if it never ran, its session's.
func (c *call) why(session *browserhook.Session, runs []browserhook.StepRun) error {
	if len(runs) == 0 {
		return errors.New("the step is gone")
	}
	r := &runs[0]
	if r.Error != nil && r.Status != browserhook.StepCanceled {
		return errors.New(failure(session.SessionID, r))
	}
	if err := session.Refresh(c.ctx); err == nil && session.Status != browserhook.SessionReady {
		return errors.New(ended(session))
	}
	return errors.New("canceled: the step was canceled")
}

// failure is why a step failed, in a few lines.
func failure(session string, r *browserhook.StepRun) string {
	e := r.Error
	if e == nil {
		return strings.ToLower(string(r.Status))
	}
	text := e.Error()
	if e.WaitedFor != "" {
		text += "\nwaited for: " + e.WaitedFor
	}
	if e.Seen != "" {
		text += "\nseen: " + e.Seen
	}
	if e.ArtifactID != "" {
		text += "\nthe page then: " + artifactURI(session, e.ArtifactID)
	}
	return text
}
