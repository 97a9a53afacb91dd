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
type known struct{ domain.Commit }

type mark struct{ events, endpoints, sessions int }

func (k *known) mark() mark {
	return mark{len(k.Events), len(k.Endpoints), len(k.Sessions)}
}

func (k *known) reset(m mark) {
	k.Events, k.Endpoints, k.Sessions = k.Events[:m.events], k.Endpoints[:m.endpoints], k.Sessions[:m.sessions]
}

// tell hands on what there is to know, each endpoint and session named once.
func (k *known) tell(notify func(domain.Commit)) {
	if len(k.Events) == 0 && len(k.Endpoints) == 0 && len(k.Sessions) == 0 {
		return
	}
	k.Endpoints, k.Sessions = unique(k.Endpoints), unique(k.Sessions)
	notify(k.Commit)
}

func unique(ids []string) []string {
	seen := make(map[string]struct{}, len(ids))
	kept := ids[:0]
	for _, id := range ids {
		if _, ok := seen[id]; !ok {
			seen[id] = struct{}{}
			kept = append(kept, id)
		}
	}
	return kept
}
