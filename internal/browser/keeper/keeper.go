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
	defer func() { _ = RemoveAll(cfg.Dir) }()
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

// RemoveAll is os.RemoveAll for a folder in which somebody who was just killed
// may have made a last file.
func RemoveAll(dir string) (err error) {
	for range 5 {
		if err = os.RemoveAll(dir); err == nil {
			return nil
		}
	}
	return err
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

	proxy *egress.ForwardProxy

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
	k.proxy = egress.NewForwardProxy(func(r egress.Refusal) { k.mux.Tell(MethodTold, r) })
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
	status, ended, err := k.supervise(stop, browserDone)
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

// supervise returns when the browser has ended, with its status, or is to end.
func (k *keeper) supervise(stop <-chan os.Signal, browserDone <-chan struct{}) (status syscall.WaitStatus, ended bool, err error) {
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
