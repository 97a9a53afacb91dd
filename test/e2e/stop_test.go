package e2e

import (
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/browserhook/browserhook/test/harness"
)

// stopGrace is the setting's default; late is what a busy machine may add.
const (
	stopGrace = 8 * time.Second
	late      = 2 * time.Second
)

// hang gives a server everything that can hang: a step that has no end, a
// receiver of webhooks that doesn't answer, a follower of the log, a viewer's
// link, and a client that doesn't read its answers. It returns how the request
// that waits for the step is answered.
func hang(t *testing.T, server *harness.Server) <-chan harness.Object {
	t.Helper()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	c := server.Client()
	made, err := c.Do(t.Context(), http.MethodPost, "/v1/sessions", obj{"webhook": obj{"url": "http://" + silent.Addr().String() + "/"}})
	if err != nil {
		t.Fatal(err)
	}
	id := made.String("sessionId")
	if _, err := c.WaitSession(t.Context(), id, "READY"); err != nil {
		t.Fatal(err)
	}
	path := "/v1/sessions/" + id + "/steps"
	answered := make(chan harness.Object, 1)
	go func() {
		got, err := c.With("Prefer", "wait=60").Do(t.Context(), http.MethodPost, path, obj{"steps": []obj{
			{"action": "waitFor", "target": "#never", "timeout": "5m"}, {"action": "reload"},
		}})
		if err != nil {
			t.Errorf("the request that waits: %v", err)
		}
		answered <- got
	}()
	if err := harness.Until(t.Context(), func() (bool, error) {
		got, err := c.Do(t.Context(), http.MethodGet, path, nil)
		steps := got.List("data")
		return len(steps) == 2 && steps[0].String("status") == "RUNNING", err
	}); err != nil {
		t.Fatal(err)
	}
	dial(t, server, "GET /v1/events HTTP/1.1", "Host: x", "Authorization: Bearer "+harness.Key, "Accept: text/event-stream", "", "")
	unread := dial(t, server)
	if err := unread.SetWriteDeadline(time.Now().Add(2 * time.Second)); err != nil {
		t.Fatal(err)
	}
	for err == nil { // until the server doesn't take more, since its answers are not taken
		_, err = io.WriteString(unread, strings.Repeat("GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n", 100))
	}
	return answered
}

// TestAStopEndsWhateverHangs, within its grace; requests that wait are answered
// first, with the steps as they are.
func TestAStopEndsWhateverHangs(t *testing.T) {
	dir := harness.Beside(t)
	server := harness.Start(t, filepath.Join(dir, "data"))
	answered := hang(t, server)
	began := time.Now()
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > stopGrace+late {
		t.Errorf("it took %s", took)
	} else {
		t.Logf("it took %s", took)
	}
	steps := (<-answered).List("data")
	if len(steps) != 2 || steps[0].String("status") != "RUNNING" || steps[1].String("status") != "PENDING" {
		t.Errorf("the request that waits was answered %v", steps)
	}
	harness.WaitForNothingLeft(t, dir)
}

// TestAStopEndsWithoutItsDatabase: with all that hangs, and a database that has
// stopped answering.
func TestAStopEndsWithoutItsDatabase(t *testing.T) {
	dir := harness.Beside(t)
	db, url := harness.Postgres(t)
	server := harness.Start(t, filepath.Join(dir, "data"), "--database-url="+url, "--stop-grace=3s")
	answered := hang(t, server)
	if err := db.Freeze(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Thaw(); err != nil {
			t.Error(err)
		}
	}()
	began := time.Now()
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 3*time.Second+late {
		t.Errorf("it took %s", took)
	} else {
		t.Logf("it took %s", took)
	}
	if steps := (<-answered).List("data"); len(steps) != 2 {
		t.Errorf("the request that waits was answered %v", steps)
	}
	harness.WaitForNothingLeft(t, dir)
}

// TestWhatAnEndOfTheServerLeaves of its sessions, and what the next start makes of it.
func TestWhatAnEndOfTheServerLeaves(t *testing.T) {
	killed := func(s *harness.Server) error { s.Kill(); return nil }
	by := func(signal syscall.Signal) func(*harness.Server) error {
		return func(s *harness.Server) error { return s.Signal(signal) }
	}
	for _, tt := range []struct {
		name, grace, keep string
		end               func(*harness.Server) error
		over              bool   // before the next start nothing is left
		want              string // of the session, with its reason
	}{
		{"SIGTERM", "60s", "always", by(syscall.SIGTERM), false, "READY"},
		{"SIGTERM, and it doesn't keep them", "60s", "never", by(syscall.SIGTERM), true, "CLOSED shutdown"},
		{"SIGTERM, and they end with it", "0", "always", by(syscall.SIGTERM), true, "CLOSED shutdown"},
		{"SIGINT", "60s", "always", by(syscall.SIGINT), true, "CLOSED shutdown"},
		{"kill -9, and it doesn't keep them at a stop", "60s", "never", killed, false, "READY"},
		{"kill -9, and they end with it", "0", "always", killed, true, "CLOSED node_lost"},
		{"kill -9, and it is back too late", "1s", "always", killed, true, "CLOSED node_lost"},
		{"SIGTERM, and it is back too late", "1s", "always", by(syscall.SIGTERM), true, "CLOSED node_lost"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := harness.Beside(t)
			start := func() *harness.Server {
				// Without a pool: a server that is killed while it makes the folder of a
				// browser for that leaves it to its next start.
				return harness.Start(t, filepath.Join(dir, "data"), "--keeper-grace="+tt.grace, "--keep-sessions="+tt.keep, "--pool-size=0")
			}
			server := start()
			made, err := server.Client().Do(t.Context(), http.MethodPost, "/v1/sessions", obj{})
			if err != nil {
				t.Fatal(err)
			}
			id := made.String("sessionId")
			if _, err := server.Client().WaitSession(t.Context(), id, "READY"); err != nil {
				t.Fatal(err)
			}
			if err := tt.end(server); err != nil {
				t.Fatal(err)
			}
			if tt.over {
				harness.WaitForNothingLeft(t, dir)
			}
			server = start()
			status, reason, _ := strings.Cut(tt.want, " ")
			got, err := server.Client().WaitSession(t.Context(), id, status)
			if err != nil || got.String("closeReason") != reason {
				t.Errorf("the session is %v: %v", got, err)
			}
			if status == "READY" {
				steps, err := server.Client().With("Prefer", "wait=30").Do(t.Context(), http.MethodPost, "/v1/sessions/"+id+"/steps",
					obj{"steps": []obj{{"action": "evaluate", "expression": "6*7"}}})
				if err != nil || steps.List("data")[0]["result"] != 42.0 {
					t.Errorf("its step: %v, %v", steps, err)
				}
			}
			if err := server.Signal(syscall.SIGINT); err != nil {
				t.Error(err)
			}
			harness.WaitForNothingLeft(t, dir)
		})
	}
}

// TestSignalDrains: by SIGUSR1 a server starts no more sessions, says so, and ends with
// its last.
func TestSignalDrains(t *testing.T) {
	dir := harness.Isolate(t)
	server := harness.Start(t, filepath.Join(dir, "data"))
	c := server.Client()
	made, err := c.Do(t.Context(), http.MethodPost, "/v1/sessions", obj{})
	if err != nil {
		t.Fatal(err)
	}
	id := made.String("sessionId")
	if _, err := c.WaitSession(t.Context(), id, "READY"); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(server.PID(), syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	if err := harness.Until(t.Context(), func() (bool, error) {
		got, err := c.Do(t.Context(), http.MethodGet, "/v1/nodes", nil)
		return err == nil && got.List("data")[0].String("state") == "DRAINING", err
	}); err != nil {
		t.Fatal(err)
	}
	waits, err := c.Do(t.Context(), http.MethodPost, "/v1/sessions", obj{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.Do(t.Context(), http.MethodGet, "/v1/sessions/"+waits.String("sessionId"), nil); err != nil || got.String("status") != "QUEUED" {
		t.Errorf("a session that came later: %v, %v", got, err)
	}
	if got, err := c.Do(t.Context(), http.MethodGet, "/v1/sessions/"+id, nil); err != nil || got.String("status") != "READY" {
		t.Errorf("the session that was there: %v, %v", got, err)
	}
	if _, err := c.Do(t.Context(), http.MethodDelete, "/v1/sessions/"+id, nil); err != nil {
		t.Fatal(err)
	}
	if err := server.Ends(); err != nil {
		t.Errorf("it ends with %v", err)
	}
}
