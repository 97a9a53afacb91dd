package domain

import (
	"context"
	"strings"
	"testing"
)

const someTrace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func TestParseTrace(t *testing.T) {
	for _, tt := range []struct{ header, want string }{
		{someTrace, someTrace},
		{"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"},
		{"01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", someTrace}, // of a version to come
		{"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", ""},
		{"ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", ""},
		{strings.ToUpper(someTrace), ""},
		{"00-00000000000000000000000000000000-b7ad6b7169203331-01", ""},
		{"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", ""},
		{someTrace[1:], ""}, {someTrace + "\r\nX: y", ""}, {someTrace + "\n", ""}, {"", ""}, {"00", ""},
	} {
		if got := ParseTrace(tt.header); string(got) != tt.want {
			t.Errorf("%q is %q, want %q", tt.header, got, tt.want)
		}
	}
}

func TestSampled(t *testing.T) {
	for _, flags := range []string{"01", "03", "0b", "ff", "05"} {
		if trace := ParseTrace(someTrace[:53] + flags); !trace.Sampled() {
			t.Errorf("%q isn't", trace)
		}
	}
	for _, flags := range []string{"00", "02", "0a", "fe", "0c"} {
		if trace := ParseTrace(someTrace[:53] + flags); trace == "" || trace.Sampled() {
			t.Errorf("%q is", trace)
		}
	}
	if Trace("").Sampled() {
		t.Error("none is")
	}
}

// TestThePlaceOfAnID is the same for whoever asks, in the same trace, with the same
// flags.
func TestThePlaceOfAnID(t *testing.T) {
	place := Trace(someTrace).Of("step_a")
	if ParseTrace(string(place)) != place || place.ID() != Trace(someTrace).ID() || !place.Sampled() {
		t.Errorf("it is %q", place)
	}
	if place != Trace(someTrace).Of("step_a") || place == Trace(someTrace).Of("step_b") || place == someTrace {
		t.Error("it doesn't follow from the id")
	}
	if got := Trace("").Of("step_a"); got != "" || got.ID() != "" {
		t.Errorf("without a trace it is %q", got)
	}
}

func TestTraceOfAContext(t *testing.T) {
	ctx := WithTrace(context.Background(), someTrace)
	if TraceOf(ctx) != someTrace || TraceOf(context.Background()) != "" || TraceOf(WithTrace(ctx, "")) != someTrace {
		t.Error("it has another")
	}
}

func FuzzParseTrace(f *testing.F) {
	f.Add(someTrace)
	f.Add("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff-")
	f.Fuzz(func(t *testing.T, header string) {
		trace := ParseTrace(header)
		if trace != "" && (len(trace) != traceLen || ParseTrace(string(trace)) != trace || len(trace.ID()) != 32) {
			t.Errorf("%q became %q", header, trace)
		}
		_ = trace.Of(header).Sampled()
	})
}
