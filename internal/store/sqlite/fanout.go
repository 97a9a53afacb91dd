package sqlite

import (
	"fmt"
	"strings"

	"github.com/browserhook/browserhook/internal/domain"
)

// cachedEndpoints is how many endpoints the writer remembers by id before it
// starts again.
const cachedEndpoints = 10_000

// endpointCache is what the writer remembers of the endpoints, so that an
// event costs no reading. Only the writer touches it, in its transactions, so
// it is as true as they are. What it holds is never changed, only replaced.
type endpointCache struct {
	byID    map[string]*domain.Endpoint
	wanting map[audience][]*domain.Endpoint
	touched bool // the running change has changed endpoints
}

// audience is who may want an event: the endpoints of one session, or with an
// empty session those that hear of all sessions.
type audience struct{ project, session string }

func newEndpointCache() *endpointCache {
	return &endpointCache{byID: map[string]*domain.Endpoint{}, wanting: map[audience][]*domain.Endpoint{}}
}

func (c *endpointCache) clear() {
	clear(c.byID)
	clear(c.wanting)
}

// forget drops an endpoint that is about to be different.
func (c *endpointCache) forget(project, session, id string) {
	c.touched = true
	delete(c.byID, id)
	delete(c.wanting, audience{project, session})
}

// forgetSession drops the endpoints of a session of which no more is expected.
func (c *endpointCache) forgetSession(project, session string) {
	delete(c.wanting, audience{project, session})
}

// noEndpoints remembers that a new session has no endpoint of its own.
func (c *endpointCache) noEndpoints(project, session string) {
	c.touched = true
	c.wanting[audience{project, session}] = nil
}

// of reads the endpoints of an audience.
func (c *endpointCache) of(t *tx, a audience) ([]*domain.Endpoint, error) {
	if known, ok := c.wanting[a]; ok {
		return known, nil
	}
	rows, err := t.rows(`SELECT `+endpointColumns+` FROM endpoints
		WHERE project_id = ? AND session_id = ? AND deleted_at = 0 ORDER BY id`, a.project, a.session)
	all, err := collect(rows, err, func(r scanner) (*domain.Endpoint, error) {
		e, err := scanEndpoint(r)
		return &e, err
	})
	if err != nil {
		return nil, fmt.Errorf("read endpoints: %w", err)
	}
	c.wanting[a] = all
	return all, nil
}

// one reads an endpoint, unless it is deleted, of whichever project.
func (c *endpointCache) one(t *tx, id string) (*domain.Endpoint, error) {
	if e, ok := c.byID[id]; ok {
		return e, nil
	}
	e, err := scanEndpoint(t.row(`SELECT `+endpointColumns+` FROM endpoints WHERE id = ? AND deleted_at = 0`, id))
	if err != nil {
		return nil, err
	}
	if len(c.byID) >= cachedEndpoints {
		clear(c.byID)
	}
	c.byID[id] = &e
	return &e, nil
}

// fanOut makes a delivery for each endpoint that wants the event.
func (t *tx) fanOut(e *domain.Event) error {
	var wanting []string
	for _, session := range []string{"", e.SessionID} {
		endpoints, err := t.w.endpoints.of(t, audience{e.ProjectID, session})
		if err != nil {
			return err
		}
		for _, ep := range endpoints {
			if ep.Wants(e) {
				wanting = append(wanting, ep.ID)
			}
		}
		if e.SessionID == "" {
			break // it has no other audience
		}
	}
	for len(wanting) > 0 {
		// Two statements are all that has to be kept ready.
		n := 1
		if len(wanting) >= fanOutAtOnce {
			n = fanOutAtOnce
		}
		if err := t.insertDeliveries(e, wanting[:n]); err != nil {
			return err
		}
		wanting = wanting[n:]
	}
	return nil
}

// fanOutAtOnce is how many deliveries one statement makes.
const fanOutAtOnce = 8

var (
	insertOne  = insertDeliveries(1)
	insertMany = insertDeliveries(fanOutAtOnce)
)

// insertDeliveries is a statement for n deliveries of one event: what they
// have in common is bound once. OR FAIL saves SQLite a journal of the statement:
// what an error leaves half done is undone with the whole change.
func insertDeliveries(n int) string {
	rows := make([]string, n)
	for i := range rows {
		rows[i] = fmt.Sprintf("(?1,?%d,?2,?3,?4,?%d,'PENDING',0,0,?5,?5,0,?6)", 7+2*i, 8+2*i)
	}
	return `INSERT OR FAIL INTO deliveries (` + deliveryColumns + `, event_position) VALUES ` + strings.Join(rows, ",")
}

// insertDeliveries makes one delivery for each endpoint, due at once.
func (t *tx) insertDeliveries(e *domain.Event, endpoints []string) error {
	args := make([]any, 0, 6+2*fanOutAtOnce)
	args = append(args, e.ProjectID, e.ID, string(e.Type), e.SessionID, micros(e.CreatedAt), e.Position)
	for _, endpoint := range endpoints {
		args = append(args, domain.NewID(domain.PrefixDelivery), endpoint)
	}
	query := insertOne
	if len(endpoints) > 1 {
		query = insertMany
	}
	if err := t.exec(query, args...); err != nil {
		return fmt.Errorf("insert deliveries: %w", err)
	}
	t.known.Endpoints = append(t.known.Endpoints, endpoints...)
	return nil
}
