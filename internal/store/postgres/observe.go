package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/browserhook/browserhook/internal/store/codec"
)

// Observe has fn told how long each transaction, and each read, took. It must not
// block.
func (s *Store) Observe(fn func(write bool, took time.Duration)) { s.took.Store(&fn) }

// tookTime tells of something that has begun then.
func (s *Store) tookTime(write bool, began time.Time) {
	if fn := s.took.Load(); fn != nil {
		(*fn)(write, time.Since(began))
	}
}

// OldestDue is since when the delivery is due that is due the longest of those that no
// node has, of endpoints that are enabled; zero: none is due or to come.
func (s *Store) OldestDue(ctx context.Context) (at time.Time, err error) {
	err = s.row(ctx, openEndpoints+` SELECT COALESCE(MIN((SELECT next_at FROM deliveries d
			WHERE d.endpoint = p.num AND ended_at = 0 AND node = 0 ORDER BY next_at, event LIMIT 1)), 0)
		FROM open JOIN endpoints p ON p.num = open.num WHERE p.status = 'ENABLED' AND p.deleted_at = 0`).Scan(codec.Time{T: &at})
	if err != nil {
		return at, fmt.Errorf("read what is due longest: %w", err)
	}
	return at, nil
}

// Waiting is how many sessions of all projects wait for a browser, and since when the
// first of them does; zero: none does.
func (s *Store) Waiting(ctx context.Context) (sessions int, since time.Time, err error) {
	err = s.row(ctx, `SELECT COUNT(*), COALESCE(MIN(created_at), 0) FROM sessions WHERE node = 0 AND status IN ('QUEUED', 'STARTING')`).Scan(&sessions, codec.Time{T: &since})
	if err != nil {
		return 0, since, fmt.Errorf("read the queue: %w", err)
	}
	return sessions, since, nil
}
