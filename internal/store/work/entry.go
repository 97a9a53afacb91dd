package work

import "github.com/browserhook/browserhook/internal/domain"

// Entry is a draft on its way into the log.
type Entry struct {
	Draft    domain.Draft
	Project  int64 // the numbers of its project and its session, or 0
	Session  int64
	Sequence int64 // in its session, or without one in its project; 0: it has none yet
	Event    domain.Event
}

// Entries are drafts that are not part of a change of their session.
func Entries(drafts []domain.Draft) []Entry {
	entries := make([]Entry, len(drafts))
	for i, d := range drafts {
		entries[i].Draft = d
	}
	return entries
}

// Make makes the event of an entry that has its sequence.
func (e *Entry) Make() (err error) {
	e.Event, err = e.Draft.Event(e.Sequence)
	return err
}
