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

// Endpoints is what the service needs of a store.
type Endpoints interface {
	CreateEndpoint(ctx context.Context, e domain.Endpoint, idem *domain.Idempotency) error
	Endpoint(ctx context.Context, project, id string) (domain.Endpoint, error)
	ChangeEndpoint(ctx context.Context, project, id string, fn func(*domain.EndpointChange) error) error
	SendTest(ctx context.Context, project, endpoint string, d domain.Draft, idem *domain.Idempotency) (deliveryID string, err error)
}

// URLChecker refuses addresses that are plainly closed; *egress.Guard is one.
type URLChecker interface {
	CheckURL(field, raw string) error
}

// Service is what the API does with endpoints.
type Service struct {
	store Endpoints
	urls  URLChecker
}

// NewService makes a service.
func NewService(store Endpoints, urls URLChecker) *Service {
	return &Service{store: store, urls: urls}
}

const (
	maxDescription    = 500
	maxHeaders        = 20
	maxHeaderValue    = 2000
	maxFilter         = 20 // members, and values of each
	maxRate           = 10_000
	maxConcurrency    = 256
	maxSigningSecrets = 4
)

// reserved headers are the request's own.
var reserved = []string{
	"Host", "Content-Length", "Content-Type", "Transfer-Encoding", "Connection", "Trailer", "Te", "Upgrade", "Expect",
	"Webhook-Id", "Webhook-Timestamp", "Webhook-Signature",
}

func (s *Service) check(field string, w *domain.EndpointSettings) error {
	if err := s.urls.CheckURL(field+"url", w.URL); err != nil {
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
	if err := checkHeaders(field+"headers", w.Headers); err != nil {
		return err
	}
	if err := checkFilter(field+"filter.metadata", w.Filter); err != nil {
		return err
	}
	return domain.CheckMetadata(field+"metadata", w.Metadata)
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
		if len(values) == 0 || len(values) > maxFilter {
			return domain.Invalid(field+"."+name, "must list 1 to %d values, of which the session's metadata must have one", maxFilter)
		}
	}
	return nil
}

// New makes an endpoint with a secret, for a session's events only when that
// isn't empty. It stores nothing. field is put before the names in errors.
func (s *Service) New(project, session, field string, w domain.EndpointSettings) (domain.Endpoint, error) {
	if err := s.check(field, &w); err != nil {
		return domain.Endpoint{}, err
	}
	now := time.Now()
	return domain.Endpoint{
		EndpointSettings: w, ID: domain.NewID(domain.PrefixEndpoint), ProjectID: project, SessionID: session,
		Status: domain.EndpointEnabled, Secrets: []domain.Secret{{Value: NewSecret()}}, CreatedAt: now, UpdatedAt: now,
	}, nil
}

// Create makes and stores an endpoint, with a key pair if it is to have one.
func (s *Service) Create(ctx context.Context, project string, w domain.EndpointSettings, keyPair bool, idem *domain.Idempotency) (domain.Endpoint, error) {
	e, err := s.New(project, "", "", w)
	if err != nil {
		return e, err
	}
	if keyPair {
		e.Secrets = append(e.Secrets, domain.Secret{Value: NewPrivateKey()})
	}
	if idem != nil {
		idem.Refs = []string{e.ID}
	}
	return e, s.store.CreateEndpoint(ctx, e, idem)
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
	// Headers replaces all of them; a secret one without a value keeps the
	// value that it has.
	Headers *[]domain.Header
}

// Update changes an endpoint.
func (s *Service) Update(ctx context.Context, project, id string, c Change) (domain.Endpoint, error) {
	return s.change(ctx, project, id, func(e *domain.Endpoint) error {
		w := e.EndpointSettings
		set(&w.URL, c.URL)
		set(&w.Events, c.Events)
		set(&w.Description, c.Description)
		set(&w.Metadata, c.Metadata)
		set(&w.Filter, c.Filter)
		set(&w.RateLimit, c.RateLimit)
		set(&w.Concurrency, c.Concurrency)
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

func (s *Service) change(ctx context.Context, project, id string, fn func(*domain.Endpoint) error) (domain.Endpoint, error) {
	var e domain.Endpoint
	err := s.store.ChangeEndpoint(ctx, project, id, func(c *domain.EndpointChange) error {
		if err := fn(c.Endpoint); err != nil {
			return err
		}
		c.Endpoint.UpdatedAt = time.Now()
		e = *c.Endpoint
		return nil
	})
	return e, err
}

const (
	// DefaultOverlap is how long an old secret signs beside the new one, and
	DefaultOverlap = 24 * time.Hour
	// MaxOverlap is how long it may.
	MaxOverlap = 30 * 24 * time.Hour
)

// RotateSecret gives the endpoint a new secret, and a new key pair if it has
// one; those before sign as well until the overlap is over.
func (s *Service) RotateSecret(ctx context.Context, project, id string, overlap time.Duration) (domain.Endpoint, error) {
	if overlap < 0 || overlap > MaxOverlap {
		return domain.Endpoint{}, domain.Invalid("overlap", "must be 0s to %s", MaxOverlap)
	}
	return s.change(ctx, project, id, func(e *domain.Endpoint) error {
		now := time.Now()
		secrets := []domain.Secret{{Value: NewSecret()}}
		if e.Signs() {
			secrets = append(secrets, domain.Secret{Value: NewPrivateKey()})
		}
		for _, old := range e.Secrets {
			if old.ExpiresAt.IsZero() {
				old.ExpiresAt = now.Add(overlap)
			}
			if now.Before(old.ExpiresAt) && len(secrets) < maxSigningSecrets {
				secrets = append(secrets, old)
			}
		}
		e.Secrets = secrets
		return nil
	})
}

// Enable lets a disabled endpoint receive again; what waited for it is due.
func (s *Service) Enable(ctx context.Context, project, id string) (domain.Endpoint, error) {
	return s.change(ctx, project, id, func(e *domain.Endpoint) error {
		e.Status, e.DisabledReason = domain.EndpointEnabled, ""
		e.FailingSince, e.FailingTold = time.Time{}, time.Time{}
		return nil
	})
}

// Disable has an endpoint receive nothing; what happens passes it by.
func (s *Service) Disable(ctx context.Context, project, id string) (domain.Endpoint, error) {
	return s.change(ctx, project, id, func(e *domain.Endpoint) error {
		e.Status, e.DisabledReason = domain.EndpointDisabled, "requested"
		return nil
	})
}

// Pause has everything wait that an endpoint is to receive.
func (s *Service) Pause(ctx context.Context, project, id string) (domain.Endpoint, error) {
	return s.change(ctx, project, id, func(e *domain.Endpoint) error {
		if e.Status == domain.EndpointDisabled {
			return domain.Refuse(domain.CodeConflict, "the endpoint is disabled; enable it first")
		}
		e.Status = domain.EndpointPaused
		return nil
	})
}

// Resume sends it.
func (s *Service) Resume(ctx context.Context, project, id string) (domain.Endpoint, error) {
	return s.change(ctx, project, id, func(e *domain.Endpoint) error {
		if e.Status == domain.EndpointDisabled {
			return domain.Refuse(domain.CodeConflict, "the endpoint is disabled; enable it first")
		}
		e.Status = domain.EndpointEnabled
		return nil
	})
}

// Test sends a webhook_test event to the endpoint alone and returns the id of
// its delivery.
func (s *Service) Test(ctx context.Context, project, id string, idem *domain.Idempotency) (string, error) {
	e, err := s.store.Endpoint(ctx, project, id)
	if err != nil {
		return "", err
	}
	draft := domain.WebhookNews(&e, domain.EventWebhookTest, "", time.Now())
	return s.store.SendTest(ctx, project, id, draft, idem)
}
