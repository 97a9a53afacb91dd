package work

import (
	"errors"
	"strconv"

	"github.com/browserhook/browserhook/internal/domain"
)

// Progress is how far a request of many transactions has come, as it
// is recorded under its idempotency key: with each of them, so that a request
// that is cut off goes on where it stood when it is repeated.
type Progress struct {
	Done   int    // things
	Cursor string // after the last that was looked at
	Ended  bool
}

// Refs is what is recorded: how many, and the cursor unless it has ended.
func (p Progress) Refs() []string {
	if p.Ended {
		return []string{strconv.Itoa(p.Done)}
	}
	return []string{strconv.Itoa(p.Done), p.Cursor}
}

// progressOf reads what was recorded. What isn't progress has ended.
func progressOf(refs []string) Progress {
	if len(refs) != 2 {
		return Progress{Ended: true}
	}
	done, err := strconv.Atoi(refs[0])
	return Progress{Done: done, Cursor: refs[1], Ended: err != nil}
}

// Resume is how far a request has come whose idempotency key was looked up,
// with the answer that the key gave: from, if it is new. One that has ended is
// [domain.Replay].
func Resume(answer error, from Progress) (Progress, error) {
	if r, ok := errors.AsType[*domain.Replay](answer); ok {
		if at := progressOf(r.Refs); !at.Ended {
			return at, nil
		}
	}
	return from, answer
}

// Replayed is the answer of an idempotency key that was used before, for the
// same request or another.
func Replayed(same bool, refs []string) error {
	if same {
		return &domain.Replay{Refs: refs}
	}
	return domain.Refuse(domain.CodeIdempotency, "this Idempotency-Key was used for a different request")
}
