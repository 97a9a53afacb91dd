package browser

import (
	"encoding/json"
	"math"
	"strings"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// response is what the protocol tells of an answer.
type response struct {
	Status     int     `json:"status"`
	StatusText string  `json:"statusText"`
	Type       string  `json:"mimeType"`
	Protocol   string  `json:"protocol"`
	Disk       bool    `json:"fromDiskCache"`
	Prefetch   bool    `json:"fromPrefetchCache"`
	Worker     bool    `json:"fromServiceWorker"`
	Length     float64 `json:"encodedDataLength"`
	Timing     *struct {
		Began        float64 `json:"requestTime"` // in seconds; the rest is in ms from then, -1: not at all
		DNSStart     float64 `json:"dnsStart"`
		DNSEnd       float64 `json:"dnsEnd"`
		ConnectStart float64 `json:"connectStart"`
		ConnectEnd   float64 `json:"connectEnd"`
		SSLStart     float64 `json:"sslStart"`
		SSLEnd       float64 `json:"sslEnd"`
		SendStart    float64 `json:"sendStart"`
		SendEnd      float64 `json:"sendEnd"`
		Headers      float64 `json:"receiveHeadersEnd"`
	} `json:"timing"`
}

// networkEvent is the members that the events about requests have, each its own.
type networkEvent struct {
	ID        string  `json:"requestId"`
	URL       string  `json:"url"`
	Type      string  `json:"type"`
	Timestamp float64 `json:"timestamp"` // in seconds, of a clock of its own
	Wall      float64 `json:"wallTime"`  // in seconds since 1970
	Request   struct {
		URL      string `json:"url"`
		Fragment string `json:"urlFragment"`
		Method   string `json:"method"`
	} `json:"request"`
	Redirect *response `json:"redirectResponse"`
	Response *response `json:"response"`
	Data     float64   `json:"dataLength"`
	Length   float64   `json:"encodedDataLength"`
	Error    string    `json:"errorText"`
	Blocked  string    `json:"blockedReason"`
	Message  string    `json:"errorMessage"`
	Session  string    `json:"sessionId"` // of one that has ended
}

// traffic takes what became of a request.
func (r *logCollector) traffic(n *logEvent) {
	var ev networkEvent
	if n.Params == nil {
		r.begin(&ev, n, domain.LogEntry{Text: tooLong(n.size)})
		return
	}
	if json.Unmarshal(n.Params, &ev) != nil {
		return
	}
	x := r.under[ev.ID]
	switch n.Method {
	case "Network.requestWillBeSent":
		if x != nil && ev.Redirect == nil && x.URL == r.address(ev.Request.URL) {
			x.session = n.SessionID // it goes on in another process
			return
		}
		if x != nil {
			if r.answered(x, ev.Redirect); ev.Redirect != nil {
				x.Transferred, x.RedirectURL = int64(ev.Redirect.Length), r.address(ev.Request.URL)
			}
			r.over(x, ev.Timestamp, n.at)
		}
		r.begin(&ev, n, domain.LogEntry{Method: r.text(ev.Request.Method), URL: r.address(ev.Request.URL), Resource: r.text(ev.Type)})
		return
	case "Network.webSocketCreated":
		r.begin(&ev, n, domain.LogEntry{Method: "GET", URL: r.address(ev.URL), Resource: "WebSocket"})
		return
	case "Target.detachedFromTarget":
		for _, x := range r.under {
			if x.session == ev.Session && ev.Session != "" {
				x.Failure = "its page was closed"
				r.over(x, 0, n.at)
			}
		}
		return
	}
	if x == nil {
		return
	}
	switch n.Method {
	case "Network.requestServedFromCache":
		x.Cache = "memory"
	case "Network.responseReceived", "Network.webSocketHandshakeResponseReceived":
		r.answered(x, ev.Response)
		r.change(x.LogEntry)
	case "Network.webSocketWillSendHandshakeRequest":
		x.At, x.began = wall(ev.Wall, n.at), ev.Timestamp
	case "Network.dataReceived":
		x.Body += int64(ev.Data)
	case "Network.loadingFinished":
		x.Transferred = int64(ev.Length)
		r.over(x, ev.Timestamp, n.at)
	case "Network.loadingFailed":
		x.Failure = r.text(ev.Error)
		if ev.Blocked != "" {
			x.Failure += " (" + r.text(ev.Blocked) + ")"
		}
		r.over(x, ev.Timestamp, n.at)
	case "Network.webSocketFrameError":
		x.Failure = r.text(ev.Message)
		r.change(x.LogEntry)
	case "Network.webSocketClosed":
		r.over(x, ev.Timestamp, n.at)
	}
}

// begin adds a request.
func (r *logCollector) begin(ev *networkEvent, n *logEvent, e domain.LogEntry) {
	e.Kind, e.At, e.StepID, e.RequestID = domain.LogRequest, wall(ev.Wall, n.at), n.step, ev.ID
	if ev.ID == "" || len(ev.ID) > 100 {
		e.RequestID, e.Over = "", true
		r.add(&e)
		return
	}
	if len(r.under) >= maxUnder {
		oldest := ""
		for id, x := range r.under {
			if oldest == "" || x.Number < r.under[oldest].Number {
				oldest = id
			}
		}
		delete(r.under, oldest)
	}
	r.add(&e)
	r.under[ev.ID] = &exchangeEntry{LogEntry: &e, session: n.SessionID, began: ev.Timestamp}
}

// wall is a time that the browser tells.
func wall(seconds float64, or time.Time) time.Time {
	if seconds <= 0 {
		return or
	}
	return time.UnixMicro(int64(seconds * 1e6))
}

// over ends a request, at a time of the browser's clock.
func (r *logCollector) over(x *exchangeEntry, timestamp float64, at time.Time) {
	switch {
	case timestamp > 0 && x.began > 0:
		x.Duration = millis(timestamp - x.began)
	default: // it began before this server was there
		x.Duration = millis(max(0, at.Sub(x.At).Seconds()))
	}
	if t := x.Timings; t != nil {
		t.Receive = max(0, x.Duration-max(0, t.Blocked)-max(0, t.DNS)-max(0, t.Connect)-max(0, t.Send)-max(0, t.Wait))
		t.Receive = math.Round(t.Receive*1000) / 1000
	}
	delete(r.under, x.RequestID)
	x.RequestID, x.Over = "", true
	r.change(x.LogEntry)
}

// answered takes what is told of the answer.
func (r *logCollector) answered(x *exchangeEntry, a *response) {
	if a == nil {
		return
	}
	x.Status, x.StatusText, x.MIMEType, x.Protocol = a.Status, r.text(a.StatusText), r.text(a.Type), r.text(a.Protocol)
	switch {
	case a.Worker:
		x.Cache = "serviceWorker"
	case a.Disk:
		x.Cache = "disk"
	case a.Prefetch:
		x.Cache = "prefetch"
	}
	t := a.Timing
	if t == nil || x.began == 0 {
		return
	}
	part := func(from, to float64) float64 {
		if from < 0 || to < from {
			return -1
		}
		return millis((to - from) / 1000)
	}
	first := t.SendStart
	for _, start := range []float64{t.ConnectStart, t.DNSStart} {
		if start >= 0 {
			first = start
		}
	}
	x.Timings = &domain.LogTimings{
		Blocked: millis(max(0, t.Began-x.began) + max(0, first)/1000),
		DNS:     part(t.DNSStart, t.DNSEnd), Connect: part(t.ConnectStart, t.ConnectEnd), SSL: part(t.SSLStart, t.SSLEnd),
		Send: max(0, part(t.SendStart, t.SendEnd)), Wait: max(0, part(t.SendEnd, t.Headers)), Receive: 0,
	}
}

// millis are seconds in milliseconds, to the microsecond.
func millis(seconds float64) float64 { return math.Round(seconds*1e6) / 1e3 }

// maxDataURL is how much is kept of an address that is its own content, in bytes.
const maxDataURL = 100

func shortURL(url string) string {
	if strings.HasPrefix(url, "data:") && len(url) > maxDataURL {
		return url[:maxDataURL] + "…"
	}
	return address(url)
}
