package domain

import "time"

// LogKind says what an entry of a session's log is.
type LogKind string

// The kinds of entries.
const (
	LogConsole LogKind = "console" // what a page wrote to its console
	LogError   LogKind = "error"   // an exception that a page didn't catch
	LogRequest LogKind = "request" // what a page asked for
	LogRefused LogKind = "refused" // a connection that the session may not make
)

// LogKinds are all of them.
var LogKinds = []LogKind{LogConsole, LogError, LogRequest, LogRefused}

// LogEntry is one thing in a session's log. Its texts are valid, bounded, and without
// the session's secrets.
type LogEntry struct {
	Number int64     `json:"n"` // in the order they began, from 1
	Kind   LogKind   `json:"kind"`
	At     time.Time `json:"at"`
	StepID string    `json:"step,omitempty"` // that ran then

	// Of the console and of errors.
	Type   string `json:"type,omitempty"` // "log", "warning", "error", …
	Text   string `json:"text,omitempty"`
	Line   int    `json:"line,omitempty"` // in URL, from 1
	Column int    `json:"column,omitempty"`

	URL string `json:"url,omitempty"` // that is asked for, or whose script it was

	// Of requests.
	Method      string      `json:"method,omitempty"`
	Resource    string      `json:"resource,omitempty"` // "Document", "XHR", "WebSocket", …
	Status      int         `json:"status,omitempty"`   // 0: no answer
	StatusText  string      `json:"statusText,omitempty"`
	Protocol    string      `json:"protocol,omitempty"` // "h2"
	MIMEType    string      `json:"mime,omitempty"`
	Cache       string      `json:"cache,omitempty"` // what answered in the server's place: "memory", "disk", "prefetch", "serviceWorker"
	Failure     string      `json:"failure,omitempty"`
	RedirectURL string      `json:"redirect,omitempty"`
	Transferred int64       `json:"transferred,omitempty"` // bytes of the answer on the wire
	Body        int64       `json:"body,omitempty"`        // bytes of it when decoded
	Over        bool        `json:"over,omitempty"`
	Duration    float64     `json:"ms,omitempty"` // once it is over
	Timings     *LogTimings `json:"timings,omitempty"`

	// Of refused connections.
	Host   string `json:"host,omitempty"`
	Port   int    `json:"port,omitempty"`
	Reason string `json:"reason,omitempty"`

	RequestID string `json:"id,omitempty"` // the browser's, while it is not over
}

// LogTimings are the parts of a request's time, in milliseconds; -1: there was no such
// part.
type LogTimings struct {
	Blocked float64 `json:"blocked"`
	DNS     float64 `json:"dns"`
	Connect float64 `json:"connect"` // with SSL
	SSL     float64 `json:"ssl"`
	Send    float64 `json:"send"`
	Wait    float64 `json:"wait"`
	Receive float64 `json:"receive"`
}

// LogQuery picks a part of a session's log.
type LogQuery struct {
	After int64     // the number before the first
	Kinds []LogKind // none: all
	Limit int       // 0: all there are
}

// LogPage is a part of a session's log.
type LogPage struct {
	Entries []LogEntry // in order
	More    bool       // there are others behind it
	Dropped int64      // how many of the oldest were dropped, to keep the log short
}
