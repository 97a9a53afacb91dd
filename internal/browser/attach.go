package browser

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/browser/keeper"
	"github.com/browserhook/browserhook/internal/domain"
)

// attachWithin bounds how long a browser may take to be attached to. What its
// pages take is not in it.
const attachWithin = 10 * time.Second

// Attach takes over the browser of a session from the server that had it before:
// with its pages as they are, told again what that told them as far as it doesn't
// last. When there is none, or none that can be used, nothing of it is left, and
// the error says why; when ctx has ended, it stays for another try.
func (l *Launcher) Attach(ctx context.Context, sessionID string, opt domain.SessionOptions) (*Browser, error) {
	within, cancel := context.WithTimeout(ctx, attachWithin)
	defer cancel()
	b, err := l.reconnect(within, l.folder(sessionID), sessionID, opt)
	if err == nil {
		return b, nil
	}
	if ctx.Err() == nil {
		err = errors.Join(err, l.Discard(sessionID))
	}
	return nil, fmt.Errorf("attach to the session's browser: %w", err)
}

// Discard ends what an earlier server has left of a session's browser, if it has,
// and removes its folder.
func (l *Launcher) Discard(sessionID string) error { return l.discard(l.folder(sessionID)) }

func (l *Launcher) discard(dir string) error {
	session := sessionOf(dir)
	if n := keeper.KillSession(dir); n > 0 {
		l.cfg.Log.Info("ended a browser that an earlier server left", "session", session, "processes", n)
	}
	if err := keeper.RemoveAll(dir); err != nil {
		return fmt.Errorf("remove a session's folder: %w", err)
	}
	return nil
}

// reconnect connects to the keeper, and finds out what there is.
func (l *Launcher) reconnect(ctx context.Context, dir, sessionID string, opt domain.SessionOptions) (_ *Browser, err error) {
	key, err := checkFolder(dir)
	if err != nil {
		return nil, err
	}
	nc, err := dial(ctx, dir)
	if err != nil {
		return nil, fmt.Errorf("connect to the keeper: %w", err)
	}
	b := &Browser{
		ID: sessionID, dir: dir, files: filepath.Join(dir, filesFolder), key: key, log: l.cfg.Log, conn: l.wire(nc),
		release: func() {}, closeRequested: make(chan struct{}), done: make(chan struct{}),
	}
	b.conn.Listen("", b.onEvent, keeper.MethodExited, keeper.MethodClose, keeper.MethodLeft, keeper.MethodUsed)
	defer func() {
		if err != nil {
			_ = b.conn.Close()
			b.conn.Wait()
		}
	}()
	past := &reattachment{known: make(chan struct{})}
	b.tabs = newTabs(b.conn, l.cfg, sessionID, opt)
	b.tabs.downloads.files, b.tabs.past = b.files, past
	b.tabs.keeps = true // as the server before has told the keeper
	if path, err := l.program(opt.Browser); err == nil {
		var k kind
		k, b.tabs.agent = l.kindOf(path, opt)
		b.tabs.other = k != k.spare() && filepath.Base(dir) != sessionID // it was ready for the session
	}
	b.tabs.record(l.cfg.Logs)
	b.conn.Listen("", b.tabs.unreached.onEvent, keeper.MethodTold)
	b.conn.ListenAll(b.tabs.onEvent, append([]string{keeper.MethodTaken}, news...)...)
	if opt.Credentials != nil {
		answerLogins(b.conn, *opt.Credentials)
	}
	welcome, err := b.greet(ctx, keeper.Returning)
	if err != nil {
		return nil, err
	}
	if welcome.Version >= keeper.Forwarding && !welcome.Open {
		b.forwards.Store(true)
		if err := b.setRules(ctx, l.cfg.Allow, opt); err != nil {
			return nil, err
		}
	} else {
		l.cfg.Log.Warn("a browser that a server of an earlier version started goes on without the proxy and the namespace that close browsers in: it reaches what this machine does", "session", sessionID)
	}
	select {
	case <-past.known:
	case <-b.conn.Done():
		return nil, b.conn.Err()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if _, err := b.tabs.until(ctx, b.tabs.Current); err != nil {
		return nil, err
	}
	if b.keeper, err = newStranger(welcome.Keeper, dir); err != nil {
		return nil, err
	}
	b.keeperPID = welcome.Keeper
	b.away = time.Duration(welcome.AwayMs) * time.Millisecond
	// What was held up for an answer of the server before goes on without.
	_, _ = cdp.Session{Conn: b.conn}.Send("Fetch.disable", nil)
	b.tabs.again()
	for page, sessions := range past.pages {
		b.conn.Go(func() { b.tabs.resume(page, sessions) })
	}
	b.conn.Go(b.watchLiveness)
	l.watch(b)
	return b, nil
}

// makeKey makes the secret by which keeper and server of a session know each other,
// in a file that nobody else can read.
func makeKey(dir string) (string, error) {
	key := rand.Text()
	if err := os.WriteFile(filepath.Join(dir, keeper.KeyFile), []byte(key), 0o600); err != nil {
		return "", fmt.Errorf("make the session's key: %w", err)
	}
	return key, nil
}

// checkFolder finds out whether a session's folder is one that a server of this user's has
// made, which nobody else can have changed: then so is what listens in it. It returns
// the session's key.
func checkFolder(dir string) (key string, err error) {
	for name, kind := range map[string]os.FileMode{"": os.ModeDir, socketName: os.ModeSocket, keeper.KeyFile: 0} {
		info, err := os.Lstat(filepath.Join(dir, name))
		if err != nil {
			return "", fmt.Errorf("look at the session's folder: %w", err)
		}
		owner, ok := info.Sys().(*syscall.Stat_t)
		if !ok || int(owner.Uid) != os.Getuid() || info.Mode().Type() != kind || info.Mode().Perm()&0o022 != 0 {
			return "", fmt.Errorf("the session's folder is not as a server makes it: %q is %s, of user %d", name, info.Mode(), owner.Uid)
		}
	}
	raw, err := os.ReadFile(filepath.Join(dir, keeper.KeyFile))
	if err != nil {
		return "", fmt.Errorf("read the session's key: %w", err)
	}
	return string(raw), nil
}
