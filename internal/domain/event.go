package domain

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// EventType names what happened: the `data.eventType` of a webhook.
type EventType string

// Every event type that this version sends.
const (
	EventBrowserReady     EventType = "browser_ready"
	EventBrowserFailed    EventType = "browser_failed"
	EventBrowserClosed    EventType = "browser_closed"
	EventBrowserCrashed   EventType = "browser_crashed"
	EventBrowserRecovered EventType = "browser_recovered"
	EventBrowserDownload  EventType = "browser_download_completed"
	EventTakeoverStarted  EventType = "browser_takeover_started"
	EventTakeoverEnded    EventType = "browser_takeover_ended"
	EventRecordingReady   EventType = "browser_recording_ready"
	EventStepStarted      EventType = "step_started"
	EventStepCompleted    EventType = "step_completed"
	EventStepFailed       EventType = "step_failed"
	EventStepCanceled     EventType = "step_canceled"
	EventEndpointFailing  EventType = "endpoint_failing"
	EventEndpointDisabled EventType = "endpoint_disabled"
	EventDeliveryFailed   EventType = "delivery_failed"
	EventWebhookTest      EventType = "webhook_test"
)

// EventTypes lists them in the order in which users read about them.
var EventTypes = []EventType{
	EventBrowserReady, EventBrowserFailed, EventBrowserClosed, EventBrowserCrashed, EventBrowserRecovered, EventBrowserDownload, EventTakeoverStarted, EventTakeoverEnded, EventRecordingReady,
	EventStepStarted, EventStepCompleted, EventStepFailed, EventStepCanceled,
	EventEndpointFailing, EventEndpointDisabled, EventDeliveryFailed, EventWebhookTest,
}

// Kind is the event's `type` member: "browser", "step" or "webhook".
func (t EventType) Kind() string {
	switch {
	case strings.HasPrefix(string(t), "browser_"):
		return "browser"
	case strings.HasPrefix(string(t), "step_"):
		return "step"
	default:
		return "webhook"
	}
}

// Event is a committed event. Its body is what subscribers receive,
// byte for byte, however often it is sent.
type Event struct {
	ID        string
	ProjectID string
	SessionID string // empty for type "webhook"
	Position  int64  // in this store's log; for cursors, never shown
	Sequence  int64  // in the session, from 1, without gaps
	Type      EventType
	Body      []byte
	CreatedAt time.Time

	// Set while it is being committed, to find who wants it and what it belongs to.
	Metadata   map[string]string
	EndpointID string // that the event is about
	Trace      Trace  // what it belongs under
}

// EventData is the `data` member of a body. The order of the fields is the
// contract's: members are added, never renamed, moved or removed.
type EventData struct {
	EventType    EventType       `json:"eventType"`
	Status       string          `json:"status"`
	StepID       string          `json:"stepId,omitempty"`
	Index        *int            `json:"index,omitempty"`
	Action       string          `json:"action,omitempty"`
	Result       json.RawMessage `json:"result,omitempty"`
	Error        *Failure        `json:"error,omitempty"`
	Tries        []Failure       `json:"tries,omitempty"`
	DurationMs   *int64          `json:"durationMs,omitempty"`
	StreamingURL string          `json:"streamingUrl,omitempty"`
	Reason       string          `json:"reason,omitempty"`
	EndpointID   string          `json:"endpointId,omitempty"`
	DeliveryID   string          `json:"deliveryId,omitempty"`
	EventID      string          `json:"eventId,omitempty"`
	ArtifactID   string          `json:"artifactId,omitempty"`
	ArtifactURL  string          `json:"artifactUrl,omitempty"`
	Name         string          `json:"name,omitempty"`
	ContentType  string          `json:"contentType,omitempty"`
	Size         *int64          `json:"size,omitempty"` // bytes
	SHA256       string          `json:"sha256,omitempty"`
	URL          string          `json:"url,omitempty"`     // that was downloaded
	PageURL      string          `json:"pageUrl,omitempty"` // of the page that had it downloaded
	StreamID     string          `json:"streamId,omitempty"`
	Controller   string          `json:"controller,omitempty"` // the name of that link
	RecordingURL string          `json:"recordingUrl,omitempty"`
}

// Payload is the whole body of a webhook.
type Payload struct {
	SessionID string            `json:"sessionId"`
	Type      string            `json:"type"`
	Data      EventData         `json:"data"`
	ID        string            `json:"id"`
	Timestamp string            `json:"timestamp"` // RFC 3339, milliseconds, UTC
	Sequence  int64             `json:"sequence"`
	Metadata  map[string]string `json:"metadata"`
}

// Draft is an event that isn't committed yet: the store gives it its sequence.
type Draft struct {
	ProjectID string
	SessionID string
	At        time.Time
	Data      EventData
	Metadata  map[string]string
	Trace     Trace // what the event belongs under
}

// DraftSession drafts an event about the session as it is now.
func DraftSession(s *Session, t EventType, publicURL string, at time.Time) Draft {
	return Draft{
		ProjectID: s.ProjectID, SessionID: s.ID, At: at, Metadata: s.Metadata,
		Data: EventData{
			EventType: t, Status: string(s.Status), Error: s.Error,
			StreamingURL: StreamingURL(publicURL, s.StreamToken), Reason: string(s.CloseReason),
		},
	}
}

// DraftStep drafts an event about a step as it is now.
func DraftStep(s *Session, st *Step, t EventType, publicURL string, at time.Time) Draft {
	index := st.Index
	data := EventData{
		EventType: t, Status: string(st.Status), StepID: st.ID, Index: &index, Action: st.Action,
		Result: st.Result, Error: st.Error, Tries: st.Tries, StreamingURL: StreamingURL(publicURL, s.StreamToken),
	}
	if st.Status.Ended() {
		ms := st.Duration().Milliseconds()
		data.DurationMs = &ms
	}
	return Draft{ProjectID: s.ProjectID, SessionID: s.ID, At: at, Metadata: s.Metadata, Data: data}
}

// Downloaded is a file that a page of a session has downloaded, or would have.
type Downloaded struct {
	Artifact Artifact // without a size if there is no file; Name and StepID are there in any case
	URL      string
	PageURL  string
	Failure  *Failure // why there is no file
}

// DraftDownload drafts the event about a download that is over.
func DraftDownload(s *Session, d Downloaded, publicURL string, at time.Time) Draft {
	draft := DraftSession(s, EventBrowserDownload, publicURL, at)
	data := &draft.Data
	data.Error, data.Reason, data.StepID = d.Failure, "", d.Artifact.StepID
	data.Name, data.URL, data.PageURL = d.Artifact.Name, d.URL, d.PageURL
	if d.Failure == nil {
		data.ArtifactID, data.ArtifactURL = d.Artifact.ID, ArtifactURL(publicURL, d.Artifact)
		data.ContentType, data.Size, data.SHA256 = d.Artifact.ContentType, &d.Artifact.Size, d.Artifact.SHA256
	}
	return draft
}

// DraftTakeover drafts an event about who drives the session by hand, or did.
func DraftTakeover(s *Session, t EventType, by *Control, publicURL string, at time.Time) Draft {
	draft := DraftSession(s, t, publicURL, at)
	data := &draft.Data
	data.Error, data.Reason, data.StreamID, data.Controller = nil, "", by.StreamID, by.Name
	if t == EventTakeoverEnded {
		data.DurationMs = new(at.Sub(by.Since).Milliseconds())
	}
	if art, ok := by.ActionsArtifact(s, at); ok {
		data.ArtifactID, data.ArtifactURL = art.ID, ArtifactURL(publicURL, art)
	}
	return draft
}

// DraftRecording drafts the event about a recording that is whole: so many bytes, over so
// much time.
func DraftRecording(s *Session, size int64, took time.Duration, publicURL string, at time.Time) Draft {
	draft := DraftSession(s, EventRecordingReady, publicURL, at)
	data := &draft.Data
	data.Error, data.Reason, data.Size, data.DurationMs = nil, "", &size, new(took.Milliseconds())
	data.RecordingURL = RecordingURL(publicURL, s.ID)
	return draft
}

// KindTakeover is the kind of the artifact that holds what a person did by hand.
const KindTakeover = "takeover"

// ActionsArtifact is the artifact that holds what they did, if they did anything.
func (c *Control) ActionsArtifact(s *Session, at time.Time) (art Artifact, ok bool) {
	return Artifact{
		ID: c.Artifact, ProjectID: s.ProjectID, SessionID: s.ID, Kind: KindTakeover, ContentType: "application/json", Size: c.Size, CreatedAt: at,
	}, c.Artifact != "" && c.Size > 0
}

// DraftEndpoint drafts an event about an endpoint. It belongs to no session.
func DraftEndpoint(e *Endpoint, t EventType, reason string, at time.Time) Draft {
	return Draft{
		ProjectID: e.ProjectID, At: at, Metadata: e.Metadata,
		Data: EventData{EventType: t, Status: string(e.Status), Reason: reason, EndpointID: e.ID},
	}
}

// DraftDelivery drafts an event about a delivery that was given up. It belongs
// to no session.
func DraftDelivery(d *Delivery, at time.Time) Draft {
	return Draft{ProjectID: d.ProjectID, At: at, Data: EventData{
		EventType: EventDeliveryFailed, Status: string(d.Status), Reason: d.Reason,
		EndpointID: d.EndpointID, DeliveryID: d.ID, EventID: d.EventID,
	}}
}

// Event turns the draft into an event with an id, its sequence and its body.
func (d Draft) Event(sequence int64) (Event, error) {
	e := Event{
		ID: NewID(PrefixEvent), ProjectID: d.ProjectID, SessionID: d.SessionID,
		Sequence: sequence, Type: d.Data.EventType, CreatedAt: d.At.UTC().Truncate(time.Millisecond),
		Metadata: d.Metadata, EndpointID: d.Data.EndpointID, Trace: d.Trace,
	}
	body, err := EncodePayload(Payload{
		SessionID: e.SessionID, Type: e.Type.Kind(), Data: d.Data, ID: e.ID,
		Timestamp: FormatTime(e.CreatedAt), Sequence: sequence, Metadata: d.Metadata,
	})
	if err != nil {
		return Event{}, fmt.Errorf("encode %s event: %w", e.Type, err)
	}
	e.Body = body
	return e, nil
}

// ReadBody fills in what an event has only while it is being
// committed, from its body.
func (e *Event) ReadBody() error {
	var p Payload
	if err := json.Unmarshal(e.Body, &p); err != nil {
		return fmt.Errorf("read event %s: %w", e.ID, err)
	}
	e.Metadata, e.EndpointID = p.Metadata, p.Data.EndpointID
	return nil
}

// FormatTime is how every time is written for users: RFC 3339 in UTC with
// exactly three digits of milliseconds.
func FormatTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// Subscription is a list of exact event types and the wildcards `*`,
// `browser_*` and `step_*`.
type Subscription []string

// Wildcards are the patterns that a subscription may hold beside exact types.
var Wildcards = []string{"*", "browser_*", "step_*"}

// Matches reports whether the subscription asks for events of the type.
func (s Subscription) Matches(t EventType) bool {
	for _, p := range s {
		if p == "*" || p == string(t) {
			return true
		}
		if stem, ok := strings.CutSuffix(p, "*"); ok && stem != "" && strings.HasPrefix(string(t), stem) {
			return true
		}
	}
	return false
}

// UnmarshalJSON keeps each entry once: subscriptions were stored before Check
// refused others, and every event is matched with them.
func (s *Subscription) UnmarshalJSON(raw []byte) error {
	var all []string
	if err := json.Unmarshal(raw, &all); err != nil {
		return err
	}
	if all == nil {
		*s = nil
		return nil
	}
	*s = Subscription{}
	for _, p := range all {
		if !slices.Contains(*s, p) {
			*s = append(*s, p)
		}
	}
	return nil
}

// Check says which entry is neither an event type nor a wildcard, or is there
// twice; the field is the path of the list for the error.
func (s Subscription) Check(field string) error {
	if len(s) == 0 {
		return Invalid(field, "must name at least one event type, or \"*\" for all")
	}
	for i, p := range s {
		if slices.Contains(s[:i], p) {
			return Invalid(fmt.Sprintf("%s[%d]", field, i), "%q is there twice", p)
		}
		if !slices.Contains(EventTypes, EventType(p)) && !slices.Contains(Wildcards, p) {
			return Invalid(fmt.Sprintf("%s[%d]", field, i), "%q is not an event type; see GET /v1/event-types", p)
		}
	}
	return nil
}
