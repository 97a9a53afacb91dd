package browser

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// supervisor is the process of a keeper.
type supervisor interface {
	signal(sig syscall.Signal) error
	wait() error // until it has ended; of an error it may not have cleaned up
}

// child is one that this server has started.
type child struct{ *exec.Cmd }

func (c child) signal(sig syscall.Signal) error { return c.Process.Signal(sig) }

func (c child) wait() error {
	err := c.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() && status.Signal() == syscall.SIGTERM {
			return nil // before it could start anything
		}
	}
	return err
}

// stranger is one that an earlier server has started.
type stranger struct {
	*os.Process // which has a handle of it, whatever has its number later
	dir         string
}

func newStranger(pid int, dir string) (*stranger, error) {
	process, err := os.FindProcess(pid)
	if err == nil {
		err = process.WithHandle(func(uintptr) {})
	}
	if err != nil {
		return nil, fmt.Errorf("find the keeper's process: %w", err)
	}
	return &stranger{process, dir}, nil
}

func (s *stranger) signal(sig syscall.Signal) error { return s.Signal(sig) }

func (s *stranger) wait() error {
	defer func() { _ = s.Release() }()
	_ = s.WithHandle(func(fd uintptr) {
		for {
			fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
			if _, err := unix.Poll(fds, -1); !errors.Is(err, unix.EINTR) {
				return
			}
		}
	})
	// Its own end is not told to who hasn't started it, but the folder is its last act.
	if _, err := os.Stat(s.dir); err == nil {
		return errors.New("it has left its folder")
	}
	return nil
}
