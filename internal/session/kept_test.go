package session_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/session"
	"github.com/browserhook/browserhook/internal/sessionlog"
)

// between is a store that lets somebody between a change and who asks for it.
type between struct {
	session.Store
	next atomic.Pointer[func(ctx context.Context, change func(context.Context) error) error] // of one change
}

func (s *between) ChangeSession(ctx context.Context, project, id string, fn func(*domain.SessionChange) error) error {
	change := func(ctx context.Context) error { return s.Store.ChangeSession(ctx, project, id, fn) }
	if next := s.next.Swap(nil); next != nil {
		return (*next)(ctx, change)
	}
	return change(ctx)
}

// lingers is a browser that takes as long to end as it may.
type lingers struct{ *fake }

func (lingers) Close(ctx context.Context) error {
	<-ctx.Done()
	return context.Cause(ctx)
}

// TestBytesStayWhenNobodyKnowsWhetherTheyAreNamed: a change that was made too late to be
// told has a row that names them. Bytes that no row will name go.
func TestBytesStayWhenNobodyKnowsWhetherTheyAreNamed(t *testing.T) {
	kept, done := &blobs{}, make(chan error, 1)
	t.Cleanup(func() { // when the server has stopped
		if err := <-done; err == nil || len(kept.names()) != 1 {
			t.Errorf("%v, kept are %v", err, kept.names())
		}
	})
	store := &between{}
	n := start(t, overSQLite(t), nil, func(n *node) session.Store {
		store.Store = n.store
		return store
	}, func(cfg *session.Config) {
		cfg.Blobs, cfg.StopWithin = kept, 200*time.Millisecond
		cfg.Launch = func(context.Context, string, domain.SessionOptions) (session.Browser, error) {
			return lingers{&fake{done: make(chan struct{})}}, nil
		}
	})
	project := n.newProject(t)
	id, _ := n.newSession(t, project, 0)
	ready(t, n, project, id)

	refuse := func(context.Context, func(context.Context) error) error {
		return domain.Refuse(domain.CodeEnded, "it has ended")
	}
	store.next.Store(&refuse)
	d := browser.Download{ArtifactID: domain.NewID(domain.PrefixArtifact), Name: "a.csv"}
	err := n.KeepDownload(t.Context(), id, &d, strings.NewReader("a,b"))
	if why, never := errors.AsType[*domain.Failure](err); !never || why.Code != browser.CodeDownloadNotKept || len(kept.names()) != 0 {
		t.Errorf("one that is refused: %v, kept are %v", err, kept.names())
	}

	committed := make(chan struct{})
	late := func(ctx context.Context, change func(context.Context) error) error {
		err := change(context.WithoutCancel(ctx))
		close(committed)
		<-ctx.Done()
		return errors.Join(err, domain.Refuse(domain.CodeUnavailable, "the store is away"))
	}
	store.next.Store(&late)
	ctx := context.WithoutCancel(t.Context())
	go func() {
		one := browser.Download{ArtifactID: domain.NewID(domain.PrefixArtifact), Name: "b.csv"}
		done <- n.KeepDownload(ctx, id, &one, strings.NewReader("a,b"))
	}()
	<-committed
}

// TestARecoveryIsToldFirst: what a session has downloaded meanwhile comes after that it
// goes on.
func TestARecoveryIsToldFirst(t *testing.T) {
	open := overSQLite(t)
	before := start(t, open, nil, nil)
	project := before.newProject(t)
	id, _ := before.newSession(t, project, 0)
	ready(t, before, project, id)

	store := &between{}
	var n *node
	tried := make(chan error, 1)
	recovers := func(ctx context.Context, change func(context.Context) error) error {
		soon, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		defer cancel()
		d := browser.Download{ArtifactID: domain.NewID(domain.PrefixArtifact), Name: "a.csv", Failure: &domain.Failure{Code: "download_failed"}}
		tried <- n.KeepDownload(soon, id, &d, nil)
		return change(ctx)
	}
	composed := make(chan struct{})
	n = start(t, open, nil, func(n *node) session.Store {
		store.Store = n.store
		return store
	}, func(cfg *session.Config) {
		cfg.Attach = func(context.Context, string, domain.SessionOptions) (session.Browser, error) {
			<-composed
			store.next.Store(&recovers)
			return &fake{done: make(chan struct{})}, nil
		}
	})
	close(composed)
	if err := <-tried; !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a download that came before: %v", err)
	}
}

// slowly is a store of bytes that says when it is asked to write, and waits.
type slowly struct {
	*blobs
	asked chan<- struct{}
	goOn  <-chan struct{}
}

func (s slowly) Write(ctx context.Context, key string, content io.Reader, contentType string) (int64, error) {
	s.asked <- struct{}{}
	select {
	case <-s.goOn:
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
	return s.blobs.Write(ctx, key, content, contentType)
}

// TestSessionsThatWereEndingHoldNobodyUp when the store of their logs doesn't answer.
func TestSessionsThatWereEndingHoldNobodyUp(t *testing.T) {
	open := overSQLite(t)
	before := start(t, open, nil, nil, startsNone)
	project := before.newProject(t)
	logs, err := sessionlog.NewFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		id, _ := before.newSession(t, project, 0)
		if err := before.store.ChangeSession(t.Context(), project, id, func(c *domain.SessionChange) error {
			return c.Session.Transition(domain.SessionClosing)
		}); err != nil {
			t.Fatal(err)
		}
		writeLog(t, logs, project+"/"+id)
	}
	waiting := make(chan struct{}, 3)
	goOn := make(chan struct{})
	n := start(t, open, nil, nil, func(cfg *session.Config) {
		cfg.Logs, cfg.Blobs, cfg.MaxSessions = logs, slowly{&blobs{}, waiting, goOn}, 1
	})
	for range 3 { // at once
		<-waiting
	}
	close(goOn)
	ended := func() bool {
		all, _, err := n.Sessions(t.Context(), project, domain.SessionFilter{Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range all {
			if s.Status != domain.SessionClosed {
				return false
			}
		}
		return len(all) == 3
	}
	for late := time.Now().Add(20 * time.Second); !ended(); {
		if <-time.After(5 * time.Millisecond); time.Now().After(late) {
			t.Fatal("they don't end")
		}
	}
}

// TestALogHoldsNoSlot: while the store of logs doesn't answer, others get the browsers'
// places of sessions that have ended but for that.
func TestALogHoldsNoSlot(t *testing.T) {
	waiting, goOn := make(chan struct{}, 1), make(chan struct{})
	logs, err := sessionlog.NewFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	n := start(t, overSQLite(t), nil, nil, func(cfg *session.Config) {
		cfg.Logs, cfg.Blobs, cfg.MaxSessions = logs, slowly{&blobs{}, waiting, goOn}, 1
	})
	project := n.newProject(t)
	id, _ := n.newSession(t, project, 0)
	ready(t, n, project, id)
	writeLog(t, logs, project+"/"+id)
	if _, err := n.Close(t.Context(), project, id); err != nil {
		t.Fatal(err)
	}
	<-waiting
	next, _ := n.newSession(t, project, 0)
	ready(t, n, project, next)
	if sess, err := n.Session(t.Context(), project, id); err != nil || sess.Status != domain.SessionClosing {
		t.Errorf("the one before is %s, %v", sess.Status, err)
	}
	if sessions, room, _ := n.Load(); sessions != 1 || room != 0 {
		t.Errorf("%d sessions, and room for %d", sessions, room)
	}
	close(goOn)
	for changed := n.Changed(id); ; changed = n.Changed(id) {
		if sess, err := n.Session(t.Context(), project, id); err != nil || sess.Status.Ended() {
			break
		}
		<-changed
	}
	if sessions, room, _ := n.Load(); sessions != 1 || room != 0 {
		t.Errorf("in the end %d sessions, and room for %d", sessions, room)
	}
}

// TestLogsAreKeptInTurn: no more than sixteen are in memory at once, and one that has to
// wait for too long stays where it is.
func TestLogsAreKeptInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs, err := sessionlog.NewFolder(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		var all []domain.Session
		for i := range 20 {
			all = append(all, domain.Session{ID: fmt.Sprint(i), ProjectID: "p", Status: domain.SessionClosing})
			writeLog(t, logs, "p/"+all[i].ID)
		}
		asked, goOn, kept, store := make(chan struct{}, len(all)), make(chan struct{}), &blobs{}, &many{}
		_, end := found(t, store, session.Config{MaxSessions: 1, Logs: logs, Blobs: slowly{kept, asked, goOn}}, all...)
		defer end()
		if len(asked) != 16 {
			t.Errorf("%d at once", len(asked))
		}
		time.Sleep(time.Minute)
		if left, err := logs.Keys(); err != nil || len(left) != len(all) || len(kept.names()) > 0 {
			t.Errorf("%d are left, %v; kept are %v", len(left), err, kept.names())
		}
		for _, one := range store.all {
			if got := one.states(); got != "CLOSED" {
				t.Errorf("one is %s", got)
			}
		}
	})
}

// writeLog makes a log of one entry.
func writeLog(t *testing.T, logs *sessionlog.Folder, key string) {
	t.Helper()
	file, err := logs.Open(key, func() {})
	if err == nil {
		err = file.Write([]domain.LogEntry{{Number: 1, Kind: domain.LogConsole, At: time.Now()}})
	}
	if err != nil {
		t.Fatal(err)
	}
	_ = file.Close()
}

// TestALogThatIsGoneIsNoEmptyOne: of a session that had a browser.
func TestALogThatIsGoneIsNoEmptyOne(t *testing.T) {
	n := start(t, overSQLite(t), nil, nil, func(cfg *session.Config) { cfg.Blobs = nothing{} })
	project := n.newProject(t)
	id, _ := n.newSession(t, project, 0)
	ready(t, n, project, id)
	if got, err := n.ReadLog(t.Context(), project, id, domain.LogQuery{}); err != nil || len(got.Entries) != 0 {
		t.Errorf("of one that runs, and said nothing: %+v, %v", got, err)
	}
	if _, err := n.Close(t.Context(), project, id); err != nil {
		t.Fatal(err)
	}
	for changed := n.Changed(id); ; changed = n.Changed(id) {
		if sess, err := n.Session(t.Context(), project, id); err != nil || sess.Status.Ended() {
			break
		}
		<-changed
	}
	if _, err := n.ReadLog(t.Context(), project, id, domain.LogQuery{}); !errors.Is(err, session.ErrNoLog) {
		t.Errorf("of one that has ended: %v", err)
	}
}

// nothing is a store of bytes that has none.
type nothing struct{ session.Blobs }

func (nothing) Open(context.Context, string) (io.ReadSeekCloser, error) {
	return nil, domain.ErrNotFound
}
