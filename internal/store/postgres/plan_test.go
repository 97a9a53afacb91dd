package postgres

import (
	"context"
	"encoding/json"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/browserhook/browserhook/internal/domain"
)

// TestWorkDoesNotGrowWithTheBacklog fills tables of which the planner knows
// nothing, or what was true while they were empty, and counts the rows that
// claiming and recording a few deliveries reads.
func TestWorkDoesNotGrowWithTheBacklog(t *testing.T) {
	for _, test := range []struct {
		name                        string
		ordered                     bool
		endpoints, sessions, events int // events of each session, to each endpoint
		batch                       int
	}{
		{"deep", false, 1, 400, 50, 64},
		{"deep and ordered", true, 1, 400, 50, 64},
		{"wide", false, 5000, 1, 4, 3},
		{"wide and ordered", true, 5000, 1, 4, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			const perJob = 12
			c := newCluster(t)
			n := c.start("a")
			c.project(n)
			var e domain.Endpoint
			for range test.endpoints {
				e = c.endpoint(n, func(e *domain.Endpoint) { e.Ordered = test.ordered })
			}
			what := claim{node: n.node.Load(), as: &e, now: time.Now().Add(time.Hour), limit: test.batch, bytes: math.MaxInt}
			c.ok(n.pool.QueryRow(t.Context(), `SELECT num FROM endpoints WHERE id = $1`, e.ID).Scan(&what.endpoint))
			pick := func(tx *tx) (jobs []domain.Job) {
				var at int64
				if test.ordered {
					c.ok(tx.pickOrdered(what, &jobs, &at))
				} else {
					b := &pgx.Batch{}
					n.queuePick(b, what, &jobs)
					queueNext(b, what, &at)
					c.ok(tx.send(b))
				}
				return jobs
			}
			record := func(tx *tx, jobs []domain.Job) {
				var outcomes []domain.Outcome
				for _, j := range jobs {
					d := j.Delivery
					n.leases.claim(n.leases.grant(), tx.node, n.ids.Key(d.ID))
					d.Status, d.EndedAt, d.Attempts = domain.DeliveryDelivered, time.Now(), 1
					outcomes = append(outcomes, domain.Outcome{Delivery: d, Attempt: domain.Attempt{ID: domain.NewID(domain.PrefixAttempt), ProjectID: project}})
				}
				rows, err := n.finished(t.Context(), outcomes)
				c.ok(err)
				b := &pgx.Batch{}
				rows.queue(b)
				c.ok(tx.send(b))
			}
			begin := func() *tx {
				order := &pgx.Batch{}
				order.Queue(byOrder)
				tx, err := n.begin(t.Context(), order)
				c.ok(err)
				return tx
			}
			// The connections have made their plans while there was next to nothing,
			// and the one project is known to be the only one.
			_, err := n.pool.Exec(t.Context(), `VACUUM ANALYZE projects`)
			c.ok(err)
			session := c.session(n)
			c.say(n, session, 1)
			func() {
				for range 8 {
					tx := begin()
					defer tx.end()
					for range 8 { // it settles for one plan after five
						record(tx, pick(tx))
					}
				}
			}()
			for range test.sessions {
				c.say(n, session, test.events)
				session = c.session(n)
			}
			tx := begin()
			defer tx.end()
			before := readOf(t, tx)
			jobs := pick(tx)
			if len(jobs) != test.batch {
				t.Fatalf("claimed %d", len(jobs))
			}
			claiming := readOf(t, tx) - before
			record(tx, jobs)
			finishing := readOf(t, tx) - claiming - before
			if most := int64(test.batch * perJob); claiming > most || finishing > most {
				t.Errorf("claiming %d reads %d rows and recording them %d", test.batch, claiming, finishing)
			}
			t.Logf("claiming %d reads %d rows, recording them %d", test.batch, claiming, finishing)
		})
	}
}

// TestSweepingDoesNotGrowWithWhatIsHeld has a living node hold very much.
func TestSweepingDoesNotGrowWithWhatIsHeld(t *testing.T) {
	c := newCluster(t)
	n := c.start("a")
	c.project(n)
	const endpoints = 3
	for range endpoints {
		c.endpoint(n, nil)
	}
	for range 10 {
		c.say(n, c.session(n), 500)
	}
	_, err := n.pool.Exec(t.Context(), `UPDATE deliveries SET node = $1`, n.node.Load())
	c.ok(err)
	tx, err := n.begin(t.Context(), nil)
	c.ok(err)
	defer tx.end()
	before := readOf(t, tx)
	taken, err := tx.takeOver(n.node.Load())
	c.ok(err)
	if read := readOf(t, tx) - before; taken > 0 || read > 4*endpoints {
		t.Errorf("took over %d, and read %d rows", taken, read)
	}
}

// readOf counts the rows of events and deliveries that the transaction has read
// so far, and perhaps what its connection read shortly before.
func readOf(t *testing.T, tx *tx) (n int64) {
	t.Helper()
	err := tx.row(`SELECT SUM(seq_tup_read + idx_tup_fetch)::bigint FROM pg_stat_xact_user_tables WHERE relname IN ('events', 'deliveries')`).Scan(&n)
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
	first, err := s.Events(t.Context(), project, domain.EventQuery{SessionID: session, Limit: 1})
	c.ok(err)
	middle := first.Events
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
			if len(page.Events) == 0 {
				t.Errorf("%+v: an empty page", q)
			}
			return err
		}
	}
	quietSession := c.session(n)
	end, err := s.EventsEnd(t.Context(), project)
	c.ok(err)
	nothing := func(q domain.EventQuery) func(context.Context) error {
		return func(ctx context.Context) error { _, err := s.Events(ctx, project, q); return err }
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
		"deliveries of a session without any": func(ctx context.Context) error {
			_, _, err := s.Deliveries(ctx, project, domain.DeliveryFilter{SessionID: quietSession.ID, Limit: limit})
			return err
		},
		"deliveries of a type that is rare": func(ctx context.Context) error {
			_, _, err := s.Deliveries(ctx, project, domain.DeliveryFilter{EventType: domain.EventBrowserCrashed, Limit: limit})
			return err
		},
		"events of types that are rare": nothing(domain.EventQuery{Types: []domain.EventType{domain.EventBrowserCrashed, domain.EventStepFailed}}),
		"the last events of a session":  func(ctx context.Context) error { _, err := s.LastEvents(ctx, project, session, 0, limit); return err },
		"sessions that failed": func(ctx context.Context) error {
			_, _, err := s.Sessions(ctx, project, domain.SessionFilter{Status: domain.SessionFailed, Limit: limit})
			return err
		},
		"events":                                  follow(domain.EventQuery{}),
		"events after one":                        follow(domain.EventQuery{After: middle[0].ID}),
		"events of a session":                     follow(domain.EventQuery{SessionID: session}),
		"events of a session after one":           follow(domain.EventQuery{SessionID: session, After: middle[0].ID}),
		"events after an empty page":              nothing(domain.EventQuery{After: end}),
		"events of a session after an empty page": nothing(domain.EventQuery{After: end, SessionID: session}),
		"events after one that was deleted":       follow(domain.EventQuery{After: domain.IDAt(domain.PrefixEvent, time.Now().Add(-time.Hour))}),
		"the end of the log":                      func(ctx context.Context) error { _, err := s.EventsEnd(ctx, project); return err },
		"a session":                               func(ctx context.Context) error { _, err := s.Session(ctx, project, session); return err },
		"sessions": func(ctx context.Context) error {
			_, _, err := s.Sessions(ctx, project, domain.SessionFilter{Limit: limit})
			return err
		},
		"the backlogs of all endpoints": func(ctx context.Context) error { _, err := s.Backlogs(ctx); return err },
		"the backlog of one":            func(ctx context.Context) error { _, err := s.BacklogsOf(ctx, project, []string{e.ID}); return err },
		"due endpoints":                 func(ctx context.Context) error { _, err := s.DueEndpoints(ctx); return err },
	}
	measure := func(name string, read func(context.Context) error) {
		t.Helper()
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
		most := 30 * limit // a filter looks at a hundred before it looks at more
		if strings.HasPrefix(name, "deliveries of a session") {
			most = 20 * each // it may read all of the session, for each of two endpoints
		}
		if touched > most {
			t.Errorf("%s: touches %d rows of a log of %d\n%s", name, touched, sessions*each, strings.Join(plans, "\n"))
		}
	}
	for name, read := range reads {
		measure(name, read)
	}
	fine := c.endpoint(n, nil)
	c.say(n, all[0], 100)
	_, err = s.pool.Exec(t.Context(), `UPDATE deliveries SET ended_at = 1, status = 'DELIVERED' WHERE endpoint = (SELECT num FROM endpoints WHERE id = $1)`, fine.ID)
	c.ok(err)
	measure("what failed of an endpoint of which nothing did", func(ctx context.Context) error {
		page, _, err := s.Deliveries(ctx, project, domain.DeliveryFilter{EndpointID: fine.ID, Status: domain.DeliveryFailed, Limit: limit})
		if len(page) != 0 {
			t.Errorf("%d failed", len(page))
		}
		return err
	})
	ordered := c.endpoint(n, func(e *domain.Endpoint) { e.Ordered = true })
	c.say(n, all[0], 100)
	waiting, _, err := s.Deliveries(t.Context(), project, domain.DeliveryFilter{EndpointID: ordered.ID, Limit: 100})
	c.ok(err)
	measure("what an ordered delivery waits for", func(ctx context.Context) error {
		first, n, err := s.Ahead(ctx, project, waiting[0].ID)
		if n != 99 || first.ID != waiting[99].ID {
			t.Errorf("%d are ahead, the first is %s", n, first.ID)
		}
		return err
	})
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
