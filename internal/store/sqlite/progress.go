package sqlite

import (
	"errors"
	"fmt"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
)

// resume says how far a request of many transactions has come: it begins with
// from. One that has ended is [domain.Replay].
func (t *tx) resume(project string, i *domain.Idempotency, from codec.Progress) (codec.Progress, error) {
	err := t.replayed(project, i)
	if r, ok := errors.AsType[*domain.Replay](err); ok {
		if at := codec.ProgressOf(r.Refs); !at.Ended {
			return at, nil
		}
	}
	return from, err
}

// reach records how far it has come.
func (t *tx) reach(project string, i *domain.Idempotency, at codec.Progress) error {
	if i == nil {
		return nil
	}
	n, err := t.execCount(`UPDATE idempotency SET refs = ? WHERE project_id = ? AND key = ?`, codec.Text(at.Refs()), project, i.Key)
	if err != nil {
		return fmt.Errorf("store idempotency key: %w", err)
	}
	if n > 0 {
		return nil
	}
	return t.remember(project, i, at.Refs())
}
