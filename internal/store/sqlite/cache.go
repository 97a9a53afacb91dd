package sqlite

import (
	"fmt"
	"slices"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
)

// cachedSessions is how many sessions the writer remembers before it starts
// again.
const cachedSessions = 10_000

// cache is what the writer remembers of projects, open sessions and endpoints,
// so that an event costs no reading. Only the writer touches it, in its
// transactions, so it is as true as they are; what fails clears it.
type cache struct {
	projects  map[string]int64
	sessions  map[sessionKey]*cachedSession
	endpoints map[sessionKey][]*cachedEndpoint // with an empty session those that hear of all
	touched   bool                             // the running change has changed it
}

type sessionKey struct{ project, id string }

// cachedSession is a session with its unfinished steps, as committed.
type cachedSession struct {
	row  domain.Session
	num  int64
	open []domain.Step
}

// cachedEndpoint is never changed, only replaced.
type cachedEndpoint struct {
	domain.Endpoint
	num int64
}

func newCache() *cache {
	return &cache{projects: map[string]int64{}, sessions: map[sessionKey]*cachedSession{}, endpoints: map[sessionKey][]*cachedEndpoint{}}
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
	if err := t.row(`SELECT num FROM projects WHERE id = ?`, id).Scan(&n); err != nil {
		return 0, fmt.Errorf("find project: %w", missing(err))
	}
	c.projects[id] = n
	return n, nil
}

// session is a copy of a session with its unfinished steps, to be changed.
func (c *cache) session(t *tx, project, id string) (cachedSession, error) {
	key := sessionKey{project, id}
	known, ok := c.sessions[key]
	if !ok {
		var fresh cachedSession
		var err error
		if fresh.row, err = scanSession(t.row(oneSessionNum, project, id), &fresh.num); err != nil {
			return fresh, err
		}
		rows, err := t.rows(`SELECT `+stepColumns+` FROM steps WHERE project_id = ? AND session_id = ?
			AND status IN ('PENDING', 'RUNNING', 'WAITING') ORDER BY idx`, project, id)
		if fresh.open, err = collect(rows, err, scanStep); err != nil {
			return fresh, fmt.Errorf("read open steps: %w", err)
		}
		// One that has ended is only read: whoever finds a session here takes it to
		// be open.
		if known = &fresh; !fresh.row.Status.Ended() {
			c.remember(key, known)
		}
	}
	s := *known
	s.open = slices.Clone(known.open)
	return s, nil
}

func (c *cache) remember(key sessionKey, s *cachedSession) {
	if len(c.sessions) >= cachedSessions {
		clear(c.sessions)
	}
	c.sessions[key] = s
}

// saved remembers a session as the running change leaves it. One that has
// ended is forgotten, with its endpoints: no more is expected of it.
func (c *cache) saved(s cachedSession, added []*domain.Step) {
	c.touched = true
	key := sessionKey{s.row.ProjectID, s.row.ID}
	if s.row.Status.Ended() {
		delete(c.sessions, key)
		delete(c.endpoints, key)
		return
	}
	s.open = slices.DeleteFunc(s.open, func(st domain.Step) bool { return st.Status.Ended() })
	for _, st := range added {
		if !st.Status.Ended() {
			s.open = append(s.open, *st)
		}
	}
	c.remember(key, &s)
}

// forgetEndpoints drops the endpoints of an audience, which are about to be
// different.
func (c *cache) forgetEndpoints(project, session string) {
	c.touched = true
	delete(c.endpoints, sessionKey{project, session})
}

// forgetSession drops a session that is about to be gone.
func (c *cache) forgetSession(project, id string) {
	c.forgetEndpoints(project, id)
	delete(c.sessions, sessionKey{project, id})
}

// noEndpoints remembers that a new session has no endpoint of its own.
func (c *cache) noEndpoints(project, session string) {
	c.touched = true
	c.endpoints[sessionKey{project, session}] = nil
}

// endpointsOf are the endpoints of a session, or with an empty session those
// that hear of all.
func (c *cache) endpointsOf(t *tx, project, session string) ([]*cachedEndpoint, error) {
	key := sessionKey{project, session}
	if known, ok := c.endpoints[key]; ok {
		return known, nil
	}
	rows, err := t.rows(`SELECT `+endpointColumns+`, num FROM endpoints
		WHERE project_id = ? AND session_id = ? AND deleted_at = 0 ORDER BY id`, project, session)
	all, err := collect(rows, err, func(r codec.Scanner) (*cachedEndpoint, error) {
		var e cachedEndpoint
		var err error
		e.Endpoint, err = t.w.store.scanEndpoint(r, &e.num)
		return &e, err
	})
	if err != nil {
		return nil, fmt.Errorf("read endpoints: %w", err)
	}
	c.endpoints[key] = all
	return all, nil
}
