package receive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/browserhook/browserhook/client/webhook"
	"github.com/browserhook/browserhook/internal/terminal"
)

// greeting is the first line of JSON.
type greeting struct {
	Time       time.Time `json:"time"`
	Receiving  string    `json:"receiving"`
	URL        string    `json:"url"`                  // for an endpoint
	EndpointID string    `json:"endpointId,omitempty"` // that was made
	Secret     string    `json:"secret,omitempty"`     // if it was made too
}

// record is one request, as a line of JSON says it.
type record struct {
	Time      time.Time       `json:"time"`
	Path      string          `json:"path"`
	ID        string          `json:"webhookId"`
	Status    int             `json:"status"`              // answered; 0: nothing
	Verified  *bool           `json:"verified,omitempty"`  // absent: there was no secret to verify it by
	Error     string          `json:"error,omitempty"`     // why it was refused
	OnPurpose bool            `json:"onPurpose,omitempty"` // it failed because it was told to
	Attempt   int             `json:"attempt,omitempty"`   // with this id, from 1
	Duplicate bool            `json:"duplicate,omitempty"` // an earlier attempt was answered with 2xx
	Overtaken int64           `json:"overtakenBy,omitempty"`
	Event     json.RawMessage `json:"event,omitempty"`
	Body      string          `json:"body,omitempty"` // if it is no JSON

	event webhook.Event // zero: it isn't one
	why   error
	shown bool
}

// see looks at the body.
func (r *record) see(body []byte) {
	if json.Valid(body) {
		r.Event = body
	} else {
		r.Body = string(body)
	}
	if e, err := webhook.Parse(body); err == nil {
		r.event = e
	}
}

// indent is where the text of a line begins, below its time and status.
const indent = "                   "

// line is the record as a person reads it.
func (r *record) line() string {
	mark := terminal.Odd.Render("unchecked")
	if r.Verified != nil {
		mark = terminal.Good.Render("verified ")
		if !*r.Verified {
			mark = terminal.Bad.Render("REFUSED  ")
		}
	}
	what := terminal.Clean(r.Path) + "  no event"
	if r.event.Data.EventType != "" {
		what = terminal.Event(r.event)
	}
	parts := []string{terminal.Clock(r.Time), terminal.Status(r.Status), mark + what}
	if r.Status == 0 && r.why == nil {
		parts = append(parts, terminal.Odd.Render("not answered"))
	}
	switch {
	case r.Duplicate:
		parts = append(parts, terminal.Odd.Render("duplicate"))
	case r.Attempt > 1:
		parts = append(parts, terminal.Odd.Render(fmt.Sprintf("attempt %d", r.Attempt)))
	}
	if r.Overtaken > 0 {
		parts = append(parts, terminal.Odd.Render(fmt.Sprintf("after #%d", r.Overtaken)))
	}
	return strings.Join(parts, "  ")
}

// pretty is the body, indented.
func (r *record) pretty() string {
	text := r.Body
	if r.Event != nil {
		var out bytes.Buffer
		if json.Indent(&out, r.Event, "", "  ") == nil {
			text = out.String()
		}
	}
	return indent + strings.ReplaceAll(terminal.CleanLines(text), "\n", "\n"+indent)
}
