package domain

import (
	"errors"
	"fmt"
	"time"
)

// ErrNotFound is what a store answers for a row that the project doesn't have.
var ErrNotFound = errors.New("not found")

// ErrStreamOver is a live link that was good and isn't any more.
var ErrStreamOver = errors.New("the link has expired or was revoked")

// ErrCursor refuses a cursor of a list.
var ErrCursor = Invalid("cursor", "is not one that this list gave out")

// What a store refuses about keys.
var (
	ErrKeyRevoked   = Refuse(CodeUnauthorized, "the API key has been revoked")
	ErrLastOperator = Refuse(CodeConflict, "this is the only key of an operator that is left; make another one first")
)

// Failure is why a session or a step ended badly, as users and webhooks see it.
type Failure struct {
	Code      string   `json:"code"`                // stable, snake_case
	Message   string   `json:"message"`             // one sentence
	WaitedFor string   `json:"waitedFor,omitempty"` // what a step waited for
	Seen      string   `json:"seen,omitempty"`      // what it saw instead
	Lines     []string `json:"lines,omitempty"`     // the browser's last lines
	// ArtifactID names what the page was like when the step failed: a zip.
	ArtifactID string `json:"artifactId,omitempty"`
	// Used and Limit are what a browser had and might have, in bytes (of processes
	// their number), when it was ended for having too much.
	Used  int64 `json:"used,omitempty"`
	Limit int64 `json:"limit,omitempty"`
	// StepID is the step that ran when the browser was lost, or the last before.
	StepID string `json:"stepId,omitempty"`
}

func (f *Failure) Error() string { return f.Code + ": " + f.Message }

// Code is a stable name for what is wrong with a request.
type Code string

// The codes of refused requests. httpapi maps each to one HTTP status.
const (
	CodeInvalid      Code = "invalid_request"      // 422: a field is wrong
	CodeMalformed    Code = "malformed_body"       // 400: the body isn't JSON of the right kind
	CodeNotFound     Code = "not_found"            // 404
	CodeExpired      Code = "cursor_expired"       // 410: what comes after a cursor is no longer all there
	CodeConflict     Code = "conflict"             // 409: the thing's state forbids it
	CodeEnded        Code = "session_ended"        // 409
	CodeIdempotency  Code = "idempotency_conflict" // 409: same key, other request
	CodeTooMany      Code = "too_many"             // 429
	CodeQueueFull    Code = "queue_full"           // 429: too many sessions wait for a browser
	CodeUnavailable  Code = "unavailable"          // 503: stopping, or the store is away
	CodeUnauthorized Code = "unauthorized"         // 401: no key, or none that is valid
	CodeForbidden    Code = "forbidden"            // 403: the key's role doesn't include it
)

// Error is a request refused: safe to show to whoever made it.
type Error struct {
	Code    Code
	Message string
	Field   string    // path of the wrong field, "steps[1].url"; may be empty
	RetryAt time.Time // from when on it can be done; zero: nobody knows
}

func (e *Error) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("%s: %s", e.Code, e.Message)
	}
	return fmt.Sprintf("%s: %s: %s", e.Code, e.Field, e.Message)
}

// Invalid says that a field is wrong.
func Invalid(field, format string, args ...any) *Error {
	return &Error{Code: CodeInvalid, Field: field, Message: fmt.Sprintf(format, args...)}
}

// Refuse says that a request can't be done, and why.
func Refuse(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Idempotency makes a creating call safe to repeat. The store keeps it in the
// transaction of the thing created, so that neither exists without the other.
type Idempotency struct {
	Key         string
	Fingerprint string   // of method, path and body
	Refs        []string // ids of what was created
	Replayed    bool     // the call had been made before: what it answers was made then
}

// Replay is what a store answers instead of creating a second time.
type Replay struct{ Refs []string }

func (*Replay) Error() string { return "already done under this idempotency key" }

// Again says whether a store's answer is that the call had been made before, and
// what was made then. It is for services, which answer with that.
func (i *Idempotency) Again(err error) (refs []string, again bool) {
	r, again := errors.AsType[*Replay](err)
	if !again {
		return nil, false
	}
	i.Replayed = true
	return r.Refs, true
}
