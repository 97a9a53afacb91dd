package keeper

import (
	"time"

	"github.com/browserhook/browserhook/internal/browser/cgroup"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/egress"
)

// Config is what the server tells a keeper, as JSON in its only argument. The
// listening socket is file descriptor 3.
type Config struct {
	Chromium string   `json:"chromium"` // path of the program
	Args     []string `json:"args"`
	Dir      string   `json:"dir"`   // the session's folder; removed at the end
	Files    string   `json:"files"` // inside it: the browser's own, its home
	UID      int      `json:"uid"`   // user and group to run as; 0: the keeper's own
	// User is the descriptor of a file whose lock keeps that user from other browsers,
	// as long as it is open; 0: none.
	User    int          `json:"user,omitempty"`
	Limits  Limits       `json:"limits,omitzero"`
	Cgroups cgroup.Place `json:"cgroups,omitzero"` // where its control group is made, if anywhere
	// Grace is how long a server may be gone; 0: the browser ends with it.
	Grace time.Duration `json:"grace,omitempty"`
	// Namespace has the browser in a network namespace of its own, or not at all. Attr
	// says how the keeper must be started then.
	Namespace bool `json:"namespace,omitempty"`
	// Forwards has the browser's way out be the keeper's: a server that was started before
	// an upgrade starts keepers of after it, and says no rules.
	Forwards bool `json:"forwards,omitempty"`
	// Spare is a browser that no session has yet: until it does, it ends with its
	// server. SessionFile says so.
	Spare bool `json:"spare,omitempty"`
}

// Version is that of what keeper and server say to each other: it is raised when
// one of them would not understand the other.
const Version = 3

// Returning is the version from which on a server can come back.
const Returning = 2

// Forwarding is the version from which on a keeper has the browser's way out: see
// Hello.Rules.
const Forwarding = 3

// KeyFile is in the session's folder, where nobody but the server's user reads it:
// what it holds shows whoever connects to be a server of this installation.
const KeyFile = "key"

// SessionFile is in the folder of a browser that was a spare one: the session's id.
const SessionFile = "session"

// The methods of the keeper's own messages.
const (
	MethodHello  = "Keeper.hello"  // a command: Hello, answered by Welcome
	MethodExited = "Keeper.exited" // an event: Exited
	MethodClose  = "Keeper.close"  // an event: a program asks for the browser's end
	MethodLeft   = "Keeper.left"   // an event: a program has left, and nothing of it is in the browser
	MethodNote   = "Keeper.note"   // a command: what the next server is to know, whatever that is
	MethodTold   = "Keeper.told"   // an event: egress.Refusal, a connection that was not made
	MethodUsed   = "Keeper.used"   // an event: domain.Usage, what has passed so far, when that is more
	MethodTaken  = "Keeper.taken"  // an event: that note; the events before tell of what there is, see mux.ServeKept
)

// Hello is the first message of a connection.
type Hello struct {
	Version int    `json:"version"`          // the highest that the server speaks
	Oldest  int    `json:"oldest"`           // and the lowest
	Key     string `json:"key,omitempty"`    // what KeyFile holds
	Client  bool   `json:"client,omitempty"` // it is for a program that uses the session's browser, whom the rules are for
	Target  string `json:"target,omitempty"` // that alone is its root; empty: the browser

	// With one of these the connection is for nothing else:
	Rules *egress.Rules `json:"rules,omitempty"` // what the browser may reach from now on; nothing, before
	Asks  bool          `json:"asks,omitempty"`  // for Welcome.Usage
	Ends  bool          `json:"ends,omitempty"`  // the same, after which nothing passes any more
	Dials bool          `json:"dials,omitempty"` // what follows is for the browser's proxy
}

// Welcome answers it.
type Welcome struct {
	Version int `json:"version"` // that is spoken on this connection
	PID     int `json:"pid"`     // Chromium's
	// For a server: the keeper's process, and how long there has been none before.
	Keeper int   `json:"keeper,omitempty"`
	AwayMs int64 `json:"awayMs,omitempty"`
	// NoGroup is why the browser is in no control group, though it was to be.
	NoGroup string `json:"noGroup,omitempty"`
	// Open: the browser's way out isn't the keeper's, but the machine's.
	Open bool `json:"open,omitempty"`
	// To who asks, what has passed.
	Usage *domain.Usage `json:"usage,omitempty"`
}

// Exited is the news that Chromium has ended or could not be started.
type Exited struct {
	Code   int      `json:"code"`
	Signal int      `json:"signal,omitempty"`
	Error  string   `json:"error,omitempty"` // why it could not be started
	Lines  []string `json:"lines"`           // the last it printed
	// Exceeded is what it had too much of, if it was ended for that.
	Exceeded *Exceeded    `json:"exceeded,omitempty"`
	Usage    domain.Usage `json:"usage"` // that there was in all
}
