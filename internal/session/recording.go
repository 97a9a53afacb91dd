package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/recording"
	"github.com/browserhook/browserhook/internal/step"
)

const (
	// keepSegmentWithin bounds how much later a session ends because the store of artifacts
	// or that of rows hangs: the first segment that can't be kept is the last that is tried.
	keepSegmentWithin = 10 * time.Second
	// sweepEvery is how often what could not be kept is tried again.
	sweepEvery = 10 * time.Minute
)

// stage is a session's browser as its recorder sees it.
type stage struct {
	tabs    *browser.Tabs
	secrets *domain.Secrets
	page    *browser.Page // that is watched; only the recorder uses it
}

func (s *stage) Watch() (recording.Pictures, <-chan struct{}) {
	moved := s.tabs.Changed()
	if s.page = s.tabs.Current(); s.page == nil {
		return nil, moved
	}
	return s.page.Watch(recording.Fit), moved
}

func (s *stage) Moved() (other bool, again <-chan struct{}) {
	again = s.tabs.Changed()
	return s.tabs.Current() != s.page, again
}

func (s *stage) Secrets() (bool, time.Time) { return s.secrets.Used() }

// showsWithin is how long a page may take to say whether it shows a secret.
const showsWithin = time.Second

func (s *stage) Shows(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, showsWithin)
	defer cancel()
	return step.ShowsSecrets(ctx, s.page)
}

// record begins to record the session if it is to be. stop ends that, and returns when
// nothing more is written.
func (a *actor) record(b Browser) (stop func()) {
	s := a.service
	on, last, err := domain.ParseRecord(a.opt.Record)
	page := b.Page()
	if !on || err != nil || s.Recordings == nil || page == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	s.wg.Go(func() {
		defer close(done)
		cfg := recording.Config{
			Session: domain.SessionRef{ProjectID: a.ref.project, ID: a.ref.id}, Folder: s.Recordings, Stage: &stage{tabs: page.Tabs(), secrets: page.Secrets},
			Last: last, Most: s.MaxRecording, Full: s.Full, Log: s.Log,
			Done: func(domain.Artifact) {},
		}
		if last == 0 {
			// A server before may have left some: they are counted, and kept beside what is
			// recorded now.
			left, err := s.Recordings.Segments(cfg.Session)
			if err == nil {
				cfg.Before, err = s.recordedBytes(ctx, cfg.Session, left)
			}
			if err != nil && ctx.Err() == nil {
				s.Log.Error("read a recording", "session", cfg.Session.ID, "err", err)
			}
			whole := make(chan domain.Artifact, 64)
			cfg.Done = func(art domain.Artifact) {
				select {
				case whole <- art:
				default: // it is kept with the end
				}
			}
			keeping := make(chan struct{})
			s.wg.Go(func() {
				defer close(keeping)
				s.keepSegments(ctx, left)
				for art := range whole {
					if ctx.Err() == nil {
						s.keepSegment(ctx, art)
					}
				}
			})
			defer func() {
				close(whole)
				<-keeping
			}()
		}
		recording.Run(ctx, cfg)
	})
	return func() {
		cancel()
		<-done
	}
}

// keepSegment puts a segment that is whole where artifacts are, and then has its row made.
// When that fails it stays here, and the end of the session or a sweep tries.
func (s *Service) keepSegment(ctx context.Context, art domain.Artifact) (kept bool) {
	err := s.tryKeepSegment(ctx, art)
	if err != nil && ctx.Err() == nil {
		s.Log.Error("keep a part of a recording; trying again at the session's end, or later", "session", art.SessionID, "artifact", art.ID, "err", err)
	}
	return err == nil
}

// tryKeepSegment asks each store once: whoever records, or ends the session, is not held up
// by one that is away.
func (s *Service) tryKeepSegment(ctx context.Context, art domain.Artifact) error {
	ctx, cancel := context.WithTimeout(ctx, keepSegmentWithin)
	defer cancel()
	_, err := s.Store.Artifact(ctx, art.ProjectID, art.SessionID, art.ID)
	switch {
	case err == nil: // by a server that ended before it could remove it here
		return s.Recordings.Remove(art)
	case !errors.Is(err, domain.ErrNotFound):
		return err
	}
	file, err := s.Recordings.Open(art)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := s.Blobs.Write(ctx, art.Key(), io.LimitReader(file, art.Size), art.ContentType); err != nil {
		return err
	}
	err = s.Store.ChangeSession(ctx, art.ProjectID, art.SessionID, func(c *domain.SessionChange) error {
		c.Artifacts = append(c.Artifacts, art)
		return nil
	})
	if err != nil {
		if refused(err) {
			s.remove(art.Key())
		}
		return err
	}
	return s.Recordings.Remove(art)
}

// keepSegments keeps segments that nobody writes to any more, as far as they are whole.
func (s *Service) keepSegments(ctx context.Context, left []domain.Segment) {
	for _, one := range left {
		if one.Open {
			continue
		}
		_, size, err := s.Recordings.Trim(one.Artifact)
		if err != nil {
			s.Log.Error("read a recording", "session", one.SessionID, "err", err)
			continue
		}
		if one.Size = size; !s.keepSegment(ctx, one.Artifact) {
			return // nor would the others be
		}
	}
}

// kept is what there is of a recording.
type kept struct {
	segments int
	size     int64
	took     time.Duration
}

// recorded are the segments that are with the artifacts.
func (s *Service) recorded(ctx context.Context, of domain.SessionRef) (all []domain.Artifact, err error) {
	const page = 1000
	for after := ""; ; {
		rows, err := s.Store.ArtifactsPage(ctx, of.ProjectID, of.ID, after, page)
		if err != nil {
			return nil, err
		}
		for _, art := range rows {
			if art.Kind == domain.KindRecording {
				all = append(all, art)
			}
		}
		if len(rows) < page {
			return all, nil
		}
		after = rows[len(rows)-1].ID
	}
}

// recordedBytes is how many bytes there are of a recording, here and with the artifacts.
func (s *Service) recordedBytes(ctx context.Context, of domain.SessionRef, here []domain.Segment) (n int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, keepSegmentWithin)
	defer cancel()
	rows, err := s.recorded(ctx, of)
	for _, one := range recording.Merge(rows, here) {
		n += one.Size
	}
	return n, err
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
		s.keepSegments(s.working, here)
	}
	ctx, cancel := context.WithTimeout(s.working, keepSegmentWithin)
	defer cancel()
	segments, readErr := s.Recording(ctx, of.ProjectID, of.ID)
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
			s.keepSegments(ctx, here)
		}
	}
	return err
}

// Recording is what there is of a session's recording, the oldest first. Of a session that
// another server runs it is what has got to the artifacts.
func (s *Service) Recording(ctx context.Context, project, id string) ([]domain.Segment, error) {
	of := domain.SessionRef{ProjectID: project, ID: id}
	var here []domain.Segment
	if s.Recordings != nil {
		var err error
		if here, err = s.Recordings.Segments(of); err != nil { // before those that it may go to
			return nil, err
		}
	}
	rows, err := s.recorded(ctx, of)
	if err != nil {
		return nil, err
	}
	return recording.Merge(rows, here), nil
}

// OpenSegment reads a segment of a recording, which may be written to meanwhile.
// domain.ErrNotFound: it is not here, or there is none.
func (s *Service) OpenSegment(ctx context.Context, project, session, id string) (domain.Segment, io.ReadSeekCloser, error) {
	one, err := s.segment(ctx, domain.SessionRef{ProjectID: project, ID: session}, id)
	if err != nil {
		return domain.Segment{}, nil, err
	}
	content, err := s.openSegment(ctx, one)
	return one, content, err
}

// segment is one of a recording's, of those that are here or, if it has gone from here,
// of the artifacts.
func (s *Service) segment(ctx context.Context, of domain.SessionRef, id string) (domain.Segment, error) {
	if s.Recordings != nil {
		here, err := s.Recordings.Segments(of)
		if err != nil {
			return domain.Segment{}, err
		}
		if i := slices.IndexFunc(here, func(one domain.Segment) bool { return one.ID == id }); i >= 0 {
			return here[i], nil
		}
	}
	art, err := s.Store.Artifact(ctx, of.ProjectID, of.ID, id)
	if err == nil && art.Kind != domain.KindRecording {
		err = domain.ErrNotFound
	}
	return domain.Segment{Artifact: art}, err
}

func (s *Service) openSegment(ctx context.Context, one domain.Segment) (io.ReadSeekCloser, error) {
	if s.Recordings != nil {
		file, err := s.Recordings.Open(one.Artifact)
		if err == nil {
			return file, nil
		}
		if !errors.Is(err, domain.ErrNotFound) {
			return nil, fmt.Errorf("read a recording: %w", err)
		}
	}
	return s.Blobs.Open(ctx, one.Key())
}

// videoWaits is how long a video waits for another to be made.
const videoWaits = 20 * time.Second

var (
	errVideos    = domain.Refuse(domain.CodeTooMany, "another video is being made, and one is at a time; try again when it is done")
	errVideoRoom = domain.Refuse(domain.CodeUnavailable, "the disk of the server is nearly full: there is no room to make a video")
	errVideoSlow = domain.Refuse(domain.CodeUnavailable, "the video was not made in %s: fetch the parts of the recording, and make it elsewhere", recording.VideoWithin)
)

// Video makes a video of what there is of a session's recording, one at a time. The caller
// closes it. [recording.ErrNoProgram], [recording.ErrEmpty]: there can be none;
// [recording.ErrElsewhere]: not here.
func (s *Service) Video(ctx context.Context, project, id, format string) (*os.File, error) {
	if s.Recordings == nil {
		return nil, recording.ErrEmpty
	}
	sess, err := s.Reader.Session(ctx, project, id)
	if err != nil {
		return nil, err
	}
	all, err := s.Recording(ctx, project, id)
	if err != nil {
		return nil, err
	}
	waited := time.NewTimer(videoWaits)
	defer waited.Stop()
	select {
	case s.videos <- struct{}{}:
		defer func() { <-s.videos }()
	case <-waited.C:
		return nil, errVideos
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	var part *recording.Reader
	var open io.Closer
	closePart := func() {
		if open != nil {
			_ = open.Close()
		}
		part, open = nil, nil
	}
	defer closePart()
	next := func() (p recording.Picture, err error) {
		for {
			if part == nil {
				if len(all) == 0 {
					return p, io.EOF
				}
				content, err := s.openSegment(ctx, all[0])
				if errors.Is(err, domain.ErrNotFound) {
					err = recording.ErrElsewhere
				}
				if err != nil {
					return p, err
				}
				open, all = content, all[1:]
				if part, err = recording.NewReader(content); err != nil {
					return p, err
				}
			}
			if p, err = part.Next(); !errors.Is(err, io.EOF) {
				return p, err
			}
			closePart()
		}
	}
	end := sess.EndedAt
	if end.IsZero() {
		end = time.Now()
	}
	file, err := recording.Video(ctx, s.Recordings.Path(), format, next, end, s.Full)
	switch {
	case errors.Is(err, recording.ErrDiskFull):
		return nil, errors.Join(errVideoRoom, err)
	case errors.Is(err, recording.ErrSlow):
		s.Log.Warn("a video was not made in time", "session", id, "within", recording.VideoWithin)
		return nil, errors.Join(errVideoSlow, err)
	}
	return file, err
}
