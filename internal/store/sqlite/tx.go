package sqlite

import (
	"context"
	"database/sql"

	"github.com/browserhook/browserhook/internal/domain"
)

// tx is what a change works with. It is valid only while the change runs.
type tx struct {
	w         *writer
	known     known
	succeeded bool // at least one change did
}

func (t *tx) exec(query string, args ...any) error { return t.w.exec(query, args...) }

// execCount is exec for whoever needs to know how many rows it changed.
func (t *tx) execCount(query string, args ...any) (int64, error) {
	res, err := t.w.result(query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// insert is exec for whoever needs to know the number of the new row.
func (t *tx) insert(query string, args ...any) (int64, error) {
	res, err := t.w.result(query, args...)
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

func (t *tx) rows(query string, args ...any) (*sql.Rows, error) {
	st, err := t.w.prepare(query)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(context.Background(), args...)
}

func (t *tx) row(query string, args ...any) scanner {
	st, err := t.w.prepare(query)
	if err != nil {
		return failedRow{err}
	}
	return st.QueryRowContext(context.Background(), args...)
}

type failedRow struct{ err error }

func (r failedRow) Scan(...any) error { return r.err }

// known collects what a commit makes known, and forgets what a change that
// failed had added.
type known struct {
	domain.Commit
	made []made
}

// made is a new delivery.
type made struct {
	event    *domain.Event
	endpoint *cachedEndpoint
	taken    bool // will be handed over, so that nobody is to claim it
}

// mark is how much was known before a change.
type mark struct{ events, due, changed, sessions, made int }

func (k *known) mark() mark {
	return mark{len(k.Events), len(k.Due), len(k.Changed), len(k.Sessions), len(k.made)}
}

func (k *known) reset(m mark) {
	k.Events, k.Due, k.Changed = k.Events[:m.events], k.Due[:m.due], k.Changed[:m.changed]
	k.Sessions, k.made = k.Sessions[:m.sessions], k.made[:m.made]
}

// reserve asks which of the new deliveries will be taken.
func (k *known) reserve(t domain.Taker) {
	for i := range k.made {
		k.made[i].taken = t.Reserve(&k.made[i].endpoint.Endpoint)
	}
}

// reserved are the endpoints of those that will be.
func (k *known) reserved() (refs []domain.EndpointRef) {
	for _, m := range k.made {
		if m.taken {
			refs = append(refs, m.endpoint.Ref())
		}
	}
	return refs
}

// keys are the rows of those that will be.
func (k *known) keys() []deliveryKey {
	keys := make([]deliveryKey, 0, len(k.made))
	for _, m := range k.made {
		if m.taken {
			keys = append(keys, deliveryKey{m.event.Position, m.endpoint.num})
		}
	}
	return keys
}

// tell hands on what there is to know, each endpoint and session named once.
// New deliveries that are taken are handed over first.
func (s *Store) tell(k *known, taker domain.Taker) {
	jobs := make([]domain.Job, 0, len(k.made))
	for _, m := range k.made {
		if m.taken {
			jobs = append(jobs, domain.Job{Endpoint: &m.endpoint.Endpoint, Body: m.event.Body, Delivery: domain.Delivery{
				ID: s.ids.Seal(m.event.Position, m.endpoint.num), ProjectID: m.event.ProjectID, EventID: m.event.ID,
				EventType: m.event.Type, SessionID: m.event.SessionID, EndpointID: m.endpoint.ID,
				Status: domain.DeliverySending, NextAt: m.event.CreatedAt, CreatedAt: m.event.CreatedAt,
			}})
		} else {
			k.Due = append(k.Due, m.endpoint.Ref())
		}
	}
	if len(jobs) > 0 {
		taker.Take(jobs)
	}
	if len(k.Events)+len(k.Due)+len(k.Changed)+len(k.Sessions) == 0 {
		return
	}
	for i := range k.Events {
		k.Projects = append(k.Projects, k.Events[i].ProjectID)
	}
	k.Due, k.Changed, k.Sessions, k.Projects = unique(k.Due), unique(k.Changed), unique(k.Sessions), unique(k.Projects)
	s.notify(k.Commit)
}

func unique[T comparable](ids []T) []T {
	seen := make(map[T]struct{}, len(ids))
	kept := ids[:0]
	for _, id := range ids {
		if _, ok := seen[id]; !ok {
			seen[id] = struct{}{}
			kept = append(kept, id)
		}
	}
	return kept
}
