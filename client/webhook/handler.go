package webhook

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

const (
	// defaultMaxBody is more than any event that a server sends.
	defaultMaxBody = 8 << 20
	// defaultTimeout leaves time for the answer: the sender waits for 15 s.
	defaultTimeout = 10 * time.Second
)

// Handler is an [http.Handler] that takes webhooks: it verifies each, hands
// every event to a function once, and answers.
//
//   - 204: the function returned nil, now or when the event came before;
//   - 401: it isn't verified; 405, 413 or 400: it isn't a webhook at all;
//   - 500: the function or the memory failed. The event is not remembered, so
//     that the sender's retry is processed.
//
// Two requests with one id never run the function at the same time: the second
// waits for the first, and runs it only if the first failed. Change the fields
// before the first request only.
type Handler struct {
	// Memory remembers what was processed. NewHandler sets the last 10,000 ids
	// in this process. One in a database tells duplicates apart after a
	// restart too, and on several machines.
	Memory Memory
	// MaxBody is how many bytes a body may have. NewHandler sets 8 MiB.
	MaxBody int64
	// Timeout is when the function's context ends. NewHandler sets 10 s: the
	// sender gives up after 15. What takes longer belongs into a queue.
	Timeout time.Duration
	// Log is told why a request was refused and what the function returned;
	// secrets are never in it. NewHandler sets slog.Default.
	Log *slog.Logger

	verifier *Verifier
	take     func(context.Context, Event) error

	mu       sync.Mutex
	underWay map[string]chan struct{} // by id, closed when it is over
}

// Memory remembers the ids of processed webhooks, at least those of the last
// days. Its methods may be called by many goroutines at once.
type Memory interface {
	// Has says whether the id was added.
	Has(ctx context.Context, id string) (bool, error)
	// Add is called when an event was processed. A process that dies just
	// before it gets the event again.
	Add(ctx context.Context, id string) error
}

// NewHandler makes a handler that gives each verified event to take. The
// secrets are those of [NewVerifier].
func NewHandler(take func(context.Context, Event) error, secrets ...string) (*Handler, error) {
	v, err := NewVerifier(secrets...)
	if err != nil {
		return nil, err
	}
	return &Handler{
		Memory: NewRecent(10_000), MaxBody: defaultMaxBody, Timeout: defaultTimeout, Log: slog.Default(),
		verifier: v, take: take, underWay: map[string]chan struct{}{},
	}, nil
}

// ServeHTTP takes one webhook.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := r.Header.Get(HeaderID)
	status, err := h.serve(w, r, id)
	if err != nil {
		level := slog.LevelWarn
		if status >= http.StatusInternalServerError {
			level = slog.LevelError
		}
		h.Log.Log(r.Context(), level, "webhook not taken", "id", id, "status", status, "err", err)
	}
	w.WriteHeader(status)
}

func (h *Handler) serve(w http.ResponseWriter, r *http.Request, id string) (status int, err error) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return http.StatusMethodNotAllowed, errors.New("the method is not POST")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.MaxBody))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return http.StatusRequestEntityTooLarge, err
		}
		return http.StatusBadRequest, err
	}
	if err := h.verifier.Verify(body, r.Header); err != nil {
		return http.StatusUnauthorized, err
	}
	event, err := Parse(body)
	if err != nil {
		return http.StatusBadRequest, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), h.Timeout)
	defer cancel()
	if err := h.once(ctx, id, event); err != nil {
		return http.StatusInternalServerError, err
	}
	return http.StatusNoContent, nil
}

// once processes the event unless that was done before.
func (h *Handler) once(ctx context.Context, id string, event Event) error {
	leave, err := h.enter(ctx, id)
	if err != nil {
		return err
	}
	defer leave()
	if known, err := h.Memory.Has(ctx, id); err != nil || known {
		return err
	}
	if err := h.take(ctx, event); err != nil {
		return err
	}
	// Processed is processed, even if the sender has gone meanwhile.
	return h.Memory.Add(context.WithoutCancel(ctx), id)
}

// enter waits until no other request with the id is under way.
func (h *Handler) enter(ctx context.Context, id string) (leave func(), err error) {
	for {
		h.mu.Lock()
		other, busy := h.underWay[id]
		if !busy {
			mine := make(chan struct{})
			h.underWay[id] = mine
			h.mu.Unlock()
			return func() {
				h.mu.Lock()
				delete(h.underWay, id)
				h.mu.Unlock()
				close(mine)
			}, nil
		}
		h.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
