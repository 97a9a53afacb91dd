package httpapi_test

import (
	"bytes"
	"context"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/httpapi"
)

// picture is an artifact of every session.
type picture struct{ httpapi.Artifacts }

func (picture) Artifact(_ context.Context, _, _, id string) (domain.Artifact, error) {
	return domain.Artifact{ID: id, Kind: "screenshot", ContentType: "image/png", CreatedAt: time.Unix(1_795_519_816, 0)}, nil
}

func (picture) OpenArtifact(context.Context, domain.Artifact) (io.ReadSeekCloser, error) {
	return struct {
		*bytes.Reader
		io.Closer
	}{bytes.NewReader([]byte("0123456789")), io.NopCloser(nil)}, nil
}

// TestAFileIsReadInParts, as the description says.
func TestAFileIsReadInParts(t *testing.T) {
	onBothStores(t, func(r *rig) {
		cfg := r.config
		cfg.Artifacts = picture{}
		files := httptest.NewServer(httpapi.New(cfg))
		defer files.Close()
		own := r.Server
		defer func() { r.Server = own }()
		r.Server = files
		for _, tt := range []struct {
			header, body string
			status       int
			parts        string
		}{
			{"Accept: */*", "0123456789", 200, ""},
			{"Range: bytes=2-4", "234", 206, "bytes 2-4/10"},
			{"Range: bytes=-2", "89", 206, "bytes 8-9/10"},
			{"Range: bytes=0-1,8-9", "bytes 8-9/10", 206, ""},
			{"Range: bytes=10-", `"code":"range_not_satisfiable"`, 416, "bytes */10"},
			{"If-None-Match: \"art_1\"", "", 304, ""},
		} {
			a := r.ask("GET", "/v1/sessions/browser_1/artifacts/art_1", "", tt.header)
			if a.status != tt.status || !strings.Contains(a.raw, tt.body) || a.header.Get("Content-Range") != tt.parts {
				t.Errorf("%s: %d %q %v", tt.header, a.status, a.raw, a.header)
			}
		}
	})
}
