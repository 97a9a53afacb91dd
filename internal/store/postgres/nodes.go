package postgres

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
)

// rhythm is how nodes see that the others live.
type rhythm struct {
	every time.Duration // a node shows that it lives, and looks at the others
	dead  time.Duration // its beat must stand still for the others to take over its leases
	lost  time.Duration // it can't reach the database until it stops sending what it has leased: before it is taken over
}

var usual = rhythm{every: 2 * time.Second, dead: 10 * time.Second, lost: 7 * time.Second}

// join makes this server a node, in place of the one that it was before it was
// started anew, or was taken for dead. What that had leased is due again, and the
// sessions that nobody has taken over since are its own.
func (s *Store) join(ctx context.Context) error {
	var num int64
	err := s.update(ctx, func(t *tx) error {
		if err := t.exec(`DELETE FROM nodes WHERE name = $1`, s.Node); err != nil {
			return err
		}
		self := s.announced()
		if err := t.row(`INSERT INTO nodes (name, keep, draining, url, version, sessions, room, browsers, hops) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING num`,
			s.Node, s.Keep.Milliseconds(), s.draining.Load(), self.URL, self.Version, self.Sessions, self.FreeSlots, self.Browsers, self.Hops).Scan(&num); err != nil {
			return err
		}
		s.numbers.Store(num, true) // before anybody reads it in a session
		if err := t.exec(`UPDATE sessions SET node = $1 WHERE `+unfinished+` AND node IN (SELECT num FROM absent WHERE name = $2)`, num, s.Node); err != nil {
			return err
		}
		if err := t.exec(`DELETE FROM absent WHERE name = $1`, s.Node); err != nil {
			return err
		}
		_, err := t.takeOver(num)
		return err
	})
	if err != nil {
		return fmt.Errorf("join the nodes of the database: %w", err)
	}
	s.node.Store(num)
	return nil
}

// leave gives back what this node has leased. Its sessions have ended, or wait for
// its next start.
func (s *Store) leave() error {
	ctx, cancel := context.WithTimeout(context.Background(), answerWithin)
	defer cancel()
	var err error
	for range tries {
		if err = s.signOff(ctx); !again(err) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("leave the nodes of the database: %w", err)
	}
	return nil
}

func (s *Store) signOff(ctx context.Context) error {
	t, err := s.begin(ctx, nil)
	if err != nil {
		return err
	}
	defer t.end()
	if err := t.exec(`UPDATE deliveries SET node = 0 WHERE node <> 0 AND node = $1`, s.node.Load()); err != nil {
		return err
	}
	// What it was starting waits for whoever has room.
	if err := t.exec(`UPDATE sessions SET `+waitsAgain+` WHERE status = 'STARTING' AND node = $1`, s.node.Load()); err != nil {
		return err
	}
	// Its row stays when it still has sessions, for the next start to find
	// them; the others take them over if there is none.
	if err := t.exec(`DELETE FROM nodes WHERE num = $1 AND NOT EXISTS (SELECT 1 FROM sessions WHERE node = $1 AND `+unfinished+`)`, s.node.Load()); err != nil {
		return err
	}
	if err := t.exec(`SELECT pg_notify($1, $2)`, channel, note{Node: s.node.Load(), Missed: true}.String()); err != nil {
		return err
	}
	return t.exec(`COMMIT`)
}

// lessees goes from one node that has leased something of an endpoint to the next
// through the index, however much that is, and adds those that have sessions.
const lessees = `WITH RECURSIVE leased (endpoint, node) AS (
	(SELECT endpoint, node FROM deliveries WHERE node <> 0 ORDER BY endpoint, node LIMIT 1)
	UNION ALL
	SELECT next.* FROM leased CROSS JOIN LATERAL (SELECT endpoint, node FROM deliveries
		WHERE node <> 0 AND (endpoint, node) > (leased.endpoint, leased.node) ORDER BY endpoint, node LIMIT 1) next),
	lessees AS (SELECT node FROM leased UNION SELECT node FROM sessions WHERE ` + unfinished + ` AND node <> 0)`

// isOurs says whether a number is this server's, or was.
func (s *Store) isOurs(num int64) bool {
	_, ok := s.numbers.Load(num)
	return ok
}

// takeOver makes what nodes had leased that are none any more due again, has what they
// were starting wait for whoever has room, and makes their other sessions ours, but those
// that wait for one that may come back; it tells the others, and says how much it was.
// One that froze may have committed after it was buried.
func (t *tx) takeOver(us int64) (int, error) {
	if err := t.exec(`DELETE FROM absent WHERE until < clock_timestamp()`); err != nil {
		return 0, err
	}
	// Read first: an update that finds a row changed by another that takes over
	// tests it again, but not whether there is such a node.
	gone, err := rows(t, func(r codec.Scanner) (num int64, err error) { return num, r.Scan(&num) },
		lessees+` SELECT node FROM lessees h WHERE NOT EXISTS (SELECT 1 FROM nodes n WHERE n.num = h.node)`)
	if err != nil || len(gone) == 0 {
		return 0, err
	}
	deliveries, err := t.count(`UPDATE deliveries SET node = 0 WHERE node <> 0 AND node = ANY($1)`, gone)
	if err != nil {
		return 0, err
	}
	requeued, err := t.count(`UPDATE sessions SET `+waitsAgain+` WHERE `+unfinished+` AND node = ANY($1) AND status IN ('QUEUED', 'STARTING')`, gone)
	if err != nil {
		return 0, err
	}
	ours, err := t.count(`UPDATE sessions SET node = $1 WHERE `+unfinished+` AND node = ANY($2) AND status NOT IN ('QUEUED', 'STARTING')
		AND (status <> 'READY' OR NOT EXISTS (SELECT 1 FROM absent a WHERE a.num = node))`, us, gone)
	all := deliveries + requeued + ours
	if err != nil || all == 0 {
		return 0, err
	}
	return all, t.exec(`SELECT pg_notify($1, $2)`, channel, note{Node: us, Missed: true}.String())
}

// sweep takes over what a node committed in its last moments, too late for
// whoever took over from it: the database goes on with what a killed process
// has sent it.
func (s *Store) sweep(ctx context.Context) error {
	var late int
	err := s.update(ctx, func(t *tx) (err error) {
		late, err = t.takeOver(s.node.Load())
		return err
	})
	if err == nil && late > 0 {
		s.Log.Info("took over what a node that is dead committed late", "count", late)
		s.Signal(domain.Signal{Missed: true})
	}
	return err
}

// peer is what this node has seen of another.
type peer struct {
	beat  int64
	since time.Time // by our own monotonic clock; nobody else's is trusted
}

// beat shows that this node lives and takes over from those that don't, until
// the store is closed.
func (s *Store) beat() {
	tick := time.NewTicker(s.rhythm.every)
	defer tick.Stop()
	seen := map[int64]peer{}
	alive := time.Now()
	lost := false
	swept := alive
	for {
		select {
		case <-tick.C:
		case <-s.running.Done():
			return
		}
		// The others have seen this beat, if any, when it was made.
		began := time.Now()
		if began.Sub(alive) > s.rhythm.dead/2 {
			clear(seen) // whoever couldn't see can't tell who stood still
		}
		asking, cancel := context.WithTimeout(s.running, max(s.rhythm.every, s.rhythm.lost-began.Sub(alive)))
		member, err := s.lookAround(asking, seen)
		if err == nil && member && began.Sub(swept) >= s.rhythm.dead {
			if err := s.sweep(asking); err != nil {
				s.Log.Warn("take over what was committed late; trying again", "err", err)
			} else {
				swept = began
			}
		}
		cancel()
		if s.unwell.Store(nil); err != nil {
			why := away(err)
			s.unwell.Store(&why)
		}
		switch {
		case err != nil:
			if s.running.Err() == nil {
				s.Log.Warn("the database can't be reached", "err", err)
			}
			if !lost && time.Since(alive) > s.rhythm.lost {
				lost = true
				s.Signal(domain.Signal{Lost: true})
			}
			continue
		case !member:
			s.Log.Warn("another node has taken this one for dead; joining anew")
			if !lost {
				s.Signal(domain.Signal{Lost: true})
			}
			if err := s.rejoin(); err != nil {
				s.Log.Warn("join the nodes of the database; trying again", "err", err)
				continue
			}
		case lost:
			s.Signal(domain.Signal{Missed: true}) // what it had leased was given back
		}
		alive, lost = began, false
	}
}

func (s *Store) rejoin() error {
	ctx, cancel := context.WithTimeout(s.running, answerWithin)
	defer cancel()
	if err := s.join(ctx); err != nil {
		return err
	}
	s.Signal(domain.Signal{Missed: true})
	return nil
}

// lookAround beats, and takes over from nodes whose beat has stood still. It
// says whether the others still know this node.
func (s *Store) lookAround(ctx context.Context, seen map[int64]peer) (member bool, err error) {
	us := s.node.Load()
	if member, err := s.show(ctx); !member || err != nil {
		return err != nil, err
	}
	type node struct {
		num, beat int64
		starts    bool
	}
	found, err := s.vital.Query(ctx, `SELECT num, beat, NOT draining FROM nodes WHERE num > 0 AND num <> $1`, us)
	all, err := gather(found, err, func(r codec.Scanner) (n node, err error) {
		err = r.Scan(&n.num, &n.beat, &n.starts)
		return n, err
	})
	if err != nil {
		return true, err
	}
	s.others.Store(slices.ContainsFunc(all, func(n node) bool { return n.starts }))
	now := time.Now()
	there := map[int64]bool{}
	for _, n := range all {
		there[n.num] = true
		before, ok := seen[n.num]
		if !ok || before.beat != n.beat {
			seen[n.num] = peer{n.beat, now}
			continue
		}
		if now.Sub(before.since) < s.rhythm.dead {
			continue
		}
		if err := s.bury(ctx, n.num, n.beat); err != nil {
			// That is no sign of this node's own health.
			s.Log.Warn("take over from a node that is dead; trying again", "node", n.num, "err", err)
		}
	}
	for num := range seen {
		if !there[num] {
			delete(seen, num)
		}
	}
	return true, nil
}

// bury takes over from a dead node, unless another node has, or it has come
// back to life. What runs in its browsers waits for it as long as those do.
func (s *Store) bury(ctx context.Context, num, beat int64) error {
	buried := false
	err := s.update(ctx, func(t *tx) error {
		found, err := rows(t, func(r codec.Scanner) (dead grave, err error) { return dead, r.Scan(&dead.name, &dead.keep) },
			`DELETE FROM nodes WHERE num = $1 AND beat = $2 RETURNING name, keep`, num, beat)
		if buried = len(found) == 1; err != nil || !buried {
			return err
		}
		if dead := found[0]; dead.keep > 0 {
			if err := t.exec(`INSERT INTO absent VALUES ($1, $2, clock_timestamp() + $3 * interval '1 millisecond')`, num, dead.name, dead.keep); err != nil {
				return err
			}
		}
		if _, err = t.takeOver(s.node.Load()); err != nil {
			return err
		}
		// Whoever waits for an answer of it needn't, even if it has left nothing.
		t.last.Queue(`SELECT pg_notify($1, $2)`, channel, note{Node: s.node.Load(), Missed: true}.String())
		return nil
	})
	if err != nil || !buried {
		return err
	}
	s.Log.Info("took over from a node that is dead", "node", num)
	s.Signal(domain.Signal{Missed: true})
	return nil
}

// grave is what is left of a node.
type grave struct {
	name string
	keep int64 // milliseconds
}
