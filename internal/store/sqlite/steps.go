package sqlite

import (
	"context"
	"fmt"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/work"
)

func (t *tx) insertStep(s *domain.Step) error {
	err := t.exec(writes(`INSERT INTO steps (`+codec.StepColumns+`) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`),
		s.ProjectID, s.SessionID, s.Index, s.ID, s.Batch, s.Action, string(s.Params), s.OnError, s.Status,
		string(s.Result), codec.FailuresText(s), codec.Micros(s.CreatedAt), codec.Micros(s.StartedAt), codec.Micros(s.FinishedAt), string(s.Trace))
	if err != nil {
		return fmt.Errorf("insert step: %w", err)
	}
	return nil
}

func (t *tx) updateStep(s *domain.Step) error {
	row := work.RowOfStep(s)
	err := t.exec(writes(`UPDATE steps SET status = ?, result = ?, error = ?, started_at = ?, finished_at = ?
		WHERE project_id = ? AND session_id = ? AND idx = ?`),
		row.Status, row.Result, row.Failures, row.StartedAt, row.FinishedAt, s.ProjectID, s.SessionID, s.Index)
	if err != nil {
		return fmt.Errorf("update step: %w", err)
	}
	return nil
}

// Step reads one step of a session.
func (s *Store) Step(ctx context.Context, project, session, id string) (domain.Step, error) {
	return codec.ScanStep(s.read.row(ctx,
		`SELECT `+codec.StepColumns+` FROM steps WHERE project_id = ? AND session_id = ? AND id = ?`, project, session, id))
}

// Steps reads up to limit steps with an index greater than after, in order; fewer
// when they are long.
func (s *Store) Steps(ctx context.Context, project, session string, after, limit int) ([]domain.Step, error) {
	rows, err := s.read.rows(ctx, `SELECT `+codec.StepColumns+` FROM steps
		WHERE project_id = ? AND session_id = ? AND idx > ? ORDER BY idx LIMIT ?`, project, session, after, limit)
	all, _, err := collectPage(rows, err, codec.PageBytes, codec.ScanStep, func(st *domain.Step) int { return len(st.Params) + len(st.Result) })
	if err != nil {
		return nil, fmt.Errorf("read steps: %w", err)
	}
	return all, nil
}

// LastSteps reads the last limit steps of a session before an index, in order, without
// their results.
func (s *Store) LastSteps(ctx context.Context, project, session string, before, limit int) ([]domain.Step, error) {
	rows, err := s.read.rows(ctx, `SELECT `+codec.StepColumnsNoResult+` FROM (SELECT * FROM steps
		WHERE project_id = ? AND session_id = ? AND idx < ? ORDER BY idx DESC LIMIT ?) ORDER BY idx`, project, session, before, limit)
	all, err := collect(rows, err, codec.ScanStep)
	if err != nil {
		return nil, fmt.Errorf("read steps: %w", err)
	}
	return all, nil
}

// StepsByID reads the named steps of a session in the order of the names,
// without their parameters and results. A name that the session doesn't have is
// ErrNotFound.
func (s *Store) StepsByID(ctx context.Context, project, session string, ids []string) ([]domain.Step, error) {
	rows, err := s.read.rows(ctx, `SELECT `+codec.StepColumnsShort+` FROM steps
		WHERE project_id = ? AND session_id = ? AND id IN (SELECT value FROM json_each(?))`, project, session, codec.Text(ids))
	found, err := collect(rows, err, codec.ScanStep)
	if err != nil {
		return nil, fmt.Errorf("read steps: %w", err)
	}
	return codec.InOrder(found, ids, func(st domain.Step) string { return st.ID })
}

func (t *tx) insertArtifact(a domain.Artifact) error {
	err := t.exec(writes(`INSERT INTO artifacts (`+codec.ArtifactColumns+`) VALUES (?,?,?,?,?,?,?,?,?,?)`),
		a.ProjectID, a.SessionID, a.ID, a.StepID, a.Kind, a.ContentType, a.Size, codec.Micros(a.CreatedAt), a.Name, a.SHA256)
	if err != nil {
		return fmt.Errorf("insert artifact: %w", err)
	}
	return nil
}

// Artifact reads one artifact of a session.
func (s *Store) Artifact(ctx context.Context, project, session, id string) (domain.Artifact, error) {
	return codec.ScanArtifact(s.read.row(ctx,
		`SELECT `+codec.ArtifactColumns+` FROM artifacts WHERE project_id = ? AND session_id = ? AND id = ?`, project, session, id))
}

// ArtifactsPage reads up to limit artifacts of a session after the one with the
// id, oldest first.
func (s *Store) ArtifactsPage(ctx context.Context, project, session, after string, limit int) ([]domain.Artifact, error) {
	rows, err := s.read.rows(ctx, `SELECT `+codec.ArtifactColumns+` FROM artifacts
		WHERE project_id = ? AND session_id = ? AND id > ? ORDER BY id LIMIT ?`, project, session, after, limit)
	all, err := collect(rows, err, codec.ScanArtifact)
	if err != nil {
		return nil, fmt.Errorf("read artifacts: %w", err)
	}
	return all, nil
}

// Artifacts reads all artifacts of a session, oldest first.
func (s *Store) Artifacts(ctx context.Context, project, session string) ([]domain.Artifact, error) {
	rows, err := s.read.rows(ctx,
		`SELECT `+codec.ArtifactColumns+` FROM artifacts WHERE project_id = ? AND session_id = ? ORDER BY id`, project, session)
	all, err := collect(rows, err, codec.ScanArtifact)
	if err != nil {
		return nil, fmt.Errorf("read artifacts: %w", err)
	}
	return all, nil
}
