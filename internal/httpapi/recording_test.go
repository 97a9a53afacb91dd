package httpapi_test

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/httpapi"
	"github.com/browserhook/browserhook/internal/recording"
)

// film is a recording of which there is a video, or not.
type film struct {
	httpapi.Recordings

	why  error
	file string
}

func (f *film) Video(_ context.Context, _, _, format string) (*os.File, error) {
	if f.why != nil {
		return nil, f.why
	}
	if err := os.WriteFile(f.file, []byte("a video as "+format), 0o600); err != nil {
		return nil, err
	}
	return os.Open(f.file)
}

// TestVideos are answered as files, or with what is missing.
func TestVideos(t *testing.T) {
	onBothStores(t, func(r *rig) {
		made := &film{file: filepath.Join(t.TempDir(), "video")}
		cfg := r.config
		cfg.Recordings = made
		films := httptest.NewServer(httpapi.New(cfg))
		defer films.Close()
		own := r.Server
		defer func() { r.Server = own }()
		r.Server = films
		for _, tt := range []struct {
			query  string
			why    error
			status int
			body   string
		}{
			{"", nil, 200, "a video as mp4"},
			{"?format=webm", nil, 200, "a video as webm"},
			{"?format=avi", nil, 422, `"code":"invalid_request"`},
			{"", recording.ErrNoProgram, 501, `"code":"video_unavailable"`},
			{"", recording.ErrEmpty, 404, "nothing of the session was recorded"},
			{"", domain.ErrNotFound, 404, `"code":"not_found"`},
		} {
			made.why = tt.why
			a := r.ask("GET", "/v1/sessions/browser_1/recording/video"+tt.query, "", "Accept: */*")
			if a.status != tt.status || !strings.Contains(strings.ToLower(a.raw), tt.body) {
				t.Errorf("%s, %v: %d %s", tt.query, tt.why, a.status, a.raw)
			}
			if a.status == 200 && (!strings.HasPrefix(a.header.Get("Content-Type"), "video/") || !strings.Contains(a.header.Get("Content-Disposition"), "browser_1.")) {
				t.Errorf("%s: %v", tt.query, a.header)
			}
		}
	})
}
