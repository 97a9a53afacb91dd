package webhook

const (
	firstLimit = 4  // requests at once to an endpoint of which nothing is known,
	maxLimit   = 32 // and at most
)

// window is how many requests an endpoint gets at once. The limit grows by one
// with each fast answer and halves with each missing one, as the congestion
// window of TCP does.
type window struct {
	inFlight int
	limit    int
	max      int // of limit
}

func newWindow() window { return window{limit: firstLimit, max: maxLimit} }

func (w *window) full() bool { return w.inFlight >= w.limit }

// bound sets the most that the endpoint wants at once; 0 is ours.
func (w *window) bound(n int) {
	if w.max = n; n == 0 {
		w.max = maxLimit
	}
	w.limit = min(w.limit, w.max)
}

func (w *window) grow() { w.limit = min(w.limit+1, w.max) }

func (w *window) shrink() { w.limit = max(w.limit/2, 1) }
