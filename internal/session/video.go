package session

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/recording"
)

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
	pictures := recording.NewChain(func() (io.ReadCloser, error) {
		if len(all) == 0 {
			return nil, io.EOF
		}
		content, err := s.segments.open(ctx, all[0])
		if errors.Is(err, domain.ErrNotFound) {
			err = recording.ErrElsewhere
		}
		all = all[1:]
		return content, err
	})
	defer pictures.Close()
	end := sess.EndedAt
	if end.IsZero() {
		end = time.Now()
	}
	file, err := recording.Video(ctx, s.Recordings.Path(), format, pictures.Next, end, s.Full)
	switch {
	case errors.Is(err, recording.ErrDiskFull):
		return nil, errors.Join(errVideoRoom, err)
	case errors.Is(err, recording.ErrSlow):
		s.Log.Warn("a video was not made in time", "session", id, "within", recording.VideoWithin)
		return nil, errors.Join(errVideoSlow, err)
	}
	return file, err
}
