package browser

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/domain"
)

// Exchange is a request that a page made and, when that came, its answer.
type Exchange struct {
	URL    string
	Method string
	Status int // 0: it has no answer yet

	id      string
	refused string // why it was answered by the session's proxy instead
}

// traffic is what a page asked for lately.
type traffic struct {
	once    sync.Once
	mu      sync.Mutex
	lately  []Exchange
	before  int // how many of them are older than the step that runs
	changed chan struct{}
}

const (
	maxExchanges = 500  // of a step and the one before it
	maxAddress   = 4096 // bytes of one that are kept
)

// StepBegins forgets what the page asked for before the step before, other than
// what has no answer yet.
func (p *Page) StepBegins() {
	t := &p.traffic
	t.once.Do(func() {
		t.changed = make(chan struct{})
		p.Conn.ListenAll(p.asked, "Network.requestWillBeSent", "Network.responseReceived")
	})
	t.mu.Lock()
	defer t.mu.Unlock()
	var kept []Exchange
	for i, x := range t.lately {
		if i >= t.before || x.Status == 0 {
			kept = append(kept, x)
		}
	}
	t.lately, t.before = kept, len(kept)
}

// Traffic is what the page asked for since the step before the one that runs
// began, and what is closed when there is more.
func (p *Page) Traffic() (lately []Exchange, more <-chan struct{}) {
	t := &p.traffic
	t.mu.Lock()
	defer t.mu.Unlock()
	return append(lately, t.lately...), t.changed
}

// Refused is why a document, by its loader, is the proxy's own answer about an address
// that may not be reached; empty: it is what the address has.
func (p *Page) Refused(loader string) string {
	t := &p.traffic
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, x := range slices.Backward(t.lately) {
		if strings.HasSuffix(x.id, " "+loader) { // the request of a document has its name
			return x.refused
		}
	}
	return ""
}

func (p *Page) asked(e cdp.Event) {
	if !p.Has(e.SessionID) {
		return
	}
	type answer struct {
		Status  int `json:"status"`
		Headers struct {
			Refused string `json:"browserhook-refused"` // egress.RefusedHeader
		} `json:"headers"`
	}
	var ev struct {
		ID      string `json:"requestId"`
		Request struct {
			URL    string `json:"url"`
			Method string `json:"method"`
		} `json:"request"`
		Redirect *answer `json:"redirectResponse"`
		Response *answer `json:"response"`
	}
	if json.Unmarshal(e.Params, &ev) != nil {
		return
	}
	id := e.SessionID + " " + ev.ID
	t := &p.traffic
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, a := range []*answer{ev.Redirect, ev.Response} {
		for i := len(t.lately) - 1; a != nil && i >= 0; i-- {
			if t.lately[i].id == id {
				t.lately[i].Status, t.lately[i].refused = a.Status, a.Headers.Refused
				break
			}
		}
	}
	if ev.Request.URL != "" {
		t.lately = append(t.lately, Exchange{URL: address(ev.Request.URL), Method: ev.Request.Method, id: id})
		if over := len(t.lately) - maxExchanges; over > 0 {
			t.lately, t.before = t.lately[over:], max(0, t.before-over)
		}
	}
	close(t.changed)
	t.changed = make(chan struct{})
}

// address is one of a page's as it is kept.
func address(url string) string {
	return domain.HideUserinfo(domain.CleanText(url[:min(len(url), maxAddress)]))
}
