package session_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
)

// TestADownloadBecomesAnArtifact with its event, once, however often it is kept; one
// without a file is only told.
func TestADownloadBecomesAnArtifact(t *testing.T) {
	n := start(t, overSQLite(t), nil, nil)
	kept := &blobs{}
	n.Blobs = kept
	project := n.newProject(t)
	id, _ := n.newSession(t, project, 0)
	ready(t, n, project, id)
	art := domain.NewID(domain.PrefixArtifact)
	sum := sha256.Sum256([]byte("a,b\n"))
	whole := browser.Download{ArtifactID: art, Name: "a.csv", ContentType: "text/csv", URL: "https://x.test/a.csv", PageURL: "https://x.test/", StepID: "step_1"}
	for range 2 { // the second as by a server that doesn't know of the first
		d := whole
		if err := n.KeepDownload(t.Context(), id, &d, strings.NewReader("a,b\n")); err != nil || d.Size != 4 || d.SHA256 != hex.EncodeToString(sum[:]) {
			t.Errorf("%+v, %v", d, err)
		}
	}
	known, unknown := whole, whole
	unknown.ArtifactID = domain.NewID(domain.PrefixArtifact)
	if err := n.KeepDownload(t.Context(), id, &known, nil); err != nil || known.Size != 4 {
		t.Errorf("asked for again: %+v, %v", known, err)
	}
	if err := n.KeepDownload(t.Context(), id, &unknown, nil); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("one that nobody kept: %v", err)
	}
	broken := browser.Download{ArtifactID: domain.NewID(domain.PrefixArtifact), Name: "b.csv", Failure: &domain.Failure{Code: "download_failed", Message: "The download broke off."}}
	if err := n.KeepDownload(t.Context(), id, &broken, nil); err != nil {
		t.Error(err)
	}
	unread := errors.New("the disk is full")
	if err := n.KeepDownload(t.Context(), id, &browser.Download{ArtifactID: domain.NewID(domain.PrefixArtifact), Name: "c.csv"}, io.MultiReader(strings.NewReader("c"), failing{unread})); !errors.Is(err, unread) {
		t.Errorf("one that can't be read: %v", err)
	}
	all, err := n.store.Artifacts(t.Context(), project, id)
	if err != nil || len(all) != 1 || all[0].ID != art || all[0].Name != "a.csv" || all[0].Size != 4 || all[0].SHA256 != hex.EncodeToString(sum[:]) || all[0].Kind != "download" || all[0].StepID != "step_1" {
		t.Errorf("%+v, %v", all, err)
	}
	if names := kept.names(); len(names) != 1 {
		t.Errorf("kept are %v", names)
	}
	var told []string
	for _, e := range newsOf(t, n, project, id) {
		if e.Type != domain.EventBrowserDownload {
			continue
		}
		var body struct{ Data json.RawMessage }
		if err := json.Unmarshal(e.Body, &body); err != nil {
			t.Fatal(err)
		}
		told = append(told, string(body.Data))
	}
	sess, err := n.Session(t.Context(), project, id)
	if err != nil {
		t.Fatal(err)
	}
	head := `{"eventType":"browser_download_completed","status":"READY",`
	stream := `"streamingUrl":"https://x.test/streams?id=` + sess.StreamToken + `",`
	want := []string{
		head + `"stepId":"step_1",` + stream + `"artifactId":"` + art + `","artifactUrl":"https://x.test/v1/sessions/` + id + `/artifacts/` + art +
			`","name":"a.csv","contentType":"text/csv","size":4,"sha256":"` + hex.EncodeToString(sum[:]) + `","url":"https://x.test/a.csv","pageUrl":"https://x.test/"}`,
		head + `"error":{"code":"download_failed","message":"The download broke off."},` + stream + `"name":"b.csv"}`,
	}
	if len(told) != 2 || told[0] != want[0] || told[1] != want[1] {
		t.Errorf("told is\n%s\nwant\n%s", strings.Join(told, "\n"), strings.Join(want, "\n"))
	}
	if _, err := n.Close(t.Context(), project, id); err != nil {
		t.Fatal(err)
	}
	for changed := n.Changed(id); ; changed = n.Changed(id) {
		if sess, err := n.Session(t.Context(), project, id); err != nil || sess.Status.Ended() {
			break
		}
		<-changed
	}
	late := whole
	late.ArtifactID = domain.NewID(domain.PrefixArtifact)
	if err := n.KeepDownload(t.Context(), id, &late, strings.NewReader("late")); err == nil || len(kept.names()) != 1 {
		t.Errorf("after the session's end: %v, kept are %v", err, kept.names())
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// ready waits until a session has its browser.
func ready(t *testing.T, n *node, project, id string) {
	t.Helper()
	late, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		changed := n.Changed(id)
		if sess, err := n.Session(t.Context(), project, id); err != nil || sess.Status == domain.SessionReady {
			return
		}
		select {
		case <-changed:
		case <-late.Done():
			t.Fatal("the session doesn't become READY")
		}
	}
}

// newsOf are a session's events.
func newsOf(t *testing.T, n *node, project, id string) []domain.Event {
	t.Helper()
	page, err := n.store.(interface {
		Events(ctx context.Context, project string, q domain.EventQuery) (domain.EventPage, error)
	}).Events(t.Context(), project, domain.EventQuery{SessionID: id, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	return page.Events
}
