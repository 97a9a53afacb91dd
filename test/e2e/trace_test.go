package e2e

import (
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/browserhook/browserhook/test/harness"
)

// spans is a receiver of OTLP.
type spans struct {
	URL string

	mu  sync.Mutex
	all map[string]*tracepb.Span // by id
}

func newSpans(t *testing.T) *spans {
	s := &spans{all: map[string]*tracepb.Span{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// ServeHTTP takes spans; metrics it only answers.
func (s *spans) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	var in collector.ExportTraceServiceRequest
	if r.URL.Path != "/v1/traces" || err != nil {
		return
	}
	if err := proto.Unmarshal(raw, &in); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, resource := range in.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				s.all[hex.EncodeToString(span.GetSpanId())] = span
			}
		}
	}
}

// paths are those of all spans of a trace, each with its names from the outermost on.
func (s *spans) paths(trace string) map[string]*tracepb.Span {
	s.mu.Lock()
	defer s.mu.Unlock()
	paths := map[string]*tracepb.Span{}
	for _, span := range s.all {
		if hex.EncodeToString(span.GetTraceId()) != trace {
			continue
		}
		path := span.GetName()
		for up := s.all[hex.EncodeToString(span.GetParentSpanId())]; up != nil; up = s.all[hex.EncodeToString(up.GetParentSpanId())] {
			path = up.GetName() + "\n" + path
		}
		paths[path] = span
	}
	return paths
}

// documented are the paths of the trace in docs/operations.md.
func documented(t *testing.T) (paths []string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(string(raw), "```text trace\n")
	text, _, closed := strings.Cut(text, "```")
	if !ok || !closed {
		t.Fatal("docs/operations.md shows no trace")
	}
	var above []string
	for line := range strings.Lines(text) {
		depth := (len(line) - len(strings.TrimLeft(line, " "))) / 2
		name, _, _ := strings.Cut(strings.TrimSpace(line), "  ")
		above = append(above[:depth], name)
		paths = append(paths, strings.Join(above, "\n"))
	}
	return paths
}

// TestTraceOfASession: one trace from the caller through the request, the session, its
// steps, their calls to the browser, the events and the attempts to deliver them, also
// those of another process; the receivers are told where they are in it.
func TestTraceOfASession(t *testing.T) {
	const id, caller = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	to := newSpans(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", to.URL)
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
	dir := harness.Isolate(t)
	site := shop(t)
	server := harness.Start(t, filepath.Join(dir, "data"))
	receiver := harness.NewReceiver(t)
	const retried = 3 // requests that fail
	receiver.Answer = func(n int64) int {
		if n <= retried {
			return http.StatusInternalServerError
		}
		return http.StatusNoContent
	}
	c := server.Client().With("Traceparent", fmt.Sprintf("00-%s-%s-01", id, caller))
	made, err := c.Do(t.Context(), http.MethodPost, "/v1/sessions", obj{
		"url": site, "webhook": obj{"url": receiver.URL},
		"steps": []obj{{"action": "fill", "target": "#q", "value": "tea"}, {"action": "click", "target": "text=Buy"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	receiver.Wait(t, "what fails", func(d []harness.Delivery) bool {
		return len(d) >= retried && len(harness.OfType(d, "step_completed")) >= 3
	})
	if err := server.Stop(); err != nil { // which ends the session
		t.Fatal(err)
	}
	server = harness.Start(t, filepath.Join(dir, "data"))
	all := receiver.Wait(t, "what was tried again", func(d []harness.Delivery) bool {
		good := 0
		for _, one := range d {
			if one.Status == http.StatusNoContent {
				good++
			}
		}
		return good == 8 && len(harness.OfType(d, "browser_closed")) > 0
	})
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	got := to.paths(id)
	for _, path := range documented(t) {
		if got[path] == nil {
			t.Errorf("there is no span %s", strings.ReplaceAll(path, "\n", " > "))
		}
	}
	for path, span := range got {
		t.Logf("%s: %.1f ms", strings.ReplaceAll(path, "\n", " > "), float64(span.GetEndTimeUnixNano()-span.GetStartTimeUnixNano())/1e6)
	}
	if up := hex.EncodeToString(got["POST /v1/sessions"].GetParentSpanId()); up != caller {
		t.Errorf("the request is under %q, not its caller's span", up)
	}
	to.mu.Lock()
	defer to.mu.Unlock()
	tries := map[string]int{}
	for _, d := range all {
		parts := strings.Split(d.Header.Get("traceparent"), "-")
		if len(parts) != 4 || parts[1] != id {
			t.Errorf("traceparent is %q", d.Header.Get("traceparent"))
			continue
		}
		if span := to.all[parts[2]]; span.GetName() != "POST webhook" {
			t.Errorf("the receiver is under %v", span)
		}
		tries[d.ID()]++
	}
	if len(tries) != 8 || len(all) != 8+retried {
		t.Errorf("%d events in %d requests", len(tries), len(all))
	}
	if made.String("sessionId") == "" {
		t.Error("it has no id")
	}
}

// TestCallersTraceWithoutOTLP: a caller's trace reaches the receivers also when nobody
// is to hear of spans.
func TestCallersTraceWithoutOTLP(t *testing.T) {
	const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	dir := harness.Isolate(t)
	server := harness.Start(t, filepath.Join(dir, "data"), "--chromium=/bin/false")
	receiver := harness.NewReceiver(t)
	c := server.Client()
	if _, err := c.With("Traceparent", trace).Do(t.Context(), http.MethodPost, "/v1/sessions", obj{"webhook": obj{"url": receiver.URL}}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(t.Context(), http.MethodPost, "/v1/sessions", obj{"webhook": obj{"url": receiver.URL}}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range receiver.Wait(t, "two sessions that fail", func(d []harness.Delivery) bool { return len(harness.OfType(d, "browser_failed")) == 2 }) {
		got = append(got, d.Header.Get("traceparent"))
	}
	if len(got) != 2 || got[0]+got[1] != trace {
		t.Errorf("the receivers are told %q", got)
	}
	// A session is told before its line is logged: what ends has logged all of it.
	if err := server.End(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(server.Output(), "trace=0af7651916cd43dd8448eb211c80319c") {
		t.Error("no line of the log says the trace")
	}
}

// TestMetricsOfAServer are read with an operator's key, or without one at an address of
// their own, and are as Prometheus wants them.
func TestMetricsOfAServer(t *testing.T) {
	dir := harness.Isolate(t)
	site := shop(t)
	server := harness.Start(t, filepath.Join(dir, "data"), "--metrics-listen=127.0.0.1:0")
	receiver := harness.NewReceiver(t)
	c := server.Client().With("Prefer", "wait=30")
	made, err := c.Do(t.Context(), http.MethodPost, "/v1/sessions", obj{"webhook": obj{"url": receiver.URL}})
	if err != nil {
		t.Fatal(err)
	}
	path := "/v1/sessions/" + made.String("sessionId")
	if _, err := c.Do(t.Context(), http.MethodPost, path+"/steps", obj{"steps": []obj{{"action": "goto", "url": site}, {"action": "click", "target": "text=Nothing", "timeout": "100ms"}}}); err != nil {
		t.Fatal(err)
	}
	receiver.Wait(t, "the step's failure", func(d []harness.Delivery) bool { return len(harness.OfType(d, "step_failed")) == 1 })
	ask := func(url, key string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if key != "" {
			req.Header.Set("Authorization", "Bearer "+key)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		raw, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(raw)
	}
	if status, _ := ask(server.URL+"/metrics", ""); status != http.StatusUnauthorized {
		t.Errorf("without a key: %d", status)
	}
	_, rest, _ := strings.Cut(server.Output(), "Metrics    ")
	own := strings.Fields(rest)[0]
	for url, key := range map[string]string{server.URL + "/metrics": harness.Key, own: ""} {
		status, got := ask(url, key)
		if status != http.StatusOK {
			t.Fatalf("%s: %d %s", url, status, got)
		}
		for _, want := range []string{
			`browserhook_ready 1`, `browserhook_sessions{state="ready"} 1`, `browserhook_sessions_created_total 1`,
			`browserhook_steps_total{action="click",outcome="failed"} 1`, `browserhook_steps_total{action="goto",outcome="completed"} 1`,
			`browserhook_queue_sessions 0`, `browserhook_circuits_open 0`, `browserhook_events_total{type="browser_ready"} 1`,
			`browserhook_session_ready_duration_seconds_count{browser="shell"} 1`, `browserhook_http_requests_total{code="201",route="POST /v1/sessions"} 1`,
		} {
			if !strings.Contains(got, "\n"+want+"\n") {
				t.Errorf("%s has no line %s", url, want)
			}
		}
		if strings.Contains(got, "browserhook_browsers_memory_bytes 0\n") || !strings.Contains(got, "browserhook_browsers_memory_bytes ") {
			t.Error("browsers take no memory")
		}
		check := exec.CommandContext(t.Context(), "promtool", "check", "metrics")
		check.Stdin = strings.NewReader(got)
		if out, err := check.CombinedOutput(); err != nil {
			t.Errorf("promtool: %v\n%s", err, out)
		}
	}
	if status, _ := ask(strings.TrimSuffix(own, "/metrics")+"/v1/sessions", harness.Key); status != http.StatusNotFound {
		t.Errorf("the address for metrics answers other requests: %d", status)
	}
}
