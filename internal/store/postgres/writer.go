package postgres

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
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
	sessions map[sessionKey]*openSession // remembered as committed; of run alone

	mu     sync.RWMutex // guards closed against senders on queue
	closed bool
	queue  chan *change
	done   chan struct{} // what was queued has been made
}

func newWriter(s *Store) *writer {
	return &writer{store: s, sessions: map[sessionKey]*openSession{}, queue: make(chan *change, queueLength), done: make(chan struct{})}
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
		batch := []*change{first}
	fill:
		for len(batch) < maxBatch {
			select {
			case c, ok := <-w.queue:
				if !ok {
					break fill
				}
				batch = append(batch, c)
			default:
				break fill
			}
		}
		w.commit(batch)
		for _, c := range batch {
			close(c.done)
		}
	}
}

// commit makes the changes, each of which gets its own error. What fails in the
// database fails with all that was in the transaction, so then each is tried
// alone.
func (w *writer) commit(batch []*change) {
	err := w.try(batch)
	if err == nil {
		return
	}
	if len(batch) > 1 && !isAway(err) && w.store.running.Err() == nil {
		for _, c := range batch {
			w.commit([]*change{c})
		}
		return
	}
	for _, c := range batch {
		c.err = away(err)
	}
}

func (w *writer) try(batch []*change) error {
	ctx, cancel := context.WithTimeout(context.Background(), answerWithin)
	defer cancel()
	var err error
	for range tries {
		if w.store.running.Err() != nil {
			return errClosed // Close waits no longer
		}
		if err = w.transact(ctx, batch); !again(err) {
			break
		}
	}
	return err
}

func (w *writer) transact(ctx context.Context, batch []*change) (err error) {
	work := &batchWork{writer: w, sessions: map[sessionKey]*openSession{}}
	defer func() {
		if err != nil {
			w.forget(batch)
		}
	}()
	load := &pgx.Batch{}
	work.queueLoad(load, batch)
	t, err := w.store.begin(ctx, load)
	if err != nil {
		return fmt.Errorf("read sessions: %w", err)
	}
	defer t.end()
	work.tx = t
	if err := work.loadRest(ctx, batch); err != nil {
		return fmt.Errorf("read sessions: %w", err)
	}
	made := false
	for _, c := range batch {
		if c.err, err = work.decide(ctx, c); err != nil {
			return err
		}
		made = made || c.err == nil
	}
	if !made {
		return nil
	}
	if err := work.save(ctx); err != nil {
		return err
	}
	if err := t.commit(ctx, context.Background()); err != nil {
		return err
	}
	work.learn()
	return nil
}

type sessionKey struct{ project, id string }

// openSession is a session with its unfinished steps, as the batch has changed
// them so far.
type openSession struct {
	row     domain.Session
	num     int64
	version int64
	node    int64
	saved   sessionRow
	open    []*openStep
	changed bool
}

type openStep struct {
	step    domain.Step
	saved   stepRow
	isNew   bool
	changed bool
}

// clone is a copy to change: what is remembered is as committed.
func (s *openSession) clone() *openSession {
	c := *s
	c.open = make([]*openStep, len(s.open))
	for i, o := range s.open {
		step := *o
		c.open[i] = &step
	}
	return &c
}

// sessionRow is the part of a session that changes, comparable.
type sessionRow struct {
	status           domain.SessionStatus
	reason           domain.CloseReason
	failure          string
	steps            int
	readyAt, endedAt int64
}

func savedSession(s *domain.Session) sessionRow {
	return sessionRow{
		s.Status, s.CloseReason, codec.FailureText(s.Error), s.StepCount, codec.Micros(s.ReadyAt), codec.Micros(s.EndedAt),
	}
}

// stepRow is the part of a step that changes, comparable.
type stepRow struct {
	status                domain.StepStatus
	result, failure       string
	startedAt, finishedAt int64
}

func savedStep(s *domain.Step) stepRow {
	return stepRow{s.Status, string(s.Result), codec.FailureText(s.Error), codec.Micros(s.StartedAt), codec.Micros(s.FinishedAt)}
}

// batchWork is what a batch of changes works on and has decided.
type batchWork struct {
	*tx
	writer    *writer
	sessions  map[sessionKey]*openSession
	steps     []*openStep // changed or new
	artifacts []domain.Artifact
	news      []pending
}

// queueLoad locks the sessions of the changes that are remembered, and sees
// whether they are as they were.
func (w *batchWork) queueLoad(b *pgx.Batch, batch []*change) {
	var nums []int64
	known := map[int64]*openSession{}
	for _, c := range batch {
		k := sessionKey{c.project, c.id}
		s, ok := w.writer.sessions[k]
		if ok && known[s.num] == nil {
			known[s.num] = s.clone()
			nums = append(nums, s.num)
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
			if s := known[num]; s.version == version {
				s.node = node
				w.sessions[sessionKey{s.row.ProjectID, s.row.ID}] = s
			}
		}
		return rows.Err()
	})
}

// loadRest locks and reads the other sessions, with their unfinished steps.
func (w *batchWork) loadRest(ctx context.Context, batch []*change) error {
	seen := map[sessionKey]bool{}
	var projects, ids []string
	for _, c := range batch {
		k := sessionKey{c.project, c.id}
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
			var err error
			if s.row, err = scanSession(rows, &s.num, &s.version, &s.node); err != nil {
				return err
			}
			s.saved = savedSession(&s.row)
			w.sessions[sessionKey{s.row.ProjectID, s.row.ID}] = &s
		}
		return rows.Err()
	})
	b.Queue(`SELECT `+stepColumns+` FROM steps WHERE (project_id, session_id)`+these+
		` AND finished_at = 0 ORDER BY project_id, session_id, idx`, projects, ids).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			st, err := scanStep(rows)
			if err != nil {
				return err
			}
			if s := w.sessions[sessionKey{st.ProjectID, st.SessionID}]; s != nil && !st.Status.Ended() {
				s.open = append(s.open, &openStep{step: st, saved: savedStep(&st)})
			}
		}
		return rows.Err()
	})
	return w.send(ctx, b)
}

// decide makes one change, in memory. refused is the change's own failure, err
// the database's.
func (w *batchWork) decide(ctx context.Context, ch *change) (refused, err error) {
	s, ok := w.sessions[sessionKey{ch.project, ch.id}]
	if !ok {
		return domain.ErrNotFound, nil
	}
	row := s.row
	c := &domain.SessionChange{Session: &row, Mine: s.node == w.store.node.Load(), Open: make([]*domain.Step, len(s.open))}
	for i, o := range s.open {
		step := o.step
		c.Open[i] = &step
	}
	refused = protect(ch.fn, c)
	if c.Idempotency != nil {
		if refused == nil {
			err = w.remember(ctx, ch.project, c.Idempotency, c.Idempotency.Refs)
		} else {
			err = w.replayed(ctx, ch.project, c.Idempotency)
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
	news := make([]pending, 0, len(c.News))
	for _, d := range c.News {
		if d.SessionID != row.ID || d.ProjectID != row.ProjectID {
			if _, err := w.store.project(ctx, d.ProjectID); err != nil {
				if errors.Is(err, domain.ErrNotFound) {
					return fmt.Errorf("number an event: %w", err), nil
				}
				return nil, err
			}
			news = append(news, pending{draft: d})
			continue
		}
		row.Sequence++
		news = append(news, pending{draft: d, session: s.num, sequence: row.Sequence})
	}
	w.keep(s, &row, c)
	w.news, w.artifacts = append(w.news, news...), append(w.artifacts, c.Artifacts...)
	w.known.Sessions = append(w.known.Sessions, ch.id)
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

// keep takes over what a change decided about a session and its steps.
func (w *batchWork) keep(s *openSession, row *domain.Session, c *domain.SessionChange) {
	s.row = *row
	s.changed = s.changed || savedSession(row) != s.saved || len(c.NewSteps) > 0
	for i, o := range s.open {
		if o.step = *c.Open[i]; !o.changed && savedStep(&o.step) != o.saved {
			o.changed, s.changed = true, true
			if !o.isNew {
				w.steps = append(w.steps, o)
			}
		}
	}
	s.open = slices.DeleteFunc(s.open, func(o *openStep) bool { return o.step.Status.Ended() })
	for _, st := range c.NewSteps {
		o := &openStep{step: *st, isNew: true}
		w.steps = append(w.steps, o)
		if !st.Status.Ended() {
			s.open = append(s.open, o)
		}
	}
}

// protect turns a panic of one caller's function into that caller's error.
func protect(fn func(*domain.SessionChange) error, c *domain.SessionChange) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a transaction: %v\n%s", p, debug.Stack())
		}
	}()
	return fn(c)
}

// save writes what was decided.
func (w *batchWork) save(ctx context.Context) error {
	b := &pgx.Batch{}
	own := w.queueLockInline(b)
	w.queueSessions(b)
	var added, changed []*domain.Step
	for _, o := range w.steps {
		if o.isNew {
			added = append(added, &o.step)
		} else {
			changed = append(changed, &o.step)
		}
	}
	queueNewSteps(b, added)
	queueSteps(b, changed)
	for _, a := range w.artifacts {
		queueArtifact(b, a)
	}
	if err := w.append(ctx, b, w.news, nil); err != nil {
		return err
	}
	return w.endOwn(ctx, *own)
}

func (w *batchWork) queueSessions(b *pgx.Batch) {
	var nums, steps, ready, ended []int64
	var statuses, reasons, failures []string
	for _, s := range w.sessions {
		if !s.changed {
			continue
		}
		s.version++
		row := savedSession(&s.row)
		nums, steps = append(nums, s.num), append(steps, int64(row.steps))
		ready, ended = append(ready, row.readyAt), append(ended, row.endedAt)
		statuses, reasons, failures = append(statuses, string(row.status)), append(reasons, string(row.reason)), append(failures, row.failure)
	}
	if len(nums) == 0 {
		return
	}
	b.Queue(`UPDATE sessions s SET status = q.status, close_reason = q.reason, error = q.failure, step_count = q.steps,
			version = s.version + 1, ready_at = q.ready, ended_at = q.ended
		FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[])
		q (num, status, reason, failure, steps, ready, ended) WHERE s.num = q.num`,
		nums, statuses, reasons, failures, steps, ready, ended)
}

// remembered is how many sessions the writer remembers before it starts again.
const remembered = 10_000

// learn keeps the sessions as they are now committed. One that has ended is
// forgotten: no more is expected of it.
func (w *batchWork) learn() {
	for k, s := range w.sessions {
		if s.row.Status.Ended() {
			delete(w.writer.sessions, k)
			continue
		}
		s.saved, s.changed = savedSession(&s.row), false
		for _, o := range s.open {
			o.saved, o.isNew, o.changed = savedStep(&o.step), false, false
		}
		if len(w.writer.sessions) >= remembered {
			clear(w.writer.sessions)
		}
		w.writer.sessions[k] = s
	}
}

// forget has the sessions of changes that failed read again: another node may
// have added events to them, which their rows don't tell.
func (w *writer) forget(batch []*change) {
	for _, c := range batch {
		delete(w.sessions, sessionKey{c.project, c.id})
	}
}
