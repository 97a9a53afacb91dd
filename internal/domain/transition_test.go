package domain

import (
	"errors"
	"slices"
	"testing"
)

// allowed is each state machine once more, as the design draws it: the tables
// in the code are held to it move by move, the forbidden ones too.
var allowed = map[string]bool{
	"session QUEUED STARTING": true, "session QUEUED CLOSING": true, "session QUEUED FAILED": true,
	"session STARTING QUEUED": true, "session STARTING READY": true, "session STARTING CLOSING": true, "session STARTING FAILED": true,
	"session READY CLOSING": true, "session READY FAILED": true,
	"session CLOSING CLOSED": true, "session CLOSING FAILED": true,

	"step PENDING RUNNING": true, "step PENDING CANCELED": true,
	"step RUNNING COMPLETED": true, "step RUNNING FAILED": true, "step RUNNING CANCELED": true,
	"step RUNNING INTERRUPTED": true, "step RUNNING WAITING": true,
	"step WAITING RUNNING": true, "step WAITING CANCELED": true, "step WAITING FAILED": true, "step WAITING INTERRUPTED": true,

	"delivery PENDING SENDING": true, "delivery PENDING CANCELED": true,
	"delivery SENDING DELIVERED": true, "delivery SENDING PENDING": true, "delivery SENDING FAILED": true, "delivery SENDING CANCELED": true,
	"delivery DELIVERED PENDING": true, "delivery FAILED PENDING": true, "delivery CANCELED PENDING": true,
}

func TestTransitions(t *testing.T) {
	walk(t, "session", SessionTransitions, func(from, to SessionStatus) (SessionStatus, error) {
		s := Session{Status: from}
		err := s.Transition(to)
		return s.Status, err
	})
	walk(t, "step", StepTransitions, func(from, to StepStatus) (StepStatus, error) {
		s := Step{Status: from}
		err := s.Transition(to)
		return s.Status, err
	})
	walk(t, "delivery", DeliveryTransitions, func(from, to DeliveryStatus) (DeliveryStatus, error) {
		d := Delivery{Status: from}
		err := d.Transition(to)
		return d.Status, err
	})
}

func walk[S ~string](t *testing.T, noun string, table map[S][]S, move func(from, to S) (S, error)) {
	t.Helper()
	var states []S
	for s, next := range table {
		states = append(states, s)
		for _, n := range next {
			if _, ok := table[n]; !ok {
				t.Errorf("%s: %s leads to %s, which has no row", noun, s, n)
			}
		}
	}
	slices.Sort(states)
	seen := 0
	for _, from := range states {
		for _, to := range states {
			want := allowed[noun+" "+string(from)+" "+string(to)]
			got, err := move(from, to)
			switch {
			case want && (err != nil || got != to):
				t.Errorf("%s %s to %s: %v", noun, from, to, err)
			case !want && got != from:
				t.Errorf("%s went from %s to %s", noun, from, got)
			case !want:
				if _, ok := errors.AsType[*TransitionError](err); !ok {
					t.Errorf("%s %s to %s: got %v", noun, from, to, err)
				}
			}
			if want {
				seen++
			}
		}
	}
	total := 0
	for k := range allowed {
		if len(k) > len(noun) && k[:len(noun)] == noun {
			total++
		}
	}
	if seen != total {
		t.Errorf("%s: walked %d of %d allowed moves", noun, seen, total)
	}
}

func TestEnded(t *testing.T) {
	for s, next := range SessionTransitions {
		if s.Ended() != (len(next) == 0) {
			t.Errorf("session %s: Ended is %v", s, s.Ended())
		}
	}
	for _, s := range []StepStatus{StepPending, StepRunning, StepWaiting} {
		if s.Ended() {
			t.Errorf("step %s has not ended", s)
		}
	}
}
