package domain

import (
	"fmt"
	"slices"
)

// TransitionError is a state change that the state machine's table forbids.
type TransitionError struct {
	Noun     string // "session", "step", "delivery"
	From, To string
}

func (e *TransitionError) Error() string {
	return fmt.Sprintf("%s can't go from %s to %s", e.Noun, e.From, e.To)
}

func checkTransition[S ~string](noun string, moves map[S][]S, from, to S) error {
	if slices.Contains(moves[from], to) {
		return nil
	}
	return &TransitionError{Noun: noun, From: string(from), To: string(to)}
}
