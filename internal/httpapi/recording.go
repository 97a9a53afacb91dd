package httpapi

import (
	"cmp"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/recording"
)

// Recordings is what sessions' pages looked like.
type Recordings interface {
	Session(ctx context.Context, project, id string) (domain.Session, error)
	Recording(ctx context.Context, project, id string) ([]domain.Segment, error)
	// Video makes a file of it, to be closed: recording.ErrNoProgram, recording.ErrEmpty,
	// recording.ErrElsewhere.
	Video(ctx context.Context, project, id, format string) (*os.File, error)
}

type segmentView struct {
	ArtifactID string `json:"artifactId" doc:"The artifact that it is, when it is whole."`
	StartedAt  string `json:"startedAt" doc:"When its first picture was taken. It lasts until the next segment, or to the end."`
	Size       int64  `json:"size" doc:"Bytes."`
	Open       bool   `json:"open,omitempty" doc:"Pictures are added still: it is no artifact yet."`
}

type recordingView struct {
	Record    string        `json:"record" doc:"How much is kept: off, all, or the last so long."`
	StartedAt string        `json:"startedAt,omitempty" doc:"When the first picture that is there was taken; not there: none was."`
	EndedAt   string        `json:"endedAt,omitempty" doc:"When the session ended."`
	Size      int64         `json:"size" doc:"Bytes, of all segments."`
	Segments  []segmentView `json:"segments" nullable:"false" doc:"Its parts, the oldest first."`
}

// errApart is a recording in a folder that this server doesn't have.
var errApart = domain.Refuse(domain.CodeNotFound, "parts of the recording are in the folder of another server, which can't be reached or has them no more")

type recordingOutput struct {
	Body recordingView
}

func (s *server) recordingRoutes() {
	operation(s, http.MethodGet, "/sessions/{sessionId}/recording", "get-recording", "Read what there is of a session's recording", 200,
		func(ctx context.Context, in *SessionPath) (*recordingOutput, error) {
			sess, err := s.Recordings.Session(ctx, project(ctx), in.SessionID)
			if err != nil {
				return nil, err
			}
			all, err := s.Recordings.Recording(ctx, project(ctx), in.SessionID)
			if err != nil {
				return nil, err
			}
			v := recordingView{Record: cmp.Or(sess.Options.Record, domain.RecordOff), EndedAt: stamp(sess.EndedAt), Segments: []segmentView{}}
			for _, one := range all {
				v.Size += one.Size
				v.Segments = append(v.Segments, segmentView{one.ID, stamp(one.CreatedAt), one.Size, one.Open})
			}
			if len(all) > 0 {
				v.StartedAt = stamp(all[0].CreatedAt)
			}
			return &recordingOutput{v}, nil
		})
	operation(s, http.MethodGet, "/sessions/{sessionId}/recording/video", "export-recording", "Export a session's recording as a video", 200,
		func(ctx context.Context, in *struct {
			SessionPath
			Format string `query:"format" enum:"mp4,webm" default:"mp4" doc:"mp4 (H.264) or webm (VP9)."`
		}) (*huma.StreamResponse, error) {
			if err := s.takeSlot(ctx); err != nil {
				return nil, err
			}
			file, err := s.Recordings.Video(ctx, project(ctx), in.SessionID, in.Format)
			switch {
			case errors.Is(err, recording.ErrNoProgram):
				return nil, newProblem("video_unavailable", "The server has no ffmpeg to make videos with. Install it there, or fetch the parts of the recording.")
			case errors.Is(err, recording.ErrEmpty):
				return nil, domain.Refuse(domain.CodeNotFound, "nothing of the session was recorded, or it is not kept any more")
			case errors.Is(err, recording.ErrElsewhere) && s.Hops != nil:
				return s.elsewhere(ctx, errApart), nil
			case errors.Is(err, recording.ErrElsewhere):
				return nil, errApart
			case err != nil:
				return nil, err
			}
			return &huma.StreamResponse{Body: func(hc huma.Context) {
				defer file.Close()
				_, w := humago.Unwrap(hc)
				h := w.Header()
				h.Set("Content-Type", recording.Formats[in.Format])
				h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": in.SessionID + "." + in.Format}))
				if info, err := file.Stat(); err == nil {
					h.Set("Content-Length", strconv.FormatInt(info.Size(), 10))
				}
				_, _ = io.Copy(w, file) // whoever has gone needs none
			}}, nil
		}, answersWith("video/mp4", "video/webm"))
}
