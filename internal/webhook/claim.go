package webhook

import "time"

// claimState is where a lane is with asking the store for more.
type claimState int

const (
	claimIdle     claimState = iota
	claimWaiting             // there is no room in memory
	claimActive              // in progress
	claimOutdated            // in progress, but the endpoint has changed since: what it brings goes back
)

// claimEvent is what changes that.
type claimEvent int

const (
	claimBegins      claimEvent = iota
	claimDenied                 // for lack of room
	claimRetried                // there may be room now
	claimInvalidated            // what the lane knows of its endpoint is out of date
	claimEnds
)

// claimTransitions is the state machine of a lane's claims. What isn't listed
// changes nothing.
var claimTransitions = map[claimState]map[claimEvent]claimState{
	claimIdle:     {claimBegins: claimActive, claimDenied: claimWaiting},
	claimWaiting:  {claimBegins: claimActive, claimRetried: claimIdle},
	claimActive:   {claimInvalidated: claimOutdated, claimEnds: claimIdle},
	claimOutdated: {claimEnds: claimIdle},
}

func (s *claimState) on(e claimEvent) {
	if to, ok := claimTransitions[*s][e]; ok {
		*s = to
	}
}

// active says whether a claim is in progress.
func (s claimState) active() bool { return s == claimActive || s == claimOutdated }

// due is what is due in the store, as far as a lane knows.
type due int

const (
	dueNone due = iota
	dueSome     // of whichever server
	dueOwn      // of this server, too
)

// backlog is what a lane knows of its endpoint's deliveries in the store.
type backlog struct {
	due     due       // now
	claimed due       // was due when the claim in progress began
	refused bool      // one was refused while it was being committed, and isn't known to be due yet
	blocked bool      // of an ordered endpoint: some wait for what is in flight in their session
	next    time.Time // when more will be due; zero: not known
}

// note takes down that something is due.
func (b *backlog) note(d due) { b.due = max(b.due, d) }

// expect notes that something will be due.
func (b *backlog) expect(at time.Time) {
	if b.next.IsZero() || at.Before(b.next) {
		b.next = at
	}
}

// advance makes due what was expected by now.
func (b *backlog) advance(now time.Time) {
	if !b.next.IsZero() && !b.next.After(now) {
		b.next = time.Time{}
		b.note(dueOwn)
	}
}

// claim begins a claim of all that is due.
func (b *backlog) claim() { b.due, b.claimed = dueNone, b.due }

// unclaim notes that the claim has left some of it.
func (b *backlog) unclaim() { b.note(max(b.claimed, dueSome)) }

// empty says that nothing is known to be there, now or later.
func (b *backlog) empty() bool {
	return b.due == dueNone && !b.refused && !b.blocked && b.next.IsZero()
}
