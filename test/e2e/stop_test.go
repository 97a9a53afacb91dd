package e2e

import (
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
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
