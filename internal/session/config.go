package session

import (
	"context"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/recording"
	"github.com/browserhook/browserhook/internal/sessionlog"
	"github.com/browserhook/browserhook/internal/step"
)

// Reader reads sessions and what belongs to them.
type Reader interface {
	Session(ctx context.Context, project, id string) (domain.Session, error)
	Sessions(ctx context.Context, project string, f domain.SessionFilter) ([]domain.Session, string, error)
	Step(ctx context.Context, project, session, id string) (domain.Step, error)
	Steps(ctx context.Context, project, session string, after, limit int) ([]domain.Step, error)
	LastSteps(ctx context.Context, project, session string, before, limit int) ([]domain.Step, error)
	StepsByID(ctx context.Context, project, session string, ids []string) ([]domain.Step, error)
	Artifact(ctx context.Context, project, session, id string) (domain.Artifact, error)
	ArtifactsPage(ctx context.Context, project, session, after string, limit int) ([]domain.Artifact, error)
	Stream(ctx context.Context, project, session, id string) (domain.Stream, error)
	Viewers(ctx context.Context, project, session, after string, limit int) ([]domain.Viewer, error)
	// QueuePositions are the places of sessions in the queue, from 1; those that don't
	// wait have none.
	QueuePositions(ctx context.Context, project string, ids []string) (map[string]int, error)
}

// Store is what the service needs of a store.
type Store interface {
	Reader
	CreateSession(ctx context.Context, n *domain.NewSession) error
	ChangeSession(ctx context.Context, project, id string, fn func(*domain.SessionChange) error) error
	OpenSessions(ctx context.Context) ([]domain.Session, error)
	// ClaimSession takes a session out of the queue, for this server alone to start.
	// ErrNotFound: none can be started.
	ClaimSession(ctx context.Context) (domain.SessionRef, error)
	SessionByConnectToken(ctx context.Context, token string) (domain.Session, error)
	SetConnectToken(ctx context.Context, project, id, token string, idem *domain.Idempotency) error
	Endpoint(ctx context.Context, project, id string) (domain.Endpoint, error)
	CreateStream(ctx context.Context, s domain.Stream, idem *domain.Idempotency) error
	StreamByToken(ctx context.Context, token string) (domain.Stream, error)
	RevokeStream(ctx context.Context, project, session, id string, now time.Time) error
	AddViewer(ctx context.Context, v domain.Viewer, usedBy string) error
	ViewerLeft(ctx context.Context, v domain.Viewer) error
}

// Endpoints makes the endpoints of inline webhooks.
type Endpoints interface {
	Inline(project, session string, w domain.EndpointSettings, secret string) (domain.Endpoint, error)
}

// Blobs keeps the bytes of artifacts.
type Blobs interface {
	// Write keeps what is read and says how many bytes it were. When it fails, nothing
	// is kept.
	Write(ctx context.Context, key string, content io.Reader, contentType string) (int64, error)
	Open(ctx context.Context, key string) (io.ReadSeekCloser, error)
	Delete(ctx context.Context, key string) error
}

// Browser is a running browser; *browser.Browser is one.
type Browser interface {
	Page() *browser.Page
	Done() <-chan struct{}
	Exit() *domain.Failure
	Connect(ctx context.Context, target string, left func()) (net.Conn, error)
	Dial(ctx context.Context, network, address string) (net.Conn, error) // as the browser does
	CloseRequested() <-chan struct{}
	Close(ctx context.Context) error
	Usage(ctx context.Context) domain.Usage // of the network, so far
	Used() domain.Usage                     // the same, as it was known last
	Leave()                                 // leaves it to the server that attaches next
	Away() time.Duration                    // how long it had no server before this one attached
}

// Config is what the service is made of.
type Config struct {
	Store     Store
	Endpoints Endpoints
	Blobs     Blobs
	Logs      *sessionlog.Folder // of the sessions that run here; nil: none is kept
	// Recordings has what is not with the artifacts yet; nil: no session is recorded.
	Recordings *recording.Folder
	// Record is how sessions are recorded of which nothing is said; see domain.ParseRecord.
	Record string
	// MaxRecording is how many bytes the recording of a session may have; 0: any number.
	MaxRecording int64
	// Full says whether a disk that recordings are on is nearly full; nil: none ever is.
	Full   func() bool
	Box    Box
	Launch func(ctx context.Context, sessionID string, opt domain.SessionOptions) (Browser, error)
	// Attach takes over the browser of a session that an earlier server has started;
	// nil: there never is one. When it fails nothing of the browser is left, unless
	// ctx has ended.
	Attach func(ctx context.Context, sessionID string, opt domain.SessionOptions) (Browser, error)
	// Discard ends what an earlier server has left of a session's browser, if it has;
	// nil: there never is anything.
	Discard     func(sessionID string)
	Browsers    []string // that can be started here, the default first
	PublicURL   func() string
	MaxSessions int
	MaxQueued   int // sessions that may wait, beside those that there is room for; 0: any number
	// Others says whether other servers start sessions of the same store; nil: none does.
	Others func() bool
	// Nodes are all servers that start sessions of the store; nil: there is only this one.
	Nodes func(ctx context.Context) ([]domain.Node, error)
	// StopElsewhere asks whichever server runs the step to stop it; nil where
	// there is only this one.
	StopElsewhere func(ctx context.Context, stepID string) error
	Log           *slog.Logger
	// StopWithin is how long a stop may take; 0 is DefaultStop. Running steps may
	// go on for four fifths of it. What hangs after all of it is left as it is,
	// for the next start to see.
	StopWithin time.Duration

	// Traced says that sessions and steps have spans, under which belongs what they do.
	Traced bool

	// NoBundles has steps that fail keep nothing of what the page was like.
	NoBundles bool

	// RunStep does one step; nil is step.Run.
	RunStep func(ctx context.Context, page *browser.Page, spec *step.Spec, save step.Save) ([]byte, *domain.Failure)
}

const (
	// MaxSteps bounds the steps of one request.
	MaxSteps = 100
	// MaxOpenSteps bounds a session's queue.
	MaxOpenSteps = 1000

	// DefaultStop is how long a stop takes at most when nobody says.
	DefaultStop = 5 * time.Second
	// closeWithin bounds the end of one browser.
	closeWithin = 15 * time.Second
)
