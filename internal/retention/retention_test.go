package retention_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/retention"
)

// fake is a store and a folder: it writes down what is asked of it.
type fake struct {
	mu      sync.Mutex
	asked   []string
	removed []domain.RemovedFiles
	before  time.Duration // ago, of the last that were to be forgotten
	files   map[string]bool
	forgot  int64
	broken  string // a key that can't be removed
	refused error

	takes    time.Duration // to remove one
	at, most int           // so many at once
}

func (f *fake) note(what string, before time.Time) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, what+" "+time.Since(before).String())
	return 1, f.refused
}

func (f *fake) Prune(_ context.Context, before time.Time) (int, error) {
	return f.note("events", before)
}

func (f *fake) PruneSessions(_ context.Context, before, _ time.Time) (int, error) {
	return f.note("sessions", before)
}

func (f *fake) PruneArtifacts(_ context.Context, before, _ time.Time) (int, error) {
	return f.note("artifacts", before)
}

func (f *fake) ForgetIdempotency(_ context.Context, before time.Time) error {
	_, err := f.note("keys", before)
	return err
}

func (f *fake) ForgetSession(_ context.Context, project, id string, now time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refused != nil {
		return f.refused
	}
	f.removed = append(f.removed, domain.RemovedFiles{Num: int64(len(f.removed) + 1), ProjectID: project, SessionID: id, RemovedAt: now})
	return nil
}

func (f *fake) RemovedFiles(_ context.Context, after int64, limit int) ([]domain.RemovedFiles, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var some []domain.RemovedFiles
	for _, r := range f.removed {
		if r.Num > after && len(some) < limit {
			some = append(some, r)
		}
	}
	return some, nil
}

func (f *fake) ForgetRemovedFiles(_ context.Context, upto int64, before time.Time) error {
	f.before = time.Since(before)
	f.forgot = upto
	return nil
}

func (f *fake) Remove(_ context.Context, key string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at++
	f.most = max(f.most, f.at)
	f.mu.Unlock()
	time.Sleep(f.takes)
	f.mu.Lock()
	f.at--
	if key == f.broken {
		return errors.New("broken")
	}
	for k := range f.files {
		if k == key || strings.HasSuffix(key, "/") && strings.HasPrefix(k, key) {
			delete(f.files, k)
		}
	}
	return nil
}

func service(f *fake, keep, artifacts time.Duration) *retention.Service {
	return retention.New(retention.Config{Store: f, Files: f, Keep: keep, Artifacts: artifacts, Log: slog.New(slog.DiscardHandler)})
}

// run lets the service run for a time.
func run(t *testing.T, s *retention.Service, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := s.Run(ctx); err != nil {
		t.Error(err)
	}
}

func TestWhatIsDeletedWhen(t *testing.T) {
	for name, c := range map[string]struct {
		keep, artifacts time.Duration
		want            []string
	}{
		"all":                      {720 * time.Hour, 24 * time.Hour, []string{"keys 24h0m0s", "events 720h0m0s", "artifacts 24h0m0s", "sessions 720h0m0s"}},
		"pictures stay":            {720 * time.Hour, 0, []string{"keys 24h0m0s", "events 720h0m0s", "sessions 720h0m0s"}},
		"only pictures go":         {0, 48 * time.Hour, []string{"keys 24h0m0s", "artifacts 48h0m0s"}},
		"nothing but keys":         {0, 0, []string{"keys 24h0m0s"}},
		"a store that isn't there": {2 * time.Hour, 0, []string{"keys 24h0m0s", "events 2h0m0s", "sessions 2h0m0s"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{}
				if name == "a store that isn't there" {
					f.refused = errors.New("away")
				}
				run(t, service(f, c.keep, c.artifacts), 90*time.Minute)
				if want := slices.Concat(c.want, c.want); !slices.Equal(f.asked, want) {
					t.Errorf("in an hour and a half: %q, want %q", f.asked, want)
				}
			})
		})
	}
}

// TestFilesLeftByACrash: rows are gone, files are not, and the next start
// removes them.
func TestFilesLeftByACrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{files: map[string]bool{"p/a/1": true, "p/a/2": true, "p/b/1": true, "p/b/2": true}}
		f.removed = []domain.RemovedFiles{
			{Num: 1, ProjectID: "p", SessionID: "a", RemovedAt: time.Now().Add(-time.Hour)},
			{Num: 2, ProjectID: "p", SessionID: "b", ArtifactID: "2", RemovedAt: time.Now()},
		}
		run(t, service(f, 0, 0), time.Minute)
		if len(f.files) != 1 || !f.files["p/b/1"] {
			t.Errorf("left are %v", f.files)
		}
		if f.forgot != 1 {
			t.Errorf("done up to %d: one with a smaller number may be on its way beside what is new", f.forgot)
		}
	})
}

// TestFileThatCantBeRemoved is tried again, and holds up no other.
func TestFileThatCantBeRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{files: map[string]bool{"p/a/1": true, "p/b/1": true}, broken: "p/a/"}
		old := time.Now().Add(-time.Hour)
		f.removed = []domain.RemovedFiles{
			{Num: 1, ProjectID: "p", SessionID: "a", RemovedAt: old}, {Num: 2, ProjectID: "p", SessionID: "b", RemovedAt: old},
		}
		s := service(f, 0, 0)
		run(t, s, time.Minute)
		if f.files["p/b/1"] || f.forgot != 0 {
			t.Errorf("left are %v, done up to %d", f.files, f.forgot)
		}
		f.broken = ""
		run(t, s, time.Minute)
		if len(f.files) > 0 || f.forgot != 2 {
			t.Errorf("left are %v, done up to %d", f.files, f.forgot)
		}
	})
}

// TestManyFilesBehindOneThatCantBeRemoved are removed in one pass as well,
// though they don't come with it.
func TestManyFilesBehindOneThatCantBeRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{files: map[string]bool{"p/0/1": true}, broken: "p/0/"}
		for i := range 1200 {
			session := strconv.Itoa(i)
			f.files["p/"+session+"/1"] = true
			f.removed = append(f.removed, domain.RemovedFiles{Num: int64(i + 1), ProjectID: "p", SessionID: session, RemovedAt: time.Now().Add(-time.Hour)})
		}
		s := service(f, 0, 0)
		run(t, s, time.Minute)
		if len(f.files) != 1 || f.forgot != 0 {
			t.Errorf("%d are left, done up to %d", len(f.files), f.forgot)
		}
		f.broken = ""
		run(t, s, time.Minute)
		if len(f.files) > 0 || f.forgot != 1200 {
			t.Errorf("%d are left, done up to %d", len(f.files), f.forgot)
		}
	})
}

// TestFilesAreRemovedSideBySide, as those of a bucket, which answers late: a few at once.
func TestFilesAreRemovedSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{files: map[string]bool{}, takes: time.Second}
		for i := range 480 {
			session := strconv.Itoa(i)
			f.files["p/"+session+"/1"] = true
			f.removed = append(f.removed, domain.RemovedFiles{Num: int64(i + 1), ProjectID: "p", SessionID: session, RemovedAt: time.Now().Add(-time.Hour)})
		}
		run(t, service(f, 0, 0), time.Minute+time.Millisecond)
		if len(f.files) > 0 || f.forgot != 480 || f.most != 8 {
			t.Errorf("%d are left, done up to %d, %d at once", len(f.files), f.forgot, f.most)
		}
	})
}

// TestFileThatCanNeverBeRemoved: what is noted behind it doesn't pile up.
func TestFileThatCanNeverBeRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{broken: "p/a/"}
		for i, age := range []time.Duration{100 * 24 * time.Hour, 91 * 24 * time.Hour, 30 * 24 * time.Hour} {
			f.removed = append(f.removed, domain.RemovedFiles{Num: int64(i + 1), ProjectID: "p", SessionID: "a", RemovedAt: time.Now().Add(-age)})
		}
		run(t, service(f, 0, 0), time.Minute)
		if f.forgot != 2 {
			t.Errorf("done up to %d", f.forgot)
		}
	})
}

// TestWhatOneRemovesForAllIsSoonForgotten, and not gone through again with each start.
func TestWhatOneRemovesForAllIsSoonForgotten(t *testing.T) {
	for shared, want := range map[bool]time.Duration{false: 90 * 24 * time.Hour, true: 3 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{}
			s := service(f, 0, 0)
			s.Shared = shared
			run(t, s, time.Minute)
			if got := f.before; got != want {
				t.Errorf("shared: %t, for %s", shared, got)
			}
		})
	}
}

func TestForgetRemovesTheFilesAtOnce(t *testing.T) {
	f := &fake{files: map[string]bool{"p/a/1": true, "p/b/1": true}}
	s := service(f, 0, 0)
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // the caller goes away
	if err := s.Forget(ctx, "p", "a"); err != nil {
		t.Fatal(err)
	}
	if f.files["p/a/1"] || !f.files["p/b/1"] {
		t.Errorf("left are %v", f.files)
	}
	f.refused = domain.ErrNotFound
	if err := s.Forget(t.Context(), "p", "b"); !errors.Is(err, domain.ErrNotFound) || !f.files["p/b/1"] {
		t.Errorf("%v, left are %v", err, f.files)
	}
}
