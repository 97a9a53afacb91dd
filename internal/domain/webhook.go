package domain

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// EndpointStatus says whether an endpoint receives.
type EndpointStatus string

// The states of a webhook endpoint. What happens while one is PAUSED waits for
// it; what happens while it is DISABLED passes it by.
const (
	EndpointEnabled  EndpointStatus = "ENABLED"
	EndpointPaused   EndpointStatus = "PAUSED"
	EndpointDisabled EndpointStatus = "DISABLED"
)

// CheckSends refuses to send to an endpoint with the status, if it doesn't receive
// now.
func (s EndpointStatus) CheckSends() error {
	switch s {
	case EndpointPaused:
		return Refuse(CodeConflict, "the endpoint is paused; resume it first")
	case EndpointDisabled:
		return Refuse(CodeConflict, "the endpoint is disabled; enable it first")
	default:
		return nil
	}
}

// Secret signs the deliveries to an endpoint until it expires.
type Secret struct {
	Value     string    `json:"value"`     // "whsec_" or "whsk_", and base64
	ExpiresAt time.Time `json:"expiresAt"` // zero: the current one, doesn't expire
}

// Header is sent with each delivery to an endpoint.
type Header struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Secret bool   `json:"secret,omitempty"` // the value is never shown again
}

// Filter picks events by what they hold.
type Filter struct {
	// Metadata names members of the session's metadata, each with the values
	// of which it must have one.
	Metadata map[string][]string `json:"metadata,omitempty"`
}

// Matches reports whether the filter lets the metadata pass.
func (f Filter) Matches(metadata map[string]string) bool {
	for name, values := range f.Metadata {
		have, ok := metadata[name]
		if !ok || !slices.Contains(values, have) {
			return false
		}
	}
	return true
}

// EndpointSettings is what a user chooses about an endpoint.
type EndpointSettings struct {
	URL         string            `json:"url"`
	Events      Subscription      `json:"events"`
	Description string            `json:"description,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
	Filter      Filter            `json:"filter,omitzero"`
	Ordered     bool              `json:"ordered,omitempty"`     // each session's events in turn; never changes
	RateLimit   int               `json:"rateLimit,omitempty"`   // deliveries a second; 0: no limit
	Concurrency int               `json:"concurrency,omitempty"` // requests at once; 0: as many as it copes with
	SkipStale   bool              `json:"skipStale,omitempty"`   // what comes too late for what it tells is not sent: see [Delivery.Stale]
	Headers     []Header          `json:"-"`
	// RetrySchedule is how long after each failed try the next one comes; nil:
	// the default; empty: there is one try.
	RetrySchedule []time.Duration `json:"retrySchedule,omitzero"`
}

// Endpoint is an address that receives events.
type Endpoint struct {
	EndpointSettings
	ID             string
	ProjectID      string
	SessionID      string // of an inline webhook: only that session's events; else empty
	Status         EndpointStatus
	DisabledReason string // "gone": it answered 410; "failing": for days; "requested"
	Secrets        []Secret
	FailingSince   time.Time // no success since; zero: the last attempt succeeded
	FailingTold    time.Time // when endpoint_failing was told; zero: not yet
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// HasKeyPair says whether the endpoint has a key pair.
func (e *Endpoint) HasKeyPair() bool {
	return slices.ContainsFunc(e.Secrets, func(s Secret) bool { return strings.HasPrefix(s.Value, PrivateKeyPrefix) })
}

// SameSecrets says whether both lists have the same secrets for the same time.
func SameSecrets(a, b []Secret) bool {
	return slices.EqualFunc(a, b, func(a, b Secret) bool { return a.Value == b.Value && a.ExpiresAt.Equal(b.ExpiresAt) })
}

// What the values of secrets begin with, by Standard Webhooks.
const (
	SecretPrefix     = "whsec_" // a symmetric secret
	PrivateKeyPrefix = "whsk_"  // an ed25519 private key
	PublicKeyPrefix  = "whpk_"  // its public key
)

// Ref names the endpoint.
func (e *Endpoint) Ref() EndpointRef { return EndpointRef{e.ProjectID, e.ID} }

// Why an endpoint gets no delivery of an event; see [Endpoint.Misses].
const (
	MissOtherSession  = "other_session"
	MissOtherTest     = "test_of_another"
	MissNotSubscribed = "not_subscribed"
	MissFiltered      = "filtered"
	MissItself        = "about_itself"
	MissDisabled      = "endpoint_disabled"
)

// Misses says why the event is not to be delivered to the endpoint; "" when it
// is. That it is disabled is said last: only of what it would get otherwise.
func (e *Endpoint) Misses(ev *Event) string {
	test := ev.Type == EventWebhookTest // is for the endpoint that it is about, whatever that wants
	switch {
	case test && ev.EndpointID != e.ID:
		return MissOtherTest
	case test:
	case e.SessionID != "" && e.SessionID != ev.SessionID:
		return MissOtherSession
	case !e.Events.Matches(ev.Type):
		return MissNotSubscribed
	case !e.Filter.Matches(ev.Metadata):
		return MissFiltered
	case ev.EndpointID == e.ID:
		return MissItself
	}
	if e.Status == EndpointDisabled {
		return MissDisabled
	}
	return ""
}

// Wants reports whether the event is to be delivered to the endpoint.
func (e *Endpoint) Wants(ev *Event) bool { return e.Misses(ev) == "" }

// Health is what an attempt says about its endpoint.
type Health string

// What an attempt can say.
const (
	HealthUnknown Health = ""     // nothing that is to be remembered
	HealthGood    Health = "good" // it took a delivery
	HealthBad     Health = "bad"  // it didn't
	HealthGone    Health = "gone" // it answered 410
)

const (
	// FailingAfter is how long an endpoint may only fail before that is told.
	FailingAfter = time.Hour
	// DisabledAfter is how long it may before it is disabled.
	DisabledAfter = 5 * 24 * time.Hour
)

// ChangedBy says whether what an attempt says would change the endpoint.
func (e *Endpoint) ChangedBy(h Health, at time.Time) bool {
	c := *e
	_, changed := c.ApplyHealth(h, at)
	return changed
}

// ApplyHealth changes the endpoint by what an attempt says about its health.
func (e *Endpoint) ApplyHealth(h Health, at time.Time) (drafts []Draft, changed bool) {
	disable := func(reason string) {
		e.Status, e.DisabledReason, changed = EndpointDisabled, reason, true
		drafts = append(drafts, DraftEndpoint(e, EventEndpointDisabled, reason, at))
	}
	switch {
	case h == HealthGood && !e.FailingSince.IsZero():
		e.FailingSince, e.FailingTold, changed = time.Time{}, time.Time{}, true
	case e.Status == EndpointDisabled:
	case h == HealthGone:
		disable("gone")
	case h != HealthBad:
	case e.FailingSince.IsZero():
		e.FailingSince, changed = at, true
	case at.Sub(e.FailingSince) >= DisabledAfter:
		disable("failing")
	case at.Sub(e.FailingSince) >= FailingAfter && e.FailingTold.IsZero():
		e.FailingTold, changed = at, true
		drafts = append(drafts, DraftEndpoint(e, EventEndpointFailing, "failing", at))
	}
	return drafts, changed
}

// DeliveryStatus is where the sending of one event to one endpoint is.
type DeliveryStatus string

// The states of a delivery.
const (
	DeliveryPending   DeliveryStatus = "PENDING"
	DeliverySending   DeliveryStatus = "SENDING"
	DeliveryDelivered DeliveryStatus = "DELIVERED"
	DeliveryFailed    DeliveryStatus = "FAILED"
	DeliveryCanceled  DeliveryStatus = "CANCELED"
)

// Ended reports whether nothing more is planned for the delivery.
func (s DeliveryStatus) Ended() bool { return s != DeliveryPending && s != DeliverySending }

// DeliveryTransitions is the delivery's state machine. What has ended goes back to
// PENDING only when a person asks for a retry.
var DeliveryTransitions = map[DeliveryStatus][]DeliveryStatus{
	DeliveryPending:   {DeliverySending, DeliveryCanceled},
	DeliverySending:   {DeliveryDelivered, DeliveryPending, DeliveryFailed, DeliveryCanceled},
	DeliveryDelivered: {DeliveryPending},
	DeliveryFailed:    {DeliveryPending},
	DeliveryCanceled:  {DeliveryPending},
}

// Delivery is one event on its way to one endpoint.
type Delivery struct {
	ID         string
	ProjectID  string
	EventID    string
	EventType  EventType
	SessionID  string
	EndpointID string
	Status     DeliveryStatus
	Attempts   int       // made and recorded so far
	Tries      int       // of the schedule used since created or last retried by hand
	NextAt     time.Time // of the next try; meaningful when PENDING
	CreatedAt  time.Time
	EndedAt    time.Time // zero until DELIVERED, FAILED or CANCELED
	Reason     string    // why FAILED or CANCELED
}

// Stale says whether the delivery is late for what it tells: that a browser is
// ready is of no use when its session has ended. An endpoint may ask to be
// spared that.
func (d *Delivery) Stale(sessionEnded bool) bool {
	return sessionEnded && d.EventType == EventBrowserReady
}

// Why a delivery was given up.
const (
	ReasonExhausted       = "exhausted"        // the last try of the schedule failed
	ReasonGone            = "gone"             // the endpoint answered 410
	ReasonExpired         = "expired"          // it was stale, and the endpoint skips what is
	ReasonRequested       = "requested"        // a user canceled it
	ReasonEndpointDeleted = "endpoint_deleted" // before it was sent
)

// Transition takes the delivery to another state, or says that the table forbids it.
func (d *Delivery) Transition(to DeliveryStatus) error {
	if err := checkTransition("delivery", DeliveryTransitions, d.Status, to); err != nil {
		return err
	}
	d.Status = to
	return nil
}

// Attempt is one try of a delivery, kept for whoever asks what happened.
type Attempt struct {
	ID         string
	ProjectID  string
	DeliveryID string
	Number     int // from 1
	StartedAt  time.Time
	Duration   time.Duration
	StatusCode int    // 0: no answer
	Response   []byte // first 16 KiB of the answer's body
	RemoteAddr string // "203.0.113.7:443"; empty: never connected
	ErrorClass string // "", "timeout", "dns", "connect", "tls", "blocked", "redirect", "status", "protocol", "proxy"
	Error      string // one sentence, without secrets
}

// Outcome is what became of a claimed delivery. The webhook engine decides it,
// the store writes it.
type Outcome struct {
	Delivery Delivery // as it is now; PENDING without an attempt gives it back
	Attempt  Attempt  // without an id: there was none
	Health   Health
	Inline   bool // the endpoint is a session's own, and ends when nothing more is due to it
}

// Released says that the delivery was given back without an attempt.
func (o *Outcome) Released() bool {
	return o.Delivery.Status == DeliveryPending && o.Attempt.ID == ""
}

// Job is a claimed delivery with all that sending it needs.
type Job struct {
	Delivery Delivery
	Endpoint *Endpoint // as it was when the delivery was claimed; shared, not to be changed
	Body     []byte
	Trace    Trace // of its event
	Expired  bool  // it is stale, and the endpoint skips what is
}

// What bounds a metadata object: its members, and the bytes of each.
const (
	MaxMetadata      = 50
	MaxMetadataKey   = 64
	MaxMetadataValue = 512
)

// CheckMetadata says what is wrong with a metadata object.
func CheckMetadata(field string, m map[string]string) error {
	if len(m) > MaxMetadata {
		return Invalid(field, "has %d members; at most %d are allowed", len(m), MaxMetadata)
	}
	for k, v := range m {
		if k == "" || len(k) > MaxMetadataKey {
			return Invalid(field, "a key must have 1 to %d bytes", MaxMetadataKey)
		}
		if len(v) > MaxMetadataValue {
			return Invalid(fmt.Sprintf("%s.%s", field, k), "has %d bytes; at most %d are allowed", len(v), MaxMetadataValue)
		}
	}
	return nil
}
