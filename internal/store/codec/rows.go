package codec

import (
	"encoding/json"
	"strings"

	"github.com/browserhook/browserhook/internal/domain"
)

// The columns of the tables that both stores have alike, each list with the
// function that scans it. Those with more scan what else the query selects.
const (
	ProjectColumns  = `id, name, created_at, sessions`
	KeyColumns      = `project_id, id, role, name, prefix, hash, created_at, revoked_at`
	SessionColumns  = `project_id, id, status, close_reason, error, options, metadata, stream_token, connect_token, step_count, created_at, ready_at, ended_at, usage, trace, control`
	StepColumns     = `project_id, session_id, idx, id, batch, action, params, on_error, status, result, error, created_at, started_at, finished_at, trace`
	ArtifactColumns = `project_id, session_id, id, step_id, kind, content_type, size, created_at, name, sha256`
	StreamColumns   = `project_id, session_id, id, key_id, token, mode, created_at, expires_at, revoked_at, name, once, used_by, replay`
	SignInColumns   = `hash, key_id, created_at, seen_at`
	ViewerColumns   = `project_id, session_id, id, stream_id, name, mode, address, joined_at, left_at`
	EndpointColumns = `project_id, id, session_id, settings, sealed, status, disabled_reason, failing_since, failing_told, created_at, updated_at`
	// EventColumns are of the events e, their projects o and their sessions s.
	EventColumns = `e.position, o.id, e.id, COALESCE(s.id, ''), e.sequence, e.type, e.body, e.created_at`
	// DeliveryColumns are of the deliveries d, their events e, endpoints p,
	// projects o and sessions s.
	DeliveryColumns = `d.event, d.endpoint, o.id, e.id, e.type, COALESCE(s.id, ''), p.id, d.status, d.attempts, d.tries,
		d.next_at, e.created_at, d.ended_at, d.reason`
	RemovedFilesColumns = `num, project_id, session_id, artifact_id, removed_at`
)

var (
	// StepColumnsNoResult leaves out the result, which can be long.
	StepColumnsNoResult = strings.Replace(StepColumns, "result", "''", 1)
	// StepColumnsShort leaves out all that can be long.
	StepColumnsShort = strings.Replace(StepColumnsNoResult, "params", "''", 1)
)

// ScanProject scans ProjectColumns.
func ScanProject(r Scanner) (p domain.Project, err error) {
	err = r.Scan(&p.ID, &p.Name, Time{&p.CreatedAt}, &p.Sessions)
	return p, err
}

// ScanKey scans KeyColumns.
func ScanKey(r Scanner) (k domain.APIKey, err error) {
	err = r.Scan(&k.ProjectID, &k.ID, &k.Role, &k.Name, &k.Prefix, &k.Hash, Time{&k.CreatedAt}, Time{&k.RevokedAt})
	return k, err
}

// ScanSession scans SessionColumns and the sequence of the last event.
func ScanSession(r Scanner, more ...any) (s domain.Session, err error) {
	err = r.Scan(append([]any{
		&s.ProjectID, &s.ID, &s.Status, &s.CloseReason, JSON{&s.Error}, JSON{&s.Options}, JSON{&s.Metadata}, &s.StreamToken, &s.ConnectToken, &s.StepCount,
		Time{&s.CreatedAt}, Time{&s.ReadyAt}, Time{&s.EndedAt}, JSON{&s.Usage}, &s.Trace, JSON{&s.Control}, &s.Sequence,
	}, more...)...)
	return s, err
}

// ScanStep scans StepColumns.
func ScanStep(r Scanner) (s domain.Step, err error) {
	var params, result string
	err = r.Scan(&s.ProjectID, &s.SessionID, &s.Index, &s.ID, &s.Batch, &s.Action, &params, &s.OnError, &s.Status,
		&result, Failures{&s}, Time{&s.CreatedAt}, Time{&s.StartedAt}, Time{&s.FinishedAt}, &s.Trace)
	s.Params = json.RawMessage(params)
	if result != "" {
		s.Result = json.RawMessage(result)
	}
	return s, err
}

// ScanArtifact scans ArtifactColumns.
func ScanArtifact(r Scanner) (a domain.Artifact, err error) {
	err = r.Scan(&a.ProjectID, &a.SessionID, &a.ID, &a.StepID, &a.Kind, &a.ContentType, &a.Size, Time{&a.CreatedAt}, &a.Name, &a.SHA256)
	return a, err
}

// ScanStream scans StreamColumns.
func ScanStream(r Scanner) (s domain.Stream, err error) {
	err = r.Scan(&s.ProjectID, &s.SessionID, &s.ID, &s.KeyID, &s.Token, &s.Mode, Time{&s.CreatedAt}, Time{&s.ExpiresAt}, Time{&s.RevokedAt},
		&s.Name, &s.Once, &s.UsedBy, &s.Replay)
	return s, err
}

// ScanSignIn scans SignInColumns.
func ScanSignIn(r Scanner) (in domain.SignIn, err error) {
	err = r.Scan(&in.Hash, &in.KeyID, Time{&in.CreatedAt}, Time{&in.SeenAt})
	return in, err
}

// ScanViewer scans ViewerColumns.
func ScanViewer(r Scanner) (v domain.Viewer, err error) {
	err = r.Scan(&v.ProjectID, &v.SessionID, &v.ID, &v.StreamID, &v.Name, &v.Mode, &v.Address, Time{&v.JoinedAt}, Time{&v.LeftAt})
	return v, err
}

// ScanEndpoint scans EndpointColumns. What is sealed is to be opened.
func ScanEndpoint(r Scanner, more ...any) (e domain.Endpoint, sealed []byte, err error) {
	err = r.Scan(append([]any{
		&e.ProjectID, &e.ID, &e.SessionID, JSON{&e.EndpointSettings}, &sealed, &e.Status, &e.DisabledReason,
		Time{&e.FailingSince}, Time{&e.FailingTold}, Time{&e.CreatedAt}, Time{&e.UpdatedAt},
	}, more...)...)
	return e, sealed, err
}

// ScanEvent scans EventColumns.
func ScanEvent(r Scanner, more ...any) (e domain.Event, err error) {
	err = r.Scan(append([]any{
		&e.Position, &e.ProjectID, &e.ID, &e.SessionID, &e.Sequence, &e.Type, &e.Body, Time{&e.CreatedAt},
	}, more...)...)
	return e, err
}

// ScanDelivery scans DeliveryColumns. The id follows from event and endpoint,
// the row.
func ScanDelivery(r Scanner, more ...any) (d domain.Delivery, event, endpoint int64, err error) {
	err = r.Scan(append([]any{
		&event, &endpoint, &d.ProjectID, &d.EventID, &d.EventType, &d.SessionID, &d.EndpointID, &d.Status, &d.Attempts, &d.Tries,
		Time{&d.NextAt}, Time{&d.CreatedAt}, Time{&d.EndedAt}, &d.Reason,
	}, more...)...)
	return d, event, endpoint, err
}

// ScanSpan scans whose statistics they are, since when, and what they say.
func ScanSpan(r Scanner) (x domain.EndpointSpan, err error) {
	err = r.Scan(&x.Endpoint.ProjectID, &x.Endpoint.ID, Time{&x.From}, JSON{&x.EndpointStats})
	return x, err
}

// ScanRemovedFiles scans RemovedFilesColumns.
func ScanRemovedFiles(r Scanner) (f domain.RemovedFiles, err error) {
	err = r.Scan(&f.Num, &f.ProjectID, &f.SessionID, &f.ArtifactID, Time{&f.RemovedAt})
	return f, err
}
