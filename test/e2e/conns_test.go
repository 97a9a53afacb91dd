package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/test/harness"
)

// wire is a connection on which a test writes what it likes.
type wire struct {
	net.Conn
	answers *bufio.Reader
}

func dial(t *testing.T, s *harness.Server, lines ...string) *wire {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetReadDeadline(time.Now().Add(harness.Deadline)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, strings.Join(lines, "\r\n")); err != nil {
		t.Fatal(err)
	}
	return &wire{conn, bufio.NewReader(conn)}
}

// answer is the status of what comes next, and all of its body.
func (r *wire) answer(t *testing.T) (int, string) {
	t.Helper()
	res, err := http.ReadResponse(r.answers, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// TestAuthenticationComesBeforeTheBody: a request without a key is answered
// without its body, and its connection ends.
func TestAuthenticationComesBeforeTheBody(t *testing.T) {
	server := harness.Start(t, filepath.Join(harness.Isolate(t), "data"))
	for _, length := range []string{"Content-Length: 1000", "Transfer-Encoding: chunked", "Content-Length: 1000\r\nExpect: 100-continue"} {
		began := time.Now()
		c := dial(t, server, "POST /v1/sessions HTTP/1.1", "Host: x", "Content-Type: application/json", length, "", "")
		if status, body := c.answer(t); status != http.StatusUnauthorized || !strings.Contains(body, `"unauthorized"`) {
			t.Errorf("%s: %d %s", length, status, body)
		}
		if _, err := c.answers.ReadByte(); err == nil {
			t.Errorf("%s: more than an answer", length)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%s: it took %s", length, took)
		}
	}
}

// TestConnectionsAreBounded: one client fills its quarter with requests that go
// nowhere; it is told so, its health check is answered, and when they are gone
// all is as before.
func TestConnectionsAreBounded(t *testing.T) {
	server := harness.Start(t, filepath.Join(harness.Isolate(t), "data"), "--max-connections=40")
	list := []string{"GET /v1/sessions HTTP/1.1", "Host: x", "Authorization: Bearer " + harness.Key, "", ""}
	health := []string{"GET /healthz HTTP/1.1", "Host: x", "", ""}
	var stalled []*wire
	for range 10 {
		stalled = append(stalled, dial(t, server, "POST /v1/sessions HTTP/1.1", "Host: x", "Authorization: Bearer "+harness.Key, "Content-Length: 10", "", "{"))
	}
	for range 500 { // many more than are kept
		dial(t, server)
	}
	if status, body := dial(t, server, list...).answer(t); status != http.StatusServiceUnavailable || !strings.Contains(body, `"code":"unavailable"`) || !strings.Contains(body, `"requestId"`) {
		t.Errorf("beyond the bound: %d %s", status, body)
	}
	if status, body := dial(t, server, health...).answer(t); status != http.StatusOK || !strings.HasPrefix(body, "ok\n") {
		t.Errorf("health check: %d %s", status, body)
	}
	for _, c := range stalled {
		_ = c.Close()
	}
	if err := harness.Until(t.Context(), func() (bool, error) {
		status, _ := dial(t, server, list...).answer(t)
		return status == http.StatusOK, nil
	}); err != nil {
		t.Error(err)
	}
}

// TestClientsBehindAProxyAreBounded: each request counts for the client that a
// trusted proxy names, whichever connection it comes on.
func TestClientsBehindAProxyAreBounded(t *testing.T) {
	server := harness.Start(t, filepath.Join(harness.Isolate(t), "data"), "--max-connections=20", "--trusted-proxies=127.0.0.0/8")
	follow := func(client string) *wire {
		return dial(t, server, "GET /v1/events HTTP/1.1", "Host: x", "Authorization: Bearer "+harness.Key,
			"Accept: text/event-stream", "X-Forwarded-For: 198.51.100.7, "+client, "", "")
	}
	for i := range 5 {
		if line, err := follow("192.0.2.1").answers.ReadString('\n'); err != nil || !strings.Contains(line, "200 OK") {
			t.Fatalf("stream %d: %q, %v", i, line, err)
		}
	}
	for client, want := range map[string]int{"192.0.2.1": 429, "192.0.2.2": 200} {
		line, err := follow(client).answers.ReadString('\n')
		if err != nil || !strings.Contains(line, fmt.Sprint(want)) {
			t.Errorf("%s: %q, %v, want %d", client, line, err, want)
		}
	}
}
