// Package inprocess has a handler in this process answer requests, for clients of the API
// that are part of the server: all of what it is held to holds for them too.
package inprocess

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
)

// Transport has the handler answer in memory.
func Transport(h http.Handler) http.RoundTripper { return local{h} }

type local struct{ handler http.Handler }

func (l local) RoundTrip(r *http.Request) (*http.Response, error) {
	// What the request that this one is made for carries (its id, its way here) is not
	// its own.
	ctx := r.Context()
	r = r.Clone(quiet{ctx})
	r.RequestURI, r.RemoteAddr = r.URL.RequestURI(), "127.0.0.1:0"
	w := &memory{header: http.Header{}}
	l.handler.ServeHTTP(w, r)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}, nil
}

// quiet is a context without the values of what it came from.
type quiet struct{ context.Context } //nolint:containedctx // it is one

func (quiet) Value(any) any { return nil }

// maxAnswer bounds an answer that is kept.
const maxAnswer = 32 << 20

// memory keeps an answer.
type memory struct {
	header http.Header
	status int
	body   bytes.Buffer
}

var errLong = errors.New("the answer is too long")

func (m *memory) Header() http.Header { return m.header }

func (m *memory) WriteHeader(status int) {
	if m.status == 0 && status >= http.StatusOK {
		m.status = status
	}
}

func (m *memory) Write(p []byte) (int, error) {
	m.WriteHeader(http.StatusOK)
	if m.body.Len()+len(p) > maxAnswer {
		return 0, errLong
	}
	return m.body.Write(p)
}
