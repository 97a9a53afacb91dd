package browserhook

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"time"
)

const (
	// waits is how long one request waits for steps; tells, how often somebody who wants to
	// know hears how far they are.
	waits = 60 * time.Second
	tells = time.Second
	// cancelWithin is how long the steps of a run that is given up may take to be canceled.
	cancelWithin = 5 * time.Second
)

// AddStepsRequest is steps for a session.
type AddStepsRequest struct {
	Steps []Step `json:"steps"`
	// OnError is what a failed step does to those after it; stop, which cancels them, is the
	// default.
	OnError OnError `json:"onError,omitzero"`
	// DryRun: what the steps need is looked for, and nothing is done.
	DryRun bool `json:"dryRun,omitzero"`
}

// Add adds steps to the session's queue and waits for none of them.
func (s *Session) Add(ctx context.Context, steps ...Step) ([]StepRun, error) {
	return s.AddSteps(ctx, AddStepsRequest{Steps: steps})
}

// AddSteps is [Session.Add] with all that there is to say.
func (s *Session) AddSteps(ctx context.Context, p AddStepsRequest) ([]StepRun, error) {
	return s.add(ctx, p, idempotencyKey(ctx), 0)
}

// Run runs steps and waits until all have ended; their results are in the steps, and in
// what it returns. The error is a *[StepFailedError] when one was not done that had to be.
// Steps that have not ended when ctx does are canceled.
func (s *Session) Run(ctx context.Context, steps ...Step) ([]StepRun, error) {
	return s.RunSteps(ctx, AddStepsRequest{Steps: steps}, nil)
}

// RunSteps is [Session.Run] with all that there is to say. progress, unless it is nil, is
// told about once a second how far the steps are, and once when they have ended.
func (s *Session) RunSteps(ctx context.Context, p AddStepsRequest, progress func([]StepRun)) ([]StepRun, error) {
	key, wait := idempotencyKey(ctx), time.Duration(0)
	if ctx.Done() == nil && progress == nil { // else the steps' ids come first, to cancel them by
		wait = waits
	}
	var runs []StepRun
	for {
		began := time.Now()
		some, err := s.add(ctx, p, key, wait) // the same call again has made what it made, and waits
		if err != nil {
			if ctx.Err() != nil {
				s.cancel(ctx, runs)
			}
			return runs, err
		}
		runs = some
		if progress != nil {
			progress(runs)
		}
		if ended(runs) {
			return runs, s.became(p.Steps, runs)
		}
		// One that doesn't wait stops, and another goes on with its sessions.
		if wait > 0 && time.Since(began) < wait/2 && !sleep(ctx, firstPause) {
			s.cancel(ctx, runs)
			return runs, context.Cause(ctx)
		}
		if wait = waits; progress != nil {
			wait = tells
		}
	}
}

// became gives the steps what has become of them.
func (s *Session) became(steps []Step, runs []StepRun) error {
	for i := range min(len(steps), len(runs)) {
		if err := steps[i].became(&runs[i]); err != nil {
			return fmt.Errorf("browserhook: the result of step %d (%s): %w", runs[i].Index, runs[i].Action, err)
		}
	}
	return failed(runs)
}

func ended(runs []StepRun) bool {
	for i := range runs {
		if !runs[i].Ended() {
			return false
		}
	}
	return true
}

// add posts steps, and reads those that the answer has no room for.
func (s *Session) add(ctx context.Context, p AddStepsRequest, key string, wait time.Duration) ([]StepRun, error) {
	header := http.Header{"Idempotency-Key": {key}}
	if wait > 0 {
		header.Set("Prefer", fmt.Sprintf("wait=%d", wait/time.Second))
	}
	got, err := ask[Page[StepRun]](ctx, s.api, request{method: http.MethodPost, path: s.path("steps"), body: p, header: header})
	if err != nil {
		return nil, err
	}
	runs := got.Data
	for cursor := got.NextCursor; cursor != "" && len(runs) < len(p.Steps); {
		more, err := page[StepRun](ctx, s.api, s.path("steps"), ListParams{cursor, min(len(p.Steps)-len(runs), 100)}.query())
		if err != nil {
			return runs, err
		}
		runs, cursor = append(runs, more.Data...), more.NextCursor
	}
	return runs[:min(len(runs), len(p.Steps))], nil
}

// cancel ends steps that nobody waits for any more, the last first, so that none begins.
func (s *Session) cancel(ctx context.Context, runs []StepRun) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cancelWithin)
	defer cancel()
	for i := len(runs) - 1; i >= 0; i-- {
		if !runs[i].Ended() {
			_, _ = s.CancelStep(ctx, runs[i].StepID) // it has ended, or ends with the session
		}
	}
}

// Steps reads the session's steps, in their order or the newest first.
func (s *Session) Steps(ctx context.Context, p ListStepsParams) iter.Seq2[StepRun, error] {
	return list[StepRun](ctx, s.api, s.path("steps"), p.query())
}

// Step reads a step.
func (s *Session) Step(ctx context.Context, id string) (*StepRun, error) {
	return ask[StepRun](ctx, s.api, request{method: http.MethodGet, path: s.path("steps", id)})
}

// CancelStep cancels a step that waits or runs. The session stays usable.
func (s *Session) CancelStep(ctx context.Context, id string) (*StepRun, error) {
	return ask[StepRun](ctx, s.api, request{method: http.MethodPost, path: s.path("steps", id, "cancel")})
}
