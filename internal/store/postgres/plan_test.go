package postgres

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/browserhook/browserhook/internal/domain"
)

// TestWorkDoesNotGrowWithTheBacklog fills a table of which the planner knows
// nothing yet, and counts the rows of deliveries that claiming and recording a
// few of them reads.
func TestWorkDoesNotGrowWithTheBacklog(t *testing.T) {
	const backlog, sessions, batch, perJob = 20_000, 400, 64, 12
	for _, ordered := range []bool{false, true} {
		c := newCluster(t)
		n := c.start("a")
		c.project(n)
		e := c.endpoint(n, func(e *domain.Endpoint) { e.Ordered = ordered })
		for range sessions {
			c.say(n, c.session(n), backlog/sessions)
		}
		what := claim{as: &e, now: time.Now().Add(time.Hour), limit: batch}
		if err := n.pool.QueryRow(t.Context(), `SELECT num FROM endpoints WHERE id = $1`, e.ID).Scan(&what.endpoint); err != nil {
			t.Fatal(err)
		}
		order := &pgx.Batch{}
		order.Queue(byOrder)
		tx, err := n.begin(t.Context(), order)
		if err != nil {
			t.Fatal(err)
		}
		var jobs []domain.Job
		var at int64
		if ordered {
			c.ok(tx.pickOrdered(t.Context(), what, &jobs, &at))
		} else {
			b := &pgx.Batch{}
			n.queuePick(b, what, &jobs)
			queueNext(b, what, &at)
			c.ok(tx.send(t.Context(), b))
		}
		if len(jobs) != batch {
			t.Fatalf("ordered %v: claimed %d", ordered, len(jobs))
		}
		for i := range jobs {
			n.held.add(n.key(jobs[i].Delivery.ID), tx.node)
		}
		claiming := readOf(t, tx)
		var outcomes []domain.Outcome
		for _, j := range jobs {
			d := j.Delivery
			d.Status, d.EndedAt, d.Attempts = domain.DeliveryDelivered, time.Now(), 1
			outcomes = append(outcomes, domain.Outcome{Delivery: d, Attempt: domain.Attempt{ID: domain.NewID(domain.PrefixAttempt), ProjectID: project}})
		}
		rows, err := n.finished(t.Context(), outcomes)
		c.ok(err)
		b := &pgx.Batch{}
		rows.queue(b)
		c.ok(tx.send(t.Context(), b))
		finishing := readOf(t, tx) - claiming
		tx.end()
		if claiming > batch*perJob || finishing > batch*perJob {
			t.Errorf("ordered %v: of %d rows, claiming %d reads %d and recording them %d", ordered, backlog, batch, claiming, finishing)
		}
		t.Logf("ordered %v: claiming %d reads %d rows, recording them %d", ordered, batch, claiming, finishing)
	}
}

// readOf counts the rows of deliveries that the transaction has read so far.
func readOf(t *testing.T, tx *tx) (n int64) {
	t.Helper()
	err := tx.row(t.Context(), `SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'deliveries'`).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// asked remembers every query that is made.
type asked struct {
	mu  sync.Mutex
	all []pgx.TraceQueryStartData
}

func (a *asked) TraceQueryStart(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryStartData) context.Context {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, q)
	return ctx
}

func (a *asked) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// take gives what was asked since the last time.
func (a *asked) take() []pgx.TraceQueryStartData {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := a.all
	a.all = nil
	return all
}

// TestReadingDoesNotGrowWithTheLog fills a log and its deliveries, most of which
// have ended, and counts the rows that a page of each list and each single thing
// touches.
func TestReadingDoesNotGrowWithTheLog(t *testing.T) {
	const sessions, each, limit = 40, 500, 20
	c := newCluster(t)
	seen := &asked{}
	s, err := open(t.Context(), Config{
		URL: c.url, Node: "a", Box: c.box, Notify: func(domain.Commit) {}, Log: slog.New(slog.DiscardHandler), tracer: seen,
	}, quick)
	c.ok(err)
	t.Cleanup(func() { c.ok(s.Close()) })
	n := &node{Store: s}
	c.project(n)
	e, other := c.endpoint(n, nil), c.endpoint(n, nil)
	all := make([]domain.Session, sessions)
	for i := range all {
		all[i] = c.session(n)
		for range each / 100 {
			c.say(n, all[i], 100)
		}
	}
	session := all[sessions/2].ID
	_, err = s.pool.Exec(t.Context(), `UPDATE deliveries SET ended_at = 1, first = '', status = CASE WHEN event % 50 = 1 THEN 'FAILED' ELSE 'DELIVERED' END
		WHERE event > $1`, limit)
	c.ok(err)
	_, err = s.pool.Exec(t.Context(), `UPDATE deliveries SET node = $1 WHERE event <= $2 AND event % 5 = 0`, s.node.Load(), limit)
	c.ok(err)
	_, err = s.pool.Exec(t.Context(), `ANALYZE`) // as the server does by itself
	c.ok(err)
	middle, err := s.Events(t.Context(), project, domain.EventQuery{SessionID: session, Limit: 1})
	c.ok(err)
	list := func(f domain.DeliveryFilter) func(context.Context) error {
		f.Limit = limit
		return func(ctx context.Context) error {
			page, _, err := s.Deliveries(ctx, project, f)
			if len(page) == 0 {
				t.Errorf("%+v: an empty page", f)
			}
			return err
		}
	}
	follow := func(q domain.EventQuery) func(context.Context) error {
		q.Limit = limit
		return func(ctx context.Context) error {
			page, err := s.Events(ctx, project, q)
			if len(page) == 0 {
				t.Errorf("%+v: an empty page", q)
			}
			return err
		}
	}
	reads := map[string]func(context.Context) error{
		"deliveries":                                 list(domain.DeliveryFilter{}),
		"deliveries of an endpoint":                  list(domain.DeliveryFilter{EndpointID: other.ID}),
		"deliveries of an event":                     list(domain.DeliveryFilter{EventID: middle[0].ID}),
		"deliveries that failed":                     list(domain.DeliveryFilter{Status: domain.DeliveryFailed}),
		"deliveries that failed, an endpoint's":      list(domain.DeliveryFilter{Status: domain.DeliveryFailed, EndpointID: e.ID}),
		"deliveries that are pending":                list(domain.DeliveryFilter{Status: domain.DeliveryPending}),
		"deliveries that are pending, an endpoint's": list(domain.DeliveryFilter{Status: domain.DeliveryPending, EndpointID: e.ID}),
		"deliveries that are being sent":             list(domain.DeliveryFilter{Status: domain.DeliverySending}),
		"deliveries that were delivered":             list(domain.DeliveryFilter{Status: domain.DeliveryDelivered}),
		"deliveries of a session":                    list(domain.DeliveryFilter{SessionID: session}),
		"deliveries of a session that failed":        list(domain.DeliveryFilter{SessionID: session, Status: domain.DeliveryFailed}),
		"deliveries of a type":                       list(domain.DeliveryFilter{EventType: domain.EventStepStarted}),
		"events":                                     follow(domain.EventQuery{}),
		"events after one":                           follow(domain.EventQuery{After: middle[0].ID}),
		"events of a session":                        follow(domain.EventQuery{SessionID: session}),
		"events of a session after one":              follow(domain.EventQuery{SessionID: session, After: middle[0].ID}),
		"the last event":                             func(ctx context.Context) error { _, err := s.LastEventID(ctx, project); return err },
		"a session":                                  func(ctx context.Context) error { _, err := s.Session(ctx, project, session); return err },
		"sessions": func(ctx context.Context) error {
			_, _, err := s.Sessions(ctx, project, domain.SessionFilter{Limit: limit})
			return err
		},
		"due endpoints": func(ctx context.Context) error { _, err := s.DueEndpoints(ctx); return err },
	}
	for name, read := range reads {
		seen.take()
		c.ok(read(t.Context()))
		touched := 0
		var plans []string
		for _, q := range seen.take() {
			if !strings.Contains(q.SQL, "SELECT") {
				continue
			}
			rows, plan := touches(t, s, q)
			touched, plans = touched+rows, append(plans, plan)
		}
		most := 10 * limit
		if strings.HasPrefix(name, "deliveries of a session") {
			most = 20 * each // it may read all of the session, for each of two endpoints
		}
		if touched > most {
			t.Errorf("%s: touches %d rows of a log of %d\n%s", name, touched, sessions*each, strings.Join(plans, "\n"))
		}
	}
}

// touches counts the rows that a query reads from tables and indexes, and those
// that it throws away.
func touches(t *testing.T, s *Store, q pgx.TraceQueryStartData) (n int, plan string) {
	t.Helper()
	var raw []byte
	if err := s.pool.QueryRow(t.Context(), `EXPLAIN (ANALYZE, FORMAT JSON) `+q.SQL, q.Args...).Scan(&raw); err != nil {
		t.Fatalf("%s: %v", q.SQL, err)
	}
	type node struct {
		Type    string  `json:"Node Type"`
		Rows    float64 `json:"Actual Rows"`
		Removed float64 `json:"Rows Removed by Filter"`
		Loops   float64 `json:"Actual Loops"`
		Plans   []node
	}
	var got []struct{ Plan node }
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	var walk func(node)
	walk = func(p node) {
		rows := p.Removed
		if strings.Contains(p.Type, "Scan") {
			rows += p.Rows
		}
		n += int(rows * p.Loops)
		for _, below := range p.Plans {
			walk(below)
		}
	}
	walk(got[0].Plan)
	return n, string(raw)
}
