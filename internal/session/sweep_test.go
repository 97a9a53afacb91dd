package session

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/recording"
)

// shut is a store of artifacts that hangs, until it doesn't, and of rows of one session
// that has ended.
type shut struct {
	Store
	Blobs

	hangs atomic.Bool
	tried int
	rows  []domain.Artifact
}

func (s *shut) Write(ctx context.Context, _ string, content io.Reader, _ string) (int64, error) {
	s.tried++
	if s.hangs.Load() {
		<-ctx.Done()
		return 0, context.Cause(ctx)
	}
	return io.Copy(io.Discard, content)
}

func (s *shut) Session(context.Context, string, string) (domain.Session, error) {
	return domain.Session{Status: domain.SessionClosed}, nil
}

func (s *shut) Artifact(context.Context, string, string, string) (domain.Artifact, error) {
	return domain.Artifact{}, domain.ErrNotFound
}

func (s *shut) ArtifactsPage(context.Context, string, string, string, int) ([]domain.Artifact, error) {
	return s.rows, nil
}

func (s *shut) ChangeSession(_ context.Context, _, _ string, fn func(*domain.SessionChange) error) error {
	c := &domain.SessionChange{Session: &domain.Session{}}
	err := fn(c)
	s.rows = append(s.rows, c.Artifacts...)
	return err
}

// TestAStoreThatHangsKeepsNoSessionFromItsEnd: of all that there is of a recording one
// part is tried, however many there are; the recording is told nevertheless, and kept
// when the store is back, without another start.
func TestAStoreThatHangsKeepsNoSessionFromItsEnd(t *testing.T) {
	folder, err := recording.NewFolder(filepath.Join(t.TempDir(), "recordings"))
	if err != nil {
		t.Fatal(err)
	}
	of := domain.SessionRef{ProjectID: domain.NewID(domain.PrefixProject), ID: domain.NewID(domain.PrefixSession)}
	synctest.Test(t, func(t *testing.T) {
		store := &shut{}
		store.hangs.Store(true)
		s := New(Config{Store: store, Blobs: store, Recordings: folder, Log: slog.New(slog.DiscardHandler), MaxSessions: 1})
		defer s.giveUp()
		dir := filepath.Join(folder.Path(), of.ProjectID, of.ID)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		const parts = 20
		var size int64
		for range parts {
			time.Sleep(time.Second)
			raw := recording.Append([]byte(recording.Magic), recording.Picture{At: time.Now(), JPEG: []byte{0xff, 0xd8, 1}})
			size += int64(len(raw))
			if err := os.WriteFile(filepath.Join(dir, domain.NewID(domain.PrefixArtifact)), raw, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		a := newActor(s, ref{of.ProjectID, of.ID})
		a.opt.Record = domain.RecordAll
		began := time.Now()
		if all := a.keepRecording(); all != (kept{parts, size, (parts - 1) * time.Second}) {
			t.Errorf("there is %+v", all)
		}
		if took := time.Since(began); took != keepSegmentWithin || store.tried != 1 {
			t.Errorf("it took %s, and %d tries", took, store.tried)
		}
		ctx, cancel := context.WithCancel(t.Context())
		s.wg.Go(func() { s.sweepRecordings(ctx) })
		time.Sleep(sweepEvery / 2)
		store.hangs.Store(false)
		time.Sleep(sweepEvery)
		cancel()
		s.wg.Wait()
		if len(store.rows) != parts {
			t.Errorf("%d are kept", len(store.rows))
		}
		if here, err := folder.Sessions(); err != nil || len(here) > 0 {
			t.Errorf("here are %v still, %v", here, err)
		}
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
	})
}
