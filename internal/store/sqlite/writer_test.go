package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/seal"
)

var testKey = seal.NewKey()

// testBox is one that every store of these tests shares.
var testBox = func() *seal.Box {
	box, err := seal.New(testKey)
	if err != nil {
		panic(err)
	}
	return box
}()

func openTest(t testing.TB) *Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "browserhook.db")
	s, err := Open(t.Context(), path, testBox, func(domain.Commit) {}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// TestFullDisk fills the database's limit of pages: everybody whose change
// didn't fit is told so, the rest is kept, and with room it goes on.
func TestFullDisk(t *testing.T) {
	s := openTest(t)
	if err := s.CreateProject(t.Context(), domain.Project{ID: "proj_a", Name: "a"}, "", nil); err != nil {
		t.Fatal(err)
	}
	limit := func(pages int) {
		t.Helper()
		err := s.update(t.Context(), func(tx *tx) error {
			var now int
			return tx.row(reads(fmt.Sprintf("PRAGMA max_page_count = %d", pages))).Scan(&now)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	add := func() (string, error) {
		key := domain.APIKey{ID: domain.NewID(domain.PrefixKey), ProjectID: "proj_a", Prefix: "bh_abcdefgh", Hash: bytes.Repeat([]byte{7}, 3000)}
		return key.ID, s.CreateKey(t.Context(), key, "", nil)
	}
	limit(1) // SQLite takes the present size instead
	var mu sync.Mutex
	acknowledged, failures := map[string]bool{}, 0
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				id, err := add()
				mu.Lock()
				if err == nil {
					acknowledged[id] = true
				} else if e, ok := errors.AsType[*domain.Error](err); !ok || e.Code != domain.CodeUnavailable {
					t.Errorf("a full disk is told as %v", err)
				} else {
					failures++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if failures == 0 {
		t.Fatal("the disk was never full")
	}
	limit(1 << 30)
	id, err := add()
	if err != nil {
		t.Fatalf("with room again: %v", err)
	}
	acknowledged[id] = true
	keys, _, err := s.Keys(t.Context(), domain.PageFilter{Limit: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	if len(keys) != len(acknowledged) {
		t.Errorf("%d keys are stored, %d were acknowledged", len(keys), len(acknowledged))
	}
	for _, k := range keys {
		if !acknowledged[k.ID] {
			t.Errorf("key %s is stored though its caller was told that it isn't", k.ID)
		}
	}
}

// TestBrokenTransaction ends the transaction under the writer's feet, as SQLite
// does by itself after some errors: nobody in it is told that it went well,
// and the writer goes on.
func TestBrokenTransaction(t *testing.T) {
	s := openTest(t)
	create := func(name string) error {
		return s.CreateProject(t.Context(), domain.Project{ID: domain.NewID(domain.PrefixProject), Name: name}, "", nil)
	}
	running := make(chan struct{})
	first, second, breaker := make(chan error, 1), make(chan error, 1), make(chan error, 1)
	go func() {
		first <- s.update(t.Context(), func(*tx) error {
			close(running)
			for len(s.queue) < 2 { // the others are to be in this transaction
				runtime.Gosched()
			}
			return nil
		})
	}()
	<-running
	go func() { second <- create("second") }()
	for len(s.queue) < 1 {
		runtime.Gosched()
	}
	go func() {
		breaker <- s.update(t.Context(), func(tx *tx) error {
			return errors.Join(errors.New("broken"), tx.exec(query{text: "ROLLBACK"}))
		})
	}()
	for _, told := range []chan error{first, second, breaker} {
		if err := <-told; err == nil {
			t.Error("somebody in a broken transaction was told that it went well")
		}
	}
	if all, err := s.Projects(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("stored: %v, %v", all, err)
	}
	if err := create("after"); err != nil {
		t.Errorf("after it: %v", err)
	}
}

// TestEndedSessionsAreForgotten: what the writer remembers doesn't grow with
// the sessions that there have been.
func TestEndedSessionsAreForgotten(t *testing.T) {
	s := openTest(t)
	if err := s.CreateProject(t.Context(), domain.Project{ID: "proj_a", Name: "a"}, "", nil); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		row := domain.Session{ID: domain.NewID(domain.PrefixSession), ProjectID: "proj_a", Status: domain.SessionReady}
		link := domain.Stream{ID: domain.NewID(domain.PrefixStream), ProjectID: "proj_a", SessionID: row.ID, Token: domain.NewToken()}
		if err := s.CreateSession(t.Context(), &domain.NewSession{Session: row, Stream: link}); err != nil {
			t.Fatal(err)
		}
		for range 2 { // an ended session may have more to say
			err := s.ChangeSession(t.Context(), "proj_a", row.ID, func(c *domain.SessionChange) error {
				c.Session.Status = domain.SessionClosed
				c.Drafts = append(c.Drafts, domain.DraftSession(c.Session, domain.EventBrowserClosed, "", time.Now()))
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	err := s.update(t.Context(), func(tx *tx) error {
		if n := len(tx.w.cache.endpoints); n != 1 { // those of all sessions
			t.Errorf("%d audiences are remembered", n)
		}
		if n := len(tx.w.cache.sessions); n != 0 {
			t.Errorf("%d sessions are remembered", n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestInterruptedDelete has a server die after it deleted an endpoint and
// before it had canceled all that was to be sent: the next one does that.
func TestInterruptedDelete(t *testing.T) {
	s := openTest(t)
	ctx, now := t.Context(), time.UnixMicro(1_800_000_000_000_000).UTC()
	if err := s.CreateProject(ctx, domain.Project{ID: "proj_a", Name: "a"}, "", nil); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, endpoint := range []string{"we_deleted", "we_kept"} {
		e := domain.Endpoint{ID: endpoint, ProjectID: "proj_a", Status: domain.EndpointEnabled}
		if err := s.CreateEndpoint(ctx, e, nil); err != nil {
			t.Fatal(err)
		}
		id, err := s.SendTest(ctx, "proj_a", endpoint, domain.DraftEndpoint(&e, domain.EventWebhookTest, "", now), nil)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	err := s.update(ctx, func(tx *tx) error {
		return tx.exec(writes(`UPDATE endpoints SET deleted_at = ? WHERE id = 'we_deleted'`), codec.Micros(now))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.ReleaseClaims(ctx); err != nil {
		t.Fatal(err)
	}
	gone, err := s.Delivery(ctx, "proj_a", ids[0])
	if err != nil || gone.Status != domain.DeliveryCanceled || !gone.EndedAt.Equal(now) {
		t.Errorf("got %+v, %v", gone, err)
	}
	kept, err := s.Delivery(ctx, "proj_a", ids[1])
	if err != nil || kept.Status != domain.DeliveryPending {
		t.Errorf("got %+v, %v", kept, err)
	}
}

// TestSecretsAreForgottenWithTheirEndpoint: one that ended with its session, and
// one that was deleted.
func TestSecretsAreForgottenWithTheirEndpoint(t *testing.T) {
	s := openTest(t)
	ctx, now := t.Context(), time.Now()
	e := domain.Endpoint{
		ID: "we_a", ProjectID: "proj_a", SessionID: "browser_a", Status: domain.EndpointEnabled,
		Secrets: []domain.Secret{{Value: "whsec_YQ=="}}, EndpointSettings: domain.EndpointSettings{Headers: []domain.Header{{Name: "A", Value: "b"}}},
	}
	deleted := e
	deleted.ID, deleted.SessionID = "we_b", ""
	if err := errors.Join(
		s.CreateProject(ctx, domain.Project{ID: "proj_a", Name: "a"}, "", nil),
		s.CreateEndpoint(ctx, deleted, nil),
		s.CreateSession(ctx, &domain.NewSession{Session: domain.Session{ID: "browser_a", ProjectID: "proj_a", Status: domain.SessionReady}, Endpoint: &e}),
		s.ChangeSession(ctx, "proj_a", "browser_a", func(c *domain.SessionChange) error {
			c.Session.Status, c.Session.EndedAt = domain.SessionClosed, now
			return nil
		}),
		s.DeleteEndpoint(ctx, "proj_a", "we_b", now),
	); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"we_a", "we_b"} {
		var at int64
		var sealed []byte
		left := domain.Endpoint{ID: id, ProjectID: "proj_a"}
		err := s.read.row(ctx, `SELECT deleted_at, sealed FROM endpoints WHERE id = ?`, id).Scan(&at, &sealed)
		if err == nil {
			err = s.box.OpenEndpoint(sealed, &left)
		}
		if err != nil || at == 0 || len(left.Secrets)+len(left.Headers) > 0 {
			t.Errorf("%s was deleted at %d, %v: %d secrets", id, at, err, len(left.Secrets))
		}
	}
}
