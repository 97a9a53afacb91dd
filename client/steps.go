package browserhook

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Step is something for a session to do: what [Goto], [Click], [Extract] and the others
// make, or an [AnyStep]. One that has run holds what came of it; while it runs, nobody else
// may use it.
type Step interface {
	// Action is the step's kind, as the API calls it.
	Action() string
	became(r *StepRun) error
}

// AnyStep is a step by the names of the API: {"action": "click", "target": "text=Buy"}.
type AnyStep map[string]any

// Action is the member action.
func (s AnyStep) Action() string { action, _ := s["action"].(string); return action }

func (AnyStep) became(*StepRun) error { return nil }

// StepRun is a step that was added to a session.
type StepRun struct {
	StepState

	Action string `json:"action"`
	// Step is what it was given; secrets are not in it.
	Step json.RawMessage `json:"step,omitzero"`
	// Result is what it answered, when it has completed; nil: it answers nothing. [StepRun.Decode]
	// reads it.
	Result json.RawMessage `json:"result,omitzero"`

	// Raw is the answer as it came, with members that this version doesn't know.
	Raw json.RawMessage `json:"-"`
}

// UnmarshalJSON decodes an answer and keeps it.
func (r *StepRun) UnmarshalJSON(raw []byte) error {
	type plain StepRun
	return keep(raw, (*plain)(r), &r.Raw)
}

// Ended says whether nothing more becomes of it.
func (r *StepRun) Ended() bool {
	return r.Status != StepPending && r.Status != StepRunning && r.Status != StepWaiting
}

// Decode reads the result, of extract for example into a struct.
func (r *StepRun) Decode(into any) error {
	if len(r.Result) == 0 {
		return fmt.Errorf("browserhook: step %d (%s) has no result", r.Index, r.Action)
	}
	return json.Unmarshal(r.Result, into)
}

// Typed is the step as it was given, with its result; nil when this version doesn't know
// its action.
func (r *StepRun) Typed() (Step, error) {
	s := typedStep(r.Action)
	if s == nil {
		return nil, nil //nolint:nilnil // as above
	}
	if len(r.Step) > 0 {
		if err := json.Unmarshal(r.Step, s); err != nil {
			return nil, err
		}
	}
	return s, s.became(r)
}

func (r *StepRun) into(result any) error {
	if len(r.Result) == 0 {
		return nil
	}
	return json.Unmarshal(r.Result, result)
}

// unlessDry reads the result, unless it is that of a dry run, which is the same for all
// actions.
func (r *StepRun) unlessDry(result any) error {
	var dry DryRunResult
	if err := r.into(&dry); err == nil && dry.DryRun {
		return nil
	}
	return r.into(result)
}

// optional says whether the step may fail.
func (r *StepRun) optional() bool {
	var given struct{ Optional bool }
	return json.Unmarshal(r.Step, &given) == nil && given.Optional
}

// withAction is a step's members, with its action before them.
func withAction(action string, members any) ([]byte, error) {
	raw, err := json.Marshal(members)
	if err != nil {
		return nil, err
	}
	out := []byte(`{"action":"` + action + `"`)
	if rest := bytes.TrimPrefix(raw, []byte("{")); len(rest) > 1 {
		return append(append(out, ','), rest...), nil
	}
	return append(out, '}'), nil
}
