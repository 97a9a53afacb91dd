package domain

import "time"

// NodeState is what a node does with the sessions that wait.
type NodeState string

// The states of a node.
const (
	NodeReady    NodeState = "READY"    // it starts sessions while it has room
	NodeDraining NodeState = "DRAINING" // it starts no more, and ends with its last
)

// Node is one of the servers that share a database, or the only one.
type Node struct {
	ID        string
	URL       string   // where the other nodes reach it; empty: not known yet
	Version   string   // of its program
	Browsers  []string // that it can start, the default first; nil: its release doesn't say
	Hops      int      // what it takes of what others pass on (hop.Encrypting); 0: its release doesn't say
	State     NodeState
	Sessions  int // that have a browser there, or get one
	FreeSlots int // that can be started there beside those
	StartedAt time.Time
	SeenAt    time.Time // when it last showed that it lives
}

// Owner is who runs a session: this server, another node, or nobody yet.
type Owner struct {
	Here bool
	Node string // the other's id
	URL  string // where it is reached
	Hops int    // as Node's
	Away bool   // it is gone or starts, and may come back
}
