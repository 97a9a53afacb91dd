package session

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/sessionlog"
)

const (
	// keepLogWithin bounds how much later a session ends because of its log.
	keepLogWithin = 10 * time.Second
	// logsAtOnce bounds what of logs is in memory on its way to a bucket.
	logsAtOnce = 16
)

// key is where the log of a session that runs here is.
func (r ref) key() string { return r.project + "/" + r.id }

// OpenLog is the [browser.OpenLog] of sessions.
func (s *Service) OpenLog(id string, flush func()) (*sessionlog.File, error) {
	a := s.actor(id)
	if a == nil {
		return nil, errNotOwner
	}
	return s.Logs.Open(a.ref.key(), flush)
}

// ErrNoLog is a session that had a browser, and no log here.
var ErrNoLog = domain.Refuse(domain.CodeNotFound, "the session's log is not kept any more, or on a server that does not answer")

// ReadLog reads a part of a session's log. Of one that another server runs there is
// nothing here until it has ended; of one that had a browser and has ended, ErrNoLog.
func (s *Service) ReadLog(ctx context.Context, project, id string, q domain.LogQuery) (domain.LogPage, error) {
	sess, err := s.Session(ctx, project, id)
	if err != nil {
		return domain.LogPage{}, err
	}
	file, err := s.openLog(ctx, ref{project, id})
	if errors.Is(err, domain.ErrNotFound) {
		if sess.Status.Ended() && !sess.ReadyAt.IsZero() {
			return domain.LogPage{}, ErrNoLog
		}
		return domain.LogPage{}, nil
	}
	if err != nil {
		return domain.LogPage{}, err
	}
	defer file.Close()
	return sessionlog.Page(file, q)
}

// openLog finds a log: here, or where artifacts are.
func (s *Service) openLog(ctx context.Context, r ref) (io.ReadCloser, error) {
	if s.Logs != nil {
		if file, err := s.Logs.Read(r.key()); !errors.Is(err, domain.ErrNotFound) {
			return file, err
		}
	}
	return s.Blobs.Open(ctx, domain.LogKey(r.project, r.id))
}

// keepLog keeps the log of a session that has no browser any more. Another one may have
// its slot meanwhile.
func (a *actor) keepLog() {
	a.service.mu.Lock()
	a.service.freeSlotOf(a)
	a.service.mu.Unlock()
	a.service.keepLog(a.ref)
}

// keepLog puts the log of a session that ends where its artifacts are, before anybody
// can have it forgotten. When that fails the log stays here, and the next start tries.
func (s *Service) keepLog(r ref) {
	if s.Logs == nil {
		return
	}
	file, err := s.Logs.Read(r.key())
	if errors.Is(err, domain.ErrNotFound) {
		return
	}
	if err == nil {
		defer file.Close()
		ctx, cancel := context.WithTimeout(s.working, keepLogWithin)
		defer cancel()
		select {
		case s.logs <- struct{}{}:
			_, err = s.Blobs.Write(ctx, domain.LogKey(r.project, r.id), file, "application/jsonl")
			<-s.logs
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
	}
	if err == nil {
		err = s.Logs.Remove(r.key())
	}
	if err != nil {
		s.Log.Error("keep a session's log; trying again at the next start", "session", r.id, "err", err)
	}
}

// sweepLogs looks after the logs of sessions that have ended without their server.
func (s *Service) sweepLogs(ctx context.Context) {
	if s.Logs == nil {
		return
	}
	keys, err := s.Logs.Keys()
	for _, key := range keys {
		project, id, _ := strings.Cut(key, "/")
		r := ref{project, id}
		if ctx.Err() != nil || s.knows(r) {
			continue
		}
		sess, readErr := s.Session(ctx, project, id)
		if readErr == nil && sess.Status.Ended() {
			s.keepLog(r)
			_, readErr = s.Session(ctx, project, id)
		}
		if errors.Is(readErr, domain.ErrNotFound) { // it was forgotten
			s.remove(domain.LogKey(project, id))
			err = errors.Join(err, s.Logs.Remove(key))
		}
	}
	if err != nil && ctx.Err() == nil {
		s.Log.Error("look after logs of sessions that have ended", "err", err)
	}
}
