package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Event is a webhook's body. Types and members that this version doesn't know
// may come; [Event.Raw] has them all.
type Event struct {
	SessionID string            `json:"sessionId"` // empty for the type "webhook"
	Type      string            `json:"type"`      // "browser", "step" or "webhook"
	Data      Data              `json:"data"`
	ID        string            `json:"id"` // the same as the header webhook-id
	Timestamp time.Time         `json:"timestamp"`
	Sequence  int64             `json:"sequence"` // within the session, from 1, without gaps
	Metadata  map[string]string `json:"metadata"`

	Raw json.RawMessage `json:"-"` // the body as it came
}

// Data is what happened. Which members there are depends on the event type;
// GET /v1/event-types of the server has a schema and an example of each.
type Data struct {
	EventType    string `json:"eventType"` // "browser_ready", "step_completed", …
	Status       string `json:"status"`    // the state after it
	StreamingURL string `json:"streamingUrl"`
	Reason       string `json:"reason"` // why something ended

	// Of steps.
	StepID     string          `json:"stepId"`
	Index      int             `json:"index"` // in the session, from 0
	Action     string          `json:"action"`
	Result     json.RawMessage `json:"result"` // nil: the action has none, or it isn't completed
	Error      *Failure        `json:"error"`  // of a browser too
	Tries      []Failure       `json:"tries"`  // why a step's earlier tries failed
	DurationMs int64           `json:"durationMs"`

	// Of browser_download_completed, which has an Error when there is no file, and the
	// StepID of the step that ran when it began, if any.
	Name        string `json:"name"`        // harmless as a file's name anywhere
	ContentType string `json:"contentType"` // by the name
	Size        int64  `json:"size"`        // bytes
	SHA256      string `json:"sha256"`      // in hex
	ArtifactID  string `json:"artifactId"`
	ArtifactURL string `json:"artifactUrl"` // where the file is fetched, with an API key
	URL         string `json:"url"`         // that was downloaded, as far as known
	PageURL     string `json:"pageUrl"`     // of the page that had it downloaded, as far as known

	// Of browser_takeover_started and browser_takeover_ended; this one has a DurationMs and,
	// if something was done, the ArtifactID of what it was, as steps.
	StreamID   string `json:"streamId"`   // the link by which somebody drives the session
	Controller string `json:"controller"` // its name

	// Of browser_recording_ready, with DurationMs and Size.
	RecordingURL string `json:"recordingUrl"` // where it is told what there is of it

	// Of the type "webhook".
	EndpointID string `json:"endpointId"`
	DeliveryID string `json:"deliveryId"`
	EventID    string `json:"eventId"`
}

// Failure is why a browser or a step failed.
type Failure struct {
	Code      string   `json:"code"`      // stable, such as "target_disabled"
	Message   string   `json:"message"`   // one sentence
	WaitedFor string   `json:"waitedFor"` // what a step waited for
	Seen      string   `json:"seen"`      // what it saw instead
	Lines     []string `json:"lines"`     // the browser's last lines
	// ArtifactID is what the page was like when a step failed: a zip of the session's.
	ArtifactID string `json:"artifactId"`
	// Used and Limit are what a browser had and might have, in bytes (of processes
	// their number), when it was ended for having too much.
	Used  int64 `json:"used"`
	Limit int64 `json:"limit"`
	// StepID is the step that ran when the browser was lost, or the last before.
	StepID string `json:"stepId"`
}

// Error is the code and the sentence.
func (f *Failure) Error() string { return f.Code + ": " + f.Message }

// ErrEvent says that a body isn't an event.
var ErrEvent = errors.New("the body is not an event")

// Parse decodes a body. Whether the body can be trusted is what
// [Verifier.Verify] tells, before.
func Parse(body []byte) (Event, error) {
	var e Event
	if err := json.Unmarshal(body, &e); err != nil {
		return Event{}, fmt.Errorf("%w: %w", ErrEvent, err)
	}
	if e.Data.EventType == "" {
		return Event{}, fmt.Errorf("%w: it has no data.eventType", ErrEvent)
	}
	e.Raw = body
	return e, nil
}
