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

// SomeBefore is an id that every event that happened at a time or later has a greater
// one than, as have all that are committed after it.
func SomeBefore(at time.Time) string { return domain.IDAt(domain.PrefixEvent, at.Add(-late)) }

// SomeAfter is an id that every event that happened before a time has a less one than,
// as have all that are committed before it.
func SomeAfter(at time.Time) string { return domain.IDAt(domain.PrefixEvent, at.Add(late)) }
