package work

import (
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/rowid"
)

// IDs makes the public ids of deliveries, and finds the rows that they name.
type IDs struct{ rows *rowid.Codec }

// NewIDs is for a database's key of 16 bytes.
func NewIDs(key []byte) (IDs, error) {
	rows, err := rowid.New(domain.PrefixDelivery, key)
	return IDs{rows}, err
}

// ID is the public id of a row.
func (i IDs) ID(k Key) string { return i.rows.Encode(k.Event, k.Endpoint) }

// Key is the row that an id names. One that was never given out names a row
// that doesn't exist.
func (i IDs) Key(id string) (k Key) {
	k.Event, k.Endpoint = i.rows.Decode(id)
	return k
}

// Before is where a list, newest first, goes on: before this key. It is beyond
// all for no cursor.
func (i IDs) Before(cursor string) (Key, error) {
	if cursor == "" {
		return Key{Event: 1 << 62}, nil
	}
	id, err := codec.DecodeCursor(domain.PrefixDelivery, cursor)
	if err != nil {
		return Key{}, err
	}
	k := i.Key(id)
	if !codec.IsRow(k.Event) || !codec.IsRow(k.Endpoint) {
		return Key{}, domain.ErrCursor
	}
	return k, nil
}

// late is how much later than it happened an event may be committed, while the database
// can't be written; how far clocks of nodes are apart is less.
const late = time.Hour

// Within is where in the log the deliveries of a list can be that go on before a key,
// of what happened from one time to another, which are zero where they are open: not
// before the position since, and before the key until. There are none if some is false.
// after tells the position of the first event with a greater id, or 0.
func Within(from, to time.Time, before Key, after func(id string) (position int64, err error)) (since int64, until Key, some bool, err error) {
	until = before
	if !to.IsZero() {
		// All that happened before has a less id than this, as has all that was committed
		// before it.
		end, err := after(domain.IDAt(domain.PrefixEvent, to.Add(late)))
		if err != nil {
			return 0, until, false, err
		}
		if end > 0 && end <= before.Event {
			until = Key{Event: end}
		}
	}
	if from.IsZero() {
		return 0, until, true, nil
	}
	// All that happened then or later has a greater id than this, as has all that was
	// committed after it.
	since, err = after(domain.IDAt(domain.PrefixEvent, from.Add(-late)))
	return since, until, since > 0, err
}
