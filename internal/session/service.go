// Package session is a session's life: it is admitted, started, given steps
// that run one at a time, and closed, and every change of it is one
// transaction with its events. After a crash of the server it goes on from what
// the store holds.
package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"slices"
	"sync"
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
	Stream(ctx context.Context, project, session, id string) (domain.Stream, error)
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
	Asked() <-chan struct{}
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

	// Traced says that spans are made of sessions and steps: what a session or a step
	// does belongs under its own.
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

// Service runs all sessions. It answers reads as the store does.
type Service struct {
	Config
	Reader
	slots    chan struct{} // a browser each, but of those above
	logs     chan struct{} // a log each that is being kept
	videos   chan struct{} // of one place: one is being made
	segments segments

	mu       sync.Mutex
	stopping bool
	leaving  bool              // a stop leaves browsers to the next start
	draining bool              // it starts no more sessions
	drained  chan struct{}     // closed when it drains and has no more
	claiming bool              // a session is being claimed, or has been and has no actor yet
	above    int               // sessions more than may run: each has the next slot that is freed
	left     []ref             // that an earlier server was starting, and that wait for a slot
	queued   chan struct{}     // a session may be started that couldn't
	missed   chan struct{}     // sessions of another server may be this one's now
	actors   map[string]*actor // of sessions that have or get a browser
	waiters  map[string]chan struct{}
	began    chan struct{} // closed when Run has taken up what there was
	wg       sync.WaitGroup

	hurry   chan struct{}   // closed when steps that run are not waited for any more
	working context.Context //nolint:containedctx // until everything is given up that a stop can't finish
	giveUp  context.CancelFunc
}

type ref struct{ project, id string }

// New makes a service; Run starts it.
func New(cfg Config) *Service {
	if cfg.RunStep == nil {
		cfg.RunStep = func(ctx context.Context, page *browser.Page, spec *step.Spec, save step.Save) ([]byte, *domain.Failure) {
			if cfg.NoBundles {
				return step.Run(ctx, page, spec, save)
			}
			return step.Run(ctx, page, spec, save, step.WithBundle)
		}
	}
	if cfg.StopWithin == 0 {
		cfg.StopWithin = DefaultStop
	}
	working, giveUp := context.WithCancel(context.Background())
	return &Service{
		segments: segments{folder: cfg.Recordings, blobs: cfg.Blobs, store: cfg.Store, log: cfg.Log},
		working:  working, giveUp: giveUp,
		Config: cfg, Reader: cfg.Store, slots: make(chan struct{}, cfg.MaxSessions), logs: make(chan struct{}, logsAtOnce), videos: make(chan struct{}, 1), queued: make(chan struct{}, 1), missed: make(chan struct{}, 1),
		actors: map[string]*actor{}, waiters: map[string]chan struct{}{}, began: make(chan struct{}), hurry: make(chan struct{}), drained: make(chan struct{}),
	}
}

func (s *Service) decider() decider {
	return decider{publicURL: s.PublicURL(), now: time.Now(), traced: s.Traced}
}

// Run takes up what the store holds and runs sessions until ctx ends. Then it
// lets running steps finish for a while, closes every session that has a
// browser, or leaves that to the next start, and returns when all of that is stored, or when StopWithin is over.
// Sessions that wait stay QUEUED for the next start.
func (s *Service) Run(ctx context.Context) error {
	if err := s.takeUp(ctx); err != nil && ctx.Err() == nil {
		if refused, ok := errors.AsType[*domain.Error](err); !ok || refused.Code != domain.CodeUnavailable {
			return fmt.Errorf("take up sessions: %w", err)
		}
		trySend(s.missed) // a store that is away is asked again
	}
	close(s.began)
	s.wg.Go(func() { s.adopt(ctx) })
	s.wg.Go(func() { s.sweepLogs(ctx) })
	s.wg.Go(func() { s.sweepRecordings(ctx) })
	s.startAll(ctx)
	s.mu.Lock()
	s.stopping = true
	s.mu.Unlock()
	defer time.AfterFunc(s.StopWithin*4/5, func() { close(s.hurry) }).Stop()
	defer time.AfterFunc(s.StopWithin, s.giveUp).Stop()
	s.wg.Wait()
	return nil
}

// knows says whether the session waits or runs here already.
func (s *Service) knows(r ref) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, runs := s.actors[r.id]
	return runs || slices.Contains(s.left, r)
}

// takeUp decides about every session that an earlier server, or another one
// that is dead, left open.
func (s *Service) takeUp(ctx context.Context) error {
	open, err := s.Store.OpenSessions(ctx)
	if err != nil {
		return err
	}
	defer trySend(s.queued)
	for _, o := range open {
		r := ref{o.ProjectID, o.ID}
		if s.knows(r) {
			continue
		}
		switch o.Status {
		case domain.SessionStarting:
			s.resume(r)
		case domain.SessionReady:
			s.startRecovery(ctx, r)
		default:
			s.startEnd(ctx, r)
		}
	}
	return nil
}

// adopt takes up sessions that become this server's while it runs.
func (s *Service) adopt(ctx context.Context) {
	for {
		select {
		case <-s.missed:
		case <-ctx.Done():
			return
		}
		for {
			err := s.takeUp(ctx)
			if err == nil || ctx.Err() != nil {
				break
			}
			s.Log.Warn("take up another server's sessions; trying again", "err", err)
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
			}
		}
	}
}

// act has an actor live, which has a slot or is one of those above. mu is held.
func (s *Service) act(a *actor, live func()) {
	s.actors[a.ref.id] = a
	s.wg.Go(func() {
		live()
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.actors, a.ref.id)
		s.freeOf(a)
		s.over()
		if a.gaveUp.Load() || a.taken.Load() { // nobody else would end the session, or go on with it
			trySend(s.missed)
		}
	})
}

// free gives a slot back, to a session above if there is one. mu is held.
func (s *Service) free() {
	if s.above > 0 {
		s.above--
		return
	}
	<-s.slots
}

// freeOf gives an actor's slot back, if it still has it. mu is held.
func (s *Service) freeOf(a *actor) {
	if !a.slotless {
		a.slotless = true
		s.free()
	}
}

func (s *Service) actor(id string) *actor {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.actors[id]
}

// Here says whether the session has a browser here, or gets one.
func (s *Service) Here(id string) bool { return s.actor(id) != nil }

// Page is the page of a session that has one; ok is false for any other.
func (s *Service) Page(id string) (page *browser.Page, ok bool) {
	a := s.actor(id)
	if a == nil {
		return nil, false
	}
	return a.currentPage()
}

// Touch says that somebody uses the session: its idle time begins anew.
func (s *Service) Touch(id string) {
	if a := s.actor(id); a != nil {
		a.touch()
	}
}

// Notify wakes whoever waits for steps of sessions that have changed. It
// doesn't block.
func (s *Service) Notify(c domain.Commit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wake(c.Sessions)
	if c.Queue {
		trySend(s.queued)
	}
}

// Signal does so for sessions that another server has changed, has those looked
// at that run here, and stops steps. It doesn't block.
func (s *Service) Signal(sig domain.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sessions := sig.Elsewhere.Sessions
	if sig.Missed {
		sessions = slices.AppendSeq(slices.Collect(maps.Keys(s.waiters)), maps.Keys(s.actors))
		trySend(s.missed)
	}
	if sig.Elsewhere.Queue || sig.Missed {
		trySend(s.queued)
	}
	if sig.Drain {
		s.drain()
	}
	s.wake(sessions)
	for _, id := range sessions {
		if a, ok := s.actors[id]; ok {
			trySend(a.changed)
		}
	}
	for _, id := range sig.Stops {
		for _, a := range s.actors {
			a.cancelStep(id)
		}
	}
}

func (s *Service) wake(sessions []string) {
	for _, id := range sessions {
		if ch, ok := s.waiters[id]; ok {
			close(ch)
			delete(s.waiters, id)
		}
	}
}

// Changed is closed at the next change of the session.
func (s *Service) Changed(id string) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, ok := s.waiters[id]
	if !ok {
		ch = make(chan struct{})
		s.waiters[id] = ch
	}
	return ch
}

func (s *Service) isStopping() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopping
}

func (s *Service) isLeaving() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.leaving
}

// Leave is Stop of a server whose browsers are left to the next start.
func (s *Service) Leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopping, s.leaving = true, true
}

// Stop refuses new sessions and steps from now on; it is for the moment before
// Run's context ends.
func (s *Service) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopping = true
}

var errStopping = domain.Refuse(domain.CodeUnavailable, "the server is stopping")
