package telemetry

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/browserhook/browserhook/internal/domain"
)

// sampled is one that keeps what an environment says.
func sampled(t *testing.T, env map[string]string) (*Telemetry, *tracetest.InMemoryExporter) {
	t.Helper()
	which, roots, err := sampler(func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	tm, spans := open(t), tracetest.NewInMemoryExporter()
	tm.roots = roots
	tm.trace(resource.Empty(), which, sdktrace.WithSyncer(spans))
	return tm, spans
}

// ask makes so many requests with a traceparent, and says how many of them are kept: then
// what is done in them has to be, too.
func ask(t *testing.T, tm *Telemetry, spans *tracetest.InMemoryExporter, n int, traceparent string) (kept int) {
	t.Helper()
	spans.Reset()
	r := httptest.NewRequest(http.MethodPost, "/v1/sessions", nil)
	if traceparent != "" {
		r.Header.Set("Traceparent", traceparent)
	}
	for range n {
		in, done := tm.Request(r, "POST /v1/sessions")
		place := domain.TraceOf(in.Context())
		if traceparent != "" && place.ID() != domain.Trace(traceparent).ID() {
			t.Errorf("the request of %q is at %q", traceparent, place)
		}
		if place.Sampled() {
			kept++
		}
		tm.Span(domain.Span{Under: place, Name: "within"})
		done(http.StatusCreated)
	}
	if got := len(spans.GetSpans()); got != 2*kept {
		t.Errorf("%d spans of %d traces that are kept", got, kept)
	}
	return kept
}

// TestWhichTracesAreKept, of those that begin here, that callers keep, and that they don't.
func TestWhichTracesAreKept(t *testing.T) {
	const n = 300
	const some = -1 // at least one, and not all
	for _, tt := range []struct {
		sampler, arg         string
		root, kept, unwanted int
	}{
		{"", "", RootsPerSecond, n, 0},
		{"", "0", RootsPerSecond, n, 0}, // an argument alone says nothing
		{"always_on", "", n, n, n},
		{"ALWAYS_ON", "0.5", n, n, n},
		{"always_off", "", 0, 0, 0},
		{"parentbased_always_on", "", n, n, 0},
		{"parentbased_always_off", "", 0, n, 0},
		{"traceidratio", "", n, n, n},
		{"traceidratio", "0", 0, 0, 0},
		{"traceidratio", "0.5", some, 0, 0}, // the id of both callers is of the other half
		{"parentbased_traceidratio", "0.5", some, n, 0},
		{"parentbased_traceidratio", "1", n, n, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			tm, spans := sampled(t, map[string]string{"OTEL_TRACES_SAMPLER": tt.sampler, "OTEL_TRACES_SAMPLER_ARG": tt.arg})
			defer tm.spans.Shutdown(t.Context())
			got := [...]int{ask(t, tm, spans, n, ""), ask(t, tm, spans, n, string(place)), ask(t, tm, spans, n, string(place[:53]+"00"))}
			if tt.root == some && got[0] > 0 && got[0] < n {
				got[0] = some
			}
			if want := [...]int{tt.root, tt.kept, tt.unwanted}; got != want {
				t.Errorf("%q with %q keeps %v of %d, want %v", tt.sampler, tt.arg, got, n, want)
			}
		})
	}
	for _, tt := range []struct{ sampler, arg, says string }{
		{"xray", "", `OTEL_TRACES_SAMPLER is "xray"`},
		{"traceidratio", "all", `OTEL_TRACES_SAMPLER_ARG is "all"`},
		{"traceidratio", "NaN", `OTEL_TRACES_SAMPLER_ARG is "NaN"`},
		{"parentbased_traceidratio", "1.5", `OTEL_TRACES_SAMPLER_ARG is "1.5"`},
		{"traceidratio", "-0.1", `OTEL_TRACES_SAMPLER_ARG is "-0.1"`},
	} {
		env := map[string]string{"OTEL_TRACES_SAMPLER": tt.sampler, "OTEL_TRACES_SAMPLER_ARG": tt.arg, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://a:4318"}
		if _, err := exporters(t.Context(), func(name string) string { return env[name] }); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%q with %q: %v", tt.sampler, tt.arg, err)
		}
		delete(env, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
		if _, err := exporters(t.Context(), func(name string) string { return env[name] }); err != nil {
			t.Errorf("%q is in the way where no spans are sent: %v", tt.sampler, err)
		}
	}
}

// TestTracesInASecond are so many, whatever callers keep beside them.
func TestTracesInASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tm, spans := sampled(t, nil)
		defer tm.spans.Shutdown(t.Context())
		for range 3 {
			if got := ask(t, tm, spans, 3*RootsPerSecond, string(place)); got != 3*RootsPerSecond {
				t.Errorf("%d of callers' are kept", got)
			}
			if got := ask(t, tm, spans, 3*RootsPerSecond, ""); got != RootsPerSecond {
				t.Errorf("%d are kept at once", got)
			}
			time.Sleep(time.Second / 2)
			if got := ask(t, tm, spans, 3*RootsPerSecond, ""); got != RootsPerSecond/2 {
				t.Errorf("%d are kept after half a second", got)
			}
			time.Sleep(time.Minute) // for which nothing is saved up
		}
	})
}
