package inprocess

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
)

var errGivenUp = errors.New("given up")

// TestTransport: a request in the process has nothing of the context that it came in, ends
// with it, and its answer is bounded.
func TestTransport(t *testing.T) {
	type key struct{}
	ctx, cancel := context.WithCancelCause(context.WithValue(t.Context(), key{}, "x"))
	do := func(h http.HandlerFunc) (*http.Response, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://api/v1/x?y=z", nil)
		if err != nil {
			t.Fatal(err)
		}
		return Transport(h).RoundTrip(r)
	}
	res, err := do(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%v %s", r.Context().Value(key{}), r.RequestURI)
	})
	if err != nil {
		t.Fatal(err)
	}
	if raw, _ := io.ReadAll(res.Body); string(raw) != "<nil> /v1/x?y=z" || res.StatusCode != http.StatusOK {
		t.Errorf("%d %s", res.StatusCode, raw)
	}
	_, err = do(func(w http.ResponseWriter, _ *http.Request) {
		piece := make([]byte, 1<<20)
		var err error
		for n := 0; err == nil && n < 100; n++ {
			_, err = w.Write(piece)
		}
		if !errors.Is(err, errLong) {
			t.Errorf("an answer without end: %v", err)
		}
	})
	if err != nil {
		t.Error(err)
	}
	_, err = do(func(_ http.ResponseWriter, r *http.Request) {
		cancel(errGivenUp)
		<-r.Context().Done()
	})
	if !errors.Is(err, errGivenUp) {
		t.Errorf("a request that was given up: %v", err)
	}
}
