// Package browser runs Chromium: it finds it, starts one for a session under a
// keeper process, attaches to its page, and ends it with everything that it
// made. On the page it offers frames, isolated worlds, input, dialogs and the
// screencast.
package browser

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/browser/cgroup"
	"github.com/browserhook/browserhook/internal/browser/keeper"
	"github.com/browserhook/browserhook/internal/domain"
)

// The codes of a browser that did not start, or was lost.
const (
	CodeNotFound     = "browser_not_found"
	CodeStartFailed  = "browser_start_failed"
	CodeStartTimeout = "browser_start_timeout"
	CodeCrashed      = "browser_crashed"
)

// Config says how browsers are started.
type Config struct {
	Chromium     string         // path; empty: the one that is installed
	RunDir       string         // folder of the sessions' folders
	Keeper       []string       // command that is the keeper
	Script       string         // evaluated in our isolated world of every document
	StartTimeout time.Duration  // until the page can be used; 0: 30 s
	MaxTabs      int            // of a browser; 0: MaxTabs
	MaxDownload  int64          // size of a file that pages download, in bytes; 0: MaxDownload
	Keep         Keep           // keeps what pages download; nil: nobody does
	Logs         OpenLog        // of what pages say and ask for; nil: none is kept
	Grace        time.Duration  // that a browser outlives its server by, for Attach; 0: it ends with it
	Ready        int            // browsers that are kept ready for sessions to come: see Fill
	Limits       keeper.Limits  // of each browser
	NoCgroups    bool           // keep to the limits without control groups
	Allow        []netip.Prefix // ranges inside closed address space that pages may reach
	NoNamespace  bool           // browsers have no network namespace of their own, though they could
	Users        string         // folder by which servers don't give two browsers the same user; empty: that of all
	Called       cdp.Called     // is told of every command to a browser that was waited for; nil: nobody is
	Log          *slog.Logger
}

// Launcher starts browsers.
type Launcher struct {
	Programs    map[string]string // path by name: Shell, Chromium
	Path        string            // of the default
	Version     string            // its own: "Chromium 156.0.8078.79 built on Debian …"
	Sandbox     bool              // Chromium's own sandbox can be had on this machine
	NoNamespace error             // why browsers have no network namespace of their own; nil: they have

	cfg     Config
	agents  map[string]func() agent // of the programs with a window, by path
	pool    *pool[*Browser]
	users   *users
	cgroups cgroup.Place
	running sync.Map // each *Browser of this server
}

// NewLauncher finds Chromium. Without one it returns a launcher whose Launch
// fails with CodeNotFound, and Path is empty: a server can still answer.
func NewLauncher(ctx context.Context, cfg Config) (*Launcher, error) {
	if cfg.StartTimeout == 0 {
		cfg.StartTimeout = 30 * time.Second
	}
	folders := lockFolders
	if cfg.Users != "" {
		folders = []string{cfg.Users}
	}
	users, err := newUsers(folders)
	if err != nil {
		return nil, err
	}
	l := &Launcher{cfg: cfg, agents: map[string]func() agent{}, users: users, cgroups: cgroup.Nowhere(errors.New("they are not used"))}
	if !cfg.NoCgroups {
		l.cgroups = findCgroups()
	}
	l.Programs = find(cfg.Chromium)
	if len(l.Programs) == 0 {
		l.pool = newPool(0, kind{}, l.startSpare, cfg.Log)
		return l, nil
	}
	l.Path = l.Programs[l.Browsers()[0]]
	said := func(ctx context.Context, path string) string {
		text, err := version(ctx, path)
		if err != nil {
			cfg.Log.Warn("Chromium does not tell its version", "path", path, "err", err)
		}
		return text
	}
	l.Version = said(ctx, l.Path)
	for _, path := range l.Programs {
		l.agents[path] = sync.OnceValue(func() agent {
			if path == l.Path {
				return windowed(l.Version)
			}
			return windowed(said(context.Background(), path))
		})
	}
	l.Sandbox = l.probe(ctx)
	if !l.Sandbox {
		cfg.Log.Warn("this machine gives Chromium no user namespace: browsers run without their own sandbox")
	}
	if l.NoNamespace = errTurnedOff; !cfg.NoNamespace {
		l.NoNamespace = Namespaces(ctx, cfg.Keeper)
	}
	if l.NoNamespace != nil {
		cfg.Log.Warn("browsers are closed in by their proxy alone, without a network namespace of their own: what gets out of Chromium's sandbox reaches this machine's network", "why", l.NoNamespace)
	}
	k, _ := l.kindOf(l.Path, domain.SessionOptions{Viewport: Viewport})
	l.pool = newPool(cfg.Ready, k.spare(), l.startSpare, cfg.Log)
	return l, nil
}

// Browsers are the names of the programs that can be started, the default first.
func (l *Launcher) Browsers() (names []string) {
	for _, name := range []string{Shell, Chromium} {
		if l.Programs[name] != "" {
			names = append(names, name)
		}
	}
	return names
}

// program is the path of what a session asks for, or of the default.
func (l *Launcher) program(browser string) (string, error) {
	switch path := l.Programs[browser]; {
	case l.Path == "":
		return "", errNoChromium
	case browser == "":
		return l.Path, nil
	case path == "":
		return "", fmt.Errorf("the session asks for %q, which is not installed here: install the package %s", browser, places[browser].names[0])
	default:
		return path, nil
	}
}

// kindOf is what a session's browser is started as, and who it is then told to be.
func (l *Launcher) kindOf(path string, opt domain.SessionOptions) (kind, agent) {
	told := l.agents[path]()
	if opt.UserAgent != "" {
		told.userAgent, told.hints = opt.UserAgent, hintsOf(opt.UserAgent)
	}
	told.languages = cmp.Or(opt.Locale, american)
	return kind{path, told.userAgent, opt.Locale, opt.IgnoreCertErrors, opt.Viewport, scale(opt)}, told
}

// probe asks, as the user that browsers run as, whether a sandbox can be had.
// It is this user that runs the program, and becomes the other one then: the
// other may not be able to reach it.
func (l *Launcher) probe(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	args := append(slices.Clone(l.cfg.Keeper[1:]), "probe")
	if os.Getuid() == 0 {
		args = append(args, strconv.Itoa(lastUID))
	}
	err := exec.CommandContext(ctx, l.cfg.Keeper[0], args...).Run()
	// Whatever else went wrong, the sandbox isn't given up for it: Chromium
	// itself will say.
	exit, ok := errors.AsType[*exec.ExitError](err)
	return !ok || exit.ExitCode() != keeper.NoNamespace
}

// Failure is a browser that did not start; it is a *domain.Failure with one of
// the codes above and the last lines that Chromium printed.
func failure(code, message string, lines []string) *domain.Failure {
	f := &domain.Failure{Code: code, Message: domain.CleanText(message), Lines: make([]string, len(lines))}
	for i, line := range lines {
		f.Lines[i] = domain.CleanText(line)
	}
	return f
}

// Launch takes a browser that is ready for a session, or starts one, and returns it
// with its page attached and the options applied. The error is a *domain.Failure.
func (l *Launcher) Launch(ctx context.Context, sessionID string, opt domain.SessionOptions) (*Browser, error) {
	path, err := l.program(opt.Browser)
	if err != nil {
		return nil, failure(CodeNotFound, err.Error(), nil)
	}
	ctx, cancel := context.WithTimeout(ctx, l.cfg.StartTimeout)
	defer cancel()
	k, told := l.kindOf(path, opt)
	b, ready := l.pool.take(ctx, k.spare())
	defer l.pool.startDone()
	if ready {
		if err = l.assign(ctx, b, sessionID, opt, told, k != k.spare()); err == nil {
			b.conn.Go(b.watchLiveness)
			return b, nil
		}
		l.cfg.Log.Warn("a browser that was ready could not be used: another is started", "session", sessionID, "err", err)
		b.end(ctx)
	}
	return l.startFor(ctx, k, sessionID, opt, told)
}

// Try starts a browser as for a session that asks for nothing, not one that is ready,
// and ends it. The error is Launch's.
func (l *Launcher) Try(ctx context.Context) error {
	path, err := l.program("")
	if err != nil {
		return failure(CodeNotFound, err.Error(), nil)
	}
	ctx, cancel := context.WithTimeout(ctx, l.cfg.StartTimeout)
	defer cancel()
	opt := domain.SessionOptions{Viewport: Viewport}
	k, told := l.kindOf(path, opt)
	b, err := l.startFor(ctx, k, domain.NewID(domain.PrefixSession), opt, told)
	if err == nil {
		b.end(ctx)
	}
	return err
}

// startFor starts a browser for a session.
func (l *Launcher) startFor(ctx context.Context, k kind, sessionID string, opt domain.SessionOptions, told agent) (*Browser, error) {
	b, err := l.start(ctx, k, sessionID, false)
	if err != nil {
		return nil, failure(CodeStartFailed, err.Error(), nil)
	}
	if _, err = b.greet(ctx, keeper.Forwarding); err == nil {
		err = b.setRules(ctx, l.cfg.Allow, opt)
	}
	if err == nil {
		b.tabs, err = attach(ctx, b, l.cfg, opt, told, false)
	}
	if err == nil {
		b.conn.Go(b.watchLiveness)
		return b, nil
	}
	if hungUp(err) { // the keeper has ended, of which the wire tells in a moment
		select {
		case <-b.Done():
		case <-ctx.Done():
		}
	}
	if b.conn.Err() != nil { // it ended by itself: it says why
		<-b.Done()
		exit := b.Exit()
		return nil, failure(CodeStartFailed, exit.Message, exit.Lines)
	}
	b.end(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, failure(CodeStartTimeout,
			fmt.Sprintf("Chromium did not answer within %s.", l.cfg.StartTimeout), b.Exit().Lines)
	}
	return nil, failure(CodeStartFailed, err.Error(), b.Exit().Lines)
}

// start makes the session's folder and socket, starts the keeper and connects.
func (l *Launcher) start(ctx context.Context, k kind, sessionID string, spare bool) (*Browser, error) {
	dir := filepath.Join(l.cfg.RunDir, sessionID)
	as, err := l.users.take()
	if err != nil {
		return nil, err
	}
	b := &Browser{ID: sessionID, dir: dir, log: l.cfg.Log, release: as.release, closeRequested: make(chan struct{}), done: make(chan struct{})}
	files, err := makeFolders(dir, as.id)
	if err != nil {
		b.abandon()
		return nil, err
	}
	b.files = files
	if !isShell(k.program) {
		if err := prefer(files, as.id); err != nil {
			b.abandon()
			return nil, err
		}
	}
	if b.key, err = makeKey(dir); err != nil {
		b.abandon()
		return nil, err
	}
	listener, err := listen(dir)
	if err != nil {
		b.abandon()
		return nil, err
	}
	defer listener.Close()
	told := keeper.Config{
		Chromium: k.program, Args: append(cacheFlags(l.cfg.Limits), k.flags(files, l.Sandbox, l.NoNamespace == nil)...), Dir: dir, Files: files, UID: as.id,
		Grace: l.cfg.Grace, Spare: spare, Limits: l.cfg.Limits, Cgroups: l.cgroups, Namespace: l.NoNamespace == nil, Forwards: true,
	}
	passed := []*os.File{listener}
	if as.lock != nil {
		passed = append(passed, as.lock)
		told.User = 3 + 1
	}
	cfg, err := json.Marshal(told)
	if err != nil {
		b.abandon()
		return nil, err
	}
	process := exec.Command(l.cfg.Keeper[0], append(l.cfg.Keeper[1:], string(cfg))...) //nolint:noctx // it outlives the call; Close ends it
	process.Env = []string{"PATH=" + os.Getenv("PATH"), "LANG=" + os.Getenv("LANG"), "GOMAXPROCS=2", "GOGC=50"}
	process.Dir = "/"
	process.ExtraFiles = passed
	process.Stderr = &b.keeperSaid
	process.SysProcAttr = keeper.Attr(l.NoNamespace == nil)
	if err := process.Start(); err != nil {
		b.abandon()
		return nil, fmt.Errorf("start the keeper: %w", err)
	}
	b.keeper, b.keeperPID = child{process}, process.Process.Pid
	nc, err := dial(ctx, dir)
	if err != nil {
		_ = b.keeper.signal(syscall.SIGKILL)
		_ = b.keeper.wait()
		b.abandon()
		return nil, fmt.Errorf("connect to the keeper: %w", err)
	}
	b.conn = l.wire(nc)
	b.conn.Listen("", b.onEvent, keeper.MethodExited, keeper.MethodClose, keeper.MethodLeft, keeper.MethodUsed)
	l.watch(b)
	return b, nil
}

// wire is the connection to a keeper.
func (l *Launcher) wire(nc net.Conn) *cdp.Conn {
	c := cdp.NewConn(nc, l.cfg.Log)
	c.Observe(l.cfg.Called)
	return c
}

// hungUp says that who listened at the other end of a socket is gone.
func hungUp(err error) bool {
	return slices.ContainsFunc([]error{syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE, io.EOF}, func(gone error) bool { return errors.Is(err, gone) })
}

// watch sees to the end of a browser that runs.
func (l *Launcher) watch(b *Browser) {
	l.running.Store(b, nil)
	b.ended = func() { l.running.Delete(b) }
	go b.watch()
}
