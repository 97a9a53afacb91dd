package domain

import (
	"fmt"
	"time"
)

// EndpointStatus says whether an endpoint receives.
type EndpointStatus string

// The states of a webhook endpoint.
const (
	EndpointEnabled  EndpointStatus = "ENABLED"
	EndpointDisabled EndpointStatus = "DISABLED"
)

// Secret signs the deliveries to an endpoint until it expires.
type Secret struct {
	Value     string    `json:"value"`     // "whsec_" and base64
	ExpiresAt time.Time `json:"expiresAt"` // zero: the current one, doesn't expire
}

// Endpoint is an address that receives events.
type Endpoint struct {
	ID             string
	ProjectID      string
	SessionID      string // of an inline webhook: only that session's events; else empty
	URL            string
	Events         Subscription
	Description    string
	Metadata       map[string]string
	Status         EndpointStatus
	DisabledReason string // "gone": it answered 410; "requested"
	Secrets        []Secret
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// Ref names the endpoint.
func (e *Endpoint) Ref() EndpointRef { return EndpointRef{e.ProjectID, e.ID} }

// Wants reports whether the event is to be delivered to the endpoint.
func (e *Endpoint) Wants(ev *Event) bool {
	return e.Status == EndpointEnabled &&
		(e.SessionID == "" || e.SessionID == ev.SessionID) &&
		e.Events.Matches(ev.Type)
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

// DeliveryMoves is the delivery's state machine. What has ended goes back to
// PENDING only when a person asks for a retry.
var DeliveryMoves = map[DeliveryStatus][]DeliveryStatus{
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
}

// Move takes the delivery to another state, or says that the table forbids it.
func (d *Delivery) Move(to DeliveryStatus) error {
	if err := checkMove("delivery", DeliveryMoves, d.Status, to); err != nil {
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
	ErrorClass string // "", "timeout", "dns", "connect", "tls", "blocked", "redirect", "status", "protocol"
	Error      string // one sentence, without secrets
}

// Outcome is what an attempt did to its delivery. The webhook engine decides
// it, the store writes it.
type Outcome struct {
	Delivery Delivery // as it is after the attempt
	Attempt  Attempt
	// Disable is why the endpoint is to be disabled in the same transaction
	// ("gone"), or empty.
	Disable string
}

// Job is a claimed delivery with all that sending it needs.
type Job struct {
	Delivery Delivery
	Endpoint *Endpoint // as it was when the delivery was claimed; shared, not to be changed
	Body     []byte
}

// APIKey lets its holder act for a project. Only a hash of it is stored.
type APIKey struct {
	ID        string
	ProjectID string
	Name      string
	Prefix    string // the first KeyPrefixLength characters, to find it and to show it
	Hash      []byte // SHA-256 of the whole key
	CreatedAt time.Time
	RevokedAt time.Time // zero: valid
}

// KeyPrefixLength is how much of an API key is kept readable: "bh_" and eight more.
const KeyPrefixLength = 11

// Project keeps what belongs together apart from everything else.
type Project struct {
	ID        string
	Name      string
	CreatedAt time.Time
}

// MaxMetadata bounds a metadata object: this many members, keys of 64 and
// values of 512 bytes.
const MaxMetadata = 50

// CheckMetadata says what is wrong with a metadata object.
func CheckMetadata(field string, m map[string]string) error {
	if len(m) > MaxMetadata {
		return Invalid(field, "has %d members; at most %d are allowed", len(m), MaxMetadata)
	}
	for k, v := range m {
		if k == "" || len(k) > 64 {
			return Invalid(field, "a key must have 1 to 64 bytes")
		}
		if len(v) > 512 {
			return Invalid(fmt.Sprintf("%s.%s", field, k), "has %d bytes; at most 512 are allowed", len(v))
		}
	}
	return nil
}
