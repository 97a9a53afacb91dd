package browser

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
)

// makeFolders makes the session's folder, which the server owns, and in it the
// one that the browser does.
func makeFolders(dir string, uid int) (files string, err error) {
	files = filepath.Join(dir, filesFolder)
	err = os.Mkdir(dir, 0o711)
	if err == nil {
		err = os.Chmod(dir, 0o711) // whatever the umask: the browser's user must reach its own below
	}
	if err != nil {
		return "", fmt.Errorf("make the session's folder: %w", err)
	}
	return files, own(uid, files, filepath.Join(files, "tmp"), filepath.Join(files, downloadsFolder))
}

// own makes folders that are the browser's user's.
func own(uid int, folders ...string) error {
	for _, f := range folders {
		if err := os.Mkdir(f, 0o700); err != nil {
			return fmt.Errorf("make the session's folder: %w", err)
		}
		if uid != 0 {
			if err := os.Chown(f, uid, uid); err != nil {
				return fmt.Errorf("make the session's folder: %w", err)
			}
		}
	}
	return nil
}

// prefer gives the whole browser its preferences, in a profile of which it makes the
// rest.
func prefer(files string, uid int) error {
	profile := filepath.Join(files, profileFolder)
	folder := filepath.Join(profile, "Default")
	if err := own(uid, profile, folder); err != nil {
		return err
	}
	file := filepath.Join(folder, "Preferences")
	err := os.WriteFile(file, []byte(preferences), 0o600)
	if err == nil && uid != 0 {
		err = os.Chown(file, uid, uid)
	}
	if err != nil {
		return fmt.Errorf("write the browser's preferences: %w", err)
	}
	return nil
}

// What is in a session's folder: the keeper's socket, and the browser's own folder.
const socketName, filesFolder = "keeper.sock", "files"

// profileFolder is in the browser's own.
const profileFolder = "profile"

// inFolder names the socket through its folder's file descriptor: a socket's path
// may have only 108 bytes.
func inFolder(dir string) (folder *os.File, addr *net.UnixAddr, err error) {
	folder, err = os.Open(dir)
	if err != nil {
		return nil, nil, err
	}
	return folder, &net.UnixAddr{Net: "unix", Name: fmt.Sprintf("/proc/self/fd/%d/%s", folder.Fd(), socketName)}, nil
}

// listen makes the session's socket.
func listen(dir string) (socket *os.File, err error) {
	folder, addr, err := inFolder(dir)
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	l, err := net.ListenUnix("unix", addr)
	if err != nil {
		return nil, fmt.Errorf("make the session's socket: %w", err)
	}
	l.SetUnlinkOnClose(false)
	defer l.Close()
	if err := os.Chmod(filepath.Join(dir, socketName), 0o600); err != nil {
		return nil, err
	}
	return l.File()
}

// dial connects to the session's socket.
func dial(ctx context.Context, dir string) (net.Conn, error) {
	folder, addr, err := inFolder(dir)
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	return (&net.Dialer{}).DialContext(ctx, addr.Net, addr.Name)
}

// Sweep ends the browsers and keepers that a dead server left, but those that are
// kept for Attach, and removes their folders. It is for the start, before anything
// is launched.
func (l *Launcher) Sweep(ctx context.Context, kept func(sessionID string) bool) error {
	left, err := filepath.Glob(filepath.Join(l.cfg.RunDir, "browser_*"))
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	for _, dir := range left {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if kept(sessionOf(dir)) {
			continue
		}
		if err := l.discard(dir); err != nil {
			return fmt.Errorf("sweep: %w", err)
		}
	}
	return nil
}
