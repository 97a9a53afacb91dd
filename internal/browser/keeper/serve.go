package keeper

import (
	"bufio"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/browserhook/browserhook/internal/browser/mux"
)

// accept takes connections until the process ends.
func (k *keeper) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // too many files are open
			fmt.Fprintln(os.Stderr, "keeper: accept a connection:", err)
			time.Sleep(acceptAgain) //nolint:forbidigo // nothing tells when there is room
			continue
		}
		k.serving.Go(func() {
			if err := k.serve(conn); err != nil {
				fmt.Fprintln(os.Stderr, "keeper: a connection ended:", err)
			}
		})
	}
}

// serve lets one connection use the browser, when it has said who it is.
func (k *keeper) serve(conn net.Conn) error {
	defer conn.Close()
	if err := fromOutside(conn); err != nil {
		return err
	}
	in := bufio.NewReader(conn)
	hello, err := k.hello(conn, in)
	switch {
	case err != nil:
		return err
	case hello.Rules != nil, hello.Asks, hello.Ends:
		return nil // that was all
	case hello.Dials:
		k.proxy.ServeConn(conn)
		return nil
	}
	if hello.Client {
		return k.mux.Serve(conn, in, hello.Target, mux.ForClients(mux.Folders{Downloads: filepath.Join(k.cfg.Files, "downloads"), Files: k.cfg.Files}, func() {
			k.mux.Tell(MethodClose, struct{}{})
		}))
	}
	k.confineAgain()
	k.count(1)
	hangUp, err := whenHungUp(conn, func() { k.count(-1) })
	if err != nil {
		return err
	}
	defer hangUp()
	if hello.Version < Returning || k.cfg.Grace == 0 {
		return k.mux.Serve(conn, in, "", nil)
	}
	return k.mux.ServeKept(conn, in, MethodNote, MethodTaken)
}

// fromOutside fails when who has connected is of the browser. Where that runs as the
// server's user, a process that has got out of Chromium's sandbox could read the session's
// key; but whatever it has become, it descends from the keeper, who takes its orphans.
func fromOutside(conn net.Conn) error {
	var peer *unix.Ucred
	raw, err := conn.(*net.UnixConn).SyscallConn()
	if err == nil {
		asked := raw.Control(func(fd uintptr) { peer, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
		err = errors.Join(asked, err)
	}
	switch {
	case err != nil:
		return fmt.Errorf("find out who connects: %w", err)
	case peer.Pid <= 0, descends(int(peer.Pid), os.Getpid()):
		return fmt.Errorf("the process %d, which is the browser's, wants to be its server", peer.Pid)
	}
	return nil
}

// count tells that a server has come or gone.
func (k *keeper) count(n int) {
	select {
	case k.servers <- n:
	case <-k.over:
	}
}

// hello reads the first message of a connection, and answers it.
func (k *keeper) hello(conn net.Conn, in *bufio.Reader) (Hello, error) {
	_ = conn.SetDeadline(time.Now().Add(helloWithin))
	raw, err := readTo(in, 0)
	if err != nil {
		return Hello{}, fmt.Errorf("it said no hello: %w", err)
	}
	var said struct {
		ID     int64  `json:"id"`
		Method string `json:"method"`
		Params Hello  `json:"params"`
	}
	if err := json.Unmarshal(raw[:len(raw)-1], &said); err != nil || said.Method != MethodHello {
		return Hello{}, fmt.Errorf("it said %.40q and no hello", raw)
	}
	switch {
	case subtle.ConstantTimeCompare(k.key, []byte(said.Params.Key)) != 1:
		err = errors.New("it is of another server: it doesn't know the session's key")
	case said.Params.Oldest > Version:
		err = fmt.Errorf("it speaks version %d and newer, this keeper %d", said.Params.Oldest, Version)
	}
	var answer map[string]any
	if err == nil && said.Params.Rules != nil {
		err = k.proxy.SetRules(*said.Params.Rules)
	}
	if err != nil {
		answer = map[string]any{"id": said.ID, "error": map[string]any{"code": -32000, "message": err.Error()}}
	} else {
		answer = map[string]any{"id": said.ID, "result": k.welcome(said.Params)}
	}
	if werr := write(conn, answer); werr != nil {
		return Hello{}, werr
	}
	_ = conn.SetDeadline(time.Time{})
	return said.Params, err
}

// readTo reads up to a byte, which is the last of what it returns, but no further than
// a hello may go.
func readTo(in *bufio.Reader, end byte) (all []byte, err error) {
	for len(all) < maxHello {
		part, err := in.ReadSlice(end)
		all = append(all, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return all, err
		}
	}
	return all, bufio.ErrBufferFull
}

func (k *keeper) welcome(said Hello) Welcome {
	w := Welcome{Version: min(Version, said.Version), PID: k.pid}
	if said.Asks || said.Ends {
		if said.Ends {
			k.proxy.Close()
		}
		w.Usage = new(k.proxy.Usage())
		return w
	}
	if said.Client || said.Rules != nil || said.Dials || said.Version < Returning {
		return w
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	w.Keeper, w.Open = os.Getpid(), !k.cfg.Forwards
	if k.noGroup != nil {
		w.NoGroup = k.noGroup.Error()
	}
	if !k.gone.IsZero() {
		w.AwayMs = time.Since(k.gone).Milliseconds()
	}
	return w
}

// refuse tells the server that there is no browser.
func (k *keeper) refuse(listener net.Listener, why error) {
	_ = listener.(*net.UnixListener).SetDeadline(time.Now().Add(connectWithin))
	conn, err := listener.Accept()
	if err != nil {
		return
	}
	defer conn.Close() // there is no browser that it could be of
	if _, err := k.hello(conn, bufio.NewReader(conn)); err == nil {
		_ = write(conn, map[string]any{"method": MethodExited, "params": Exited{Code: -1, Error: why.Error(), Lines: []string{}}})
	}
}

// write sends a message of the keeper's own.
func write(conn net.Conn, message any) error {
	raw, err := json.Marshal(message)
	if err == nil {
		_, err = conn.Write(append(raw, 0))
	}
	return err
}

// whenHungUp calls fn when a connection is closed, at either end; for this one the
// caller calls hangUp. When it can't find out, it calls it at once. It asks the kernel rather than reading: while a browser takes
// nothing, what the server sent before it went is never read to its end.
func whenHungUp(conn net.Conn, fn func()) (hangUp func(), err error) {
	// A descriptor of its own, so that closing the connection waits for nobody.
	own := -1
	raw, err := conn.(*net.UnixConn).SyscallConn()
	if err == nil {
		closed := raw.Control(func(fd uintptr) { own, err = unix.Dup(int(fd)) })
		err = errors.Join(closed, err)
	}
	if err != nil {
		fn()
		return nil, fmt.Errorf("watch a connection: %w", err)
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		for {
			fds := []unix.PollFd{{Fd: int32(own), Events: unix.POLLRDHUP}}
			if _, err := unix.Poll(fds, -1); !errors.Is(err, unix.EINTR) {
				break
			}
		}
		fn()
	}()
	return func() {
		_ = unix.Shutdown(own, unix.SHUT_RDWR)
		<-over
		_ = unix.Close(own)
	}, nil
}
