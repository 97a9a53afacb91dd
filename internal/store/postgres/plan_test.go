package postgres

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/browserhook/browserhook/internal/domain"
)

// TestWorkDoesNotGrowWithTheBacklog fills a table of which the planner knows
// nothing yet, and counts the rows of deliveries that claiming and recording a
// few of them reads.
func TestWorkDoesNotGrowWithTheBacklog(t *testing.T) {
	const backlog, batch, perJob = 20_000, 64, 12
	for _, ordered := range []bool{false, true} {
		c := newCluster(t)
		n := c.start("a")
		c.project(n)
		e := c.endpoint(n, func(e *domain.Endpoint) { e.Ordered = ordered })
		for range 4 {
			s := c.session(n)
			for range 10 {
				c.say(n, s, backlog/40)
			}
		}
		what := claim{as: &e, now: time.Now().Add(time.Hour), limit: batch}
		if err := n.pool.QueryRow(t.Context(), `SELECT num FROM endpoints WHERE id = $1`, e.ID).Scan(&what.endpoint); err != nil {
			t.Fatal(err)
		}
		b := &pgx.Batch{}
		b.Queue(byOrder)
		tx, err := n.begin(t.Context(), b)
		if err != nil {
			t.Fatal(err)
		}
		var jobs []domain.Job
		var at int64
		b = &pgx.Batch{}
		if ordered {
			c.ok(tx.pickOrdered(t.Context(), what, b, &jobs))
			queueNextOrdered(b, what, &at)
		} else {
			n.queuePick(b, what, &jobs)
			queueNext(b, what, &at)
		}
		c.ok(tx.send(t.Context(), b))
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
		b = &pgx.Batch{}
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
