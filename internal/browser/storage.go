package browser

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/browser/cdp"
)

// maxOrigins bounds how many origins of a session's pages are remembered.
const maxOrigins = 1000

// closeWithin bounds how long a tab of the browser's own takes to close.
const closeWithin = time.Second

// Origins are those of all documents that the session has had: what they store
// is kept by origin.
type Origins struct {
	mu  sync.Mutex
	all map[string]bool
}

// Add remembers one, if it is of the web, and says whether it is new.
func (o *Origins) Add(origin string) bool {
	if !strings.HasPrefix(origin, "http://") && !strings.HasPrefix(origin, "https://") {
		return false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.all == nil {
		o.all = map[string]bool{}
	}
	if o.all[origin] || len(o.all) >= maxOrigins {
		return false
	}
	o.all[origin] = true
	return true
}

// All are the origins, sorted.
func (o *Origins) All() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Sorted(maps.Keys(o.all))
}

// Empty opens an empty document of each origin, one after the other, in a tab of
// its own behind the others, and calls do with the session that reaches it. No
// server is asked for it.
func (p *Page) Empty(ctx context.Context, origins []string, do func(s cdp.Session, origin string) error) error {
	if len(origins) == 0 {
		return nil
	}
	tab, err := p.tabs.New(ctx)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
		defer cancel()
		// One whose next document is just coming would stay: when it answers, that is there.
		asking, stop := context.WithTimeout(ctx, closeWithin/2)
		defer stop()
		_ = tab.Call(asking, "Runtime.evaluate", object{"expression": "0"}, nil)
		_ = p.tabs.Close(ctx, tab)
	}()
	select {
	case <-tab.Prepared():
	case <-tab.Closed():
		return errClosedAtOnce
	case <-p.Conn.Done():
		return p.Conn.Err()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	p.tabs.mu.Lock()
	tab.ours = true
	p.tabs.leaveNoteLocked()
	p.tabs.mu.Unlock()
	s := tab.Session
	stop := p.Conn.Listen(s.ID, func(e cdp.Event) {
		var held heldUp
		if json.Unmarshal(e.Params, &held) == nil {
			_, _ = s.Send("Fetch.fulfillRequest", object{
				"requestId": held.RequestID, "responseCode": 200,
				"responseHeaders": []object{{"name": "Content-Type", "value": "text/html"}},
				"body":            base64.StdEncoding.EncodeToString([]byte("<!doctype html>")),
			})
		}
	}, "Fetch.requestPaused")
	defer stop()
	for _, c := range []command{
		{"Network.enable", nil}, {"Network.setBypassServiceWorker", object{"bypass": true}},
		{"Fetch.enable", object{"patterns": []object{{"urlPattern": "*"}}}},
	} {
		if err := s.Call(ctx, c.method, c.params, nil); err != nil {
			return err
		}
	}
	for _, origin := range origins {
		var res struct {
			Error string `json:"errorText"`
		}
		if err := s.Call(ctx, "Page.navigate", object{"url": origin + "/"}, &res); err != nil {
			return err
		}
		if res.Error != "" {
			return fmt.Errorf("open an empty page of %s: %s", origin, res.Error)
		}
		if err := do(s, origin); err != nil {
			return err
		}
	}
	return nil
}
