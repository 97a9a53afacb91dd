package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
)

// resume says how far a request of many transactions has come: it begins with
// from. One that has ended is [domain.Replay]. Whoever else makes the same
// request waits until this transaction has ended.
func (t *tx) resume(ctx context.Context, project string, i *domain.Idempotency, from codec.Progress) (codec.Progress, error) {
	if i == nil {
		return from, nil
	}
	if err := t.remember(ctx, project, i, from.Refs()); err == nil {
		return from, nil
	} else if _, ok := errors.AsType[*domain.Replay](err); !ok {
		return from, err
	}
	if err := t.exec(ctx, `SELECT 1 FROM idempotency WHERE project_id = $1 AND key = $2 FOR UPDATE`, project, i.Key); err != nil {
		return from, fmt.Errorf("read idempotency key: %w", err)
	}
	err := t.replayed(ctx, project, i)
	if r, ok := errors.AsType[*domain.Replay](err); ok {
		if at := codec.ProgressOf(r.Refs); !at.Ended {
			return at, nil
		}
	}
	return from, err
}

// reach records how far it has come.
func (t *tx) reach(ctx context.Context, project string, i *domain.Idempotency, at codec.Progress) error {
	if i == nil {
		return nil
	}
	if err := t.exec(ctx, `UPDATE idempotency SET refs = $3 WHERE project_id = $1 AND key = $2`, project, i.Key, codec.Text(at.Refs())); err != nil {
		return fmt.Errorf("store idempotency key: %w", err)
	}
	return nil
}
