package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/seal"
)

func unavailable(t *testing.T, what string, err error, want *domain.Error) {
	t.Helper()
	if e, ok := errors.AsType[*domain.Error](err); !ok || e != want {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

func TestReadOnlyDatabaseIsTold(t *testing.T) {
	s := openTest(t)
	add := func(name string) error {
		return s.CreateProject(t.Context(), domain.Project{ID: name, Name: name}, "", nil)
	}
	var conn *sql.Conn // the writer's, while that has nothing to do
	if err := s.update(t.Context(), func(tx *tx) error { conn = tx.w.conn; return nil }); err != nil {
		t.Fatal(err)
	}
	pragma := func(query string) {
		t.Helper()
		if _, err := conn.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(add("proj_1"), s.Ping(t.Context())); err != nil {
		t.Fatal(err)
	}
	pragma("PRAGMA query_only = 1")
	unavailable(t, "a change", add("proj_2"), errUnwritable)
	unavailable(t, "ping", s.Ping(t.Context()), errUnwritable)
	if _, err := s.Projects(t.Context()); err != nil {
		t.Errorf("reading: %v", err)
	}
	pragma("PRAGMA query_only = 0")
	if err := errors.Join(s.Ping(t.Context()), add("proj_2")); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// TestDamageIsTold: a page that is damaged while the server runs, or was when
// it was started, is no error of the request that comes upon it.
func TestDamageIsTold(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("testdata", "kept", "00001.db"))
	if err != nil {
		t.Fatal(err)
	}
	box, err := seal.New("YnJvd3Nlcmhvb2sgdGVzdCBrZXksIG5vdCBzZWNyZXQ=")
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	told := 0
	for damaged := 2; damaged < len(raw)/page; damaged++ {
		path := filepath.Join(t.TempDir(), "browserhook.db")
		broken := append([]byte{}, raw...)
		clear(broken[damaged*page : (damaged+1)*page])
		if err := os.WriteFile(path, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(t.Context(), path, box, func(domain.Commit) {}, slog.New(slog.DiscardHandler))
		if err != nil {
			if _, ok := errors.AsType[*OpenError](err); !ok {
				t.Errorf("page %d: it is opened with %v", damaged, err)
			}
			told++
			continue
		}
		for _, err := range readAll(t.Context(), s) {
			if err != nil && errorCode(err) != 0 {
				unavailable(t, "reading", err, errDamaged)
				told++
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if told < 10 {
		t.Errorf("only %d times was damage come upon", told)
	}
}

// readAll reads what there is, and collects what goes wrong.
func readAll(ctx context.Context, s *Store) (errs []error) {
	projects, err := s.Projects(ctx)
	errs = append(errs, err)
	for _, p := range projects {
		sessions, _, err := s.Sessions(ctx, p.ID, domain.SessionFilter{})
		errs = append(errs, err)
		for _, one := range sessions {
			_, err := s.Steps(ctx, p.ID, one.ID, -1, 100)
			errs = append(errs, err)
			_, err = s.StreamByToken(ctx, one.StreamToken)
			errs = append(errs, err)
		}
		_, err = s.Events(ctx, p.ID, domain.EventQuery{Limit: 1000})
		errs = append(errs, err)
		_, _, err = s.Deliveries(ctx, p.ID, domain.DeliveryFilter{Limit: 1000})
		errs = append(errs, err)
		_, err = s.Prune(ctx, time.Now())
		errs = append(errs, err)
	}
	return errs
}
