package domain

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"time"
)

// Trace is a place in a distributed trace: the span that what happens belongs
// under, as a W3C traceparent. Empty: it is in no trace.
type Trace string

const (
	traceEnd = 3 + 32            // of the trace's id
	spanEnd  = traceEnd + 1 + 16 // of the span's
	traceLen = spanEnd + 1 + 2
)

var traceForm = regexp.MustCompile(`^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$`)

// ParseTrace reads a traceparent. What isn't one is no trace, and of a version to
// come what this one knows is taken, as W3C has it.
func ParseTrace(s string) Trace {
	if len(s) < traceLen || !traceForm.MatchString(s) || s[:2] == "ff" || s[:2] == "00" && len(s) > traceLen ||
		s[3:traceEnd] == "00000000000000000000000000000000" || s[traceEnd+1:spanEnd] == "0000000000000000" {
		return ""
	}
	return Trace("00" + s[2:traceLen])
}

// ID is the trace's own id, in hex; empty: there is none.
func (t Trace) ID() string {
	if t == "" {
		return ""
	}
	return string(t[3:traceEnd])
}

// Sampled says whether spans of the trace are kept.
func (t Trace) Sampled() bool {
	if len(t) != traceLen {
		return false
	}
	last := t[traceLen-1]
	return last <= '9' && last&1 == 1 || last >= 'a' && last&1 == 0 // b, d and f are odd
}

// Of is the place of the span of something with an id of its own, in the same
// trace: it follows from the id, so that whoever has to do with it knows it,
// whichever server that is.
func (t Trace) Of(id string) Trace {
	if t == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(id))
	return t[:traceEnd+1] + Trace(hex.EncodeToString(sum[:8])) + t[spanEnd:]
}

type traceKey struct{}

// WithTrace is a context in which what happens belongs under the place.
func WithTrace(ctx context.Context, t Trace) context.Context {
	if t == "" {
		return ctx
	}
	return context.WithValue(ctx, traceKey{}, t)
}

// TraceOf is the place that what happens in a context belongs under.
func TraceOf(ctx context.Context) Trace {
	t, _ := ctx.Value(traceKey{}).(Trace)
	return t
}

// SpanKind says what a span has to do with others.
type SpanKind int

// The kinds of spans.
const (
	SpanInternal SpanKind = iota
	SpanClient            // it asked something of somebody and waited for the answer
	SpanProducer          // it has made something for others to take up
)

// Span is something that was done, as it is told in a trace.
type Span struct {
	Under      Trace  // what it belongs under
	ID         string // of what was done, by which its own place is known: see [Trace.Of]; empty: nothing belongs under it
	Kind       SpanKind
	Name       string
	Start, End time.Time
	Attributes []Attribute
	Error      string // a code, or one sentence without secrets; empty: it went well
}

// Attribute is something that a span says: a text or an int64.
type Attribute struct {
	Key   string
	Value any
}
