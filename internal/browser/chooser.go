package browser

import (
	"context"
	"encoding/json"

	"github.com/browserhook/browserhook/internal/browser/cdp"
)

// Chooser is a page that asks for files.
type Chooser struct {
	Session cdp.Session
	Frame   string
	Node    int64 // the field; 0: the page asks for them otherwise
}

// Choosers has the page ask us for files, instead of its user, until stop is
// called.
func (p *Page) Choosers(ctx context.Context) (asked <-chan Chooser, stop func(), err error) {
	all := make(chan Chooser, 1)
	sessions := map[string]cdp.Session{}
	for _, f := range p.Frames() {
		sessions[f.Session.ID] = f.Session
	}
	p.choosing.Add(1)
	unlisten := p.Conn.ListenAll(func(e cdp.Event) {
		s, ours := sessions[e.SessionID]
		var news struct {
			Frame string `json:"frameId"`
			Node  int64  `json:"backendNodeId"`
		}
		if !ours || json.Unmarshal(e.Params, &news) != nil {
			return
		}
		select {
		case all <- Chooser{Session: s, Frame: news.Frame, Node: news.Node}:
		default: // one is enough
		}
	}, "Page.fileChooserOpened")
	stop = func() {
		unlisten()
		p.choosing.Add(-1)
		for _, s := range sessions {
			p.intercept(s)
		}
	}
	for _, s := range sessions {
		if err := s.Call(ctx, "Page.setInterceptFileChooserDialog", object{"enabled": true}, nil); err != nil {
			if s.ID != p.ID && ctx.Err() == nil {
				continue // a frame that was left meanwhile asks for nothing
			}
			stop()
			return nil, nil, err
		}
	}
	return all, stop, nil
}
