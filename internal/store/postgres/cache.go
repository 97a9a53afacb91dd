package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/work"
)

// cache remembers the endpoints of projects, so that an event costs no reading.
// A project's row counts their changes: whoever adds events has locked the row
// and sees whether what is remembered is still true.
type cache struct {
	mu       sync.Mutex
	numbers  map[string]int64 // of projects, which never change
	projects map[string]*audience
}

// audience is the endpoints of one project, as of a version.
type audience struct {
	version int64
	all     []*work.Endpoint // that hear of every session

	mu       sync.Mutex
	sessions map[string][]*work.Endpoint // inline ones, as far as anybody asked
}

// cachedSessions is how many sessions' own endpoints a project has remembered.
const cachedSessions = 10_000

func newCache() *cache {
	return &cache{numbers: map[string]int64{}, projects: map[string]*audience{}}
}

// project is the number of a project.
func (s *Store) project(ctx context.Context, id string) (int64, error) {
	s.cache.mu.Lock()
	n, ok := s.cache.numbers[id]
	s.cache.mu.Unlock()
	if ok {
		return n, nil
	}
	if err := s.row(ctx, `SELECT num FROM projects WHERE id = $1`, id).Scan(&n); err != nil {
		return 0, fmt.Errorf("find project: %w", err)
	}
	s.cache.mu.Lock()
	s.cache.numbers[id] = n
	s.cache.mu.Unlock()
	return n, nil
}

// wanting lists the endpoints that want the events, which are all of one
// project whose row is locked and has the version.
func (t *tx) wanting(project string, version int64, events []*domain.Event) ([][]*work.Endpoint, error) {
	a := t.audiences[project]
	if a == nil {
		a = t.store.cache.audience(project)
	}
	switch {
	case a == nil:
		all, err := t.endpointsOf(project, "")
		if err != nil {
			return nil, err
		}
		a = &audience{version: version, all: all, sessions: map[string][]*work.Endpoint{}}
	case a.version != version:
		var err error
		if a, err = t.changedSince(project, a, version); err != nil {
			return nil, err
		}
	}
	wanting := make([][]*work.Endpoint, len(events))
	for i, e := range events {
		var inline []*work.Endpoint
		if e.SessionID != "" {
			var err error
			if inline, err = t.inline(project, a, e.SessionID); err != nil {
				return nil, err
			}
		}
		wanting[i] = work.Wanting(e, a.all, inline)
	}
	if t.audiences == nil {
		t.audiences = map[string]*audience{}
	}
	t.audiences[project] = a
	return wanting, nil
}

// inline are the endpoints of one session.
func (t *tx) inline(project string, a *audience, session string) ([]*work.Endpoint, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	own, ok := a.sessions[session]
	if ok {
		return own, nil
	}
	own, err := t.endpointsOf(project, session)
	if err != nil {
		return nil, err
	}
	if len(a.sessions) >= cachedSessions {
		clear(a.sessions)
	}
	a.sessions[session] = own
	return own, nil
}

func (c *cache) audience(project string) *audience {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.projects[project]
}

// remember takes over what a transaction has read, when it is committed: until
// then the version is only its own.
func (c *cache) remember(audiences map[string]*audience) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for project, a := range audiences {
		if before := c.projects[project]; before == nil || before.version <= a.version {
			c.projects[project] = a
		}
	}
}

// changedSince is the audience with the changes since its version. What is
// remembered is not touched: another transaction may be reading it.
func (t *tx) changedSince(project string, before *audience, version int64) (*audience, error) {
	type change struct {
		num     int64
		session string
	}
	changes, err := rows(t, func(r codec.Scanner) (c change, err error) { return c, r.Scan(&c.num, &c.session) },
		`SELECT num, session_id FROM endpoints WHERE project_id = $1 AND version > $2`, project, before.version)
	if err != nil {
		return nil, fmt.Errorf("read endpoints: %w", err)
	}
	before.mu.Lock()
	a := &audience{version: version, sessions: maps.Clone(before.sessions)}
	before.mu.Unlock()
	changed := map[int64]bool{}
	for _, c := range changes {
		changed[c.num] = true
		delete(a.sessions, c.session)
	}
	// Of one that was deleted there may be no secrets to open.
	if a.all, err = t.endpoints(`session_id = '' AND version > $2`, project, before.version); err != nil {
		return nil, err
	}
	for _, e := range before.all {
		if !changed[e.Num] {
			a.all = append(a.all, e)
		}
	}
	slices.SortFunc(a.all, func(a, b *work.Endpoint) int { return strings.Compare(a.ID, b.ID) })
	return a, nil
}

// endpointsOf are the endpoints of a session, or with an empty session those
// that hear of all.
func (t *tx) endpointsOf(project, session string) ([]*work.Endpoint, error) {
	return t.endpoints(`session_id = $2`, project, session)
}

// endpoints are those of a project that a condition picks and that aren't
// deleted.
func (t *tx) endpoints(condition string, args ...any) ([]*work.Endpoint, error) {
	all, err := rows(t, func(r codec.Scanner) (*work.Endpoint, error) {
		var e work.Endpoint
		var err error
		e.Endpoint, err = t.store.scanEndpoint(r, &e.Num)
		return &e, err
	}, `SELECT `+codec.EndpointColumns+`, num FROM endpoints
		WHERE project_id = $1 AND `+condition+` AND deleted_at = 0 ORDER BY id`, args...)
	if err != nil {
		return nil, fmt.Errorf("read endpoints: %w", err)
	}
	return all, nil
}
