package webhook

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/browserhook/browserhook/internal/domain"
)

// EndpointReader reads endpoints.
type EndpointReader interface {
	Endpoint(ctx context.Context, project, id string) (domain.Endpoint, error)
	Endpoints(ctx context.Context, project string, f domain.EndpointFilter) ([]domain.Endpoint, string, error)
}

// Endpoints is what the service needs of a store.
type Endpoints interface {
	EndpointReader
	CreateEndpoint(ctx context.Context, e domain.Endpoint, idem *domain.Idempotency) error
	ChangeEndpoint(ctx context.Context, project, id string, fn func(*domain.EndpointChange) error) error
	DeleteEndpoint(ctx context.Context, project, id string, now time.Time) error
	Delivery(ctx context.Context, project, id string) (domain.Delivery, error)
	SendTest(ctx context.Context, project, endpoint string, d domain.Draft, idem *domain.Idempotency) (deliveryID string, err error)
}

// URLChecker refuses addresses that are plainly closed, and writes others as
// they go over the wire; *egress.Guard is one.
type URLChecker interface {
	CheckURL(field, raw string) (string, error)
}

// Service is what can be done with endpoints. It answers reads as the store does.
type Service struct {
	EndpointReader
	store Endpoints
	urls  URLChecker
}

// NewService makes a service.
func NewService(store Endpoints, urls URLChecker) *Service {
	return &Service{EndpointReader: store, store: store, urls: urls}
}

const (
	maxDescription = 500
	maxHeaders     = 20
	maxHeaderValue = 2000
	maxFilter      = 20 // members, and values of each
	maxRate        = 10_000
	maxConcurrency = 256
	maxRetries     = 20
	minRetryWait   = time.Second
	maxRetryWait   = 7 * 24 * time.Hour
)

// reserved headers are the request's own. An endpoint may have a Traceparent of its own,
// for events in no trace.
var reserved = []string{
	"Host", "Content-Length", "Content-Type", "Transfer-Encoding", "Connection", "Trailer", "Te", "Upgrade", "Expect",
	"Webhook-Id", "Webhook-Timestamp", "Webhook-Signature",
}

func (s *Service) check(field string, w *domain.EndpointSettings) error {
	var err error
	if w.URL, err = s.urls.CheckURL(field+"url", w.URL); err != nil {
		return err
	}
	if err := w.Events.Check(field + "events"); err != nil {
		return err
	}
	if len(w.Description) > maxDescription {
		return domain.Invalid(field+"description", "has %d bytes; at most %d are allowed", len(w.Description), maxDescription)
	}
	if w.RateLimit < 0 || w.RateLimit > maxRate {
		return domain.Invalid(field+"rateLimit", "must be 1 to %d deliveries a second, or 0 for no limit", maxRate)
	}
	if w.Concurrency < 0 || w.Concurrency > maxConcurrency {
		return domain.Invalid(field+"concurrency", "must be 1 to %d requests at once, or 0 for as many as it copes with", maxConcurrency)
	}
	if err := checkSchedule(field+"retrySchedule", w.RetrySchedule); err != nil {
		return err
	}
	if err := checkHeaders(field+"headers", w.Headers); err != nil {
		return err
	}
	if err := checkFilter(field+"filter.metadata", w.Filter); err != nil {
		return err
	}
	return domain.CheckMetadata(field+"metadata", w.Metadata)
}

func checkSchedule(field string, waits []time.Duration) error {
	if len(waits) > maxRetries {
		return domain.Invalid(field, "has %d waits; at most %d are allowed", len(waits), maxRetries)
	}
	for i, wait := range waits {
		if wait < minRetryWait || wait > maxRetryWait {
			return domain.Invalid(fmt.Sprintf("%s[%d]", field, i), "must be from 1s to 168h")
		}
	}
	return nil
}

func checkHeaders(field string, headers []domain.Header) error {
	if len(headers) > maxHeaders {
		return domain.Invalid(field, "has %d headers; at most %d are allowed", len(headers), maxHeaders)
	}
	seen := map[string]bool{}
	for i := range headers {
		h := &headers[i]
		at := fmt.Sprintf("%s[%d]", field, i)
		if len(h.Name) > 100 || !httpguts.ValidHeaderFieldName(h.Name) {
			return domain.Invalid(at+".name", "is not the name of a header")
		}
		h.Name = http.CanonicalHeaderKey(h.Name)
		if slices.Contains(reserved, h.Name) {
			return domain.Invalid(at+".name", "%s is set by the delivery itself", h.Name)
		}
		if seen[h.Name] {
			return domain.Invalid(at+".name", "%s is there twice", h.Name)
		}
		seen[h.Name] = true
		if len(h.Value) > maxHeaderValue || !httpguts.ValidHeaderFieldValue(h.Value) {
			return domain.Invalid(at+".value", "is not the value of a header, or longer than %d bytes", maxHeaderValue)
		}
	}
	return nil
}

func checkFilter(field string, f domain.Filter) error {
	if len(f.Metadata) > maxFilter {
		return domain.Invalid(field, "has %d members; at most %d are allowed", len(f.Metadata), maxFilter)
	}
	for name, values := range f.Metadata {
		if name == "" || len(name) > domain.MaxMetadataKey {
			return domain.Invalid(field, "a key must have 1 to %d bytes, as metadata has", domain.MaxMetadataKey)
		}
		if len(values) == 0 || len(values) > maxFilter {
			return domain.Invalid(field+"."+name, "must list 1 to %d values, of which the session's metadata must have one", maxFilter)
		}
		for i, v := range values {
			if len(v) > domain.MaxMetadataValue {
				return domain.Invalid(fmt.Sprintf("%s.%s[%d]", field, name, i), "has %d bytes; metadata has at most %d", len(v), domain.MaxMetadataValue)
			}
		}
	}
	return nil
}

// Making is what an endpoint is made with. Without events it gets all.
type Making struct {
	domain.EndpointSettings
	Secret  string // "whsec_" and base64 that the receiver knows already; empty: a new one
	KeyPair bool   // sign with a new ed25519 key pair too
}

// Inline makes the endpoint of a session's own webhook. Who makes the session
// stores it.
func (s *Service) Inline(project, session string, w domain.EndpointSettings, secret string) (domain.Endpoint, error) {
	return s.New(project, session, "webhook.", Making{EndpointSettings: w, Secret: secret})
}

// New makes an endpoint with its secret, for a session's events only when that
// isn't empty. It stores nothing. field is put before the names in errors.
func (s *Service) New(project, session, field string, m Making) (domain.Endpoint, error) {
	if m.Events == nil {
		m.Events = domain.Subscription{"*"}
	}
	if err := s.check(field, &m.EndpointSettings); err != nil {
		return domain.Endpoint{}, err
	}
	if m.Secret == "" {
		m.Secret = NewSecret()
	} else if err := checkSecret(field+"secret", m.Secret); err != nil {
		return domain.Endpoint{}, err
	}
	secrets := []domain.Secret{{Value: m.Secret}}
	if m.KeyPair {
		secrets = append(secrets, domain.Secret{Value: NewPrivateKey()})
	}
	now := time.Now()
	return domain.Endpoint{
		EndpointSettings: m.EndpointSettings, ID: domain.NewID(domain.PrefixEndpoint), ProjectID: project, SessionID: session,
		Status: domain.EndpointEnabled, Secrets: secrets, CreatedAt: now, UpdatedAt: now,
	}, nil
}

// Create makes and stores an endpoint.
func (s *Service) Create(ctx context.Context, project string, m Making, idem *domain.Idempotency) (domain.Endpoint, error) {
	e, err := s.New(project, "", "", m)
	if err != nil {
		return e, err
	}
	if idem != nil {
		idem.Refs = []string{e.ID}
	}
	err = s.store.CreateEndpoint(ctx, e, idem)
	if made, again := idem.Again(err); again {
		return s.Endpoint(ctx, project, made[0])
	}
	return e, err
}

// Change is what of an endpoint is to be different; nil stays.
type Change struct {
	URL         *string
	Events      *domain.Subscription
	Description *string
	Metadata    *map[string]string
	Filter      *domain.Filter
	RateLimit   *int
	Concurrency *int
	SkipStale   *bool
	// RetrySchedule counts from each delivery's next try on; nil in it is the
	// default.
	RetrySchedule *[]time.Duration
	// Headers replaces all of them; a secret one without a value keeps the
	// value that it has.
	Headers *[]domain.Header
}

// Update changes an endpoint.
func (s *Service) Update(ctx context.Context, project, id string, c Change) (domain.Endpoint, error) {
	return s.change(ctx, project, id, func(change *domain.EndpointChange) error {
		e := change.Endpoint
		w := e.EndpointSettings
		set(&w.URL, c.URL)
		set(&w.Events, c.Events)
		set(&w.Description, c.Description)
		set(&w.Metadata, c.Metadata)
		set(&w.Filter, c.Filter)
		set(&w.RateLimit, c.RateLimit)
		set(&w.Concurrency, c.Concurrency)
		set(&w.SkipStale, c.SkipStale)
		set(&w.RetrySchedule, c.RetrySchedule)
		set(&w.Headers, c.Headers)
		if err := s.check("", &w); err != nil {
			return err
		}
		if c.Headers != nil {
			w.Headers = keepSecret(w.Headers, e.Headers)
		}
		e.EndpointSettings = w
		return nil
	})
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

func keepSecret(headers, before []domain.Header) []domain.Header {
	kept := slices.Clone(headers)
	for i := range kept {
		if !kept[i].Secret || kept[i].Value != "" {
			continue
		}
		for _, old := range before {
			if old.Name == kept[i].Name {
				kept[i].Value = old.Value
			}
		}
	}
	return kept
}

func (s *Service) change(ctx context.Context, project, id string, fn func(*domain.EndpointChange) error) (domain.Endpoint, error) {
	var e domain.Endpoint
	err := s.store.ChangeEndpoint(ctx, project, id, func(c *domain.EndpointChange) error {
		if err := fn(c); err != nil {
			return err
		}
		c.Endpoint.UpdatedAt = time.Now()
		e = *c.Endpoint
		return nil
	})
	return e, err
}

// Enable lets a disabled endpoint receive again; what waited for it is due.
func (s *Service) Enable(ctx context.Context, project, id string) (domain.Endpoint, error) {
	return s.change(ctx, project, id, func(c *domain.EndpointChange) error {
		e := c.Endpoint
		e.Status, e.DisabledReason = domain.EndpointEnabled, ""
		e.FailingSince, e.FailingTold = time.Time{}, time.Time{}
		return nil
	})
}

// Disable has an endpoint receive nothing; what happens passes it by.
func (s *Service) Disable(ctx context.Context, project, id string) (domain.Endpoint, error) {
	return s.change(ctx, project, id, func(c *domain.EndpointChange) error {
		e := c.Endpoint
		e.Status, e.DisabledReason = domain.EndpointDisabled, "requested"
		return nil
	})
}

// Pause has everything wait that an endpoint is to receive.
func (s *Service) Pause(ctx context.Context, project, id string) (domain.Endpoint, error) {
	return s.change(ctx, project, id, func(c *domain.EndpointChange) error {
		e := c.Endpoint
		if e.Status == domain.EndpointDisabled {
			return domain.Refuse(domain.CodeConflict, "the endpoint is disabled; enable it first")
		}
		e.Status = domain.EndpointPaused
		return nil
	})
}

// Resume sends it.
func (s *Service) Resume(ctx context.Context, project, id string) (domain.Endpoint, error) {
	return s.change(ctx, project, id, func(c *domain.EndpointChange) error {
		e := c.Endpoint
		if e.Status == domain.EndpointDisabled {
			return domain.Refuse(domain.CodeConflict, "the endpoint is disabled; enable it first")
		}
		e.Status = domain.EndpointEnabled
		return nil
	})
}

// Delete deletes an endpoint and cancels what waits for it.
func (s *Service) Delete(ctx context.Context, project, id string) error {
	return s.store.DeleteEndpoint(ctx, project, id, time.Now())
}

// Test sends a webhook_test event to the endpoint alone and returns its delivery.
func (s *Service) Test(ctx context.Context, project, id string, idem *domain.Idempotency) (domain.Delivery, error) {
	e, err := s.Endpoint(ctx, project, id)
	if err != nil {
		return domain.Delivery{}, err
	}
	draft := domain.DraftEndpoint(&e, domain.EventWebhookTest, "", time.Now())
	draft.Trace = domain.TraceOf(ctx)
	delivery, err := s.store.SendTest(ctx, project, id, draft, idem)
	if made, again := idem.Again(err); again {
		delivery, err = made[0], nil
	}
	if err != nil {
		return domain.Delivery{}, err
	}
	return s.store.Delivery(ctx, project, delivery)
}
