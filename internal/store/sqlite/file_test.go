package sqlite_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/sqlite"
)

func TestFilesAreTheOwners(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a b?c=d&e#f%41;g")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "browserhook.db")
	store, err := sqlite.Open(t.Context(), path, killedBox, func(domain.Commit) {}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left after closing: %v, %v", entries, err)
	}
}

func TestOpenWhatIsNoDatabase(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("this is not a database, and is longer than its header is"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{text, t.TempDir(), filepath.Join(t.TempDir(), "none", "x.db")} {
		store, err := sqlite.Open(t.Context(), path, killedBox, func(domain.Commit) {}, slog.New(slog.DiscardHandler))
		if err == nil {
			store.Close()
			t.Errorf("%s was opened", path)
		}
	}
}

// TestTwoProcesses has a second store on the file add keys and projects, as
// the command line does beside a server.
func TestTwoProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "browserhook.db")
	var stores []*sqlite.Store
	for range 2 {
		store, err := sqlite.Open(t.Context(), path, killedBox, func(domain.Commit) {}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		stores = append(stores, store)
	}
	failed := make(chan error, len(stores))
	for _, store := range stores {
		go func() {
			for range 50 {
				id := domain.NewID(domain.PrefixProject)
				if err := store.CreateProject(t.Context(), domain.Project{ID: id, Name: id}, "", nil); err != nil {
					failed <- err
					return
				}
				key := domain.APIKey{ID: domain.NewID(domain.PrefixKey), ProjectID: id, Prefix: "bh_abcdefgh", Hash: []byte{1}}
				if err := store.CreateKey(t.Context(), key, "", nil); err != nil {
					failed <- err
					return
				}
			}
			failed <- nil
		}()
	}
	for range stores {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	for _, store := range stores {
		if keys, err := store.KeysByPrefix(t.Context(), "bh_abcdefgh"); err != nil || len(keys) != 100 {
			t.Errorf("%d keys, %v", len(keys), err)
		}
	}
}

// TestTheFileHoldsNoSecretOfARequest: neither an endpoint's secret nor what a
// request with it is known by, which guesses could be tried on.
func TestTheFileHoldsNoSecretOfARequest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "browserhook.db")
	store, err := sqlite.Open(t.Context(), path, killedBox, func(domain.Commit) {}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	const secret, fingerprint = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3", "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
	e := domain.Endpoint{ID: "we_1", ProjectID: "proj_1", Status: domain.EndpointEnabled, Secrets: []domain.Secret{{Value: secret}}}
	if err := store.CreateEndpoint(t.Context(), e, &domain.Idempotency{Key: "key of the request", Fingerprint: fingerprint}); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(raw, []byte("key of the request")) {
		t.Fatalf("the request is not there: %v", err)
	}
	for _, hidden := range []string{secret, fingerprint} {
		if bytes.Contains(raw, []byte(hidden)) {
			t.Errorf("%q is there", hidden)
		}
	}
}
