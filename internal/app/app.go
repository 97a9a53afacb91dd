// Package app is the composition root: it builds the server of its parts,
// starts them, and stops them in order.
package app

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/browserhook/browserhook/internal/access"
	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/config"
	"github.com/browserhook/browserhook/internal/connect"
	"github.com/browserhook/browserhook/internal/conns"
	"github.com/browserhook/browserhook/internal/dashboard"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/egress"
	"github.com/browserhook/browserhook/internal/event"
	"github.com/browserhook/browserhook/internal/hop"
	"github.com/browserhook/browserhook/internal/httpapi"
	"github.com/browserhook/browserhook/internal/live"
	"github.com/browserhook/browserhook/internal/mcp"
	"github.com/browserhook/browserhook/internal/recording"
	"github.com/browserhook/browserhook/internal/retention"
	"github.com/browserhook/browserhook/internal/session"
	"github.com/browserhook/browserhook/internal/sessionlog"
	"github.com/browserhook/browserhook/internal/step"
	"github.com/browserhook/browserhook/internal/store/seal"
	"github.com/browserhook/browserhook/internal/telemetry"
	"github.com/browserhook/browserhook/internal/webhook"
)

// App is a server, built and not yet running.
type App struct {
	URL string // where it listens
	Key string // the API key, on the very first start only

	log       *slog.Logger
	data      *dataFolder
	store     store
	box       *seal.Box
	blobs     *blobs
	logs      *sessionlog.Folder
	recorded  *recording.Folder
	access    *access.Service
	launcher  *browser.Launcher
	sessions  *session.Service
	engine    *webhook.Engine
	retention *retention.Service
	health    *health
	telemetry *telemetry.Telemetry
	metrics   *metricsServer // nil: they are at listen alone
	starts    *startMonitor
	events    *event.Log
	keys      *webhook.PublicKeys
	stats     *webhook.Stats
	egress    *egress.Client
	server    *conns.Server
	models    *mcp.Handler
	listener  net.Listener
	proxies   []netip.Prefix
	composed  atomic.Bool
	nodes     httpapi.Nodes
	hops      *hop.Servers    // nil: this is the only server
	intake    context.Context //nolint:containedctx // until a stop begins,
	serving   context.Context //nolint:containedctx // and until the sessions are over
	endIntake context.CancelFunc
	sendAway  context.CancelFunc
	grace     time.Duration // for a stop
	outlived  time.Duration // how long browsers outlive the server, as far as can be known
	ends      string        // why SIGTERM ends sessions; empty: it leaves them to the next start
	stopBy    atomic.Pointer[time.Time]
	settings  config.Server
}

// keeperCommand is this program, as a keeper.
func keeperCommand() ([]string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	if raced {
		// A keeper has none of the server's environment: the race detector's settings,
		// which only a server that is under test has, are given to it.
		return []string{"env", "GORACE=" + os.Getenv("GORACE"), self, "keeper"}, nil
	}
	return []string{self, "keeper"}, nil
}

// New builds a server from settings that Check has seen. Close or Run releases
// what it holds.
func New(ctx context.Context, settings config.Server, log *slog.Logger) (_ *App, err error) {
	a := &App{log: log, settings: settings}
	a.intake, a.endIntake = context.WithCancel(context.Background())
	a.serving, a.sendAway = context.WithCancel(context.Background())
	defer func() {
		if err != nil {
			a.release()
		}
	}()
	if a.data, err = openData(settings.Data); err != nil {
		return nil, err
	}
	if err = a.openTelemetry(ctx); err != nil {
		return nil, err
	}
	log = a.log
	if a.box, err = openBox(settings.MasterKey, a.data.MasterKey); err != nil {
		return nil, err
	}
	keep, err := settings.KeepBrowsers()
	if err != nil {
		return nil, err
	}
	a.outlive(ctx, keep)
	if a.store, err = openStore(ctx, settings, a.data, a.box, a.outlived, a.committed, a.signaled, log); err != nil {
		return nil, err
	}
	if n, err := a.store.Reseal(ctx); err != nil {
		return nil, err
	} else if n > 0 {
		log.Info("encrypted webhook secrets with the new master key", "endpoints", n)
	}
	a.access = access.New(a.store)
	if a.Key, err = a.access.First(ctx, settings.APIKey); err != nil {
		return nil, err
	}
	if a.blobs, err = openBlobs(ctx, settings.ArtifactsURL, a.data.Artifacts); err != nil {
		return nil, err
	}
	limits, err := limitsOf(settings)
	if err != nil {
		return nil, err
	}
	reach, err := settings.BrowserPrefixes()
	if err != nil {
		return nil, err
	}
	largest, err := settings.LargestDownload()
	if err != nil {
		return nil, err
	}
	if a.logs, err = sessionlog.NewFolder(a.data.Logs); err != nil {
		return nil, err
	}
	if a.recorded, err = recording.NewFolder(a.data.Recordings); err != nil {
		return nil, err
	}
	keeper, err := keeperCommand()
	if err != nil {
		return nil, err
	}
	a.launcher, err = browser.NewLauncher(ctx, browser.Config{
		Chromium: settings.Chromium, RunDir: a.data.Run, Keeper: keeper, Script: step.Script(), Grace: keep, Ready: *settings.PoolSize,
		Limits: limits, Allow: reach, Called: a.telemetry.Called, Log: log,
		MaxDownload: largest, Keep: withFreeSpace(a.blobs.full, func(ctx context.Context, session string, d *browser.Download, file io.Reader) error {
			return a.sessions.KeepDownload(ctx, session, d, file)
		}),
		Logs: func(session string, flush func()) (*sessionlog.File, error) {
			return a.sessions.OpenLog(session, flush)
		},
	})
	if err != nil {
		return nil, err
	}
	if err := a.sweep(ctx); err != nil {
		return nil, err
	}
	if a.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", settings.Listen); err != nil {
		return nil, listenError(settings.Listen, err)
	}
	a.URL = "http://" + a.listener.Addr().String()
	if a.metrics, err = listenForMetrics(ctx, settings.MetricsListen, a.telemetry); err != nil {
		return nil, err
	}
	kept := retention.Config{Store: a.store, Files: files{a.blobs, a.logs, a.recorded}, Shared: a.blobs.folder == "", Log: log}
	if kept.Keep, err = settings.Keep(); err != nil {
		return nil, err
	}
	if kept.Artifacts, err = settings.KeepArtifacts(); err != nil {
		return nil, err
	}
	a.retention = retention.New(kept)
	if a.egress, err = openEgress(settings); err != nil {
		return nil, err
	}
	if a.grace, err = settings.Grace(); err != nil {
		return nil, err
	}
	if a.proxies, err = settings.ProxyPrefixes(); err != nil {
		return nil, err
	}
	if err := a.compose(ctx); err != nil {
		return nil, err
	}
	a.composed.Store(true)
	return a, nil
}

// compose makes the services and connects them.
func (a *App) compose(ctx context.Context) error {
	endpoints := webhook.NewService(a.store, a.egress.Guard)
	largest, err := a.settings.LargestRecording()
	if err != nil {
		return err
	}
	a.starts = newStartMonitor(func(ctx context.Context, id string, opt domain.SessionOptions) (session.Browser, error) {
		began := time.Now()
		b, err := a.launcher.Launch(ctx, id, opt)
		a.telemetry.Started(time.Since(began), err)
		if err != nil {
			return nil, err
		}
		return b, nil
	}, a.launcher.Try)
	a.sessions = session.New(session.Config{
		Store: observed{a.store, a.telemetry}, Traced: a.telemetry.Traced(), Endpoints: endpoints, Blobs: a.blobs, Logs: a.logs, Recordings: a.recorded, Record: a.settings.Record, MaxRecording: largest, Full: recordingDiskFull(a.blobs, a.data.Recordings), Box: a.box, Browsers: a.launcher.Browsers(), PublicURL: a.publicURL, MaxSessions: a.settings.MaxSessions, MaxQueued: a.settings.MaxQueued, Log: a.log,
		Others: others(a.store), Nodes: nodes(a.store), StopElsewhere: stopElsewhere(a.store), StopWithin: a.grace * 5 / 8, NoBundles: a.settings.NoFailureBundles,
		Launch: a.starts.Launch,
		Attach: func(ctx context.Context, id string, opt domain.SessionOptions) (session.Browser, error) {
			b, err := a.launcher.Attach(ctx, id, opt)
			if err != nil {
				return nil, err
			}
			return b, nil
		},
		Discard: func(id string) {
			if err := a.launcher.Discard(id); err != nil {
				a.log.Error("end a browser of an earlier server", "session", id, "err", err)
			}
		},
	})
	a.events = event.New(a.store)
	a.health = newHealth(a.store.Ping, a.blobs.folder, func() error { return cmp.Or(checkPrerequisites(a.launcher.Path, a.data.Run), a.starts.Broken()) }, a.log)
	a.keys = webhook.NewPublicKeys(a.store)
	a.engine = webhook.NewEngine(a.store, a.egress, Version, a.log)
	a.engine.Grace = func() time.Duration {
		if by := a.stopBy.Load(); by != nil {
			return time.Until(*by)
		}
		return webhook.Grace // it has failed by itself
	}
	a.stats = webhook.NewStats(a.store, a.log)
	a.engine.Recorded = func(outcomes []domain.Outcome) {
		a.telemetry.Recorded(outcomes)
		a.stats.Recorded(outcomes)
	}
	if a.telemetry.Traced() {
		a.engine.Span = a.telemetry.Span
	}
	a.store.Observe(a.telemetry.Database)
	a.store.OfferTo(a.engine)
	if err := a.join(ctx); err != nil {
		return err
	}
	page := live.New(a.sessions, a.store, a.access, a.serving.Done(), httpapi.Refuse, a.log)
	page.Embed = a.settings.EmbedOrigins
	page.Recordings = replays{a.sessions, a.store}
	if err := a.telemetry.Ask(func(ctx context.Context) telemetry.State { return a.state(ctx, page) }); err != nil {
		return err
	}
	programs := &connect.Handler{Sessions: a.sessions, Keys: a.access, PublicURL: a.publicURL, Stopping: a.serving.Done(), Refuse: httpapi.Refuse, Log: a.log}
	a.models = &mcp.Handler{
		Keys: a.access, PublicURL: a.publicURL, Origins: a.settings.CORSOrigins, Serving: a.serving, Version: Version, Refuse: httpapi.Refuse, Log: a.log,
		End: func(ctx context.Context, project, session string) error {
			_, err := a.sessions.Close(ctx, project, session)
			return err
		},
	}
	pages := &dashboard.Handler{Keys: a.access, PublicURL: a.publicURL, Stopping: a.serving.Done(), Version: Version, Log: a.log}
	api := httpapi.Config{
		Access: a.access, Sessions: a.sessions, Streams: a.sessions, Steps: a.sessions, Artifacts: a.sessions, Logs: a.sessions, Recordings: a.sessions,
		Endpoints: endpoints, Deliveries: webhook.NewDeliveries(a.store), Events: a.events,
		Explain: &webhook.Explainer{History: a.store, State: a.engine.State}, PublicKeys: a.keys,
		Stats: a.stats, Examples: webhook.NewExamples(a.store, a.egress, Version),
		Forget: a.retention.Forget, Live: page, Connect: programs, MCP: a.models, Nodes: a.nodes, PublicURL: a.publicURL,
		Metrics: a.telemetry.Handler(), Request: a.telemetry.Request,
		Settings: documented,
		Version:  Version, Origins: a.settings.CORSOrigins, Log: a.log, Draining: a.intake.Done(), Stopping: a.serving.Done(), Ready: a.ready, Weaker: weaker(a.launcher),
	}
	if a.hops != nil { // an interface of none is nil
		page.Servers, programs.Forward, api.Hops = a.hops, a.hops.Forward, a.hops
	}
	if !a.settings.NoDashboard {
		api.Dashboard = pages
	}
	routes := httpapi.New(api)
	a.models.Over(routes)
	pages.Over(routes)
	a.server = conns.New(routes, conns.Config{
		Most: min(a.settings.MaxConnections, openFiles()/2), Proxies: a.proxies, Stall: stall,
		Health: httpapi.Health, Refuse: httpapi.Refuse, Log: a.log,
	})
	return nil
}

// stall is how long a request's body or an answer may stand still.
const stall = 30 * time.Second

// openFiles is how many files, and so connections, the process may have open.
func openFiles() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 1024
	}
	return int(min(limit.Cur, 1<<30))
}

// committed hands on what this server has committed.
func (a *App) committed(c domain.Commit) {
	if !a.composed.Load() {
		return // the first key and the like, before anything runs
	}
	a.telemetry.Committed(c.Events)
	a.access.Notify(c)
	logEvents(a.log, c.Events)
	a.sessions.Notify(c)
	a.events.Notify(c)
	a.engine.Notify(c)
	a.keys.Notify(c)
}

// signaled hands on what comes from other servers that share the store.
func (a *App) signaled(s domain.Signal) {
	if !a.composed.Load() {
		return
	}
	if a.hops != nil && s.Missed {
		a.hops.Missed()
	}
	a.access.Signal(s)
	a.sessions.Signal(s)
	a.events.Signal(s)
	a.engine.Signal(s)
	a.keys.Signal(s)
}

func (a *App) publicURL() string {
	if a.settings.PublicURL != "" {
		return a.settings.PublicURL
	}
	return a.URL
}
