package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/work"
)

// keysAtOnce is how many idempotency keys are deleted in one transaction.
const keysAtOnce = 1000

// recordKey records the idempotency key of a creating call, or says that the
// call was made before. A nil key is a call that may be repeated at will. A key
// is kept until ForgetIdempotency.
func (t *tx) recordKey(project string, i *domain.Idempotency) error {
	if i == nil {
		return nil
	}
	return t.insertKey(project, i, i.Refs)
}

// insertKey is recordKey for refs that became known only now.
func (t *tx) insertKey(project string, i *domain.Idempotency, refs []string) error {
	n, err := t.count(`INSERT INTO idempotency (project_id, key, fingerprint, refs, created_at) VALUES ($1,$2,$3,$4,$5)
		ON CONFLICT (project_id, key) DO NOTHING`, project, i.Key, t.store.Box.Tag(i.Fingerprint), codec.Text(refs), codec.Micros(time.Now()))
	if err != nil {
		return fmt.Errorf("store idempotency key: %w", err)
	}
	if n == 0 {
		return t.replayed(project, i)
	}
	return nil
}

// replayed says that a call was made before.
func (t *tx) replayed(project string, i *domain.Idempotency) error {
	if i == nil {
		return nil
	}
	var fingerprint string
	var refs []string
	err := t.row(`SELECT fingerprint, refs FROM idempotency WHERE project_id = $1 AND key = $2`,
		project, i.Key).Scan(&fingerprint, codec.JSON{Dest: &refs})
	switch {
	case errors.Is(err, domain.ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("read idempotency key: %w", err)
	}
	return work.Replayed(t.store.Box.MatchesTag(fingerprint, i.Fingerprint), refs)
}

// Resume implements [work.Recorder]. Whoever else makes the same request waits
// until this transaction has ended.
func (t *tx) Resume(project string, i *domain.Idempotency, from work.Progress) (work.Progress, error) {
	if i == nil {
		return from, nil
	}
	err := t.insertKey(project, i, from.Refs())
	if _, before := errors.AsType[*domain.Replay](err); !before {
		return from, err
	}
	if err := t.exec(`SELECT 1 FROM idempotency WHERE project_id = $1 AND key = $2 FOR UPDATE`, project, i.Key); err != nil {
		return from, fmt.Errorf("read idempotency key: %w", err)
	}
	return work.Resume(t.replayed(project, i), from)
}

// Reach implements [work.Recorder].
func (t *tx) Reach(project string, i *domain.Idempotency, at work.Progress) error {
	if i == nil {
		return nil
	}
	if err := t.exec(`UPDATE idempotency SET refs = $3 WHERE project_id = $1 AND key = $2`, project, i.Key, codec.Text(at.Refs())); err != nil {
		return fmt.Errorf("store idempotency key: %w", err)
	}
	return nil
}

// ForgetIdempotency deletes the keys that were used before the given time, some
// at a time, and the marks of connections that ended long ago.
func (s *Store) ForgetIdempotency(ctx context.Context, before time.Time) error {
	_, err := work.Repeat(ctx, s.update, keysAtOnce, func(t *tx) (int, error) {
		return t.count(`DELETE FROM idempotency WHERE (project_id, key) IN (SELECT project_id, key FROM idempotency
			WHERE created_at < $1 ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)`, codec.Micros(before), keysAtOnce)
	})
	if err != nil {
		return fmt.Errorf("forget idempotency keys: %w", err)
	}
	return s.update(ctx, func(t *tx) error {
		if err := t.exec(`DELETE FROM marks WHERE made_at < now() - interval '2 days'`); err != nil {
			return fmt.Errorf("forget marks: %w", err)
		}
		return nil
	})
}
