package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/seal"
	"github.com/browserhook/browserhook/internal/store/sqlite"
)

// writeUntilKilled names the database that the test binary, started again as a
// child, writes to until it is killed.
const writeUntilKilled = "SQLITE_TEST_WRITE_UNTIL_KILLED"

func TestMain(m *testing.M) {
	if path := os.Getenv(writeUntilKilled); path != "" {
		if err := writeAndTell(context.Background(), path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// killedBox has the same key in every process over the file.
var killedBox = func() *seal.Box {
	box, err := seal.New("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
	if err != nil {
		panic(err)
	}
	return box
}()

const killedProject = "proj_killed"

// writeAndTell says on standard output what has been acknowledged: events as
// "event ID", deliveries as "delivered ID".
func writeAndTell(ctx context.Context, path string) error {
	store, err := sqlite.Open(ctx, path, killedBox, func(domain.Commit) {}, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	err = store.CreateProject(ctx, domain.Project{ID: killedProject, Name: "killed"}, "", nil)
	if e, ok := errors.AsType[*domain.Error](err); err != nil && (!ok || e.Code != domain.CodeConflict) {
		return err
	}
	if err := store.ReleaseClaims(ctx); err != nil {
		return err
	}
	endpoint := domain.Endpoint{
		ID: domain.NewID(domain.PrefixEndpoint), ProjectID: killedProject, EndpointSettings: domain.EndpointSettings{Events: domain.Subscription{"*"}},
		Status: domain.EndpointEnabled,
	}
	var tell sync.Mutex
	failed := make(chan error, 10)
	for range 4 {
		s := domain.Session{ID: domain.NewID(domain.PrefixSession), ProjectID: killedProject, Status: domain.SessionReady}
		endpoint.ID, endpoint.SessionID = domain.NewID(domain.PrefixEndpoint), s.ID
		inline := endpoint
		link := domain.Stream{ID: domain.NewID(domain.PrefixStream), ProjectID: killedProject, SessionID: s.ID, Token: domain.NewToken()}
		if err := store.CreateSession(ctx, &domain.NewSession{Session: s, Stream: link, Endpoint: &inline}); err != nil {
			return err
		}
		go func() {
			for {
				err := store.ChangeSession(ctx, killedProject, s.ID, func(c *domain.SessionChange) error {
					c.Drafts = append(c.Drafts, domain.DraftSession(c.Session, domain.EventStepStarted, "", time.Now()))
					return nil
				})
				if err != nil {
					failed <- err
					return
				}
				// All that this session has said so far is acknowledged.
				events, err := store.Events(ctx, killedProject, domain.EventQuery{SessionID: s.ID, Limit: 1_000_000})
				if err != nil {
					failed <- err
					return
				}
				tell.Lock()
				fmt.Printf("event %s\n", events.Events[len(events.Events)-1].ID)
				tell.Unlock()
			}
		}()
		go func() {
			for {
				c, err := store.Claim(ctx, inline.ID, time.Now(), domain.Capacity{Deliveries: 10, Bytes: 1 << 20})
				if err != nil {
					failed <- err
					return
				}
				var outcomes []domain.Outcome
				for _, j := range c.Jobs {
					d := j.Delivery
					d.Status, d.Attempts, d.EndedAt = domain.DeliveryDelivered, d.Attempts+1, time.Now()
					outcomes = append(outcomes, domain.Outcome{Delivery: d, Attempt: domain.Attempt{
						ID: domain.NewID(domain.PrefixAttempt), ProjectID: d.ProjectID, DeliveryID: d.ID, Number: d.Attempts,
					}})
				}
				if err := store.Finish(ctx, outcomes, nil); err != nil {
					failed <- err
					return
				}
				tell.Lock()
				for _, o := range outcomes {
					fmt.Printf("delivered %s\n", o.Delivery.ID)
				}
				tell.Unlock()
			}
		}()
	}
	return <-failed
}

// TestKilledAtAnyMoment kills a writing process again and again over one file:
// what it acknowledged is there, and all of it fits together.
func TestKilledAtAnyMoment(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	path := filepath.Join(t.TempDir(), "browserhook.db")
	var events, delivered []string
	for range rounds {
		for _, line := range killedWriter(t, path, time.Duration(20+random.IntN(150))*time.Millisecond) {
			if id, ok := strings.CutPrefix(line, "event "); ok {
				events = append(events, id)
			}
			if id, ok := strings.CutPrefix(line, "delivered "); ok {
				delivered = append(delivered, id)
			}
		}
		checkKilled(t, path, events, delivered)
	}
	if len(events) < rounds || len(delivered) < rounds {
		t.Fatalf("only %d events and %d deliveries were acknowledged: this shows nothing", len(events), len(delivered))
	}
}

// killedWriter runs a writer for so long after its first word, kills it, and
// returns what it said in whole lines.
func killedWriter(t *testing.T, path string, life time.Duration) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), writeUntilKilled+"="+path)
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var kill *time.Timer
	var lines []string
	for r := bufio.NewReader(out); ; {
		line, err := r.ReadString('\n')
		if err != nil {
			break
		}
		if kill == nil {
			kill = time.AfterFunc(life, func() { cmd.Process.Kill() })
		}
		lines = append(lines, strings.TrimSuffix(line, "\n"))
	}
	if err := cmd.Wait(); err == nil || kill == nil {
		t.Fatalf("the writer ended by itself: %v", err)
	}
	return lines
}

func checkKilled(t *testing.T, path string, acknowledged, delivered []string) {
	t.Helper()
	ctx := t.Context()
	store, err := sqlite.Open(ctx, path, killedBox, func(domain.Commit) {}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	all, err := store.Events(ctx, killedProject, domain.EventQuery{Limit: 1_000_000})
	if err != nil {
		t.Fatal(err)
	}
	logged, sequence := map[string]bool{}, map[string]int64{}
	for _, e := range all.Events {
		logged[e.ID] = true
		sequence[e.SessionID]++
		if e.Sequence != sequence[e.SessionID] {
			t.Fatalf("event %d of session %s is numbered %d", sequence[e.SessionID], e.SessionID, e.Sequence)
		}
	}
	for session, want := range sequence {
		if s, err := store.Session(ctx, killedProject, session); err != nil || s.Sequence != want {
			t.Errorf("session %s: sequence %d, %v, want %d", session, s.Sequence, err, want)
		}
	}
	for _, id := range acknowledged {
		if !logged[id] {
			t.Errorf("acknowledged event %s is not there", id)
		}
	}
	deliveries, _, err := store.Deliveries(ctx, killedProject, domain.DeliveryFilter{Limit: 1_000_000})
	if err != nil {
		t.Fatal(err)
	}
	of, status := map[string]int{}, map[string]domain.DeliveryStatus{}
	for _, d := range deliveries {
		of[d.EventID]++
		status[d.ID] = d.Status
	}
	for id := range logged {
		if of[id] != 1 {
			t.Errorf("event %s has %d deliveries", id, of[id])
		}
	}
	if len(of) != len(logged) {
		t.Errorf("%d events have deliveries, %d are logged", len(of), len(logged))
	}
	for _, id := range delivered {
		if status[id] != domain.DeliveryDelivered {
			t.Errorf("delivery %s was acknowledged, and is %q", id, status[id])
		}
	}
}
