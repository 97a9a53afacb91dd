package postgres

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

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

// statsRow is where a span belongs.
type statsRow struct{ endpoint, slot int64 }

func (t *tx) addStats(spans []domain.EndpointSpan) error {
	projects, ids := make([]string, len(spans)), make([]string, len(spans))
	for i := range spans {
		projects[i], ids[i] = spans[i].Endpoint.ProjectID, spans[i].Endpoint.ID
	}
	nums := map[domain.EndpointRef]int64{}
	type found struct {
		ref domain.EndpointRef
		num int64
	}
	endpoints, err := rows(t, func(r codec.Scanner) (f found, err error) {
		return f, r.Scan(&f.ref.ProjectID, &f.ref.ID, &f.num)
	}, `SELECT project_id, id, num FROM endpoints WHERE (project_id, id) IN (SELECT * FROM unnest($1::text[], $2::text[]))
		AND session_id = '' AND deleted_at = 0`, projects, ids)
	if err != nil {
		return err
	}
	for _, f := range endpoints {
		nums[f.ref] = f.num
	}
	add := map[statsRow]*domain.EndpointStats{}
	for i := range spans {
		span := &spans[i]
		num, ok := nums[span.Endpoint]
		if !ok {
			continue
		}
		k := statsRow{num, work.StatsSlot(span.From)}
		sum, _ := work.AddStats(add[k], &span.EndpointStats)
		add[k] = &sum
	}
	if len(add) == 0 {
		return nil
	}
	keys := make([]statsRow, 0, len(add))
	for k := range add {
		keys = append(keys, k)
	}
	// In one order, since other nodes add to the same rows.
	slices.SortFunc(keys, func(a, b statsRow) int {
		return cmp.Or(cmp.Compare(a.endpoint, b.endpoint), cmp.Compare(a.slot, b.slot))
	})
	nos, slots := make([]int64, len(keys)), make([]int64, len(keys))
	for i, k := range keys {
		nos[i], slots[i] = k.endpoint, k.slot
	}
	b := &pgx.Batch{}
	// Rows to lock: a time of 0 is before all spans.
	b.Queue(`INSERT INTO endpoint_stats (endpoint, slot, started_at, stats) SELECT u.endpoint, u.slot, 0, '{}'
		FROM unnest($1::bigint[], $2::bigint[]) u (endpoint, slot) ON CONFLICT DO NOTHING`, nos, slots)
	b.Queue(`SELECT x.endpoint, x.slot, x.started_at, x.stats FROM endpoint_stats x
		JOIN unnest($1::bigint[], $2::bigint[]) u (endpoint, slot) ON x.endpoint = u.endpoint AND x.slot = u.slot
		ORDER BY x.endpoint, x.slot FOR UPDATE OF x`, nos, slots).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var k statsRow
			var was domain.EndpointStats
			if err := rows.Scan(&k.endpoint, &k.slot, codec.Time{T: &was.From}, codec.JSON{Dest: &was}); err != nil {
				return err
			}
			sum, _ := work.AddStats(&was, add[k])
			add[k] = &sum
		}
		return rows.Err()
	})
	if err := t.send(b); err != nil {
		return err
	}
	began, sums := make([]int64, len(keys)), make([]string, len(keys))
	for i, k := range keys {
		began[i], sums[i] = codec.Micros(add[k].From), codec.Text(add[k])
	}
	return t.exec(`UPDATE endpoint_stats x SET started_at = u.began, stats = u.stats
		FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[]) u (endpoint, slot, began, stats)
		WHERE x.endpoint = u.endpoint AND x.slot = u.slot`, nos, slots, began, sums)
}

// EndpointStats reads the spans of endpoints from then on, in order.
func (s *Store) EndpointStats(ctx context.Context, project string, endpoints []string, from time.Time) ([]domain.EndpointSpan, error) {
	all, err := collect(ctx, s, codec.ScanSpan, `SELECT p.project_id, p.id, x.started_at, x.stats FROM endpoints p JOIN endpoint_stats x ON x.endpoint = p.num
		WHERE p.project_id = $1 AND p.id = ANY($2) AND p.deleted_at = 0 AND x.started_at >= $3`, project, endpoints, codec.Micros(from))
	if err != nil {
		return nil, fmt.Errorf("read statistics: %w", err)
	}
	return work.SortStats(all), nil
}

// waitingFor is what waits for the endpoint p, up to $1 that nobody sends and as many that
// somebody does, and since when the first is due. The orders are those of the indexes.
const waitingFor = `LEAST($1, (SELECT COUNT(*) FROM (SELECT 1 FROM deliveries d WHERE d.endpoint = p.num AND d.ended_at = 0 AND d.node = 0
			ORDER BY d.endpoint, d.next_at, d.event LIMIT $1) free)
		+ (SELECT COUNT(*) FROM (SELECT 1 FROM deliveries d WHERE d.endpoint = p.num AND d.node <> 0 ORDER BY d.endpoint, d.node LIMIT $1) held)),
	COALESCE((SELECT d.next_at FROM deliveries d WHERE d.endpoint = p.num AND d.ended_at = 0 AND d.node = 0
		ORDER BY d.endpoint, d.next_at, d.event LIMIT 1), (SELECT MIN(d.next_at) FROM (SELECT d.next_at FROM deliveries d
		WHERE d.endpoint = p.num AND d.node <> 0 ORDER BY d.endpoint, d.node LIMIT 100) d), 0)`

func scanBacklog(r codec.Scanner) (b domain.Backlog, err error) {
	return b, r.Scan(&b.Endpoint.ProjectID, &b.Endpoint.ID, &b.Waiting, codec.Time{T: &b.DueSince})
}

// Backlogs says what waits for each endpoint for which something does that nobody sends
// yet, but for those of single sessions.
func (s *Store) Backlogs(ctx context.Context) ([]domain.Backlog, error) {
	all, err := collect(ctx, s, scanBacklog, openEndpoints+` SELECT p.project_id, p.id, `+waitingFor+`
		FROM open JOIN endpoints p ON p.num = open.num WHERE p.session_id = '' AND p.deleted_at = 0`, domain.BacklogAtMost)
	if err != nil {
		return nil, fmt.Errorf("read backlogs: %w", err)
	}
	return all, nil
}

// BacklogsOf says what waits for each of some endpoints, but for those that are no more.
func (s *Store) BacklogsOf(ctx context.Context, project string, endpoints []string) ([]domain.Backlog, error) {
	all, err := collect(ctx, s, scanBacklog, `SELECT p.project_id, p.id, `+waitingFor+` FROM endpoints p
		WHERE p.project_id = $2 AND p.id = ANY($3) AND p.deleted_at = 0`, domain.BacklogAtMost, project, endpoints)
	if err != nil {
		return nil, fmt.Errorf("read backlogs: %w", err)
	}
	return all, nil
}
