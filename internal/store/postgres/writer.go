package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/work"
)

const (
	queueLength = 1024
	maxBatch    = 512
)

// change is a decision about a session that waits to be made.
type change struct {
	project, id string
	fn          func(*domain.SessionChange) error
	err         error
	done        chan struct{}
}

// writer changes sessions: all changes that wait, in one transaction of three
// round trips, or one more if a session is not remembered. It locks the
// sessions, has every change decided in
// memory, and writes what was decided.
type writer struct {
	store    *Store
	sessions map[work.SessionKey]*openSession // remembered as committed; of run alone

	mu     sync.RWMutex // guards closed against senders on queue
	closed bool
	queue  chan *change
	done   chan struct{} // what was queued has been made
}

func newWriter(s *Store) *writer {
	return &writer{store: s, sessions: map[work.SessionKey]*openSession{}, queue: make(chan *change, queueLength), done: make(chan struct{})}
}

// ChangeSession loads the session and its unfinished steps, lets fn decide,
// and commits what it decided. An error of fn's comes back as it is, and
// nothing has changed. What a session was created with (its options, metadata
// and link) is not saved again. A request under an idempotency key that was
// used before gives *domain.Replay whatever fn says about the session now. fn
// may run more than once; the last time counts.
//
// While the database is away it is errAway at the latest when ctx ends; whether
// the change was made is then not known.
func (s *Store) ChangeSession(ctx context.Context, project, id string, fn func(*domain.SessionChange) error) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	c := &change{project: project, id: id, fn: fn, done: make(chan struct{})}
	if err := s.writer.put(ctx, c); err != nil {
		return err
	}
	select {
	case <-c.done:
		return c.err
	case <-ctx.Done():
		select {
		case <-c.done:
			return c.err
		default:
			return away(context.Cause(ctx))
		}
	}
}

func (w *writer) put(ctx context.Context, c *change) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return errClosed
	}
	select {
	case w.queue <- c:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (w *writer) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed {
		w.closed = true
		close(w.queue)
	}
}

func (w *writer) run() {
	defer close(w.done)
	for first := range w.queue {
		changes := []*change{first}
	fill:
		for len(changes) < maxBatch {
			select {
			case c, ok := <-w.queue:
				if !ok {
					break fill
				}
				changes = append(changes, c)
			default:
				break fill
			}
		}
		w.commit(changes)
		for _, c := range changes {
			close(c.done)
		}
	}
}

// commit makes the changes, each of which gets its own error. What fails in the
// database fails with all that was in the transaction, so then each is tried
// alone.
func (w *writer) commit(changes []*change) {
	err := w.try(changes)
	if err == nil {
		return
	}
	if len(changes) > 1 && !isAway(err) && w.store.running.Err() == nil {
		for _, c := range changes {
			w.commit([]*change{c})
		}
		return
	}
	for _, c := range changes {
		c.err = away(err)
	}
}

func (w *writer) try(changes []*change) error {
	ctx, cancel := context.WithTimeout(context.Background(), answerWithin)
	defer cancel()
	var err error
	for range tries {
		if w.store.running.Err() != nil {
			return errClosed // Close waits no longer
		}
		if err = w.transact(ctx, changes); !again(err) {
			break
		}
	}
	return err
}

func (w *writer) transact(ctx context.Context, changes []*change) (err error) {
	bw := &batch{writer: w, sessions: map[work.SessionKey]*openSession{}}
	defer func() {
		if err != nil {
			w.forget(changes)
		}
	}()
	load := &pgx.Batch{}
	bw.queueLoad(load, changes)
	t, err := w.store.begin(ctx, load)
	if err != nil {
		return fmt.Errorf("read sessions: %w", err)
	}
	defer t.end()
	bw.tx = t
	if err := bw.loadRest(changes); err != nil {
		return fmt.Errorf("read sessions: %w", err)
	}
	made := false
	for _, c := range changes {
		if c.err, err = bw.decide(c); err != nil {
			return err
		}
		made = made || c.err == nil
	}
	if !made {
		return nil
	}
	if err := bw.save(); err != nil {
		return err
	}
	if err := t.commit(context.Background()); err != nil {
		return err
	}
	bw.learn()
	return nil
}

// openSession is a session as the batch has changed it so far.
type openSession struct {
	*work.Session
	version int64
	node    int64 // that runs it
}

// clone is a copy to change: what is remembered is as committed.
func (s *openSession) clone() *openSession { return &openSession{s.Clone(), s.version, s.node} }

// batch is what a batch of changes works on and has decided.
type batch struct {
	*tx
	writer    *writer
	sessions  map[work.SessionKey]*openSession
	artifacts []domain.Artifact
	entries   []work.Entry
}

// queueLoad locks the sessions of the changes that are remembered, and sees
// whether they are as they were.
func (w *batch) queueLoad(b *pgx.Batch, changes []*change) {
	var nums []int64
	remembered := map[int64]*openSession{}
	for _, c := range changes {
		k := work.SessionKey{Project: c.project, ID: c.id}
		s, ok := w.writer.sessions[k]
		if ok && remembered[s.Num] == nil {
			remembered[s.Num] = s.clone()
			nums = append(nums, s.Num)
		}
	}
	if len(nums) == 0 {
		return
	}
	b.Queue(`SELECT num, version, node FROM sessions WHERE num = ANY($1) ORDER BY num FOR UPDATE`, nums).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var num, version, node int64
			if err := rows.Scan(&num, &version, &node); err != nil {
				return err
			}
			if s := remembered[num]; s.version == version {
				s.node = node
				w.sessions[work.SessionKey{Project: s.Row.ProjectID, ID: s.Row.ID}] = s
			}
		}
		return rows.Err()
	})
}

// loadRest locks and reads the other sessions, with their unfinished steps.
func (w *batch) loadRest(changes []*change) error {
	seen := map[work.SessionKey]bool{}
	var projects, ids []string
	for _, c := range changes {
		k := work.SessionKey{Project: c.project, ID: c.id}
		if !seen[k] && w.sessions[k] == nil {
			seen[k] = true
			projects, ids = append(projects, c.project), append(ids, c.id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	const these = ` IN (SELECT * FROM unnest($1::text[], $2::text[]))`
	b := &pgx.Batch{}
	// What belongs to them by statements of their own, which see what was
	// committed before they were locked.
	b.Queue(`SELECT 1 FROM sessions WHERE (project_id, id)`+these+` ORDER BY num FOR UPDATE`, projects, ids)
	b.Queue(`SELECT `+sessionRead+`, num, version, node FROM sessions WHERE (project_id, id)`+these,
		projects, ids).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var s openSession
			var num int64
			row, err := codec.ScanSession(rows, &num, &s.version, &s.node)
			if err != nil {
				return err
			}
			s.Session = work.Load(row, num, nil)
			w.sessions[work.SessionKey{Project: row.ProjectID, ID: row.ID}] = &s
		}
		return rows.Err()
	})
	b.Queue(`SELECT `+codec.StepColumns+` FROM steps WHERE (project_id, session_id)`+these+
		` AND finished_at = 0 ORDER BY project_id, session_id, idx`, projects, ids).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			st, err := codec.ScanStep(rows)
			if err != nil {
				return err
			}
			if s := w.sessions[work.SessionKey{Project: st.ProjectID, ID: st.SessionID}]; s != nil {
				s.LoadStep(st)
			}
		}
		return rows.Err()
	})
	return w.send(b)
}

// decide makes one change, in memory. refused is the change's own failure, err
// the database's.
func (w *batch) decide(ch *change) (refused, err error) {
	s, ok := w.sessions[work.SessionKey{Project: ch.project, ID: ch.id}]
	if !ok {
		return domain.ErrNotFound, nil
	}
	c, refused := s.Decide(w.store.isOurs(s.node), ch.fn)
	if c.Idempotency != nil {
		if refused == nil {
			err = w.recordKey(ch.project, c.Idempotency)
		} else {
			err = w.replayed(ch.project, c.Idempotency)
		}
		if answer := own(err); answer != nil {
			return answer, nil
		}
		if err != nil {
			return nil, err
		}
	}
	if refused != nil {
		return refused, nil
	}
	entries := s.Entries(c)
	for i := range entries {
		if entries[i].Sequence > 0 {
			continue
		}
		if _, err := w.store.project(w.ctx, entries[i].Draft.ProjectID); errors.Is(err, domain.ErrNotFound) {
			return fmt.Errorf("number an event: %w", err), nil
		} else if err != nil {
			return nil, err
		}
	}
	s.Keep(c)
	if s.Ends() {
		w.unit.Commit.Queue = true // another of its project may have a browser now
	}
	w.entries, w.artifacts = append(w.entries, entries...), append(w.artifacts, c.Artifacts...)
	w.unit.Commit.Sessions = append(w.unit.Commit.Sessions, ch.id)
	return nil, nil
}

// own is an error that is an answer to the caller, not a failure.
func own(err error) error {
	if _, ok := errors.AsType[*domain.Replay](err); ok {
		return err
	}
	if _, ok := errors.AsType[*domain.Error](err); ok && !isAway(err) {
		return err
	}
	return nil
}

// save writes what was decided.
func (w *batch) save() error {
	b := &pgx.Batch{}
	own := w.queueLockInline(b)
	w.queueSessions(b)
	var added, changed []*domain.Step
	for _, s := range w.sessions {
		a, c := s.Steps()
		added, changed = append(added, a...), append(changed, c...)
	}
	queueNewSteps(b, added)
	queueSteps(b, changed)
	for _, a := range w.artifacts {
		queueArtifact(b, a)
	}
	if err := w.append(b, w.entries, nil); err != nil {
		return err
	}
	return w.endOwn(*own)
}

func (w *batch) queueSessions(b *pgx.Batch) {
	var nums, steps, ready, ended []int64
	var statuses, reasons, failures, usages, options, controls []string
	for _, s := range w.sessions {
		if !s.Changed() {
			continue
		}
		s.version++
		row := s.ChangedRow()
		nums, steps = append(nums, s.Num), append(steps, int64(row.Steps))
		ready, ended = append(ready, row.ReadyAt), append(ended, row.EndedAt)
		statuses, reasons, failures = append(statuses, string(row.Status)), append(reasons, string(row.Reason)), append(failures, row.Failure)
		usages, options = append(usages, row.Usage), append(options, s.ChangedOptions())
		controls = append(controls, row.Control)
	}
	if len(nums) == 0 {
		return
	}
	b.Queue(`UPDATE sessions s SET status = q.status, close_reason = q.reason, error = q.failure, step_count = q.steps,
			version = s.version + 1, ready_at = q.ready, ended_at = q.ended, usage = q.usage, control = q.control,
			options = COALESCE(NULLIF(q.options, ''), s.options)
		FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[], $9::text[], $10::text[])
		q (num, status, reason, failure, steps, ready, ended, usage, options, control) WHERE s.num = q.num`,
		nums, statuses, reasons, failures, steps, ready, ended, usages, options, controls)
}

// remembered is how many sessions the writer remembers before it starts again.
const remembered = 10_000

// learn keeps the sessions as they are now committed. One that has ended is
// forgotten: no more is expected of it.
func (w *batch) learn() {
	for k, s := range w.sessions {
		if s.Row.Status.Ended() {
			delete(w.writer.sessions, k)
			continue
		}
		s.Stored()
		if len(w.writer.sessions) >= remembered {
			clear(w.writer.sessions)
		}
		w.writer.sessions[k] = s
	}
}

// forget has the sessions of changes that failed read again: another node may
// have added events to them, which their rows don't tell.
func (w *writer) forget(changes []*change) {
	for _, c := range changes {
		delete(w.sessions, work.SessionKey{Project: c.project, ID: c.id})
	}
}
