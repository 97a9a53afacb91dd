package fault

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/test/harness"
)

// TestReady breaks what a server stands on while it runs: /readyz says what it
// is, within seconds, whatever is to be stored is answered 503, and where it
// can be mended all goes on by itself, with all that was acknowledged.
func TestReady(t *testing.T) {
	t.Run("data folder removed", func(t *testing.T) {
		t.Parallel()
		b := newBroken(t, filepath.Join(t.TempDir(), "data"))
		b.made()
		b.ok(os.RemoveAll(b.data))
		b.unready("database file is gone")
		b.refuses()
		b.says("not ready: /readyz answers 503")
	})
	t.Run("data folder away and back", func(t *testing.T) {
		t.Parallel()
		b := newBroken(t, filepath.Join(t.TempDir(), "data"))
		b.made()
		b.ok(os.Rename(b.data, b.data+".away"))
		b.refuses() // at once, before anybody has looked
		b.unready("database file is gone")
		b.ok(os.Rename(b.data+".away", b.data))
		b.ready()
		b.made()
		b.kept()
	})
	t.Run("database file replaced", func(t *testing.T) {
		t.Parallel()
		b := newBroken(t, filepath.Join(t.TempDir(), "data"))
		b.made()
		file := filepath.Join(b.data, "browserhook.db")
		b.ok(os.Rename(file, file+".old"))
		b.ok(os.WriteFile(file, []byte("another"), 0o600))
		b.refuses()
		b.unready("database file is gone")
		b.ok(os.Rename(file+".old", file))
		b.ready()
		b.made()
		b.kept()
	})
	t.Run("write-ahead log removed", func(t *testing.T) {
		t.Parallel()
		b := newBroken(t, filepath.Join(t.TempDir(), "data"))
		b.made()
		b.ok(os.Remove(filepath.Join(b.data, "browserhook.db-wal")))
		b.refuses()
		b.unready("database file is gone")
	})
	t.Run("folder of artifacts removed", func(t *testing.T) {
		t.Parallel()
		folder := filepath.Join(t.TempDir(), "pictures")
		b := newBroken(t, filepath.Join(t.TempDir(), "data"), "--artifacts-url=file://"+folder)
		b.ok(os.RemoveAll(folder))
		b.unready("folder of artifacts is gone")
		b.made() // it needs none
		b.ok(os.Mkdir(folder, 0o700))
		b.ready()
	})
	t.Run("Chromium removed", func(t *testing.T) {
		t.Parallel()
		program := filepath.Join(t.TempDir(), "chromium")
		b := newBroken(t, filepath.Join(t.TempDir(), "data"))
		b.ok(b.End())
		b.ok(os.WriteFile(program, []byte("#!/bin/false\n"), 0o755))
		b.Server = harness.Start(t, b.data, "--chromium="+program)
		b.ready()
		b.ok(os.Rename(program, program+".away"))
		b.unready("Chromium is gone")
		b.made() // it needs none
		b.ok(os.Rename(program+".away", program))
		b.ready()
		b.kept()
	})
	t.Run("browsers that don't start", func(t *testing.T) {
		t.Parallel()
		b := newBroken(t, filepath.Join(t.TempDir(), "data"))
		for range 3 {
			made, err := b.Client().Do(b.Context(), http.MethodPost, "/v1/sessions", harness.Object{})
			b.ok(err)
			_, err = b.Client().WaitSession(b.Context(), made.String("sessionId"), "FAILED")
			b.ok(err)
		}
		b.unready("No browser can be started: Chromium")
		b.made()
	})
	t.Run("full disk", func(t *testing.T) {
		disk := smallDisk(t, 16)
		b := newBroken(t, filepath.Join(disk, "data"))
		b.made()
		b.ok(ballastInto(filepath.Join(disk, "ballast")))
		b.unready("disk is full")
		for b.post() == http.StatusCreated { // the log may have room that it had before
		}
		b.refuses()
		b.ok(os.Remove(filepath.Join(disk, "ballast")))
		b.ready()
		b.made()
		b.kept()
	})
}

// broken is a server that something happens to.
type broken struct {
	*testing.T
	*harness.Server
	data      string
	endpoints []string // acknowledged
}

func newBroken(t *testing.T, data string, args ...string) *broken {
	b := &broken{T: t, data: data}
	b.Server = harness.Start(t, data, append(args, "--chromium=/bin/false")...)
	b.ready()
	return b
}

func (b *broken) ok(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// post makes an endpoint and says how that was answered.
func (b *broken) post() int {
	b.Helper()
	got, err := b.Client().Do(b.Context(), http.MethodPost, "/v1/webhook-endpoints", harness.Object{"url": "http://127.0.0.1:1/", "events": []string{"*"}})
	if e, ok := errors.AsType[*harness.StatusError](err); ok {
		return e.Status
	}
	b.ok(err)
	b.endpoints = append(b.endpoints, got.String("endpointId"))
	return http.StatusCreated
}

func (b *broken) made() {
	b.Helper()
	if status := b.post(); status != http.StatusCreated {
		b.Fatalf("it answers %d", status)
	}
}

func (b *broken) refuses() {
	b.Helper()
	for range 3 {
		if status := b.post(); status != http.StatusServiceUnavailable {
			b.Errorf("what isn't stored is answered %d", status)
		}
	}
}

// kept tests that all is there that was acknowledged, and nothing else, also
// after another start.
func (b *broken) kept() {
	b.Helper()
	for range 2 {
		all, err := b.Client().All(b.Context(), "/v1/webhook-endpoints")
		b.ok(err)
		there := map[string]bool{}
		for _, e := range all {
			there[e.String("endpointId")] = true
		}
		for _, id := range b.endpoints {
			if !there[id] {
				b.Errorf("%s was acknowledged and is lost", id)
			}
		}
		if len(all) != len(b.endpoints) {
			b.Errorf("there are %d endpoints, acknowledged were %d", len(all), len(b.endpoints))
		}
		b.ok(b.End())
		b.Server = harness.Start(b.T, b.data, "--chromium=/bin/false")
	}
}

// unready waits until /readyz tells what is wrong.
func (b *broken) unready(what string) {
	b.Helper()
	began := time.Now()
	var last error
	if err := harness.Until(b.Context(), func() (bool, error) {
		_, last = b.Client().Do(b.Context(), http.MethodGet, "/readyz", nil)
		e, ok := errors.AsType[*harness.StatusError](last)
		return ok && e.Status == http.StatusServiceUnavailable && strings.Contains(e.Body, what), nil
	}); err != nil {
		b.Fatalf("/readyz doesn't say %q: %v", what, last)
	}
	if took := time.Since(began); took > seenWithin {
		b.Errorf("it takes %s", took)
	}
}

func (b *broken) ready() {
	b.Helper()
	if err := harness.Until(b.Context(), func() (bool, error) { return get(b.Context(), b.URL+"/readyz", "") == nil, nil }); err != nil {
		b.Fatalf("it isn't ready: %v\n%s", err, b.Output())
	}
}

func (b *broken) says(what string) {
	b.Helper()
	if !strings.Contains(b.Output(), what) {
		b.Errorf("the log doesn't say %q:\n%s", what, b.Output())
	}
}
