package live_test

import (
	"bytes"
	"image/jpeg"
	"io"
	"net/http"
	"testing"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
)

// TestPicture: a link opens a small picture of the page, the same for all who ask within a
// second, and with replay the last one when the session has ended; a link that is for one,
// for nothing, or has ended with its session, opens none.
func TestPicture(t *testing.T) {
	b := browsertest.Launch(t, browsertest.Launcher(t, step.Script(), nil), domain.SessionOptions{})
	h := &fakeSessions{pages: map[string]*browser.Page{"a": b.Page(), "b": nil}}
	url := h.open(t).URL + "/streams/picture?id="
	get := func(id, etag string) (*http.Response, []byte) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+id, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("If-None-Match", etag)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res, body
	}
	res, body := get("a", "")
	is, err := jpeg.DecodeConfig(bytes.NewReader(body))
	if res.StatusCode != http.StatusOK || err != nil || is.Width > 480 || is.Height > 480 || res.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %+v, %v: %v", res.StatusCode, is, err, res.Header)
	}
	h.mu.Lock()
	h.status = domain.SessionClosed
	h.mu.Unlock()
	if late, _ := get("a", ""); late.StatusCode != http.StatusNotFound {
		t.Errorf("by a link that has ended with the session: %d", late.StatusCode)
	}
	h.mu.Lock()
	h.replay = true
	h.mu.Unlock()
	if again, _ := get("a", res.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
		t.Errorf("when it has ended: %d", again.StatusCode)
	}
	for _, id := range []string{"b", "nothing"} {
		if res, _ := get(id, ""); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", id, res.StatusCode)
		}
	}
	h.mu.Lock()
	h.once = "token"
	h.mu.Unlock()
	if res, _ := get("a", ""); res.StatusCode != http.StatusNotFound {
		t.Errorf("of a link for one: %d", res.StatusCode)
	}
}
