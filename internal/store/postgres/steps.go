package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/work"
)

// queueNewSteps writes steps, all in one statement.
func queueNewSteps(b *pgx.Batch, steps []*domain.Step) {
	if len(steps) == 0 {
		return
	}
	n := len(steps)
	text := make([][]string, 10) // project, session, id, action, params, on_error, status, result, error, trace
	for i := range text {
		text[i] = make([]string, n)
	}
	number := make([][]int64, 5) // idx, batch, created_at, started_at, finished_at
	for i := range number {
		number[i] = make([]int64, n)
	}
	for i, s := range steps {
		for c, v := range []string{
			s.ProjectID, s.SessionID, s.ID, s.Action, string(s.Params), string(s.OnError), string(s.Status), string(s.Result), codec.FailuresText(s), string(s.Trace),
		} {
			text[c][i] = v
		}
		for c, v := range []int64{
			int64(s.Index), int64(s.Batch), codec.Micros(s.CreatedAt), codec.Micros(s.StartedAt), codec.Micros(s.FinishedAt),
		} {
			number[c][i] = v
		}
	}
	b.Queue(`INSERT INTO steps (`+codec.StepColumns+`) SELECT q.project, q.session, q.idx, q.id, q.batch, q.action, q.params, q.on_error,
		q.status, q.result, q.error, q.created_at, q.started_at, q.finished_at, q.trace
		FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[],
			$10::text[], $11::text[], $12::bigint[], $13::bigint[], $14::bigint[], $15::text[])
		q (project, session, idx, id, batch, action, params, on_error, status, result, error, created_at, started_at, finished_at, trace)`,
		text[0], text[1], number[0], text[2], number[1], text[3], text[4], text[5], text[6], text[7], text[8], number[2], number[3], number[4], text[9])
}

// queueSteps writes what changed of steps, all in one statement.
func queueSteps(b *pgx.Batch, steps []*domain.Step) {
	if len(steps) == 0 {
		return
	}
	n := len(steps)
	projects, sessions, indexes := make([]string, n), make([]string, n), make([]int64, n)
	statuses, results, failures := make([]string, n), make([]string, n), make([]string, n)
	started, finished := make([]int64, n), make([]int64, n)
	for i, s := range steps {
		row := work.RowOfStep(s)
		projects[i], sessions[i], indexes[i] = s.ProjectID, s.SessionID, int64(s.Index)
		statuses[i], results[i], failures[i] = string(row.Status), row.Result, row.Failures
		started[i], finished[i] = row.StartedAt, row.FinishedAt
	}
	b.Queue(`UPDATE steps s SET status = q.status, result = q.result, error = q.error, started_at = q.started_at, finished_at = q.finished_at
		FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[])
		q (project, session, idx, status, result, error, started_at, finished_at)
		WHERE s.project_id = q.project AND s.session_id = q.session AND s.idx = q.idx`,
		projects, sessions, indexes, statuses, results, failures, started, finished)
}

// Step reads one step of a session.
func (s *Store) Step(ctx context.Context, project, session, id string) (domain.Step, error) {
	return codec.ScanStep(s.row(ctx, `SELECT `+codec.StepColumns+` FROM steps WHERE project_id = $1 AND session_id = $2 AND id = $3`, project, session, id))
}

// Steps reads up to limit steps with an index greater than after, in order; fewer
// when they are long.
func (s *Store) Steps(ctx context.Context, project, session string, after, limit int) ([]domain.Step, error) {
	found := 0
	all, err := collect(ctx, s, func(r codec.Scanner) (domain.Step, error) { return codec.ScanStep(also{r, &found}) },
		upTo(codec.StepColumns, `SELECT `+codec.StepColumns+` FROM steps
			WHERE project_id = $1 AND session_id = $2 AND idx > $3 ORDER BY idx LIMIT $4`, `idx`, `(octet_length(params) + octet_length(result))`, codec.PageBytes),
		project, session, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read steps: %w", err)
	}
	return all, nil
}

// LastSteps reads the last limit steps of a session before an index, in order, without
// their results.
func (s *Store) LastSteps(ctx context.Context, project, session string, before, limit int) ([]domain.Step, error) {
	all, err := collect(ctx, s, codec.ScanStep, `SELECT `+codec.StepColumnsNoResult+` FROM (SELECT * FROM steps
		WHERE project_id = $1 AND session_id = $2 AND idx < $3 ORDER BY idx DESC LIMIT $4) last ORDER BY idx`, project, session, before, limit)
	if err != nil {
		return nil, fmt.Errorf("read steps: %w", err)
	}
	return all, nil
}

// StepsByID reads the named steps of a session in the order of the names,
// without their parameters and results. A name that the session doesn't have is
// ErrNotFound.
func (s *Store) StepsByID(ctx context.Context, project, session string, ids []string) ([]domain.Step, error) {
	found, err := collect(ctx, s, codec.ScanStep, `SELECT `+codec.StepColumnsShort+` FROM steps
		WHERE project_id = $1 AND session_id = $2 AND id = ANY($3)`, project, session, ids)
	if err != nil {
		return nil, fmt.Errorf("read steps: %w", err)
	}
	return codec.InOrder(found, ids, func(st domain.Step) string { return st.ID })
}

func queueArtifact(b *pgx.Batch, a domain.Artifact) {
	b.Queue(`INSERT INTO artifacts (`+codec.ArtifactColumns+`) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)`,
		a.ProjectID, a.SessionID, a.ID, a.StepID, a.Kind, a.ContentType, a.Size, codec.Micros(a.CreatedAt), a.Name, a.SHA256)
}

// Artifact reads one artifact of a session.
func (s *Store) Artifact(ctx context.Context, project, session, id string) (domain.Artifact, error) {
	return codec.ScanArtifact(s.row(ctx,
		`SELECT `+codec.ArtifactColumns+` FROM artifacts WHERE project_id = $1 AND session_id = $2 AND id = $3`, project, session, id))
}

// ArtifactsPage reads up to limit artifacts of a session after the one with the
// id, oldest first.
func (s *Store) ArtifactsPage(ctx context.Context, project, session, after string, limit int) ([]domain.Artifact, error) {
	all, err := collect(ctx, s, codec.ScanArtifact, `SELECT `+codec.ArtifactColumns+` FROM artifacts
		WHERE project_id = $1 AND session_id = $2 AND id > $3 ORDER BY id LIMIT $4`, project, session, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read artifacts: %w", err)
	}
	return all, nil
}

// Artifacts reads all artifacts of a session, oldest first.
func (s *Store) Artifacts(ctx context.Context, project, session string) ([]domain.Artifact, error) {
	all, err := collect(ctx, s, codec.ScanArtifact,
		`SELECT `+codec.ArtifactColumns+` FROM artifacts WHERE project_id = $1 AND session_id = $2 ORDER BY id`, project, session)
	if err != nil {
		return nil, fmt.Errorf("read artifacts: %w", err)
	}
	return all, nil
}
