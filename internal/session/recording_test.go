package session_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/recording"
	"github.com/browserhook/browserhook/internal/session"
)

// left puts a segment into a folder as a server leaves it that is killed while it writes
// the second picture, and answers its id and what of it is whole.
func left(t *testing.T, folder *recording.Folder, of domain.SessionRef) (id string, whole []byte) {
	t.Helper()
	at := time.Now().Truncate(time.Millisecond)
	whole = recording.Append([]byte(recording.Magic), recording.Picture{At: at, JPEG: []byte{0xff, 0xd8, 1}})
	torn := recording.Append(bytes.Clone(whole), recording.Picture{At: at.Add(time.Second), JPEG: []byte{0xff, 0xd8, 2}})
	id = domain.NewID(domain.PrefixArtifact)
	dir := filepath.Join(folder.Path(), of.ProjectID, of.ID)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, id), torn[:len(torn)-1], 0o600); err != nil {
		t.Fatal(err)
	}
	return id, whole
}

// TestWhatIsLeftOfRecordings is kept as far as it is whole: with the end of a session,
// which tells of it before it is closed, or by the next start when the session has ended
// already; and goes if the session is forgotten.
func TestWhatIsLeftOfRecordings(t *testing.T) {
	folder, err := recording.NewFolder(filepath.Join(t.TempDir(), "recordings"))
	if err != nil {
		t.Fatal(err)
	}
	kept, open := &blobs{}, overSQLite(t)
	config := func(c *session.Config) { c.Recordings, c.Blobs, c.Record = folder, kept, "all" }
	var of domain.SessionRef
	holds := func(n *node, id string, whole []byte) {
		t.Helper()
		art, err := n.Artifact(t.Context(), of.ProjectID, of.ID, id)
		if err != nil || art.Kind != domain.KindRecording || art.Size != int64(len(whole)) {
			t.Errorf("%+v, %v", art, err)
		}
		kept.mu.Lock()
		defer kept.mu.Unlock()
		if !bytes.Equal(kept.held[art.Key()], whole) {
			t.Errorf("%d bytes are kept, want %d", len(kept.held[art.Key()]), len(whole))
		}
	}
	t.Run("the session ends", func(t *testing.T) {
		n := start(t, open, nil, nil, config)
		of.ProjectID = n.newProject(t)
		of.ID, _ = n.newSession(t, of.ProjectID, 0)
		reaches(t, n, of, domain.SessionReady)
		id, whole := left(t, folder, of)
		all, err := n.Recording(t.Context(), of.ProjectID, of.ID)
		if err != nil || len(all) != 1 || all[0].ID != id {
			t.Errorf("while it runs: %+v, %v", all, err)
		}
		if _, err := n.Close(t.Context(), of.ProjectID, of.ID); err != nil {
			t.Fatal(err)
		}
		reaches(t, n, of, domain.SessionClosed)
		holds(n, id, whole)
		page, err := n.store.(interface {
			Events(ctx context.Context, project string, q domain.EventQuery) (domain.EventPage, error)
		}).Events(t.Context(), of.ProjectID, domain.EventQuery{})
		var types []domain.EventType
		for _, e := range page.Events {
			types = append(types, e.Type)
		}
		if want := []domain.EventType{domain.EventBrowserReady, domain.EventRecordingReady, domain.EventBrowserClosed}; err != nil || !slices.Equal(types, want) {
			t.Errorf("told were %v, %v", types, err)
		}
	})
	id, whole := left(t, folder, of)
	left(t, folder, domain.SessionRef{ProjectID: of.ProjectID, ID: domain.IDAt(domain.PrefixSession, time.Now().Add(-time.Hour))}) // which is looked at first
	t.Run("a server starts", func(t *testing.T) {
		n := start(t, open, nil, nil, config)
		for {
			changed := n.Changed(of.ID)
			if _, err := n.Artifact(t.Context(), of.ProjectID, of.ID, id); err == nil {
				break
			}
			<-changed
		}
		holds(n, id, whole)
		if all, err := n.Recording(t.Context(), of.ProjectID, of.ID); err != nil || len(all) != 2 {
			t.Errorf("%+v, %v", all, err)
		}
	})
	if here, err := folder.Sessions(); err != nil || len(here) > 0 {
		t.Errorf("here are %v still: %v", here, err)
	}
}

// TestVideosThatAreNotMade say why.
func TestVideosThatAreNotMade(t *testing.T) {
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, recording.Program), []byte("#!/bin/sh\n"), 0o700); err != nil { //nolint:gosec // it is a program
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	folder, err := recording.NewFolder(filepath.Join(t.TempDir(), "recordings"))
	if err != nil {
		t.Fatal(err)
	}
	full := false
	n := start(t, overSQLite(t), nil, nil, func(c *session.Config) {
		c.Recordings, c.Blobs, c.Record, c.Full = folder, &blobs{}, "all", func() bool { return full }
	})
	of := domain.SessionRef{ProjectID: n.newProject(t)}
	of.ID, _ = n.newSession(t, of.ProjectID, 0)
	reaches(t, n, of, domain.SessionReady)
	video := func() error {
		_, err := n.Video(t.Context(), of.ProjectID, of.ID, "mp4")
		return err
	}
	if err := video(); !errors.Is(err, recording.ErrEmpty) {
		t.Errorf("of nothing: %v", err)
	}
	id, _ := left(t, folder, of)
	full = true
	if refused, ok := errors.AsType[*domain.Error](video()); !ok || refused.Code != domain.CodeUnavailable || !strings.Contains(refused.Message, "nearly full") {
		t.Errorf("on a full disk: %+v", refused)
	}
	full = false
	art := domain.Artifact{ID: id, ProjectID: of.ProjectID, SessionID: of.ID, Kind: domain.KindRecording, CreatedAt: time.Now()}
	if err := n.store.ChangeSession(t.Context(), of.ProjectID, of.ID, func(c *domain.SessionChange) error {
		c.Artifacts = append(c.Artifacts, art)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := folder.Remove(art); err != nil {
		t.Fatal(err)
	}
	if err := video(); !errors.Is(err, recording.ErrElsewhere) {
		t.Errorf("of what another server has: %v", err)
	}
}

// reaches waits until a session has a state.
func reaches(t *testing.T, n *node, of domain.SessionRef, status domain.SessionStatus) {
	t.Helper()
	for {
		changed := n.Changed(of.ID)
		sess, err := n.Session(t.Context(), of.ProjectID, of.ID)
		if err != nil {
			t.Fatal(err)
		}
		if sess.Status == status {
			return
		}
		<-changed
	}
}
