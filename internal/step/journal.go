package step

import (
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/domain"
)

// journal notes what a page's console and network say during a step. It keeps
// what came last, as it came: it is read only if the step fails.
type journal struct {
	mu   sync.Mutex
	kept []journalEvent
	size int
	lost int // that came before what is kept
}

type journalEvent struct {
	at time.Time
	cdp.Event
}

const (
	maxHeard     = 1000
	maxHeardSize = 2 << 20
)

var journaled = []string{
	"Runtime.consoleAPICalled", "Runtime.exceptionThrown",
	"Network.requestWillBeSent", "Network.responseReceived", "Network.loadingFinished", "Network.loadingFailed",
}

// listen notes until stop is called.
func (j *journal) listen(page *browser.Page) (stop func()) {
	return page.Conn.ListenAll(func(e cdp.Event) {
		if !page.Has(e.SessionID) {
			return // of another tab
		}
		j.mu.Lock()
		defer j.mu.Unlock()
		j.kept = append(j.kept, journalEvent{time.Now(), e})
		j.size += len(e.Params)
		for len(j.kept) > maxHeard || j.size > maxHeardSize && len(j.kept) > 1 {
			j.size -= len(j.kept[0].Params)
			j.kept = j.kept[1:]
			j.lost++
		}
	}, journaled...)
}

// line is a message of the console.
type line struct {
	At   string `json:"at"`
	Type string `json:"type"` // log, warning, error, …; exception
	Text string `json:"text"`
	From string `json:"from,omitempty"`
}

// exchange is a request and what became of it.
type exchange struct {
	At     string `json:"at"`
	Method string `json:"method"`
	URL    string `json:"url"`
	Type   string `json:"type,omitempty"`
	Status int    `json:"status,omitempty"`
	Failed string `json:"failed,omitempty"`
	Ms     *int64 `json:"ms,omitempty"` // nothing: it is still under way

	began time.Time
}

// read is what was noted: the console and the network, as JSON.
func (j *journal) read() (console, network []byte) {
	j.mu.Lock()
	kept, lost := j.kept, j.lost
	j.mu.Unlock()
	lines, exchanges := []line{}, []*exchange{}
	byID := map[string]*exchange{}
	for _, h := range kept {
		var e struct {
			Type      string                `json:"type"`
			Args      []browser.RemoteValue `json:"args"`
			Exception struct {
				Text      string              `json:"text"`
				Exception browser.RemoteValue `json:"exception"`
			} `json:"exceptionDetails"`
			Stack struct {
				Frames []struct {
					URL  string `json:"url"`
					Line int    `json:"lineNumber"`
				} `json:"callFrames"`
			} `json:"stackTrace"`
			RequestID string `json:"requestId"`
			Request   struct {
				Method string `json:"method"`
				URL    string `json:"url"`
			} `json:"request"`
			Response struct {
				Status int `json:"status"`
			} `json:"response"`
			Redirect *struct {
				Status int `json:"status"`
			} `json:"redirectResponse"`
			Error string `json:"errorText"`
		}
		if json.Unmarshal(h.Params, &e) != nil {
			continue
		}
		at, x := domain.FormatTime(h.at), byID[h.SessionID+e.RequestID]
		ended := func() {
			if x != nil && x.Ms == nil {
				x.Ms = new(h.at.Sub(x.began).Milliseconds())
			}
		}
		switch h.Method {
		case "Runtime.consoleAPICalled":
			words := make([]string, len(e.Args))
			for i, a := range e.Args {
				words[i] = a.String()
			}
			l := line{At: at, Type: e.Type, Text: cut(strings.Join(words, " "))}
			if len(e.Stack.Frames) > 0 {
				l.From = cut(e.Stack.Frames[0].URL)
			}
			lines = append(lines, l)
		case "Runtime.exceptionThrown":
			lines = append(lines, line{At: at, Type: "exception", Text: cut(e.Exception.Text + " " + e.Exception.Exception.String())})
		case "Network.requestWillBeSent":
			if x != nil && e.Redirect != nil {
				x.Status = e.Redirect.Status
				ended()
			}
			x = &exchange{At: at, Method: e.Request.Method, URL: cut(e.Request.URL), Type: e.Type, began: h.at}
			byID[h.SessionID+e.RequestID] = x
			exchanges = append(exchanges, x)
		case "Network.responseReceived":
			if x != nil {
				x.Status = e.Response.Status
			}
		case "Network.loadingFailed":
			if x != nil {
				x.Failed = cut(e.Error)
			}
			ended()
		case "Network.loadingFinished":
			ended()
		}
	}
	return indented(object{"messages": lines, "earlierOnesLeftOut": lost}), indented(object{"requests": exchanges, "earlierOnesLeftOut": lost})
}
