package telemetry

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/browserhook/browserhook/internal/domain"
)

const place = domain.Trace("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")

func noEnv(string) string { return "" }

func open(t *testing.T) *Telemetry {
	t.Helper()
	tm, err := New(t.Context(), Config{Version: "1.2.3", Env: noEnv, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tm.Shutdown(context.Background()) })
	return tm
}

// recording is one whose spans are kept.
func recording(t *testing.T) (*Telemetry, *tracetest.InMemoryExporter) {
	t.Helper()
	tm, spans := open(t), tracetest.NewInMemoryExporter()
	tm.trace(resource.Empty(), sdktrace.ParentBased(sdktrace.AlwaysSample()), sdktrace.WithSyncer(spans))
	return tm, spans
}

// everything has one of everything happen that is counted.
func everything(t *testing.T, tm *Telemetry) {
	t.Helper()
	now := time.Now()
	for _, status := range []int{0, 200, 201, 404, 503, 101} {
		_, done := tm.Request(httptest.NewRequest(http.MethodGet, "/v1/sessions", nil), "GET /v1/sessions")
		done(status)
	}
	_, done := tm.Request(httptest.NewRequest(http.MethodGet, "/nowhere", nil), "")
	done(404)
	tm.Created()
	tm.Started(time.Second, nil)
	tm.Started(time.Second, errors.New("no"))
	s := &domain.Session{ID: "browser_a", ProjectID: "proj_a", Trace: place, Status: domain.SessionStarting, CreatedAt: now, Options: domain.SessionOptions{Browser: "shell"}}
	change := func(fn func(c *domain.SessionChange)) {
		decide, done := tm.Change(func(c *domain.SessionChange) error { fn(c); return nil })
		var steps []*domain.Step
		for i, status := range []domain.StepStatus{domain.StepCompleted, domain.StepFailed, domain.StepCanceled, domain.StepInterrupted} {
			steps = append(steps, &domain.Step{ID: "step_" + string(rune('a'+i)), Trace: place.Of(s.ID), Action: "click", Status: status, StartedAt: now, FinishedAt: now.Add(time.Second), Error: &domain.Failure{Code: "timeout"}})
		}
		if err := decide(&domain.SessionChange{Session: s, Open: steps}); err != nil {
			t.Fatal(err)
		}
		done()
	}
	change(func(c *domain.SessionChange) {
		c.Session.Status, c.Session.ReadyAt = domain.SessionReady, now.Add(time.Second)
	})
	change(func(c *domain.SessionChange) {
		c.Session.Status, c.Session.EndedAt, c.Session.CloseReason = domain.SessionClosed, now.Add(time.Minute), domain.ClosedRequested
		c.Session.Usage = domain.Usage{SentBytes: 10, ReceivedBytes: 2000, Refused: 3}
	})
	ctx := domain.WithTrace(context.Background(), place.Of("step_a"))
	tm.Called(ctx, "Page.navigate", now, nil)
	tm.Called(ctx, "Page.navigate", now, errors.New("no"))
	tm.Database(true, time.Millisecond)
	tm.Database(false, time.Millisecond)
	tm.Committed([]domain.Event{{ID: "evt_a", Trace: place.Of("step_a"), Type: domain.EventStepCompleted, CreatedAt: now, SessionID: s.ID}})
	var all []domain.Outcome
	for _, status := range []domain.DeliveryStatus{domain.DeliveryDelivered, domain.DeliveryFailed, domain.DeliveryCanceled, domain.DeliveryPending} {
		for _, class := range []string{"", "timeout"} {
			all = append(all, domain.Outcome{Delivery: domain.Delivery{Status: status, CreatedAt: now, EndedAt: now.Add(time.Second)}, Attempt: domain.Attempt{ID: "att_a", ErrorClass: class, Duration: time.Second}})
		}
	}
	tm.Recorded(all)
	if err := tm.Ask(func(context.Context) State {
		return State{
			Ready: true, Starting: 1, Active: 2, Ending: 3, Limit: 8, Pool: Pool{1, 2, 3, 4}, Browsers: 3, BrowserMemory: 1 << 30, Engine: Engine{1, 2, 3, 4},
			Viewers: 5, FramesSent: 6, FramesSkipped: 7, Queue: Queue{true, 8, time.Minute, time.Hour},
		}
	}); err != nil {
		t.Fatal(err)
	}
}

func scrape(t *testing.T, tm *Telemetry) string {
	t.Helper()
	w := httptest.NewRecorder()
	tm.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// promtool runs it, which comes with Debian's prometheus.
func promtool(t *testing.T, in string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "promtool", args...)
	cmd.Stdin = strings.NewReader(in)
	if out, err := cmd.CombinedOutput(); err != nil || bytes.Contains(out, []byte("error")) {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// TestMetricsByPrometheusConventions: names, units and help are as promtool wants them.
func TestMetricsByPrometheusConventions(t *testing.T) {
	tm := open(t)
	everything(t, tm)
	promtool(t, scrape(t, tm), "check", "metrics")
}

// TestMetrics have what has happened.
func TestMetrics(t *testing.T) {
	tm := open(t)
	everything(t, tm)
	got := scrape(t, tm)
	for _, line := range []string{
		`browserhook_build_info{version="1.2.3"} 1`,
		`browserhook_http_requests_total{code="200",route="GET /v1/sessions"} 2`,
		`browserhook_http_requests_total{code="404",route="none"} 1`,
		`browserhook_http_request_duration_seconds_count{route="GET /v1/sessions"} 5`,
		`browserhook_sessions_created_total 1`,
		`browserhook_sessions_ended_total{reason="requested"} 1`,
		`browserhook_session_ready_duration_seconds_sum{browser="shell"} 1`,
		`browserhook_browser_start_duration_seconds_count{outcome="error"} 1`,
		`browserhook_steps_total{action="click",outcome="interrupted"} 2`,
		`browserhook_step_duration_seconds_sum{action="click"} 8`,
		`browserhook_protocol_calls_total{domain="Page",outcome="error"} 1`,
		`browserhook_protocol_call_duration_seconds_count{domain="Page"} 2`,
		`browserhook_proxy_traffic_bytes_total{direction="received"} 2000`,
		`browserhook_proxy_refusals_total 3`,
		`browserhook_events_total{type="step_completed"} 1`,
		`browserhook_deliveries_total{outcome="delivered"} 2`,
		`browserhook_delivery_attempts_total{outcome="ok"} 4`,
		`browserhook_delivery_attempts_total{outcome="timeout"} 4`,
		`browserhook_delivery_attempt_duration_seconds_sum 8`,
		`browserhook_delivery_latency_seconds_sum 2`,
		`browserhook_database_duration_seconds_count{operation="write"} 1`,
		`browserhook_ready 1`,
		`browserhook_sessions{state="closing"} 3`,
		`browserhook_sessions_limit 8`,
		`browserhook_pool_browsers 1`,
		`browserhook_pool_requests_total{outcome="hit"} 3`,
		`browserhook_browsers_memory_bytes 1.073741824e+09`,
		`browserhook_delivery_queue_size_bytes 2`,
		`browserhook_deliveries_in_flight 3`,
		`browserhook_circuits_open 4`,
		`browserhook_live_viewers 5`,
		`browserhook_live_frames_total{outcome="skipped"} 7`,
		`browserhook_queue_sessions 8`,
		`browserhook_queue_oldest_age_seconds 60`,
		`browserhook_delivery_oldest_due_age_seconds 3600`,
	} {
		if !strings.Contains(got, "\n"+line+"\n") {
			name, _, _ := strings.Cut(line, "{")
			t.Errorf("there is no line %s, but\n%s", line, strings.Join(regexp.MustCompile("(?m)^"+strings.Fields(name)[0]+".*$").FindAllString(got, -1), "\n"))
		}
	}
	for _, secret := range []string{"browser_a", "proj_a", "step_a", "evt_a"} {
		if strings.Contains(got, secret) {
			t.Errorf("%s is a label, of which there is no end", secret)
		}
	}
}

// TestAQueueThatIsNotKnown is not told, rather than told wrong.
func TestAQueueThatIsNotKnown(t *testing.T) {
	tm := open(t)
	if err := tm.Ask(func(context.Context) State { return State{} }); err != nil {
		t.Fatal(err)
	}
	if got := scrape(t, tm); strings.Contains(got, "browserhook_queue_sessions") || !strings.Contains(got, "\nbrowserhook_ready 0\n") {
		t.Error(got)
	}
}

// TestCountingAllocatesNothing where it is done all the time.
func TestCountingAllocatesNothing(t *testing.T) {
	tm := open(t)
	batch := make([]domain.Outcome, 100)
	for i := range batch {
		batch[i] = domain.Outcome{Delivery: domain.Delivery{Status: domain.DeliveryDelivered}, Attempt: domain.Attempt{ID: "att_a"}}
	}
	if n := testing.AllocsPerRun(100, func() { tm.Recorded(batch) }); n > 10 {
		t.Errorf("%v allocations for 100 deliveries", n)
	}
	for name, one := range map[string]func(){
		"a command":     func() { tm.Called(context.Background(), "Page.navigate", time.Now(), nil) },
		"a request":     func() { answeredBy("GET /v1/sessions", http.StatusOK) },
		"a transaction": func() { tm.Database(true, time.Second) },
	} {
		if n := testing.AllocsPerRun(100, one); n > 0 {
			t.Errorf("%v allocations for %s", n, name)
		}
	}
}

// TestOneTrace: what is told of a request, a session, its steps, commands, events and
// attempts hangs together.
func TestOneTrace(t *testing.T) {
	tm, exported := recording(t)
	r := httptest.NewRequest(http.MethodPost, "/v1/sessions", nil)
	r.Header.Set("traceparent", string(place))
	r, done := tm.Request(r, "POST /v1/sessions")
	request := domain.TraceOf(r.Context())
	done(201)
	if request == place || request.ID() != place.ID() {
		t.Errorf("the request is at %q", request)
	}
	everything(t, tm)
	byID := map[string]tracetest.SpanStub{}
	for _, s := range exported.GetSpans() {
		byID[s.Name] = s
		if s.SpanContext.TraceID().String() != place.ID() && !strings.HasPrefix(s.Name, "GET ") {
			t.Errorf("%s is in another trace", s.Name)
		}
	}
	parent := func(name string) string { return byID[name].Parent.SpanID().String() }
	own := func(p domain.Trace) string { return string(p[36:52]) }
	for name, want := range map[string]string{
		"POST /v1/sessions":    own(place),
		"session":              own(place),
		"session start":        own(place.Of("browser_a")),
		"step click":           own(place.Of("browser_a")),
		"Page.navigate":        own(place.Of("step_a")),
		"event step_completed": own(place.Of("step_a")),
	} {
		if got := parent(name); got != want {
			t.Errorf("%s is under %s, want %s", name, got, want)
		}
	}
	if got := byID["session"].SpanContext.SpanID().String(); got != own(place.Of("browser_a")) {
		t.Errorf("the session is at %s", got)
	}
	if s := byID["step click"]; s.EndTime.Sub(s.StartTime) != time.Second || s.Status.Description != "timeout" {
		t.Errorf("the step is %v long, %v", s.EndTime.Sub(s.StartTime), s.Status)
	}
	if r.Header.Get("traceparent") != string(place) {
		t.Error("the header has changed")
	}
}

// TestWhatIsNotKept: no spans of traces that nobody keeps, of routes that are asked for
// all the time, and none at all when nobody is to hear of them; callers' traces go on.
func TestWhatIsNotKept(t *testing.T) {
	tm, exported := recording(t)
	notKept := place[:53] + "00"
	for _, route := range []string{"GET /healthz", "GET /readyz", "GET /metrics", ""} {
		_, done := tm.Request(httptest.NewRequest(http.MethodGet, "/", nil), route)
		done(200)
	}
	tm.Span(domain.Span{Under: notKept, Name: "a"})
	tm.Span(domain.Span{Name: "b"})
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("traceparent", string(notKept))
	r, done := tm.Request(r, "GET /v1/sessions")
	done(200)
	if got := exported.GetSpans(); len(got) > 0 {
		t.Errorf("%d spans, such as %s", len(got), got[0].Name)
	}
	if got := domain.TraceOf(r.Context()); got.ID() != notKept.ID() || got.Sampled() {
		t.Errorf("the trace is %q", got)
	}
	off := open(t)
	r, done = off.Request(r, "GET /v1/sessions")
	done(200)
	if got := domain.TraceOf(r.Context()); got != notKept && off.Traced() {
		t.Errorf("without spans it is %q", got)
	}
	off.Span(domain.Span{Under: place, Name: "c"})
}

// TestLogLinesSayTheirTrace when they are written in one.
func TestLogLinesSayTheirTrace(t *testing.T) {
	var out bytes.Buffer
	log := Logger(slog.New(slog.NewTextHandler(&out, nil))).With("session", "browser_a").WithGroup("g")
	log.InfoContext(domain.WithTrace(t.Context(), place), "one", "a", 1)
	log.Info("two")
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if !strings.Contains(lines[0], "session=browser_a g.a=1") || !strings.Contains(lines[0], "trace="+place.ID()) || strings.Contains(lines[1], "trace") {
		t.Errorf("they are %q", lines)
	}
}

// TestEnvironment is which of the usual variables are heeded.
func TestEnvironment(t *testing.T) {
	const http, grpc = "http/protobuf", "grpc"
	for _, tt := range []struct {
		env             string
		metrics, traces string
		wrong           string
	}{
		{"", "", "", ""},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://a:4318", http, http, ""},
		{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://a:4318", "", http, ""},
		{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=http://a:4318 OTEL_EXPORTER_OTLP_METRICS_PROTOCOL=grpc", grpc, "", ""},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://a:4317 OTEL_EXPORTER_OTLP_PROTOCOL=grpc", grpc, grpc, ""},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://a:4318 OTEL_METRICS_EXPORTER=none", "", http, ""},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://a:4318 OTEL_METRICS_EXPORTER=prometheus", "", http, ""},
		{"OTEL_TRACES_EXPORTER=otlp", "", http, ""},
		{"OTEL_TRACES_EXPORTER=zipkin", "", "", "OTEL_TRACES_EXPORTER"},
		{"OTEL_TRACES_EXPORTER=otlp OTEL_EXPORTER_OTLP_PROTOCOL=http/json", "", "", "OTEL_EXPORTER_OTLP_PROTOCOL"},
	} {
		env := func(name string) string {
			for _, one := range strings.Fields(tt.env) {
				if n, value, _ := strings.Cut(one, "="); n == name {
					return value
				}
			}
			return ""
		}
		metrics, err := wanted(env, "METRICS")
		traces, failed := wanted(env, "TRACES")
		err = errors.Join(err, failed)
		if metrics != tt.metrics || traces != tt.traces || (err != nil) != (tt.wrong != "") || err != nil && !strings.Contains(err.Error(), tt.wrong) {
			t.Errorf("%q: metrics by %q, traces by %q, %v", tt.env, metrics, traces, err)
		}
	}
	s, err := exporters(t.Context(), func(name string) string {
		return map[string]string{"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:4318"}[name]
	})
	if s != (sends{}) || err != nil {
		t.Errorf("turned off it is %v, %v", s, err)
	}
}

// metricNames are those of ours, in order.
func metricNames(scraped string) (names []string) {
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (browserhook_\S+)`).FindAllStringSubmatch(scraped, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return names
}
