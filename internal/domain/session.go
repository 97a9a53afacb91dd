package domain

import (
	"strings"
	"time"
)

// SessionStatus is where a session is in its life.
type SessionStatus string

// The states of a session. READY is the only one in which steps run.
const (
	SessionQueued   SessionStatus = "QUEUED"
	SessionStarting SessionStatus = "STARTING"
	SessionReady    SessionStatus = "READY"
	SessionClosing  SessionStatus = "CLOSING"
	SessionClosed   SessionStatus = "CLOSED"
	SessionFailed   SessionStatus = "FAILED"
)

// SessionTransitions is the session's state machine: from each state, where it may go.
var SessionTransitions = map[SessionStatus][]SessionStatus{
	SessionQueued:   {SessionStarting, SessionClosing, SessionFailed},
	SessionStarting: {SessionQueued, SessionReady, SessionClosing, SessionFailed}, // it waits again when its server is gone
	SessionReady:    {SessionClosing, SessionFailed},
	SessionClosing:  {SessionClosed, SessionFailed},
	SessionClosed:   {},
	SessionFailed:   {},
}

// Ended reports whether the state is final.
func (s SessionStatus) Ended() bool { return s == SessionClosed || s == SessionFailed }

// CloseReason says why a session was closed.
type CloseReason string

// Why a session was closed.
const (
	ClosedRequested CloseReason = "requested"
	ClosedTimeout   CloseReason = "timeout"
	ClosedIdle      CloseReason = "idle"
	ClosedCrashed   CloseReason = "crashed"
	ClosedNodeLost  CloseReason = "node_lost"
	ClosedShutdown  CloseReason = "shutdown"
)

// Viewport is the size of the page in CSS pixels.
type Viewport struct {
	Width  int `json:"width"`
	Height int `json:"height"`
}

// SessionOptions is what a user chose for the browser when creating a session.
// The zero value of a field means Chromium's own default.
type SessionOptions struct {
	URL               string           `json:"url,omitempty"`
	Browser           string           `json:"browser,omitempty"` // one of Browsers; empty: the default of whoever starts it, which is then recorded
	Viewport          Viewport         `json:"viewport"`
	DeviceScaleFactor float64          `json:"deviceScaleFactor,omitempty"` // pixels of the screen for one of CSS
	ColorScheme       string           `json:"colorScheme,omitempty"`       // "light" or "dark"
	UserAgent         string           `json:"userAgent,omitempty"`
	Locale            string           `json:"locale,omitempty"`          // BCP 47, "de-DE"
	Timezone          string           `json:"timezone,omitempty"`        // IANA, "Europe/Berlin"
	TestID            string           `json:"testIdAttribute,omitempty"` // what testid= looks at; empty: data-testid
	Geolocation       *Geolocation     `json:"geolocation,omitempty"`
	Permissions       []string         `json:"permissions,omitempty"` // granted to every page
	IgnoreCertErrors  bool             `json:"ignoreCertificateErrors,omitempty"`
	Headers           []Header         `json:"headers,omitempty"` // of every request; values are Hidden once they are in Sealed
	Credentials       *HTTPCredentials `json:"httpCredentials,omitempty"`
	Network           *Network         `json:"network,omitempty"`
	Proxy             string           `json:"proxy,omitempty"`  // URL; who it asks as is Hidden once that is in Sealed
	Sealed            []byte           `json:"sealed,omitempty"` // what of the above is secret, encrypted
	Timeout           time.Duration    `json:"timeout"`          // longest life, from READY
	IdleTimeout       time.Duration    `json:"idleTimeout"`      // longest time without a step or a viewer's input; 0 is none
	Record            string           `json:"record,omitempty"` // RecordOff, RecordAll, or a duration; empty: RecordOff
}

// What browsers there are.
const (
	BrowserShell    = "shell"    // the headless shell: Chromium's engine alone
	BrowserChromium = "chromium" // the whole browser
)

// Browsers are all that a session can ask for.
func Browsers() []string { return []string{BrowserShell, BrowserChromium} }

// Hidden stands for a secret where it isn't shown.
const Hidden = "…"

// Geolocation is where the browser says that it is.
type Geolocation struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Accuracy  float64 `json:"accuracy"` // metres
}

// HTTPCredentials is what the browser answers servers that ask for it.
type HTTPCredentials struct {
	Username string `json:"username"`
	Password string `json:"password"`
	Origin   string `json:"origin,omitempty"` // the only one that gets it; empty: any
}

// Network is which hosts a session's browser may reach, as egress.CheckHosts writes
// them.
type Network struct {
	Allow []string `json:"allow,omitempty"` // the only ones; empty: all
	Deny  []string `json:"deny,omitempty"`  // those that it may not, whatever is allowed
}

// Usage is what a session's browser has had of the network.
type Usage struct {
	SentBytes     int64 `json:"sentBytes"`
	ReceivedBytes int64 `json:"receivedBytes"`
	Refused       int64 `json:"refused"` // connections to where it may not
}

// Session is one browser of one project.
type Session struct {
	ID          string
	ProjectID   string
	Status      SessionStatus
	CloseReason CloseReason // set from CLOSING on
	Error       *Failure    // set when FAILED, or when the browser crashed
	Options     SessionOptions
	Metadata    map[string]string
	StreamToken string // of the read-only link that every event names
	// ConnectToken lets programs use the browser by its protocol: it is in no event.
	ConnectToken string
	Sequence     int64    // of the session's last event
	StepCount    int      // steps ever added; the next step's index
	Usage        Usage    // as it was last recorded: when the browser ended
	Control      *Control // who drives it by hand; nil: nobody, and steps run
	Trace        Trace    // of the request that made it
	CreatedAt    time.Time
	ReadyAt      time.Time // zero until READY
	EndedAt      time.Time // zero until CLOSED or FAILED
}

// Control is a viewer that drives a session by hand: no step begins meanwhile.
type Control struct {
	StreamID string    `json:"stream"` // the link
	Name     string    `json:"name,omitempty"`
	Viewer   string    `json:"viewer"`
	Resume   string    `json:"mark,omitempty"` // hash of the resume token of its tab, by which it goes on after a lost connection
	Since    time.Time `json:"since"`

	Artifact string `json:"artifact,omitempty"` // that holds what they do, as steps
	Size     int64  `json:"size,omitempty"`     // how much it holds, in bytes; 0: nothing yet
}

// SessionRef names a session.
type SessionRef struct{ ProjectID, ID string }

// Transition takes the session to another state, or says that the table forbids it.
func (s *Session) Transition(to SessionStatus) error {
	if err := checkTransition("session", SessionTransitions, s.Status, to); err != nil {
		return err
	}
	s.Status = to
	return nil
}

// StreamingURL is the address of a live page, given its link's token.
func StreamingURL(publicURL, token string) string { return publicURL + "/streams?id=" + token }

// ConnectURL is where programs use a session's browser by its protocol, given the
// session's token for that.
func ConnectURL(publicURL, session, token string) string {
	return "ws" + strings.TrimPrefix(publicURL, "http") + "/connect/" + session + "?token=" + token
}

// StreamMode says what a live link allows.
type StreamMode string

// The modes of a live link: look only, or also mouse and keyboard.
const (
	StreamView    StreamMode = "view"
	StreamControl StreamMode = "control"
)

// Stream is a link to a session's live page. Whoever has the token can open it.
type Stream struct {
	ID        string
	ProjectID string
	SessionID string
	KeyID     string // the API key that it was made with and ends with; empty: the session's own
	Token     string
	Mode      StreamMode
	Name      string // of who it is for
	Once      bool   // it is its first viewer's, and nobody else's
	UsedBy    string // hash of that viewer's resume token, of one that is Once; empty: nobody has used it
	Replay    bool   // it shows the recording too, and outlives the session
	CreatedAt time.Time
	ExpiresAt time.Time // zero: with the session
	RevokedAt time.Time // zero: not revoked
}

// Viewer is somebody who looks at a session's live page, or did.
type Viewer struct {
	ID        string
	ProjectID string
	SessionID string
	StreamID  string // the link
	Name      string // the link's
	Mode      StreamMode
	Address   string // the IP address that it came from
	JoinedAt  time.Time
	LeftAt    time.Time // zero: it is there, or its server ended before it could say
}

// Live reports whether the link still opens the page at the given time. That
// the session lives is the caller's to check.
func (s Stream) Live(now time.Time) bool {
	return s.RevokedAt.IsZero() && (s.ExpiresAt.IsZero() || now.Before(s.ExpiresAt))
}

// Artifact is a file that a step made, such as a screenshot, or a page, by a
// download.
type Artifact struct {
	ID          string
	ProjectID   string
	SessionID   string
	StepID      string // that made it, or ran when the download began; empty: none
	Kind        string // "screenshot", "pdf"
	Name        string // of a file that was downloaded
	ContentType string
	Size        int64  // bytes
	SHA256      string // in hex, of a file that was downloaded
	CreatedAt   time.Time
}

// Key is where the artifact's bytes are in the artifact store.
func (a Artifact) Key() string { return a.ProjectID + "/" + a.SessionID + "/" + a.ID }

// ArtifactURL is where an artifact is fetched, with a key.
func ArtifactURL(publicURL string, a Artifact) string {
	return publicURL + "/v1/sessions/" + a.SessionID + "/artifacts/" + a.ID
}
