package load

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
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

// draft is the events of a completed step, whose result says when it was due.
func (s *session) draft(due time.Time) domain.Draft {
	step := s.step
	step.Result = json.RawMessage(fmt.Appendf(nil, "%s%d}", dueMark, due.UnixNano()))
	return domain.DraftStep(&s.Session, &step, domain.EventStepCompleted, "http://127.0.0.1:8080", due)
}

// around is a body without the time when its event was due.
var around = sync.OnceValue(func() (parts [2][]byte) {
	epoch := time.Unix(0, 0)
	e, err := newSession("").draft(epoch).Event(1)
	if err != nil {
		panic(err) // it is of our own making
	}
	at := bytes.Index(e.Body, dueMark) + len(dueMark)
	parts[0], parts[1] = e.Body[:at], bytes.TrimPrefix(e.Body[at:], []byte("0"))
	return parts
})

// Body is an event as it is sent, for those who send it in other ways. It costs
// them next to nothing.
func Body(due time.Time) []byte {
	parts := around()
	return slices.Concat(strconv.AppendInt(slices.Clone(parts[0]), due.UnixNano(), 10), parts[1])
}

// Due reads from a body when its event was due.
func Due(body []byte) time.Time {
	_, rest, _ := bytes.Cut(body, dueMark)
	digits, _, _ := bytes.Cut(rest, []byte("}"))
	nanos, _ := strconv.ParseInt(string(digits), 10, 64)
	return time.Unix(0, nanos)
}
