package load

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// projectName is of the first key's project, so that a server finds its own.
const projectName = "default"

// session is one whose events are made.
type session struct {
	domain.Session
	step domain.Step
}

func newSession(project string) *session {
	s := &session{Session: domain.Session{
		ID: domain.NewID(domain.PrefixSession), ProjectID: project, Status: domain.SessionReady,
		StreamToken: domain.NewToken(), CreatedAt: time.Now(),
	}}
	s.step = domain.Step{
		ID: domain.NewID(domain.PrefixStep), Action: "extract", Status: domain.StepCompleted, StartedAt: s.CreatedAt, FinishedAt: s.CreatedAt,
	}
	return s
}

func (s *session) made() *domain.NewSession {
	return &domain.NewSession{Session: s.Session, Stream: domain.Stream{
		ID: domain.NewID(domain.PrefixStream), ProjectID: s.ProjectID, SessionID: s.ID, Token: s.StreamToken, Mode: domain.StreamView, CreatedAt: s.CreatedAt,
	}}
}

var dueMark = []byte(`{"order":"A-17","due":`)

// draft is the news of a completed step, whose result says when it was due.
func (s *session) draft(due time.Time) domain.Draft {
	step := s.step
	step.Result = json.RawMessage(fmt.Appendf(nil, "%s%d}", dueMark, due.UnixNano()))
	return domain.StepNews(&s.Session, &step, domain.EventStepCompleted, "http://127.0.0.1:8080", due)
}

// Body is an event as it is sent, for those who send it in other ways.
func Body(due time.Time) ([]byte, error) {
	e, err := newSession("").draft(due).Seal(1)
	return e.Body, err
}

// Due reads from a body when its event was due.
func Due(body []byte) time.Time {
	_, rest, _ := bytes.Cut(body, dueMark)
	digits, _, _ := bytes.Cut(rest, []byte("}"))
	nanos, _ := strconv.ParseInt(string(digits), 10, 64)
	return time.Unix(0, nanos)
}
