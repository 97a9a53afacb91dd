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

// AddStats adds all of it to what is kept of endpoints, or nothing. One that is no more, or
// is a session's own, is passed over.
func (s *Store) AddStats(ctx context.Context, spans []domain.EndpointSpan) error {
	if err := s.update(ctx, func(t *tx) error { return t.addStats(spans) }); err != nil {
		return fmt.Errorf("add statistics: %w", err)
	}
	return nil
}

func (t *tx) addStats(spans []domain.EndpointSpan) error {
	for i := range spans {
		span := &spans[i]
		var num int64
		var was *domain.EndpointStats
		kept := domain.EndpointStats{}
		err := t.row(reads(`SELECT num FROM endpoints WHERE project_id = ? AND id = ? AND session_id = '' AND deleted_at = 0`),
			span.Endpoint.ProjectID, span.Endpoint.ID).Scan(&num)
		if errors.Is(err, domain.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		slot := work.StatsSlot(span.From)
		err = t.row(reads(`SELECT started_at, stats FROM endpoint_stats WHERE endpoint = ? AND slot = ?`), num, slot).
			Scan(codec.Time{T: &kept.From}, codec.JSON{Dest: &kept})
		switch {
		case err == nil:
			was = &kept
		case !errors.Is(err, domain.ErrNotFound):
			return err
		}
		sum, changed := work.AddStats(was, &span.EndpointStats)
		if !changed {
			continue
		}
		if err := t.exec(writes(`INSERT INTO endpoint_stats (endpoint, slot, started_at, stats) VALUES (?,?,?,?)
			ON CONFLICT (endpoint, slot) DO UPDATE SET started_at = excluded.started_at, stats = excluded.stats`),
			num, slot, codec.Micros(sum.From), codec.Text(sum)); err != nil {
			return err
		}
	}
	return nil
}

// EndpointStats reads the spans of endpoints from then on, in order.
func (s *Store) EndpointStats(ctx context.Context, project string, endpoints []string, from time.Time) ([]domain.EndpointSpan, error) {
	rows, err := s.read.rows(ctx, `SELECT p.project_id, p.id, x.started_at, x.stats FROM endpoints p CROSS JOIN endpoint_stats x ON x.endpoint = p.num
		WHERE p.project_id = ? AND p.id IN (SELECT value FROM json_each(?)) AND p.deleted_at = 0 AND x.started_at >= ?`, project, codec.Text(endpoints), codec.Micros(from))
	all, err := collect(rows, err, codec.ScanSpan)
	if err != nil {
		return nil, fmt.Errorf("read statistics: %w", err)
	}
	return work.SortStats(all), nil
}

// waitingFor is what waits for the endpoint p, and since when the first is due.
const waitingFor = `(SELECT COUNT(*) FROM (SELECT 1 FROM deliveries d INDEXED BY deliveries_open WHERE d.endpoint = p.num AND d.ended_at = 0 LIMIT ?)),
	COALESCE((SELECT d.next_at FROM deliveries d INDEXED BY deliveries_open WHERE d.endpoint = p.num AND d.ended_at = 0 ORDER BY d.next_at LIMIT 1), 0)`

func scanBacklog(r codec.Scanner) (b domain.Backlog, err error) {
	return b, r.Scan(&b.Endpoint.ProjectID, &b.Endpoint.ID, &b.Waiting, codec.Time{T: &b.DueSince})
}

// Backlogs says what waits for each endpoint for which something does, but for those of
// single sessions.
func (s *Store) Backlogs(ctx context.Context) ([]domain.Backlog, error) {
	rows, err := s.read.rows(ctx, `WITH RECURSIVE `+openEndpoints+` SELECT p.project_id, p.id, `+waitingFor+`
		FROM open CROSS JOIN endpoints p ON p.num = open.num WHERE p.session_id = '' AND p.deleted_at = 0`, domain.BacklogAtMost)
	all, err := collect(rows, err, scanBacklog)
	if err != nil {
		return nil, fmt.Errorf("read backlogs: %w", err)
	}
	return all, nil
}

// BacklogsOf says what waits for each of some endpoints, but for those that are no more.
func (s *Store) BacklogsOf(ctx context.Context, project string, endpoints []string) ([]domain.Backlog, error) {
	rows, err := s.read.rows(ctx, `SELECT p.project_id, p.id, `+waitingFor+` FROM endpoints p
		WHERE p.project_id = ? AND p.id IN (SELECT value FROM json_each(?)) AND p.deleted_at = 0`, domain.BacklogAtMost, project, codec.Text(endpoints))
	all, err := collect(rows, err, scanBacklog)
	if err != nil {
		return nil, fmt.Errorf("read backlogs: %w", err)
	}
	return all, nil
}
