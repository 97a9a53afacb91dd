// Package keeper is the supervisor process of one Chromium: `browserhook
// keeper`. It starts the browser on a pipe, shares that among those who connect
// to its Unix socket (package mux), reaps whatever the browser starts, and
// leaves nothing behind: when the browser ends, or the server says so or has been
// gone for longer than the grace period, it kills what lives, removes the session's
// folder and exits. A server that comes back within that finds everything as it was.
//
// What it says itself are messages on the same wire, as the protocol spells
// them. Who connects says Keeper.hello first, and is told Keeper.exited last.
package keeper

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/browserhook/browserhook/internal/browser/cgroup"
	"github.com/browserhook/browserhook/internal/browser/mux"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/egress"
)

// Config is what the server tells a keeper, as JSON in its only argument. The
// listening socket is file descriptor 3.
type Config struct {
	Chromium string   `json:"chromium"` // path of the program
	Args     []string `json:"args"`
	Dir      string   `json:"dir"`   // the session's folder; removed at the end
	Files    string   `json:"files"` // inside it: the browser's own, its home
	UID      int      `json:"uid"`   // user and group to run as; 0: the keeper's own
	// User is the descriptor of a file whose lock keeps that user from other browsers,
	// as long as it is open; 0: none.
	User    int          `json:"user,omitempty"`
	Limits  Limits       `json:"limits,omitzero"`
	Cgroups cgroup.Place `json:"cgroups,omitzero"` // where its control group is made, if anywhere
	// Grace is how long a server may be gone; 0: the browser ends with it.
	Grace time.Duration `json:"grace,omitempty"`
	// Namespace has the browser in a network namespace of its own, or not at all. Attr
	// says how the keeper must be started then.
	Namespace bool `json:"namespace,omitempty"`
	// Forwards has the browser's way out be the keeper's: a server that was started before
	// an upgrade starts keepers of after it, and says no rules.
	Forwards bool `json:"forwards,omitempty"`
	// Spare is a browser that no session has yet: until it does, it ends with its
	// server. SessionFile says so.
	Spare bool `json:"spare,omitempty"`
}

// Version is that of what keeper and server say to each other: it is raised when
// one of them would not understand the other.
const Version = 3

// Returning is the version from which on a server can come back.
const Returning = 2

// Forwarding is the version from which on a keeper has the browser's way out: see
// Hello.Rules.
const Forwarding = 3

// KeyFile is in the session's folder, where nobody but the server's user reads it:
// what it holds shows whoever connects to be a server of this installation.
const KeyFile = "key"

// SessionFile is in the folder of a browser that was a spare one: the session's id.
const SessionFile = "session"

// The methods of the keeper's own messages.
const (
	MethodHello  = "Keeper.hello"  // a command: Hello, answered by Welcome
	MethodExited = "Keeper.exited" // an event: Exited
	MethodClose  = "Keeper.close"  // an event: a program asks for the browser's end
	MethodLeft   = "Keeper.left"   // an event: a program has left, and nothing of it is in the browser
	MethodNote   = "Keeper.note"   // a command: what the next server is to know, whatever that is
	MethodTold   = "Keeper.told"   // an event: egress.Refusal, a connection that was not made
	MethodUsed   = "Keeper.used"   // an event: domain.Usage, what has passed so far, when that is more
	MethodTaken  = "Keeper.taken"  // an event: that note; the events before tell of what there is, see mux.ServeKept
)

// Hello is the first message of a connection.
type Hello struct {
	Version int    `json:"version"`          // the highest that the server speaks
	Oldest  int    `json:"oldest"`           // and the lowest
	Key     string `json:"key,omitempty"`    // what KeyFile holds
	Client  bool   `json:"client,omitempty"` // it is for a program that uses the session's browser, whom the rules are for
	Target  string `json:"target,omitempty"` // that alone is its root; empty: the browser

	// With one of these the connection is for nothing else:
	Rules *egress.Rules `json:"rules,omitempty"` // what the browser may reach from now on; nothing, before
	Asks  bool          `json:"asks,omitempty"`  // for Welcome.Usage
	Ends  bool          `json:"ends,omitempty"`  // the same, after which nothing passes any more
	Dials bool          `json:"dials,omitempty"` // what follows is for the browser's proxy
}

// Welcome answers it.
type Welcome struct {
	Version int `json:"version"` // that is spoken on this connection
	PID     int `json:"pid"`     // Chromium's
	// For a server: the keeper's process, and how long there has been none before.
	Keeper int   `json:"keeper,omitempty"`
	AwayMs int64 `json:"awayMs,omitempty"`
	// NoGroup is why the browser is in no control group, though it was to be.
	NoGroup string `json:"noGroup,omitempty"`
	// Open: the browser's way out isn't the keeper's, but the machine's.
	Open bool `json:"open,omitempty"`
	// To who asks, what has passed.
	Usage *domain.Usage `json:"usage,omitempty"`
}

// Exited is the news that Chromium has ended or could not be started.
type Exited struct {
	Code   int      `json:"code"`
	Signal int      `json:"signal,omitempty"`
	Error  string   `json:"error,omitempty"` // why it could not be started
	Lines  []string `json:"lines"`           // the last it printed
	// Exceeded is what it had too much of, if it was ended for that.
	Exceeded *Exceeded    `json:"exceeded,omitempty"`
	Usage    domain.Usage `json:"usage"` // that there was in all
}

const (
	connectWithin = 10 * time.Second // or the server is gone
	helloWithin   = 10 * time.Second // of connecting
	endWithin     = 5 * time.Second  // what is killed is gone by then
	exitWithin    = time.Second      // of the end of its pipe
	readWithin    = time.Second      // what was said last
	acceptAgain   = 100 * time.Millisecond
	maxHello      = 256 << 10 // bytes
)

// Main is the keeper's whole life, given the arguments after "keeper". It
// returns the exit code.
func Main(args []string) int {
	if len(args) > 0 && args[0] == "probe" {
		return probe(args[1:])
	}
	if len(args) == 1 && args[0] == "namespace" {
		return tryNamespace()
	}
	var cfg Config
	if len(args) != 1 || json.Unmarshal([]byte(args[0]), &cfg) != nil || cfg.Dir == "" {
		fmt.Fprintln(os.Stderr, "browserhook keeper is started by browserhook serve")
		return 2
	}
	// The kernel kills Chromium when the thread that started it ends.
	runtime.LockOSThread()
	// Orphans of Chromium become the keeper's children, to be killed with it.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		fmt.Fprintln(os.Stderr, "keeper: become the reaper:", err)
	}
	k := &keeper{
		cfg: cfg, lines: newTail(), exited: make(chan syscall.WaitStatus, 1), reaped: make(chan struct{}), exceeds: make(chan Exceeded, 1),
		servers: make(chan int), over: make(chan struct{}),
	}
	defer removeAll(cfg.Dir)
	if cfg.User > 0 {
		syscall.CloseOnExec(cfg.User)
	}
	if key, err := os.ReadFile(filepath.Join(cfg.Dir, KeyFile)); err == nil { // a server of version 1 makes none
		k.key = key
	}
	if err := k.run(); err != nil {
		fmt.Fprintln(os.Stderr, "keeper:", err)
		return 1
	}
	return 0
}

// grace is how long the browser outlives its server.
func (k *keeper) grace() time.Duration {
	if k.cfg.Spare {
		if _, err := os.Stat(filepath.Join(k.cfg.Dir, SessionFile)); err != nil {
			return 0
		}
	}
	return k.cfg.Grace
}

// removeAll is os.RemoveAll for a folder in which somebody who was just killed
// may have made a last file.
func removeAll(dir string) {
	for range 5 {
		if os.RemoveAll(dir) == nil {
			return
		}
	}
}

type keeper struct {
	cfg    Config
	lines  *tail
	pid    int
	exited chan syscall.WaitStatus
	reaped chan struct{} // closed when nothing is left of all that Chromium started
	mux    *mux.Mux
	group  *cgroup.Group // that it is in, if any
	// noGroup is why it is in none, though it was to be.
	noGroup error

	exceeds  chan Exceeded // it has too much of something
	exceeded *Exceeded     // and was ended for that

	proxy *egress.Forward

	key []byte

	serving sync.WaitGroup
	servers chan int      // 1 when one has connected, -1 when it has gone
	over    chan struct{} // closed when nobody asks any more

	mu   sync.Mutex
	gone time.Time // since when there is no server; zero: there is one, or was none
}

func (k *keeper) run() error {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	signal.Ignore(syscall.SIGINT, syscall.SIGHUP, syscall.SIGPIPE)

	file := os.NewFile(3, "socket")
	listener, err := net.FileListener(file)
	file.Close()
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer listener.Close()
	defer k.release()
	defer k.end()
	k.proxy = egress.NewForward(func(r egress.Refusal) { k.mux.Tell(MethodTold, r) })
	var way net.Listener
	var proxy []string
	var browser pipes
	var startErr error
	if k.cfg.Forwards {
		if way, startErr = k.listenForBrowser(); startErr == nil {
			defer way.Close()
			proxy = proxied(way.Addr())
		}
	}
	if startErr == nil {
		browser, startErr = k.start(proxy)
	}
	if startErr != nil {
		k.refuse(listener, startErr)
		return nil
	}
	k.serving.Go(k.watch)
	k.mux = mux.New(browser, func() { k.mux.Tell(MethodLeft, struct{}{}) })
	if way != nil {
		k.serving.Go(func() { k.proxy.Serve(way) })
		k.serving.Go(k.tellUsage)
	}
	k.serving.Go(func() { k.accept(listener) })
	browserDone := make(chan struct{})
	go func() {
		defer close(browserDone)
		_ = k.mux.Run()
	}()
	status, ended, err := k.attend(stop, browserDone)
	if !ended {
		return err
	}
	// What Chromium sent last comes before the news of its end.
	k.end()
	<-browserDone
	k.lines.wait()
	if way != nil {
		way.Close()
	}
	k.proxy.Close()
	if k.exceeded == nil {
		k.exceeded = k.outOfMemory()
	}
	k.mux.Tell(MethodExited, Exited{Code: status.ExitStatus(), Signal: signalOf(status), Lines: k.lines.last(), Exceeded: k.exceeded, Usage: k.proxy.Usage()})
	k.mux.End(readWithin)
	listener.Close()
	served := make(chan struct{})
	go func() {
		defer close(served)
		k.serving.Wait()
	}()
	select {
	case <-served:
	case <-time.After(2 * readWithin): // one that has said no hello
	}
	return nil
}

// usageEvery is how often it is told what has passed.
const usageEvery = 5 * time.Second

// tellUsage tells again and again what has passed, so that it is known of a browser whose
// keeper is lost.
func (k *keeper) tellUsage() {
	tick := time.NewTicker(usageEvery)
	defer tick.Stop()
	for told := (domain.Usage{}); ; {
		select {
		case <-tick.C:
		case <-k.over:
			return
		}
		if now := k.proxy.Usage(); now != told {
			k.mux.Tell(MethodUsed, now)
			told = now
		}
	}
}

// attend returns when the browser has ended, with its status, or is to end.
func (k *keeper) attend(stop <-chan os.Signal, browserDone <-chan struct{}) (status syscall.WaitStatus, ended bool, err error) {
	defer close(k.over)
	late := time.NewTimer(connectWithin)
	why := errors.New("the server did not connect")
	// The server that has started all this hears how it ended, however soon.
	var exited chan syscall.WaitStatus
	var done <-chan struct{}
	for present := 0; ; {
		select {
		case n := <-k.servers:
			exited, done = k.exited, browserDone
			present += n
			k.mu.Lock()
			if k.gone = (time.Time{}); present > 0 {
				late.Stop()
			} else {
				k.gone, why = time.Now(), nil
				late.Reset(k.grace())
			}
			k.mu.Unlock()
		case <-late.C:
			return status, false, why
		case <-stop:
			return status, false, nil
		case status = <-exited:
			return status, true, nil
		case over := <-k.exceeds:
			k.exceeded = &over
			k.end()
			return <-k.exited, true, nil
		case <-done: // it ends, or says what is no message
			select {
			case status = <-k.exited:
			case <-time.After(exitWithin):
				k.end()
				status = <-k.exited
			}
			return status, true, nil
		}
	}
}

func signalOf(s syscall.WaitStatus) int {
	if s.Signaled() {
		return int(s.Signal())
	}
	return 0
}

// reap waits for every child, Chromium itself and what it orphaned.
func (k *keeper) reap() {
	defer close(k.reaped)
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if err == syscall.EINTR {
			continue
		}
		if pid == k.pid {
			k.exited <- status
		}
		if err != nil { // ECHILD: none left, and no more can come
			return
		}
	}
}

// end kills Chromium's process group and then whatever still descends from the
// keeper, wherever it hid.
func (k *keeper) end() {
	if k.pid == 0 {
		return
	}
	_ = syscall.Kill(-k.pid, syscall.SIGKILL)
	// A look at the kernel's table may miss one whose parent ends meanwhile: that none
	// is left the kernel says itself, to who waits for them.
	for deadline := time.Now().Add(endWithin); time.Now().Before(deadline); {
		for _, pid := range children(os.Getpid()) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		select {
		case <-k.reaped:
			return
		case <-time.After(time.Millisecond): // nothing tells of a grandchild's end: look again soon
		}
	}
}
