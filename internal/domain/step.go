package domain

import (
	"encoding/json"
	"time"
)

// StepStatus is where a step is in its life.
type StepStatus string

// The states of a step. WAITING is for a person.
const (
	StepPending     StepStatus = "PENDING"
	StepRunning     StepStatus = "RUNNING"
	StepWaiting     StepStatus = "WAITING"
	StepCompleted   StepStatus = "COMPLETED"
	StepFailed      StepStatus = "FAILED"
	StepCanceled    StepStatus = "CANCELED"
	StepInterrupted StepStatus = "INTERRUPTED"
)

// StepTransitions is the step's state machine.
var StepTransitions = map[StepStatus][]StepStatus{
	StepPending:     {StepRunning, StepCanceled},
	StepRunning:     {StepCompleted, StepFailed, StepCanceled, StepInterrupted, StepWaiting},
	StepWaiting:     {StepRunning, StepCanceled, StepFailed, StepInterrupted},
	StepCompleted:   {},
	StepFailed:      {},
	StepCanceled:    {},
	StepInterrupted: {},
}

// Ended reports whether the state is final.
func (s StepStatus) Ended() bool { return len(StepTransitions[s]) == 0 }

// OnError says what a failed step does to the steps after it in its request.
type OnError string

// After a failure: cancel the request's later steps, or go on with them.
const (
	OnErrorStop     OnError = "stop"
	OnErrorContinue OnError = "continue"
)

// Step is one action in a session.
type Step struct {
	ID         string
	ProjectID  string
	SessionID  string
	Index      int // in the session, from 0
	Batch      int // index of the first step of the request that added this one
	Action     string
	Params     json.RawMessage // the step as the user gave it
	OnError    OnError
	Status     StepStatus
	Result     json.RawMessage // set when COMPLETED, if the action has one
	Error      *Failure        // set when FAILED or INTERRUPTED
	Tries      []Failure       // why earlier tries failed, of a step that was tried again
	Trace      Trace           // of the request that added it
	CreatedAt  time.Time
	StartedAt  time.Time // zero until RUNNING
	FinishedAt time.Time // zero until it ended
}

// Transition takes the step to another state, or says that the table forbids it.
func (s *Step) Transition(to StepStatus) error {
	if err := checkTransition("step", StepTransitions, s.Status, to); err != nil {
		return err
	}
	s.Status = to
	return nil
}

// Duration is how long the step ran, or zero when it did not.
func (s Step) Duration() time.Duration {
	if s.StartedAt.IsZero() || s.FinishedAt.IsZero() {
		return 0
	}
	return s.FinishedAt.Sub(s.StartedAt)
}
