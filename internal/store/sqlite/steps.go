package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
)

const stepColumns = `project_id, session_id, idx, id, batch, action, params, on_error, status, result, error,
	created_at, started_at, finished_at`

func scanStep(r codec.Scanner) (domain.Step, error) {
	var s domain.Step
	var params, result string
	err := r.Scan(&s.ProjectID, &s.SessionID, &s.Index, &s.ID, &s.Batch, &s.Action, &params, &s.OnError, &s.Status,
		&result, codec.Failures{Step: &s}, codec.Time{T: &s.CreatedAt}, codec.Time{T: &s.StartedAt}, codec.Time{T: &s.FinishedAt})
	s.Params = json.RawMessage(params)
	if result != "" {
		s.Result = json.RawMessage(result)
	}
	return s, missing(err)
}

// stepRow is the part of a step that changes, as it is stored.
type stepRow struct {
	status                domain.StepStatus
	result, failure       string
	startedAt, finishedAt int64
}

func savedStep(s *domain.Step) stepRow {
	return stepRow{s.Status, string(s.Result), codec.FailuresText(s), codec.Micros(s.StartedAt), codec.Micros(s.FinishedAt)}
}

func (t *tx) insertStep(s *domain.Step) error {
	err := t.exec(`INSERT INTO steps (`+stepColumns+`) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
		s.ProjectID, s.SessionID, s.Index, s.ID, s.Batch, s.Action, string(s.Params), s.OnError, s.Status,
		string(s.Result), codec.FailuresText(s), codec.Micros(s.CreatedAt), codec.Micros(s.StartedAt), codec.Micros(s.FinishedAt))
	if err != nil {
		return fmt.Errorf("insert step: %w", err)
	}
	return nil
}

func (t *tx) updateStep(s *domain.Step, row stepRow) error {
	err := t.exec(`UPDATE steps SET status = ?, result = ?, error = ?, started_at = ?, finished_at = ?
		WHERE project_id = ? AND session_id = ? AND idx = ?`,
		row.status, row.result, row.failure, row.startedAt, row.finishedAt, s.ProjectID, s.SessionID, s.Index)
	if err != nil {
		return fmt.Errorf("update step: %w", err)
	}
	return nil
}

// Step reads one step of a session.
func (s *Store) Step(ctx context.Context, project, session, id string) (domain.Step, error) {
	return scanStep(s.read.row(ctx,
		`SELECT `+stepColumns+` FROM steps WHERE project_id = ? AND session_id = ? AND id = ?`, project, session, id))
}

// Steps reads up to limit steps with an index greater than after, in order; fewer
// when they are long.
func (s *Store) Steps(ctx context.Context, project, session string, after, limit int) ([]domain.Step, error) {
	rows, err := s.read.rows(ctx, `SELECT `+stepColumns+` FROM steps
		WHERE project_id = ? AND session_id = ? AND idx > ? ORDER BY idx LIMIT ?`, project, session, after, limit)
	all, _, err := collectPage(rows, err, codec.PageBytes, scanStep, func(st *domain.Step) int { return len(st.Params) + len(st.Result) })
	if err != nil {
		return nil, fmt.Errorf("read steps: %w", err)
	}
	return all, nil
}

var withoutResult = strings.Replace(stepColumns, "result", "''", 1)

// LastSteps reads the last limit steps of a session, in order, without their
// results.
func (s *Store) LastSteps(ctx context.Context, project, session string, limit int) ([]domain.Step, error) {
	rows, err := s.read.rows(ctx, `SELECT `+withoutResult+` FROM (SELECT * FROM steps
		WHERE project_id = ? AND session_id = ? ORDER BY idx DESC LIMIT ?) ORDER BY idx`, project, session, limit)
	all, err := collect(rows, err, scanStep)
	if err != nil {
		return nil, fmt.Errorf("read steps: %w", err)
	}
	return all, nil
}

// bare are the columns of a step without what can be long.
var bare = strings.Replace(withoutResult, "params", "''", 1)

// StepsByID reads the named steps of a session in the order of the names,
// without their parameters and results. A name that the session doesn't have is
// ErrNotFound.
func (s *Store) StepsByID(ctx context.Context, project, session string, ids []string) ([]domain.Step, error) {
	rows, err := s.read.rows(ctx, `SELECT `+bare+` FROM steps
		WHERE project_id = ? AND session_id = ? AND id IN (SELECT value FROM json_each(?))`, project, session, codec.Text(ids))
	found, err := collect(rows, err, scanStep)
	if err != nil {
		return nil, fmt.Errorf("read steps: %w", err)
	}
	return codec.InOrder(found, ids, func(st domain.Step) string { return st.ID })
}

const artifactColumns = `project_id, session_id, id, step_id, kind, content_type, size, created_at`

func scanArtifact(r codec.Scanner) (domain.Artifact, error) {
	var a domain.Artifact
	err := r.Scan(&a.ProjectID, &a.SessionID, &a.ID, &a.StepID, &a.Kind, &a.ContentType, &a.Size, codec.Time{T: &a.CreatedAt})
	return a, missing(err)
}

func (t *tx) insertArtifact(a domain.Artifact) error {
	err := t.exec(`INSERT INTO artifacts (`+artifactColumns+`) VALUES (?,?,?,?,?,?,?,?)`,
		a.ProjectID, a.SessionID, a.ID, a.StepID, a.Kind, a.ContentType, a.Size, codec.Micros(a.CreatedAt))
	if err != nil {
		return fmt.Errorf("insert artifact: %w", err)
	}
	return nil
}

// Artifact reads one artifact of a session.
func (s *Store) Artifact(ctx context.Context, project, session, id string) (domain.Artifact, error) {
	return scanArtifact(s.read.row(ctx,
		`SELECT `+artifactColumns+` FROM artifacts WHERE project_id = ? AND session_id = ? AND id = ?`, project, session, id))
}

// ArtifactsPage reads up to limit artifacts of a session after the one with the
// id, oldest first.
func (s *Store) ArtifactsPage(ctx context.Context, project, session, after string, limit int) ([]domain.Artifact, error) {
	rows, err := s.read.rows(ctx, `SELECT `+artifactColumns+` FROM artifacts
		WHERE project_id = ? AND session_id = ? AND id > ? ORDER BY id LIMIT ?`, project, session, after, limit)
	all, err := collect(rows, err, scanArtifact)
	if err != nil {
		return nil, fmt.Errorf("read artifacts: %w", err)
	}
	return all, nil
}

// Artifacts reads all artifacts of a session, oldest first.
func (s *Store) Artifacts(ctx context.Context, project, session string) ([]domain.Artifact, error) {
	rows, err := s.read.rows(ctx,
		`SELECT `+artifactColumns+` FROM artifacts WHERE project_id = ? AND session_id = ? ORDER BY id`, project, session)
	all, err := collect(rows, err, scanArtifact)
	if err != nil {
		return nil, fmt.Errorf("read artifacts: %w", err)
	}
	return all, nil
}
