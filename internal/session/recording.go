package session

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// sweepEvery is how often what could not be kept is tried again.
const sweepEvery = 10 * time.Minute

// Recording is what there is of a session's recording, the oldest first. Of a session that
// another server runs it is what has got to the artifacts.
func (s *Service) Recording(ctx context.Context, project, id string) ([]domain.Segment, error) {
	return s.segments.all(ctx, domain.SessionRef{ProjectID: project, ID: id})
}

// OpenSegment reads a segment of a recording, which may be written to meanwhile.
// domain.ErrNotFound: it is not here, or there is none.
func (s *Service) OpenSegment(ctx context.Context, project, session, id string) (domain.Segment, io.ReadSeekCloser, error) {
	one, err := s.segments.find(ctx, domain.SessionRef{ProjectID: project, ID: session}, id)
	if err != nil {
		return domain.Segment{}, nil, err
	}
	content, err := s.segments.open(ctx, one)
	return one, content, err
}

// kept is what there is of a recording.
type kept struct {
	segments int
	size     int64
	took     time.Duration
}

// keepRecording keeps what there is of a recording when its session has no browser any
// more. What can't be kept now is there too, and is kept later.
func (a *actor) keepRecording() (all kept) {
	s, of := a.service, domain.SessionRef{ProjectID: a.ref.project, ID: a.ref.id}
	if on, _, _ := domain.ParseRecord(a.opt.Record); s.Recordings == nil || !on {
		return all
	}
	end := time.Now()
	here, err := s.Recordings.Segments(of)
	if err == nil {
		if n := len(here); n > 0 {
			if end, _, err = s.Recordings.Trim(here[n-1].Artifact); err != nil {
				end = time.Now()
			}
		}
		s.segments.keepAll(s.working, here)
	}
	ctx, cancel := context.WithTimeout(s.working, keepSegmentWithin)
	defer cancel()
	segments, readErr := s.segments.all(ctx, of)
	if err = errors.Join(err, readErr); err != nil {
		s.Log.Error("read a recording", "session", of.ID, "err", err)
	}
	for _, one := range segments {
		all.size += one.Size
	}
	if all.segments = len(segments); all.segments > 0 {
		all.took = end.Sub(segments[0].CreatedAt)
	}
	return all
}

// recorded tells that the recording is whole, if there is one.
func (d decider) recorded(c *domain.SessionChange, all kept) {
	if all.segments == 0 || c.Session.Status.Ended() {
		return
	}
	draft := domain.DraftRecording(c.Session, all.size, all.took, d.publicURL, d.now)
	draft.Trace = d.place(c.Session.Trace, c.Session.ID)
	c.Drafts = append(c.Drafts, draft)
}

// sweepRecordings looks after segments of sessions that have ended without their server, or
// when they could not be kept: at the start, and then now and again.
func (s *Service) sweepRecordings(ctx context.Context) {
	if s.Recordings == nil {
		return
	}
	again := time.NewTicker(sweepEvery)
	defer again.Stop()
	for {
		if err := s.sweepRecordingsNow(ctx); err != nil && ctx.Err() == nil {
			s.Log.Error("look after recordings of sessions that have ended", "err", err)
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return
		}
	}
}

func (s *Service) sweepRecordingsNow(ctx context.Context) error {
	all, err := s.Recordings.Sessions()
	for _, of := range all {
		if ctx.Err() != nil || !domain.ValidID(domain.PrefixSession, of.ID) || s.knows(ref{of.ProjectID, of.ID}) {
			continue
		}
		sess, readErr := s.Reader.Session(ctx, of.ProjectID, of.ID)
		switch {
		case errors.Is(readErr, domain.ErrNotFound): // it was forgotten
			err = errors.Join(err, s.Recordings.Forget(of.ProjectID+"/"+of.ID))
		case readErr == nil && sess.Status.Ended():
			here, readErr := s.Recordings.Segments(of)
			err = errors.Join(err, readErr)
			s.segments.keepAll(ctx, here)
		}
	}
	return err
}
