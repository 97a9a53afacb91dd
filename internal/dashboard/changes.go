package dashboard

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	changesPath = "/changes"
	// tellEvery is how often a page is told of changes, however many there are.
	tellEvery = 300 * time.Millisecond
	beatEvery = 15 * time.Second
)

// changes follows the log for a page that is open, and tells it that there is something
// new, as server-sent events: what, it sees when it asks for itself again. It ends with
// the key, as the API's own stream does, and when it is signed out.
func (h *Handler) changes(w http.ResponseWriter, r *http.Request) {
	c, ok := h.signedIn(w, r)
	if !ok {
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://api/v1/events?"+r.URL.RawQuery, http.NoBody)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	req.RequestURI, req.RemoteAddr = req.URL.RequestURI(), r.RemoteAddr
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Accept", "text/event-stream")
	log := &following{header: http.Header{}, begun: make(chan struct{}), more: make(chan struct{}, 1)}
	over := make(chan struct{})
	var answering sync.WaitGroup
	answering.Go(func() {
		defer close(over)
		defer func() {
			_ = recover() // an answer that was broken off, perhaps before it began
			log.WriteHeader(http.StatusServiceUnavailable)
		}()
		h.api.ServeHTTP(log, req)
		log.WriteHeader(http.StatusOK)
	})
	defer func() { cancel(); answering.Wait() }()
	<-log.begun
	if log.status != http.StatusOK {
		w.WriteHeader(log.status)
		return
	}
	head, rc := w.Header(), http.NewResponseController(w)
	head.Set("Content-Type", "text/event-stream")
	head.Set("Cache-Control", "no-store")
	head.Set("X-Accel-Buffering", "no")
	tell := func(text string) bool {
		_, err := io.WriteString(w, text)
		return err == nil && rc.Flush() == nil
	}
	if !tell("retry: 1000\ndata: follows\n\n") {
		return
	}
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	for {
		select {
		case <-log.more:
			if !tell("data: changed\n\n") {
				return
			}
			select {
			case <-time.After(tellEvery):
			case <-ctx.Done():
				return
			}
		case <-beat.C:
			if _, err := h.Keys.Authenticate(ctx, c.token); err != nil || !tell(": alive\n\n") {
				return
			}
		case <-over:
			return
		case <-h.Stopping:
			return
		case <-ctx.Done():
			return
		}
	}
}

// following is who the API's stream is written to: it hears that there are events, and
// keeps none.
type following struct {
	header http.Header
	status int
	begun  chan struct{}
	more   chan struct{}
}

func (f *following) Header() http.Header { return f.header }

func (f *following) WriteHeader(status int) {
	if f.status == 0 {
		f.status = status
		close(f.begun)
	}
}

func (f *following) Write(p []byte) (int, error) {
	f.WriteHeader(http.StatusOK)
	if bytes.Contains(p, []byte("\nevent: ")) {
		select {
		case f.more <- struct{}{}:
		default:
		}
	}
	return len(p), nil
}

// Flush has nothing to do.
func (f *following) Flush() {}
