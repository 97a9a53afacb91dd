package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/work"
)

// recordKey records the idempotency key of a creating call, or says that the
// call was made before. A nil key is a call that may be repeated at will. A key
// is kept until ForgetIdempotency.
func (t *tx) recordKey(project string, i *domain.Idempotency) error {
	if err := t.replayed(project, i); err != nil || i == nil {
		return err
	}
	return t.insertKey(project, i, i.Refs)
}

// replayed says that a call was made before.
func (t *tx) replayed(project string, i *domain.Idempotency) error {
	if i == nil {
		return nil
	}
	var fingerprint string
	var refs []string
	err := t.row(reads(`SELECT fingerprint, refs FROM idempotency WHERE project_id = ? AND key = ?`),
		project, i.Key).Scan(&fingerprint, codec.JSON{Dest: &refs})
	switch {
	case errors.Is(err, domain.ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("read idempotency key: %w", err)
	}
	return work.Replayed(t.w.store.box.MatchesTag(fingerprint, i.Fingerprint), refs)
}

func (t *tx) insertKey(project string, i *domain.Idempotency, refs []string) error {
	err := t.exec(writes(`INSERT INTO idempotency (project_id, key, fingerprint, refs, created_at) VALUES (?,?,?,?,?)`),
		project, i.Key, t.w.store.box.Tag(i.Fingerprint), codec.Text(refs), codec.Micros(time.Now()))
	if err != nil {
		return fmt.Errorf("store idempotency key: %w", err)
	}
	return nil
}

// Resume implements [work.Recorder].
func (t *tx) Resume(project string, i *domain.Idempotency, from work.Progress) (work.Progress, error) {
	return work.Resume(t.replayed(project, i), from)
}

// Reach implements [work.Recorder].
func (t *tx) Reach(project string, i *domain.Idempotency, at work.Progress) error {
	if i == nil {
		return nil
	}
	n, err := t.execCount(writes(`UPDATE idempotency SET refs = ? WHERE project_id = ? AND key = ?`), codec.Text(at.Refs()), project, i.Key)
	if err != nil {
		return fmt.Errorf("store idempotency key: %w", err)
	}
	if n > 0 {
		return nil
	}
	return t.insertKey(project, i, at.Refs())
}

// ForgetIdempotency deletes the keys that were used before the given time, some
// at a time.
func (s *Store) ForgetIdempotency(ctx context.Context, before time.Time) error {
	_, err := work.Repeat(ctx, s.update, atOnce, func(t *tx) (int, error) {
		return t.execCount(writes(`DELETE FROM idempotency WHERE (project_id, key) IN (SELECT project_id, key FROM idempotency
			WHERE created_at < ? ORDER BY created_at LIMIT ?)`), codec.Micros(before), atOnce)
	})
	if err != nil {
		return fmt.Errorf("forget idempotency keys: %w", err)
	}
	return nil
}
