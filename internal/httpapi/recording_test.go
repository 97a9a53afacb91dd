package httpapi_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/hop"
	"github.com/browserhook/browserhook/internal/httpapi"
	"github.com/browserhook/browserhook/internal/recording"
)

// film is a recording of which there is a video, or not.
type film struct {
	httpapi.Recordings

	why   error
	file  string
	holds chan error // why it ended that was to be made; nil: it is made at once
}

func (f *film) Video(ctx context.Context, _, _, format string) (*os.File, error) {
	if f.holds != nil {
		f.holds <- nil
		<-ctx.Done()
		f.holds <- ctx.Err()
		return nil, ctx.Err()
	}
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
			{"", recording.ErrElsewhere, 404, "in the folder of another server"},
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

// TestNobodyWaitsForTheVideo any more, and it isn't made any further.
func TestNobodyWaitsForTheVideo(t *testing.T) {
	onBothStores(t, func(r *rig) {
		made := &film{holds: make(chan error)}
		cfg := r.config
		cfg.Recordings = made
		films := httptest.NewServer(httpapi.New(cfg))
		defer films.Close()
		ctx, leave := context.WithCancel(t.Context())
		defer leave()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, films.URL+"/v1/sessions/browser_1/recording/video", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+r.key)
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			if res, err := films.Client().Do(req); err == nil {
				_ = res.Body.Close()
			}
		}()
		<-made.holds
		leave()
		<-gone
		if err := <-made.holds; !errors.Is(err, context.Canceled) {
			t.Errorf("it ends with %v", err)
		}
	})
}

// TestVideosOfOthers are made by the server that runs the session or, when it has ended,
// by one that has its recording.
func TestVideosOfOthers(t *testing.T) {
	onBothStores(t, func(r *rig) {
		here := &film{why: recording.ErrElsewhere}
		there := &film{file: filepath.Join(t.TempDir(), "video")}
		owner, runs := domain.Owner{Node: "b", Hops: hop.Encrypting}, true
		serve := func(name string, of httpapi.Recordings, others ...domain.Node) *httptest.Server {
			cfg := r.config
			cfg.Recordings = of
			hops := hop.New(&hop.Servers{
				Self: name, Keys: [][]byte{[]byte("key")}, Here: func(string) bool { return name == "b" && runs }, Stopping: t.Context(), Ended: t.Context(), Refuse: httpapi.Refuse, Log: cfg.Log, Apart: true,
				Owner: func(context.Context, string, string) (domain.Owner, error) {
					if runs {
						return owner, nil
					}
					return domain.Owner{}, domain.ErrNotFound
				},
				All: func(context.Context) ([]domain.Node, error) { return others, nil },
			})
			cfg.Hops = hops
			srv := httptest.NewServer(httpapi.New(cfg))
			t.Cleanup(func() {
				srv.Close()
				hops.Close()
			})
			return srv
		}
		owner.URL = serve("b", there).URL
		own := r.Server
		defer func() { r.Server = own }()
		r.Server = serve("a", here, domain.Node{ID: "b", URL: owner.URL, Hops: hop.Encrypting})
		const path = "/v1/sessions/browser_1/recording/video"
		if a := r.ask("GET", path, "", "Accept: */*"); a.status != 200 || a.raw != "a video as mp4" {
			t.Errorf("of a session that runs there: %d %s", a.status, a.raw)
		}
		runs = false
		if a := r.ask("GET", path+"?format=webm", "", "Accept: */*"); a.status != 200 || a.raw != "a video as webm" {
			t.Errorf("of one that has ended: %d %s", a.status, a.raw)
		}
		there.why = recording.ErrElsewhere
		if a := r.ask("GET", path, ""); a.status != 404 || !strings.Contains(a.raw, "in the folder of another server") {
			t.Errorf("of one that nobody has: %d %s", a.status, a.raw)
		}
		there.why, runs, owner.Away = nil, true, true
		if a := r.ask("GET", path, ""); a.status != 503 {
			t.Errorf("of one that runs on a server that is away: %d %s", a.status, a.raw)
		}
	})
}
