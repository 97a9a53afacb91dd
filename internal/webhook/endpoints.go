package webhook

import (
	"context"
	"time"

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

// Settings is what a user chooses about an endpoint.
type Settings struct {
	URL         string
	Events      domain.Subscription
	Description string
	Metadata    map[string]string
}

const maxDescription = 500

func (s *Service) check(field string, w *Settings) error {
	if err := s.urls.CheckURL(field+"url", w.URL); err != nil {
		return err
	}
	if err := w.Events.Check(field + "events"); err != nil {
		return err
	}
	if len(w.Description) > maxDescription {
		return domain.Invalid(field+"description", "has %d bytes; at most %d are allowed", len(w.Description), maxDescription)
	}
	return domain.CheckMetadata(field+"metadata", w.Metadata)
}

// New makes an endpoint with a secret, for a session's events only when that
// isn't empty. It stores nothing. field is put before the names in errors.
func (s *Service) New(project, session, field string, w Settings) (domain.Endpoint, error) {
	if err := s.check(field, &w); err != nil {
		return domain.Endpoint{}, err
	}
	now := time.Now()
	return domain.Endpoint{
		ID: domain.NewID(domain.PrefixEndpoint), ProjectID: project, SessionID: session, URL: w.URL, Events: w.Events,
		Description: w.Description, Metadata: w.Metadata, Status: domain.EndpointEnabled,
		Secrets: []domain.Secret{{Value: NewSecret()}}, CreatedAt: now, UpdatedAt: now,
	}, nil
}

// Create makes and stores an endpoint.
func (s *Service) Create(ctx context.Context, project string, w Settings, idem *domain.Idempotency) (domain.Endpoint, error) {
	e, err := s.New(project, "", "", w)
	if err != nil {
		return e, err
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
}

// Update changes an endpoint.
func (s *Service) Update(ctx context.Context, project, id string, c Change) (domain.Endpoint, error) {
	return s.change(ctx, project, id, func(e *domain.Endpoint) error {
		w := Settings{URL: e.URL, Events: e.Events, Description: e.Description, Metadata: e.Metadata}
		if c.URL != nil {
			w.URL = *c.URL
		}
		if c.Events != nil {
			w.Events = *c.Events
		}
		if c.Description != nil {
			w.Description = *c.Description
		}
		if c.Metadata != nil {
			w.Metadata = *c.Metadata
		}
		if err := s.check("", &w); err != nil {
			return err
		}
		e.URL, e.Events, e.Description, e.Metadata = w.URL, w.Events, w.Description, w.Metadata
		return nil
	})
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
	// DefaultOverlap is how long an old secret signs beside the new one.
	DefaultOverlap = 24 * time.Hour
	maxSecrets     = 2
)

// RotateSecret gives the endpoint a new secret; the one before signs as well
// until the overlap is over.
func (s *Service) RotateSecret(ctx context.Context, project, id string, overlap time.Duration) (domain.Endpoint, error) {
	return s.change(ctx, project, id, func(e *domain.Endpoint) error {
		now := time.Now()
		secrets := []domain.Secret{{Value: NewSecret()}}
		for _, old := range e.Secrets {
			if old.ExpiresAt.IsZero() {
				old.ExpiresAt = now.Add(overlap)
			}
			if now.Before(old.ExpiresAt) && len(secrets) < maxSecrets {
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
