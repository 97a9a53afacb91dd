package browserhook

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/browserhook/browserhook/client/webhook"
)

// Error is an answer of the server that isn't what was asked for: a problem of RFC 9457.
type Error struct {
	Status int    `json:"status"` // of HTTP
	Code   string `json:"code"`   // stable, such as "not_found"; empty: it isn't the API's answer
	Title  string `json:"title"`
	Detail string `json:"detail"` // a sentence for people
	Type   string `json:"type"`   // an address that opens what the code means
	// RequestID finds the request in the server's log.
	RequestID string `json:"requestId"`
	// Fields are those of the request that are wrong.
	Fields []FieldError `json:"errors"`
	// RetryAt is when to ask again; zero: that is not known.
	RetryAt time.Time `json:"retryAt"`
}

func (e *Error) Error() string {
	if e.Code == "" {
		return fmt.Sprintf("the server answers %d %s", e.Status, e.Detail)
	}
	text := e.Code + ": " + cmp.Or(e.Detail, e.Title)
	if e.RequestID != "" && e.Status >= http.StatusInternalServerError {
		text += " (" + e.RequestID + ")"
	}
	return text
}

// Temporary says whether the same request may be answered later: it is what the client
// itself asks again for.
func (e *Error) Temporary() bool {
	switch e.Status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

const isItOurs = "is that the address of a browserhook server?"

// refusal reads what the server says.
func refusal(res *http.Response, body []byte) *Error {
	e := &Error{}
	if json.Unmarshal(body, e) != nil || e.Code == "" {
		*e = Error{Detail: http.StatusText(res.StatusCode)}
		if res.StatusCode < http.StatusInternalServerError {
			e.Detail += ": " + isItOurs
		}
	}
	e.Status, e.RequestID = res.StatusCode, cmp.Or(e.RequestID, res.Header.Get("X-Request-Id"))
	return e
}

// Failure is why a step or a browser failed.
type Failure = webhook.Failure

// StepFailedError says which step of a run was not done, and why.
type StepFailedError struct {
	// Step is the first that was not done.
	Step StepRun
	// Failure is why; of a step that was canceled it says so.
	Failure
}

func (e *StepFailedError) Error() string {
	return fmt.Sprintf("step %d (%s): %s", e.Step.Index, e.Step.Action, e.Failure.Error())
}

// failed is the error of a run: of its first step that was not done and had to be.
func failed(runs []StepRun) error {
	for _, r := range runs {
		if r.Status == StepCompleted || r.optional() {
			continue
		}
		why := Failure{Code: "canceled", Message: "the step was canceled"}
		if r.Error != nil {
			why = *r.Error
		}
		return &StepFailedError{r, why}
	}
	return nil
}
