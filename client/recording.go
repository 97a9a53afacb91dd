package browserhook

import (
	"context"
	"net/http"
	"net/url"
)

// Recording reads what there is of the session's recording.
func (s *Session) Recording(ctx context.Context) (*Recording, error) {
	return ask[Recording](ctx, s.api, request{method: http.MethodGet, path: s.path("recording")})
}

// Video opens the recording as a video, mp4 or webm, which the server makes if it has
// ffmpeg.
func (s *Session) Video(ctx context.Context, format string) (*File, error) {
	header := http.Header{"Accept": {"*/*"}, "Accept-Encoding": {"identity"}}
	f, _, err := openFile(ctx, s.api, request{method: http.MethodGet, path: s.path("recording", "video"), query: url.Values{"format": {format}}, header: header})
	return f, err
}
