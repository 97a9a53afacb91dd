// Package keeper is the supervisor process of one Chromium: `browserhook
// keeper`. It starts the browser on a pipe, passes bytes between that and a
// Unix socket unchanged, reaps whatever the browser starts, and leaves nothing
// behind: when the browser or the server's connection ends, it kills what
// lives, removes the session's folder and exits.
//
// Its own news are messages on the same wire, as the protocol spells them:
// Keeper.started {pid}, Keeper.exited {code, signal, lines, error}.
package keeper

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Config is what the server tells a keeper, as JSON in its only argument. The
// listening socket is file descriptor 3.
type Config struct {
	Chromium string   `json:"chromium"` // path of the program
	Args     []string `json:"args"`
	Dir      string   `json:"dir"`   // the session's folder; removed at the end
	Files    string   `json:"files"` // inside it: the browser's own, its home
	UID      int      `json:"uid"`   // user and group to run as; 0: the keeper's own
}

// Started is the news that Chromium runs.
type Started struct {
	PID int `json:"pid"`
}

// Exited is the news that Chromium has ended or could not be started.
type Exited struct {
	Code   int      `json:"code"`
	Signal int      `json:"signal,omitempty"`
	Error  string   `json:"error,omitempty"` // why it could not be started
	Lines  []string `json:"lines"`           // the last it printed
}

// The methods of the keeper's own messages.
const (
	MethodStarted = "Keeper.started"
	MethodExited  = "Keeper.exited"
)

const (
	connectWithin = 10 * time.Second // or the server is gone
	endWithin     = 5 * time.Second  // what is killed is gone by then
)

// Main is the keeper's whole life, given the arguments after "keeper". It
// returns the exit code.
func Main(args []string) int {
	if len(args) > 0 && args[0] == "probe" {
		return probe(args[1:])
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
	k := &keeper{cfg: cfg, lines: newTail(), exited: make(chan syscall.WaitStatus, 1)}
	defer removeAll(cfg.Dir)
	if err := k.run(); err != nil {
		fmt.Fprintln(os.Stderr, "keeper:", err)
		return 1
	}
	return 0
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

	writeMu sync.Mutex // whole messages only, Chromium's or the keeper's
	conn    net.Conn
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
	toBrowser, fromBrowser, err := k.start()
	startErr := err

	_ = listener.(*net.UnixListener).SetDeadline(time.Now().Add(connectWithin))
	k.conn, err = listener.Accept()
	listener.Close()
	if err != nil {
		k.end()
		return fmt.Errorf("the server did not connect: %w", err)
	}
	defer k.conn.Close()
	if startErr != nil {
		k.tell(MethodExited, Exited{Code: -1, Error: startErr.Error(), Lines: []string{}})
		return nil
	}
	k.tell(MethodStarted, Started{PID: k.pid})

	go func() {
		_, _ = io.Copy(toBrowser, k.conn)
		// A browser that is gone takes nothing more. What the server still
		// sends is read, or closing the socket would take the news of the
		// browser's end along.
		_, _ = io.Copy(io.Discard, k.conn)
	}()
	serverGone := make(chan struct{})
	go func() {
		defer close(serverGone)
		hungUp(k.conn)
	}()
	browserDone := make(chan struct{})
	go func() {
		defer close(browserDone)
		k.forward(fromBrowser)
	}()
	select {
	case <-serverGone:
		k.end()
	case <-stop:
		k.end()
	case status := <-k.exited:
		// What Chromium sent last comes before the news of its end.
		k.end()
		<-browserDone
		k.lines.wait()
		k.tell(MethodExited, Exited{Code: status.ExitStatus(), Signal: signalOf(status), Lines: k.lines.last()})
	}
	return nil
}

// hungUp returns when the server's end of the connection is closed. It asks
// the kernel rather than reading: while a browser takes nothing, what the
// server sent before it went is never read to its end.
func hungUp(conn net.Conn) {
	raw, err := conn.(*net.UnixConn).SyscallConn()
	if err != nil {
		return
	}
	// A descriptor of its own, so that closing the connection waits for nobody.
	own := -1
	if err := raw.Control(func(fd uintptr) { own, _ = unix.Dup(int(fd)) }); err != nil || own < 0 {
		return
	}
	defer func() { _ = unix.Close(own) }()
	for {
		fds := []unix.PollFd{{Fd: int32(own), Events: unix.POLLRDHUP}}
		if _, err := unix.Poll(fds, -1); !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

func signalOf(s syscall.WaitStatus) int {
	if s.Signaled() {
		return int(s.Signal())
	}
	return 0
}

// forward passes what Chromium says on, in the pieces that arrive. A message
// of the keeper's own is only ever sent before the first and after the last.
func (k *keeper) forward(from io.Reader) {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			k.writeMu.Lock()
			_, werr := k.conn.Write(buf[:n])
			k.writeMu.Unlock()
			if werr != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (k *keeper) tell(method string, params any) {
	raw, err := json.Marshal(map[string]any{"method": method, "params": params})
	if err != nil {
		return
	}
	k.writeMu.Lock()
	defer k.writeMu.Unlock()
	_ = k.conn.SetWriteDeadline(time.Now().Add(time.Second))
	_, _ = k.conn.Write(append(raw, 0))
	_ = k.conn.SetWriteDeadline(time.Time{})
}

// start runs Chromium with its protocol on file descriptors 3 and 4, and the
// goroutine that reaps it and everything that it leaves.
func (k *keeper) start() (toBrowser io.WriteCloser, fromBrowser io.ReadCloser, err error) {
	readEnd, toBrowser, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	fromBrowser, writeEnd, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	printed, printEnd, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, nil, err
	}
	attr := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if k.cfg.UID != 0 {
		attr.Credential = &syscall.Credential{Uid: uint32(k.cfg.UID), Gid: uint32(k.cfg.UID), Groups: []uint32{}}
	}
	// Files stay open here by number until this function ends.
	defer func() {
		for _, f := range []*os.File{readEnd, writeEnd, printEnd, null} {
			f.Close()
		}
	}()
	k.pid, err = syscall.ForkExec(k.cfg.Chromium, append([]string{k.cfg.Chromium}, k.cfg.Args...), &syscall.ProcAttr{
		Dir:   k.cfg.Files,
		Env:   k.environment(),
		Files: []uintptr{null.Fd(), printEnd.Fd(), printEnd.Fd(), readEnd.Fd(), writeEnd.Fd()},
		Sys:   attr,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("start %s: %w", filepath.Base(k.cfg.Chromium), err)
	}
	go k.lines.read(printed)
	go k.reap()
	return toBrowser, fromBrowser, nil
}

// environment is all that Chromium learns: nothing of the server's own.
func (k *keeper) environment() []string {
	env := []string{
		"HOME=" + k.cfg.Files, "TMPDIR=tmp", // relative to Files: Chromium makes a socket there, whose path may have 108 bytes
		"XDG_CONFIG_HOME=" + filepath.Join(k.cfg.Files, "config"), "XDG_CACHE_HOME=" + filepath.Join(k.cfg.Files, "cache"),
		"XDG_RUNTIME_DIR=" + k.cfg.Files, "DBUS_SESSION_BUS_ADDRESS=disabled:",
		"PATH=/usr/local/bin:/usr/bin:/bin",
	}
	for _, name := range []string{"LANG", "LC_ALL", "FONTCONFIG_PATH", "FONTCONFIG_FILE"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// reap waits for every child, Chromium itself and what it orphaned.
func (k *keeper) reap() {
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
	for deadline := time.Now().Add(endWithin); time.Now().Before(deadline); {
		kids := children(os.Getpid())
		if len(kids) == 0 {
			return
		}
		for _, pid := range kids {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		// Nothing tells of a grandchild's end: look again soon.
		time.Sleep(time.Millisecond) //nolint:forbidigo // a bounded look at the kernel's table
	}
}
