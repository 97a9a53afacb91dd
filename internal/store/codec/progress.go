package codec

import "strconv"

// Progress is how far a request has come that takes many transactions, as it
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

// ProgressOf reads what was recorded. What isn't progress has ended.
func ProgressOf(refs []string) Progress {
	if len(refs) != 2 {
		return Progress{Ended: true}
	}
	done, err := strconv.Atoi(refs[0])
	return Progress{Done: done, Cursor: refs[1], Ended: err != nil}
}
