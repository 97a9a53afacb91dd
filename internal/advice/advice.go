// Package advice is errors for the person who runs the server: what is wrong,
// in one line, and what to do about it, in another.
package advice

// Error is something that the person who runs the server has to mend.
type Error struct {
	Err error
	Do  string // one sentence
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Add says what to do about an error.
func Add(err error, do string) error { return &Error{err, do} }
