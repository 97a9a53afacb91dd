package domain

// SessionChange is a session being changed in one transaction. The store fills
// in Session and Open, a decision function changes them and adds to the rest,
// and the store commits all of it or nothing: the rows, the events with its
// sequence numbers, and a delivery for each endpoint that wants it.
type SessionChange struct {
	Session     *Session
	Owned       bool    // this server runs the session; others that share the store don't
	Open        []*Step // the steps that have not ended, in order
	NewSteps    []*Step // to be added; Session.StepCount gives the next index
	Artifacts   []Artifact
	Drafts      []Draft
	Idempotency *Idempotency
}

// EndpointChange is an endpoint being changed in one transaction.
type EndpointChange struct {
	Endpoint    *Endpoint
	Drafts      []Draft
	Idempotency *Idempotency
}

// NewSession is all that comes into being with a session.
type NewSession struct {
	Session     Session
	Stream      Stream    // the read-only link; its token is the session's
	Endpoint    *Endpoint // inline webhook, or nil
	Steps       []Step
	Idempotency *Idempotency
	// MaxQueued is how many sessions may wait, of all projects; 0: any number. When so
	// many do, one of a project that has some waiting is refused as CodeQueueFull.
	MaxQueued int
}

// Commit is what a transaction has committed: handed on after it is durable.
type Commit struct {
	Events   []Event       // newly in the log, with positions
	Due      []EndpointRef // that may have deliveries due to be claimed
	Changed  []EndpointRef // that were changed, disabled or deleted
	Gone     []EndpointRef // of them, that are no more
	Sessions []string      // whose row or steps changed
	Projects []string      // whose log has events
	Keys     []string      // ids of API keys that were revoked
	KeyPairs bool          // the key pairs of endpoints are others
	Queue    bool          // a session waits for a browser, or one that waits may have it now
}

// Signal is what reaches a server, one of several that share a store, from the
// others or about its place among them. It is a hint and can be lost: what it
// tells of is in the store.
type Signal struct {
	Elsewhere Commit   // what another server has committed, without the events themselves
	Stops     []string // ids of running steps that it asks to stop
	Missed    bool     // signals may have been lost, or another server's work is ours now: look at everything
	Lost      bool     // what this server is about to send may be another's now
	Drain     bool     // this server is to finish: somebody has asked for that
}

// EndpointRef names an endpoint.
type EndpointRef struct{ ProjectID, ID string }

// Taker is who a store hands new deliveries off to as they are committed, so that
// they needn't be claimed. It asks about each of them before the commit, in the
// order in which they will be claimed if they are not taken; those that won't
// be are told in [Commit.Due]. No method blocks.
type Taker interface {
	// Reserve says whether a new delivery to the endpoint, which is being
	// committed, will be taken. Each true is followed by one job in Take, or
	// by one endpoint in Abandon. size is the bytes of its body.
	Reserve(e *Endpoint, size int) bool
	// Take hands off what has been committed, in order, as if it had been
	// claimed.
	Take(jobs []Job)
	// Abandon says that the change has failed.
	Abandon(endpoints []EndpointRef)
}
