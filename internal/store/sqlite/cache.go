package sqlite

import (
	"fmt"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/work"
)

// cachedSessions is how many sessions the writer remembers before it starts
// again.
const cachedSessions = 10_000

// cache is what the writer remembers of projects, open sessions and endpoints,
// so that an event costs no reading. Only the writer touches it, in its
// transactions, so it is as true as they are; what fails clears it.
type cache struct {
	projects  map[string]int64
	sessions  map[work.SessionKey]*work.Session
	endpoints map[work.SessionKey][]*work.Endpoint // with an empty session those that hear of all
	touched   bool                                 // the running change has changed it
}

func newCache() *cache {
	return &cache{projects: map[string]int64{}, sessions: map[work.SessionKey]*work.Session{}, endpoints: map[work.SessionKey][]*work.Endpoint{}}
}

func (c *cache) clear() {
	clear(c.projects)
	clear(c.sessions)
	clear(c.endpoints)
}

// project is the number of a project.
func (c *cache) project(t *tx, id string) (int64, error) {
	if n, ok := c.projects[id]; ok {
		return n, nil
	}
	var n int64
	if err := t.row(reads(`SELECT num FROM projects WHERE id = ?`), id).Scan(&n); err != nil {
		return 0, fmt.Errorf("find project: %w", err)
	}
	c.projects[id] = n
	return n, nil
}

// session is a session with its unfinished steps. Whoever changes it has it
// saved.
func (c *cache) session(t *tx, project, id string) (*work.Session, error) {
	key := work.SessionKey{Project: project, ID: id}
	if s, ok := c.sessions[key]; ok {
		return s, nil
	}
	var num int64
	row, err := codec.ScanSession(t.row(oneSession, project, id), &num)
	if err != nil {
		return nil, err
	}
	rows, err := t.rows(reads(`SELECT `+codec.StepColumns+` FROM steps WHERE project_id = ? AND session_id = ?
		AND status IN ('PENDING', 'RUNNING', 'WAITING') ORDER BY idx`), project, id)
	open, err := collect(rows, err, codec.ScanStep)
	if err != nil {
		return nil, fmt.Errorf("read open steps: %w", err)
	}
	s := work.Load(row, num, open)
	// One that has ended is only read: whoever finds a session here takes it to
	// be open.
	if !row.Status.Ended() {
		c.remember(key, s)
	}
	return s, nil
}

func (c *cache) remember(key work.SessionKey, s *work.Session) {
	if len(c.sessions) >= cachedSessions {
		clear(c.sessions)
	}
	c.sessions[key] = s
}

// saved remembers a session as the running change leaves it. One that has
// ended is forgotten, with its endpoints: no more is expected of it.
func (c *cache) saved(s *work.Session) {
	c.touched = true
	s.Stored()
	key := work.SessionKey{Project: s.Row.ProjectID, ID: s.Row.ID}
	if s.Row.Status.Ended() {
		delete(c.sessions, key)
		delete(c.endpoints, key)
		return
	}
	c.remember(key, s)
}

// forgetEndpoints drops the endpoints of an audience, which are about to be
// different.
func (c *cache) forgetEndpoints(project, session string) {
	c.touched = true
	delete(c.endpoints, work.SessionKey{Project: project, ID: session})
}

// forgetSession drops a session that is about to be gone.
func (c *cache) forgetSession(project, id string) {
	c.forgetEndpoints(project, id)
	delete(c.sessions, work.SessionKey{Project: project, ID: id})
}

// noEndpoints remembers that a new session has no endpoint of its own.
func (c *cache) noEndpoints(project, session string) {
	c.touched = true
	c.endpoints[work.SessionKey{Project: project, ID: session}] = nil
}

// endpointsOf are the endpoints of a session, or with an empty session those
// that hear of all.
func (c *cache) endpointsOf(t *tx, project, session string) ([]*work.Endpoint, error) {
	key := work.SessionKey{Project: project, ID: session}
	if all, ok := c.endpoints[key]; ok {
		return all, nil
	}
	rows, err := t.rows(reads(`SELECT `+codec.EndpointColumns+`, num FROM endpoints
		WHERE project_id = ? AND session_id = ? AND deleted_at = 0 ORDER BY id`), project, session)
	all, err := collect(rows, err, func(r codec.Scanner) (*work.Endpoint, error) {
		var e work.Endpoint
		var err error
		e.Endpoint, err = t.w.store.scanEndpoint(r, &e.Num)
		return &e, err
	})
	if err != nil {
		return nil, fmt.Errorf("read endpoints: %w", err)
	}
	c.endpoints[key] = all
	return all, nil
}

// wanting are the endpoints that want the event.
func (c *cache) wanting(t *tx, e *domain.Event) ([]*work.Endpoint, error) {
	all, err := c.endpointsOf(t, e.ProjectID, "")
	if err != nil || e.SessionID == "" {
		return work.Wanting(e, all), err // it has no other audience
	}
	own, err := c.endpointsOf(t, e.ProjectID, e.SessionID)
	return work.Wanting(e, all, own), err
}
