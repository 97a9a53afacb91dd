package httpapi

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/hop"
	"github.com/browserhook/browserhook/internal/step"
)

// Steps is the steps of sessions.
type Steps interface {
	Session(ctx context.Context, project, id string) (domain.Session, error)
	Step(ctx context.Context, project, session, id string) (domain.Step, error)
	Steps(ctx context.Context, project, session string, after, limit int) ([]domain.Step, error)
	// LastSteps are those before an index, in order, without their results.
	LastSteps(ctx context.Context, project, session string, before, limit int) ([]domain.Step, error)
	AddSteps(ctx context.Context, project, id string, specs []step.Spec, onError domain.OnError, idem *domain.Idempotency) ([]domain.Step, error)
	WaitSteps(ctx context.Context, project, session string, ids []string) ([]domain.Step, error)
	CancelStep(ctx context.Context, project, session, id string) (domain.Step, error)
}

type stepView struct {
	StepID     string           `json:"stepId" doc:"The step."`
	Index      int              `json:"index" doc:"Its place in the session; the first is 0."`
	Action     string           `json:"action"`
	Status     string           `json:"status" enum:"PENDING,RUNNING,WAITING,COMPLETED,FAILED,CANCELED,INTERRUPTED" doc:"How far it is. WAITING is for a person; INTERRUPTED is one that the browser was lost under."`
	Step       any              `json:"step,omitempty" doc:"As it was given, but for what is marked as secret, which is an ellipsis. To a key of the role viewer, value, values and the value of cookies are an ellipsis, and addresses have no user and password. Not there when it can't be read at the moment."`
	Result     any              `json:"result,omitempty" doc:"What it answers, when it has completed."`
	Error      *domain.Failure  `json:"error,omitempty" doc:"Why it failed."`
	Tries      []domain.Failure `json:"tries,omitempty" doc:"Why the earlier tries of a step with retries failed."`
	DurationMs *int64           `json:"durationMs,omitempty" doc:"How long it took, in milliseconds, when it has ended."`
	CreatedAt  string           `json:"createdAt" doc:"When it was added."`
	StartedAt  string           `json:"startedAt,omitempty" doc:"When it began to run."`
	FinishedAt string           `json:"finishedAt,omitempty" doc:"When it ended."`
}

// viewStep is a step as the caller may see it.
func viewStep(ctx context.Context, st domain.Step) stepView {
	v := stepView{
		StepID: st.ID, Index: st.Index, Action: st.Action, Status: string(st.Status), Error: st.Error, Tries: st.Tries,
		CreatedAt: stamp(st.CreatedAt), StartedAt: stamp(st.StartedAt), FinishedAt: stamp(st.FinishedAt),
	}
	switch {
	case len(st.Params) == 0:
	case seesSecrets(ctx):
		v.Step = step.Shown(st.Params)
	default:
		v.Step = step.Masked(st.Params)
	}
	if st.Result != nil {
		v.Result = st.Result
	}
	if st.Status.Ended() {
		ms := st.Duration().Milliseconds()
		v.DurationMs = &ms
	}
	return v
}

type addStepsInput struct {
	SessionPath
	Creating
	Prefer string `header:"Prefer" maxLength:"1000" doc:"wait=N: answer when the steps have ended, after at most N seconds. More than 60 counts as 60; Preference-Applied says what counted." example:"wait=30"`
	Body   struct {
		Steps   []step.Spec `json:"steps" minItems:"1" maxItems:"100" nullable:"false" doc:"They run in this order."`
		OnError string      `json:"onError,omitempty" enum:"stop,continue" doc:"What a failed step does to those after it; stop is the default."`
		DryRun  bool        `json:"dryRun,omitempty" doc:"As if each step had it: targets are looked for, and nothing is done."`
	}
}

type stepsOutput struct {
	Status  int
	Applied string `header:"Preference-Applied"`
	Replayed
	Body page[stepView]
}

// StepPath names the step of a route. It is exported because huma fills in no unexported embedded
// struct.
type StepPath struct {
	SessionPath
	StepID string `path:"stepId" maxLength:"64" doc:"The step."`
}

type stepOutput struct{ Body stepView }

func (s *server) stepRoutes() {
	operation(s, http.MethodPost, "/sessions/{sessionId}/steps", "add-steps", "Add steps to a session's queue", 202, s.addSteps)
	operation(s, http.MethodGet, "/sessions/{sessionId}/steps", "list-steps", "List a session's steps in order", 200,
		func(ctx context.Context, in *struct {
			SessionPath
			Paging
			Newest bool `query:"newest" doc:"The newest first, and without what they answered, which can be long and which each has that is read by itself."`
		}) (*pageOutput[stepView], error) {
			sess, err := s.Steps.Session(ctx, project(ctx), in.SessionID)
			if err != nil {
				return nil, err
			}
			after, err := in.number(-1)
			if err != nil {
				return nil, err
			}
			if err := s.takeSlot(ctx); err != nil {
				return nil, err
			}
			if in.Newest {
				return s.newestSteps(ctx, in.SessionID, after, in.Limit)
			}
			rows, err := s.Steps.Steps(ctx, project(ctx), in.SessionID, after, in.Limit+1)
			if err != nil {
				return nil, err
			}
			next := ""
			if len(rows) > in.Limit {
				rows = rows[:in.Limit]
			}
			if n := len(rows); n > 0 && rows[n-1].Index+1 < sess.StepCount {
				next = strconv.Itoa(rows[n-1].Index)
			}
			return pageOf(rows, next, func(st domain.Step) stepView { return viewStep(ctx, st) }), nil
		})
	operation(s, http.MethodGet, "/sessions/{sessionId}/steps/{stepId}", "get-step", "Read a step", 200,
		func(ctx context.Context, in *StepPath) (*stepOutput, error) {
			if err := s.takeSlot(ctx); err != nil {
				return nil, err
			}
			st, err := s.Steps.Step(ctx, project(ctx), in.SessionID, in.StepID)
			return &stepOutput{viewStep(ctx, st)}, err
		})
	operation(s, http.MethodPost, "/sessions/{sessionId}/steps/{stepId}/cancel", "cancel-step", "Cancel a step that waits or runs", 200,
		func(ctx context.Context, in *StepPath) (*stepOutput, error) {
			st, err := s.Steps.CancelStep(ctx, project(ctx), in.SessionID, in.StepID)
			return &stepOutput{viewStep(ctx, st)}, err
		})
}

// newestSteps lists steps from before one (-1: from the last).
func (s *server) newestSteps(ctx context.Context, session string, before, limit int) (*pageOutput[stepView], error) {
	if before < 0 {
		before = domain.StepsEnd
	}
	rows, err := s.Steps.LastSteps(ctx, project(ctx), session, before, limit+1)
	if err != nil {
		return nil, err
	}
	slices.Reverse(rows)
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		next = strconv.Itoa(rows[limit-1].Index)
	}
	return pageOf(rows, next, func(st domain.Step) stepView { return viewStep(ctx, st) }), nil
}

const maxWait = 60 * time.Second

// preference is one of those in a Prefer header (RFC 7240), with its parameters:
// what is between commas that aren't quoted.
var preference = regexp.MustCompile(`(?:"(?:[^"\\]|\\.)*"|[^",])+`)

// preferWait reads "wait=N" of a Prefer header, the first of them; other
// preferences are passed over, as the standard wants.
func preferWait(header string) (time.Duration, error) {
	for _, one := range preference.FindAllString(header, -1) {
		one, _, _ = strings.Cut(one, ";")
		name, value, _ := strings.Cut(one, "=")
		if !strings.EqualFold(strings.Trim(name, " \t"), "wait") {
			continue
		}
		value = strings.Trim(value, " \t")
		if n := len(value); n > 1 && value[0] == '"' && value[n-1] == '"' {
			value = value[1 : n-1]
		}
		if value == "" || strings.Trim(value, "0123456789") != "" {
			return 0, domain.Invalid("Prefer", "wait must be a number of seconds")
		}
		n, err := strconv.ParseUint(value, 10, 16)
		if err != nil { // there are digits and nothing else: too many of them
			return maxWait, nil //nolint:nilerr // as above
		}
		return min(time.Duration(n)*time.Second, maxWait), nil
	}
	return 0, nil
}

// waiting is a context to wait in for what a request is answered with: for so long at
// most, and not once the server stops.
func (s *server) waiting(ctx context.Context, most time.Duration) (_ context.Context, end func()) {
	waiting, cancel := context.WithTimeout(ctx, most)
	var watching sync.WaitGroup
	watching.Go(func() {
		select {
		case <-s.Draining:
			cancel()
		case <-hop.Hurried(ctx):
			cancel()
		case <-waiting.Done():
		}
	})
	return waiting, func() {
		cancel()
		watching.Wait()
	}
}

// readWithin is how long an answer waits for the results of its steps.
const readWithin = time.Second

func (s *server) addSteps(ctx context.Context, in *addStepsInput) (*stepsOutput, error) {
	wait, err := preferWait(in.Prefer)
	if err != nil {
		return nil, err
	}
	idem, err := in.idempotency(ctx, "POST /v1/sessions/"+in.SessionID+"/steps")
	if err != nil {
		return nil, err
	}
	for i := range in.Body.Steps {
		in.Body.Steps[i].DryRun = in.Body.Steps[i].DryRun || in.Body.DryRun
	}
	// Before there is anything to wait for, so that no revocation is missed.
	held, release := s.Access.WithKey(ctx, caller(ctx).ID)
	defer release()
	steps, err := s.Steps.AddSteps(ctx, project(ctx), in.SessionID, in.Body.Steps, domain.OnError(in.Body.OnError), idem)
	if err != nil {
		return nil, err
	}
	out := &stepsOutput{Status: http.StatusAccepted, Replayed: replayed(idem)}
	bare := idem != nil && idem.Replayed // of steps that were read to see how far they are
	if wait > 0 {
		ids := make([]string, len(steps))
		for i := range steps {
			ids[i] = steps[i].ID
		}
		waiting, end := s.waiting(held, wait)
		defer end()
		if steps, err = s.Steps.WaitSteps(waiting, project(ctx), in.SessionID, ids); err != nil {
			return nil, err
		}
		if errors.Is(context.Cause(held), domain.ErrKeyRevoked) {
			return nil, domain.ErrKeyRevoked
		}
		bare = true
		out.Status, out.Applied = http.StatusOK, "wait="+strconv.Itoa(int(wait/time.Second))
	}
	whole := steps
	if bare && len(steps) > 0 {
		n := len(steps)
		if s.takeSlot(ctx) != nil {
			n = 1 // what was done can't be refused any more; the cursor leads to the others
		}
		// They came together, and so are one after the other.
		reading, cancel := context.WithTimeout(ctx, readWithin)
		defer cancel()
		if whole, err = s.Steps.Steps(reading, project(ctx), in.SessionID, steps[0].Index-1, n); err != nil {
			whole = steps // what was done is told, if the store gives no more
			for i := range whole {
				whole[i].Params = nil
			}
		}
	}
	for _, st := range slices.Concat(whole, steps[len(whole):]) {
		if !st.Status.Ended() {
			out.Status = http.StatusAccepted
		}
	}
	out.Body = pageOf(whole, "", func(st domain.Step) stepView { return viewStep(ctx, st) }).Body
	if n := len(whole); n > 0 && n < len(steps) {
		out.Body.NextCursor = strconv.Itoa(whole[n-1].Index)
	}
	return out, nil
}
