// Package cursor reads a project's log of events page by page: it makes the
// cursors of places in it, finds the places that cursors mean, and says when
// retention has deleted what would have come next.
package cursor

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/rowid"
)

// Places makes cursors of places in the logs of projects, and finds the places
// that cursors mean. Positions may count what all projects do, so a cursor shows
// none.
type Places struct{ ids *rowid.Codec }

// New makes it with the key that belongs to the database.
func New(key []byte) (*Places, error) {
	// Another key than that of deliveries' ids: neither is ever the other.
	own := sha256.Sum256(append([]byte("cursor "), key...))
	ids, err := rowid.New(domain.PrefixCursor, own[:16])
	return &Places{ids}, err
}

// State is what is known of a project's log at a moment.
type State struct {
	Project  int64  // its number
	End      int64  // no event will come that is at this position or before
	Pruned   int64  // position of the last event that was deleted for its age; 0: none was
	PrunedID string // and its id
	Prunes   int64  // how often some were
}

// End is the cursor after which there is nothing yet.
func (p *Places) End(l State) string { return p.after(l, l.End) }

// after names the place after a position. It also says how often events had been
// deleted when it was made: those had not come after it for its reader.
func (p *Places) after(l State, position int64) string {
	return p.ids.Encode(l.Project<<32|l.Prunes&math.MaxUint32, position)
}

// open is what cursor was given. It is not ok for what is no cursor of the log.
func (p *Places) open(l State, cursor string) (position int64, lost, ok bool) {
	made, position := p.ids.Decode(cursor)
	if made>>32 != l.Project || position < 0 {
		return 0, false, false
	}
	// Beyond the end is one of a database that was since restored.
	lost = position > l.End || position < l.Pruned && made&math.MaxUint32 != l.Prunes&math.MaxUint32
	return position, lost, true
}

// Log is how a store is asked about the log of a project, which it knows
// by its number.
type Log struct {
	State func(context.Context) (State, error)
	// At is the position of an event, After that of the first event with a
	// greater id; both are 0 when there is none.
	At, After func(ctx context.Context, project int64, id string) (int64, error)
	// Open says whether a session has not ended.
	Open func(ctx context.Context, session string) (bool, error)
	// Page reads the events that a query picks after a position, and says whether
	// it has ended before the limit because they are long.
	Page func(ctx context.Context, project, after int64, q domain.EventQuery) ([]domain.Event, bool, error)
}

// Read reads a page of a log.
func (p *Places) Read(ctx context.Context, log *Log, q domain.EventQuery) (page domain.EventPage, err error) {
	q.Limit = codec.PageLimit(q.Limit)
	// Read before the page: all up to its end is then seen by that.
	l, err := log.State(ctx)
	if err != nil {
		return page, err
	}
	after, lost := int64(0), false
	if q.After != "" {
		if after, lost, err = p.find(ctx, log, l, q.After, time.Now()); err != nil {
			return page, err
		}
	}
	if page.Events, page.More, err = log.Page(ctx, l.Project, after, q); err != nil {
		return page, fmt.Errorf("read events: %w", err)
	}
	next := max(after, l.End)
	if n := len(page.Events); n >= q.Limit || page.More {
		page.More, next = true, page.Events[n-1].Position
	} else if n > 0 {
		next = max(next, page.Events[n-1].Position)
	}
	page.Next = p.after(l, next)
	if q.After == "" {
		return page, nil
	}
	// Read after the page as well: it may have lost some meanwhile.
	if !lost {
		now, err := log.State(ctx)
		if err != nil {
			return page, err
		}
		lost = now.Prunes != l.Prunes && after < now.Pruned
	}
	if !lost {
		return page, nil
	}
	// The events of a session that is open are not deleted for their age.
	if open, err := log.Open(ctx, q.SessionID); open || err != nil {
		return page, err
	}
	return domain.EventPage{}, errExpired
}

// slack is how far an event's id, which is made first and by the clock of its
// node, may be from its place. The clocks of nodes have to agree within it.
const slack = time.Minute

// find is the position after which a cursor goes on, and whether events after it
// may have been deleted for their age before anybody read them with the cursor.
// The id of an event that exists is always a place to go on from.
func (p *Places) find(ctx context.Context, log *Log, l State, cursor string, now time.Time) (position int64, lost bool, err error) {
	if position, lost, ok := p.open(l, cursor); ok {
		return position, lost, nil
	}
	made := domain.IDTime(domain.PrefixEvent, cursor)
	if made.IsZero() || made.After(now.Add(slack)) {
		return 0, false, domain.Invalid("after", "is neither an event's id nor a nextCursor of this log")
	}
	position, err = log.At(ctx, l.Project, cursor)
	switch {
	case err != nil:
		return 0, false, fmt.Errorf("find the place of a cursor: %w", err)
	case position > 0:
		// It outlived those that were deleted around it, as what is still to be sent
		// does. Nothing says when its reader read it; one that was told that it has
		// lost something would be told so at every event of the kind, from the
		// beginning on.
		return position, false, nil
	case cursor == l.PrunedID:
		return l.Pruned, false, nil
	}
	// The event was deleted, or never was. Its time is its place, and rather
	// than miss anything, some that came before it come again.
	first, err := log.After(ctx, l.Project, domain.IDAt(domain.PrefixEvent, made.Add(-slack)))
	if err != nil {
		return 0, false, fmt.Errorf("find the place of a cursor: %w", err)
	}
	position = l.End
	if first > 0 {
		position = first - 1
	}
	if l.PrunedID != "" && made.Before(domain.IDTime(domain.PrefixEvent, l.PrunedID).Add(slack)) {
		return position, true, nil
	}
	return max(position, l.Pruned), false, nil
}

// errExpired refuses a cursor after which events were lost.
var errExpired = &domain.Error{
	Code: domain.CodeExpired, Field: "after",
	Message: "what came after this cursor was deleted for its age (retention) before it was read; go on from \"beginning\", the oldest that there is",
}
