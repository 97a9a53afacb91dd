package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/recording"
)

// keepSegmentWithin bounds how much later a session ends because the store of artifacts
// or that of rows hangs: the first segment that can't be kept is the last that is tried.
const keepSegmentWithin = 10 * time.Second

// segments finds the parts of recordings, and moves them: each is a file in a folder of
// this server until it is whole and kept, and from then on an artifact.
type segments struct {
	folder *recording.Folder // nil: nothing is recorded here
	blobs  Blobs
	store  interface {
		Artifact(ctx context.Context, project, session, id string) (domain.Artifact, error)
		ArtifactsPage(ctx context.Context, project, session, after string, limit int) ([]domain.Artifact, error)
		ChangeSession(ctx context.Context, project, id string, fn func(*domain.SessionChange) error) error
	}
	log *slog.Logger
}

// keep puts a segment that is whole where artifacts are, and then has its row made.
// When that fails it stays here, and the end of the session or a sweep tries.
func (s *segments) keep(ctx context.Context, art domain.Artifact) (kept bool) {
	err := s.tryKeep(ctx, art)
	if err != nil && ctx.Err() == nil {
		s.log.Error("keep a part of a recording; trying again at the session's end, or later", "session", art.SessionID, "artifact", art.ID, "err", err)
	}
	return err == nil
}

// tryKeep asks each store once: whoever records, or ends the session, is not held up
// by one that is away.
func (s *segments) tryKeep(ctx context.Context, art domain.Artifact) error {
	ctx, cancel := context.WithTimeout(ctx, keepSegmentWithin)
	defer cancel()
	_, err := s.store.Artifact(ctx, art.ProjectID, art.SessionID, art.ID)
	switch {
	case err == nil: // by a server that ended before it could remove it here
		return s.folder.Remove(art)
	case !errors.Is(err, domain.ErrNotFound):
		return err
	}
	file, err := s.folder.Open(art)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := s.blobs.Write(ctx, art.Key(), io.LimitReader(file, art.Size), art.ContentType); err != nil {
		return err
	}
	err = s.store.ChangeSession(ctx, art.ProjectID, art.SessionID, func(c *domain.SessionChange) error {
		c.Artifacts = append(c.Artifacts, art)
		return nil
	})
	if err != nil {
		if refused(err) {
			removeBytes(s.blobs, s.log, art.Key())
		}
		return err
	}
	return s.folder.Remove(art)
}

// keepAll keeps segments that nobody writes to any more, as far as they are whole.
func (s *segments) keepAll(ctx context.Context, left []domain.Segment) {
	for _, one := range left {
		if one.Open {
			continue
		}
		_, size, err := s.folder.Trim(one.Artifact)
		if err != nil {
			s.log.Error("read a recording", "session", one.SessionID, "err", err)
			continue
		}
		if one.Size = size; !s.keep(ctx, one.Artifact) {
			return // nor would the others be
		}
	}
}

// all are the segments of a session's recording, the oldest first.
func (s *segments) all(ctx context.Context, of domain.SessionRef) ([]domain.Segment, error) {
	var here []domain.Segment
	if s.folder != nil {
		var err error
		if here, err = s.folder.Segments(of); err != nil { // before those that it may go to
			return nil, err
		}
	}
	rows, err := s.rows(ctx, of)
	if err != nil {
		return nil, err
	}
	return recording.Merge(rows, here), nil
}

// rows are the segments that are with the artifacts.
func (s *segments) rows(ctx context.Context, of domain.SessionRef) (all []domain.Artifact, err error) {
	const page = 1000
	for after := ""; ; {
		rows, err := s.store.ArtifactsPage(ctx, of.ProjectID, of.ID, after, page)
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

// bytes is how many bytes there are of a recording, here and with the artifacts.
func (s *segments) bytes(ctx context.Context, of domain.SessionRef, here []domain.Segment) (n int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, keepSegmentWithin)
	defer cancel()
	rows, err := s.rows(ctx, of)
	for _, one := range recording.Merge(rows, here) {
		n += one.Size
	}
	return n, err
}

// find is one of a recording's, of those that are here or, if it has gone from here,
// of the artifacts.
func (s *segments) find(ctx context.Context, of domain.SessionRef, id string) (domain.Segment, error) {
	if s.folder != nil {
		here, err := s.folder.Segments(of)
		if err != nil {
			return domain.Segment{}, err
		}
		if i := slices.IndexFunc(here, func(one domain.Segment) bool { return one.ID == id }); i >= 0 {
			return here[i], nil
		}
	}
	art, err := s.store.Artifact(ctx, of.ProjectID, of.ID, id)
	if err == nil && art.Kind != domain.KindRecording {
		err = domain.ErrNotFound
	}
	return domain.Segment{Artifact: art}, err
}

func (s *segments) open(ctx context.Context, one domain.Segment) (io.ReadSeekCloser, error) {
	if s.folder != nil {
		file, err := s.folder.Open(one.Artifact)
		if err == nil {
			return file, nil
		}
		if !errors.Is(err, domain.ErrNotFound) {
			return nil, fmt.Errorf("read a recording: %w", err)
		}
	}
	return s.blobs.Open(ctx, one.Key())
}
