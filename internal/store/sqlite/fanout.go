package sqlite

import (
	"fmt"
	"strings"

	"github.com/browserhook/browserhook/internal/domain"
)

// fanOut makes a delivery for each endpoint that wants the event. session is
// the number of the event's, or 0.
func (t *tx) fanOut(e *domain.Event, session int64) error {
	var wanting []*cachedEndpoint
	for _, audience := range []string{"", e.SessionID} {
		endpoints, err := t.w.cache.endpointsOf(t, e.ProjectID, audience)
		if err != nil {
			return err
		}
		for _, ep := range endpoints {
			if ep.Wants(e) {
				wanting = append(wanting, ep)
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
		if err := t.insertDeliveries(e, session, wanting[:n]); err != nil {
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
		rows[i] = fmt.Sprintf("(?1,?%d,?2,?%d,'PENDING','',0,0,?3,0)", 4+2*i, 5+2*i)
	}
	return `INSERT OR FAIL INTO deliveries (event, endpoint, project, ordered, status, reason, attempts, tries, next_at, ended_at) VALUES ` +
		strings.Join(rows, ",")
}

// insertDeliveries makes one delivery for each endpoint, due at once. session
// is the number of the event's.
func (t *tx) insertDeliveries(e *domain.Event, session int64, endpoints []*cachedEndpoint) error {
	project, err := t.w.cache.project(t, e.ProjectID)
	if err != nil {
		return err
	}
	args := make([]any, 0, 3+2*fanOutAtOnce)
	args = append(args, e.Position, project, micros(e.CreatedAt))
	for _, ep := range endpoints {
		ordered := int64(0)
		if ep.Ordered {
			ordered = 1 + session
		}
		args = append(args, ep.num, ordered)
	}
	query := insertOne
	if len(endpoints) > 1 {
		query = insertMany
	}
	if err := t.exec(query, args...); err != nil {
		return fmt.Errorf("insert deliveries: %w", err)
	}
	for _, ep := range endpoints {
		t.known.made = append(t.known.made, made{event: e, endpoint: ep})
	}
	return nil
}
