// Package storetest holds what every store must do, as one suite of tests and
// one of benchmarks.
package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// Store is all that the services together ask of a store.
type Store interface {
	Sessions
	Webhooks
	Access
	Events(ctx context.Context, project string, q domain.EventQuery) (domain.EventPage, error)
	Event(ctx context.Context, project, id string) (domain.Event, error)
	LastEvents(ctx context.Context, project, session string, before int64, limit int) ([]domain.Event, error)
	EventsEnd(ctx context.Context, project string) (string, error)
	Retention
	Ping(ctx context.Context) error
	OldestDue(ctx context.Context) (time.Time, error)
	Waiting(ctx context.Context) (sessions int, since time.Time, err error)
	Close() error
}

// Sessions is what sessions are kept with.
type Sessions interface {
	CreateSession(ctx context.Context, n *domain.NewSession) error
	ChangeSession(ctx context.Context, project, id string, fn func(*domain.SessionChange) error) error
	Session(ctx context.Context, project, id string) (domain.Session, error)
	Sessions(ctx context.Context, project string, f domain.SessionFilter) ([]domain.Session, string, error)
	OpenSessions(ctx context.Context) ([]domain.Session, error)
	ClaimSession(ctx context.Context) (domain.SessionRef, error)
	QueuePositions(ctx context.Context, project string, ids []string) (map[string]int, error)
	SessionByConnectToken(ctx context.Context, token string) (domain.Session, error)
	SetConnectToken(ctx context.Context, project, id, token string, idem *domain.Idempotency) error
	Step(ctx context.Context, project, session, id string) (domain.Step, error)
	Steps(ctx context.Context, project, session string, after, limit int) ([]domain.Step, error)
	LastSteps(ctx context.Context, project, session string, before, limit int) ([]domain.Step, error)
	StepsByID(ctx context.Context, project, session string, ids []string) ([]domain.Step, error)
	Artifacts(ctx context.Context, project, session string) ([]domain.Artifact, error)
	ArtifactsPage(ctx context.Context, project, session, after string, limit int) ([]domain.Artifact, error)
	Artifact(ctx context.Context, project, session, id string) (domain.Artifact, error)
	CreateStream(ctx context.Context, st domain.Stream, idem *domain.Idempotency) error
	Stream(ctx context.Context, project, session, id string) (domain.Stream, error)
	Streams(ctx context.Context, project, session string) ([]domain.Stream, error)
	AddViewer(ctx context.Context, v domain.Viewer, usedBy string) error
	ViewerLeft(ctx context.Context, v domain.Viewer) error
	Viewers(ctx context.Context, project, session, after string, limit int) ([]domain.Viewer, error)
	StreamByToken(ctx context.Context, token string) (domain.Stream, error)
	RevokeStream(ctx context.Context, project, session, id string, now time.Time) error
}

// Webhooks is what endpoints and deliveries are kept with.
type Webhooks interface {
	CreateEndpoint(ctx context.Context, e domain.Endpoint, idem *domain.Idempotency) error
	Endpoint(ctx context.Context, project, id string) (domain.Endpoint, error)
	Endpoints(ctx context.Context, project string, f domain.EndpointFilter) ([]domain.Endpoint, string, error)
	ChangeEndpoint(ctx context.Context, project, id string, fn func(*domain.EndpointChange) error) error
	DeleteEndpoint(ctx context.Context, project, id string, now time.Time) error
	SendTest(ctx context.Context, project, endpoint string, d domain.Draft, idem *domain.Idempotency) (string, error)
	Deliveries(ctx context.Context, project string, f domain.DeliveryFilter) ([]domain.Delivery, string, error)
	Delivery(ctx context.Context, project, id string) (domain.Delivery, error)
	Attempts(ctx context.Context, project, delivery string) ([]domain.Attempt, error)
	AttemptsPage(ctx context.Context, project, delivery string, after, limit int) ([]domain.Attempt, error)
	Ahead(ctx context.Context, project, delivery string) (domain.Delivery, int, error)
	RetryDelivery(ctx context.Context, project, id string, now time.Time, idem *domain.Idempotency) (domain.Delivery, error)
	CancelDelivery(ctx context.Context, project, id string, now time.Time) (domain.Delivery, error)
	RetryDeliveries(ctx context.Context, project string, f domain.DeliveryFilter, now time.Time, idem *domain.Idempotency) (int, error)
	CancelDeliveries(ctx context.Context, project string, f domain.DeliveryFilter, now time.Time) (int, error)
	Recover(ctx context.Context, project, endpoint string, since, until, now time.Time, idem *domain.Idempotency) (int, error)
	SigningEndpoints(ctx context.Context) ([]domain.Endpoint, error)
	ReleaseClaims(ctx context.Context) error
	DueEndpoints(ctx context.Context) ([]domain.Due, error)
	Claim(ctx context.Context, endpoint string, now time.Time, room domain.Capacity) (domain.Claim, error)
	Finish(ctx context.Context, outcomes []domain.Outcome, drafts []domain.Draft) error
	AddStats(ctx context.Context, spans []domain.EndpointSpan) error
	EndpointStats(ctx context.Context, project string, endpoints []string, from time.Time) ([]domain.EndpointSpan, error)
	Backlogs(ctx context.Context) ([]domain.Backlog, error)
	BacklogsOf(ctx context.Context, project string, endpoints []string) ([]domain.Backlog, error)
}

// Retention is by what something is deleted.
type Retention interface {
	Prune(ctx context.Context, before time.Time) (int, error)
	PruneSessions(ctx context.Context, before, now time.Time) (int, error)
	PruneArtifacts(ctx context.Context, before, now time.Time) (int, error)
	ForgetSession(ctx context.Context, project, id string, now time.Time) error
	RemovedFiles(ctx context.Context, after int64, limit int) ([]domain.RemovedFiles, error)
	ForgetRemovedFiles(ctx context.Context, upto int64, before time.Time) error
}

// Access is what projects and their keys are kept with.
type Access interface {
	CreateProject(ctx context.Context, p domain.Project, by string, idem *domain.Idempotency) error
	LimitProject(ctx context.Context, id string, sessions int) error
	Projects(ctx context.Context) ([]domain.Project, error)
	ProjectsPage(ctx context.Context, f domain.PageFilter) ([]domain.Project, string, error)
	Project(ctx context.Context, id string) (domain.Project, error)
	ProjectByName(ctx context.Context, name string) (domain.Project, error)
	CreateKey(ctx context.Context, k domain.APIKey, by string, idem *domain.Idempotency) error
	KeysByPrefix(ctx context.Context, prefix string) ([]domain.APIKey, error)
	Keys(ctx context.Context, f domain.PageFilter) ([]domain.APIKey, string, error)
	Key(ctx context.Context, id string) (domain.APIKey, error)
	RevokedKeys(ctx context.Context, ids []string) ([]string, error)
	RevokeKey(ctx context.Context, id string, now time.Time, last bool) error
	ForgetIdempotency(ctx context.Context, before time.Time) error
	CreateSignIn(ctx context.Context, in domain.SignIn) error
	SignIn(ctx context.Context, hash []byte) (domain.SignIn, error)
	SeenSignIn(ctx context.Context, hash []byte, now time.Time) error
	EndSignIn(ctx context.Context, hash []byte) error
	ForgetSignIns(ctx context.Context, seen, made time.Time) error
}

// Open opens a store over one database. After that store is closed it may be
// called again, and the new store has all that the old one had.
type Open func(notify func(domain.Commit)) (Store, error)

// Run tests a store. fresh makes an empty database.
func Run(t *testing.T, fresh func(testing.TB) Open) {
	for _, part := range []struct {
		name  string
		tests []test
	}{
		{"sessions", sessionTests}, {"viewers", viewerTests}, {"queue", queueTests}, {"steps", stepTests}, {"events", eventTests}, {"long", longTests}, {"cursors", cursorTests},
		{"fanout", fanoutTests}, {"endpoints", endpointTests}, {"inline", inlineTests}, {"deliveries", deliveryTests}, {"moves", moveTests}, {"ordered", orderedTests}, {"operations", operationTests}, {"stats", statsTests},
		{"idempotency", idempotencyTests}, {"access", accessTests}, {"lists", listTests},
		{"commits", commitTests}, {"isolation", isolationTests}, {"forgetting", forgetTests}, {"retention", retentionTests}, {"traces", traceTests},
	} {
		t.Run(part.name, func(t *testing.T) {
			for _, test := range part.tests {
				t.Run(test.name, func(t *testing.T) {
					t.Parallel()
					test.run(newWorld(t, fresh(t)))
				})
			}
		})
	}
	t.Run("model", func(t *testing.T) { deliveriesFollowTheModel(t, fresh) })
}

// test is one behaviour, tried on an empty store with one project.
type test struct {
	name string
	run  func(*world)
}
