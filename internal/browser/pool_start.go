package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/browserhook/browserhook/internal/browser/keeper"
	"github.com/browserhook/browserhook/internal/domain"
)

// Fill begins to keep as many browsers ready as Config says. It is for the time
// after Sweep.
func (l *Launcher) Fill() {
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	l.pool.fill()
}

// Close ends the browsers that no session has.
func (l *Launcher) Close() { l.pool.close() }

// startSpare starts a browser that no session has yet: in a folder that is called as if
// one had.
func (l *Launcher) startSpare(ctx context.Context, k kind) (*Browser, error) {
	ctx, cancel := context.WithTimeout(ctx, l.cfg.StartTimeout)
	defer cancel()
	b, err := l.start(ctx, k, domain.NewID(domain.PrefixSession), true)
	if err != nil {
		return nil, err
	}
	if _, err := b.greet(ctx, keeper.Forwarding); err != nil {
		b.end(ctx)
		return nil, err
	}
	return b, nil
}

// assignTo makes a browser a session's.
func (b *Browser) assignTo(sessionID string) error {
	if err := os.WriteFile(filepath.Join(b.dir, keeper.SessionFile), []byte(sessionID), 0o600); err != nil {
		return fmt.Errorf("give the session a browser that is ready: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ID = sessionID
	return nil
}

// assign gives a session a browser that is ready, as it wants it.
func (l *Launcher) assign(ctx context.Context, b *Browser, sessionID string, opt domain.SessionOptions, told agent, other bool) (err error) {
	ctx, cancel := context.WithTimeout(ctx, attachWithin)
	defer cancel()
	if err = b.assignTo(sessionID); err == nil {
		err = b.setRules(ctx, l.cfg.Allow, opt)
	}
	if err == nil {
		b.tabs, err = attach(ctx, b, l.cfg, opt, told, other)
	}
	return err
}

// sessionOf is whose a folder is.
func sessionOf(dir string) string {
	if id, err := os.ReadFile(filepath.Join(dir, keeper.SessionFile)); err == nil {
		return string(id)
	}
	return filepath.Base(dir)
}

// folder is a session's.
func (l *Launcher) folder(sessionID string) string {
	all, _ := filepath.Glob(filepath.Join(l.cfg.RunDir, string(domain.PrefixSession)+"_*"))
	for _, dir := range all {
		if sessionOf(dir) == sessionID {
			return dir
		}
	}
	return filepath.Join(l.cfg.RunDir, sessionID)
}
