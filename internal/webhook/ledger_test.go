package webhook

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/egress"
)

// ledger is a store, the receivers of all of its endpoints, and an auditor that
// watches both: it writes down whatever should not have happened. Where a
// store must be given time, it takes some.
type ledger struct {
	mu        sync.Mutex
	seed      int
	rows      []*row // in the order of their commits
	endpoints []*target
	ended     map[string]bool // sessions
	claims    int
	trouble   int // calls that fail
	told      map[string]bool
	life      *life // nil: no server runs
	problems  []string
}

// row is a delivery, with what its receiver knows of it.
type row struct {
	domain.Delivery
	leased   bool // given out to be sent; only the server's memory knows
	attempts []domain.Attempt
	sent     int       // requests
	lost     int       // of them whose record died with a server, or that it gave up when it stopped
	open     int       // of them under way
	last     time.Time // when the last was sent
	taken    bool      // answered with 2xx, and not asked for again since
	settled  bool      // taken or given up, at least once
	closed   time.Time // ended since
}

// target is an endpoint.
type target struct {
	now    *domain.Endpoint // never changed, only replaced
	mood   string
	open   int       // requests under way
	closed time.Time // since then the server knows that it is to get nothing; zero: it gets
	gone   bool      // deleted
}

// life is what a server's engine has of the ledger, until it is killed.
type life struct {
	*ledger
	engine *Engine
	stop   context.CancelFunc
	done   chan error
	dead   chan struct{}
}

func newLedger(seed int) *ledger {
	return &ledger{seed: seed, ended: map[string]bool{}, told: map[string]bool{}}
}

func (l *ledger) problem(format string, args ...any) {
	l.problems = append(l.problems, time.Now().Format("02 15:04:05.000 ")+fmt.Sprintf(format, args...))
}

// chance is a number below n that depends on nothing but what it is for.
func (l *ledger) chance(n int, of ...any) int {
	h := fnv.New64a()
	fmt.Fprint(h, l.seed, of)
	return int(h.Sum64() % uint64(n))
}

// start starts a server.
func (l *ledger) start() {
	if l.life != nil {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	li := &life{ledger: l, stop: stop, done: make(chan error, 1), dead: make(chan struct{})}
	li.engine = NewEngine(li, li, "test", slog.New(slog.DiscardHandler))
	l.mu.Lock()
	l.life = li
	l.mu.Unlock()
	go func() { li.done <- li.engine.Run(ctx) }()
}

// end stops the server as an operator does.
func (l *ledger) end() {
	li := l.life
	if li == nil {
		return
	}
	li.stop()
	err := <-li.done
	l.mu.Lock()
	defer l.mu.Unlock()
	l.life = nil
	if err != nil {
		l.problem("the engine ended with %v", err)
	}
	for _, r := range l.rows {
		if r.leased || r.open > 0 {
			l.problem("%s is still leased by a stopped server", r.ID)
		}
	}
}

// kill ends the server at once: nothing that it does reaches anybody any more.
func (l *ledger) kill() {
	li := l.life
	if li == nil {
		return
	}
	l.mu.Lock()
	close(li.dead)
	l.life = nil
	for _, r := range l.rows {
		r.lost, r.open, r.leased = r.sent-len(r.attempts), 0, false
		if r.Status == domain.DeliveryPending {
			r.taken = false
		}
	}
	for _, t := range l.endpoints {
		t.open = 0
	}
	l.mu.Unlock()
	li.stop()
	<-li.done
}

func (li *life) killed() bool {
	select {
	case <-li.dead:
		return true
	default:
		return false
	}
}

var errKilled, errTrouble = errors.New("the server was killed"), errors.New("the store has trouble")

// enter locks the ledger for a server that lives.
func (li *life) enter() error {
	li.mu.Lock()
	if li.killed() {
		li.mu.Unlock()
		return errKilled
	}
	return nil
}

func (li *life) troubled() bool {
	li.trouble--
	return li.trouble >= 0
}

// pause is the time that a call of the store takes.
func (li *life) pause(of ...any) {
	select {
	case <-time.After(time.Duration(li.chance(5, of...)) * time.Millisecond):
	case <-li.dead:
	}
}

func (li *life) ReleaseClaims(context.Context) error {
	if err := li.enter(); err != nil {
		return err
	}
	defer li.mu.Unlock()
	for _, r := range li.rows {
		r.leased = false
	}
	return nil
}

func (li *life) DueEndpoints(context.Context) (due []domain.Due, err error) {
	if err := li.enter(); err != nil {
		return nil, err
	}
	defer li.mu.Unlock()
	for _, t := range li.endpoints {
		if _, next := li.due(t, time.Time{}, 0); !next.IsZero() {
			due = append(due, domain.Due{ProjectID: t.now.ProjectID, EndpointID: t.now.ID, At: next})
		}
	}
	return due, nil
}

// due are the rows that can be sent, up to a limit, and when there are more.
func (l *ledger) due(t *target, now time.Time, limit int) (rows []*row, next time.Time) {
	later := func(at time.Time) {
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	var waiting []*row
	for _, r := range l.rows {
		if r.EndpointID == t.now.ID && !r.Status.Ended() {
			waiting = append(waiting, r)
		}
	}
	if !t.now.Ordered {
		slices.SortStableFunc(waiting, func(a, b *row) int { return a.NextAt.Compare(b.NextAt) })
		for _, r := range waiting {
			switch {
			case r.leased:
			case r.NextAt.After(now) || len(rows) >= limit:
				later(r.NextAt)
			default:
				rows = append(rows, r)
			}
		}
		return rows, next
	}
	heads := map[string]string{} // what became of the first of each session
	for _, r := range waiting {
		switch head := heads[r.SessionID]; {
		case head == "" && r.leased:
			heads[r.SessionID] = "leased"
		case head == "" && (r.NextAt.After(now) || len(rows) >= limit):
			heads[r.SessionID] = "waits"
			later(r.NextAt)
		case head == "goes" && r.NextAt.After(now):
			heads[r.SessionID] = "waits"
		case head == "" || head == "goes":
			heads[r.SessionID] = "goes"
			if !r.leased && len(rows) < limit {
				rows = append(rows, r)
			}
		}
	}
	return rows, next
}

func (li *life) Claim(_ context.Context, endpoint string, now time.Time, room domain.Capacity) (c domain.Claim, err error) {
	if err := li.enter(); err != nil {
		return c, err
	}
	defer li.mu.Unlock()
	li.claims++
	n := li.claims
	t := li.target(endpoint)
	if li.troubled() {
		return c, errTrouble
	}
	if t.gone || t.now.Status != domain.EndpointEnabled {
		return c, nil
	}
	as := t.now
	rows, next := li.due(t, now, room.Deliveries)
	if len(rows) > 1 && li.chance(4, "long", n) == 0 {
		rows, next = rows[:1+li.chance(len(rows)-1, "fit", n)], now // there is no room for more bytes
	}
	for _, r := range rows {
		r.leased = true
	}
	li.mu.Unlock()
	li.pause("claim", n)
	li.mu.Lock()
	if li.killed() {
		return c, errKilled
	}
	c.Next = next
	for _, r := range rows {
		if r.Status.Ended() {
			r.leased = false // canceled meanwhile
			continue
		}
		j := domain.Job{Delivery: r.Delivery, Endpoint: as, Expired: as.SkipStale && r.Stale(li.ended[r.SessionID])}
		j.Delivery.Status = domain.DeliverySending
		c.Jobs = append(c.Jobs, j)
	}
	return c, nil
}

func (li *life) Finish(_ context.Context, all []domain.Outcome, drafts []domain.Draft) error {
	li.pause("finish", len(all), time.Now())
	if err := li.enter(); err != nil {
		return nil //nolint:nilerr // nobody is left to hear of it
	}
	if li.troubled() {
		li.mu.Unlock()
		return errTrouble
	}
	var changed []*target
	for _, n := range drafts {
		li.told[n.Data.DeliveryID] = true
	}
	for i := range all {
		o := &all[i]
		r := li.row(o.Delivery.ID)
		if !r.leased {
			li.problem("%s comes back twice", r.ID)
		}
		r.leased = false
		if o.Attempt.ID == "" && o.Delivery.Status == domain.DeliveryPending {
			continue // untried
		}
		if !r.Status.Ended() {
			if o.Delivery.Status != domain.DeliveryPending {
				r.end(o.Delivery.Status, o.Delivery.Reason)
			}
			leased := r.Delivery
			r.Delivery = o.Delivery
			if leased.CreatedAt != r.CreatedAt {
				li.problem("%s changed: %+v", r.ID, o.Delivery)
			}
		}
		r.Attempts = o.Delivery.Attempts
		if o.Attempt.ID == "" {
			continue
		}
		r.attempts = append(r.attempts, o.Attempt)
		if o.Attempt.Number != len(r.attempts) {
			li.problem("attempt %d of %s has the number %d", len(r.attempts), r.ID, o.Attempt.Number)
		}
		t := li.target(r.EndpointID)
		e := *t.now
		if _, heeded := e.ApplyHealth(o.Health, o.Attempt.StartedAt); heeded && !t.gone {
			t.now = &e
			changed = append(changed, t)
		}
	}
	li.mu.Unlock()
	for _, t := range changed {
		li.changed(t)
	}
	return nil
}

// changed tells the server of it, as after a commit.
func (l *ledger) changed(t *target) {
	l.mu.Lock()
	li, c := l.life, domain.Commit{Changed: []domain.EndpointRef{t.now.Ref()}}
	if t.gone {
		c.Gone = c.Changed
	}
	l.mu.Unlock()
	if li != nil {
		li.engine.Notify(c)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case !t.gone && t.now.Status == domain.EndpointEnabled:
		t.closed = time.Time{}
	case t.closed.IsZero():
		t.closed = time.Now()
	}
}

func (r *row) end(status domain.DeliveryStatus, reason string) {
	r.Status, r.Reason, r.EndedAt, r.closed, r.settled = status, reason, time.Now(), time.Now(), true
}

// Post is what a receiver sees and does.
func (li *life) Post(ctx context.Context, u *url.URL, header http.Header, _ []byte) (egress.Answer, error) {
	if err := li.enter(); err != nil {
		return egress.Answer{}, err
	}
	t, r := li.target(u.Host), li.row(u.Host+"/"+header.Get("Webhook-Id"))
	li.audit(t, r)
	r.sent, r.last, r.open, t.open = r.sent+1, time.Now(), r.open+1, t.open+1
	final := r.Tries+1 > orderedTries && t.now.Ordered
	answer, takes, err := li.answer(t, r)
	li.mu.Unlock()
	var late error
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		late = ctx.Err()
	case <-li.dead:
		return egress.Answer{}, errKilled
	}
	if err := li.enter(); err != nil {
		return egress.Answer{}, err
	}
	defer li.mu.Unlock()
	r.open, t.open = r.open-1, t.open-1
	if late != nil {
		r.lost++
		return egress.Answer{}, late
	}
	r.taken = err == nil
	r.settled = r.settled || r.taken || final || answer.StatusCode == http.StatusGone
	return answer, err
}

// audit says what is wrong about sending this now.
func (l *ledger) audit(t *target, r *row) {
	now := time.Now()
	switch {
	case r.taken:
		l.problem("%s is sent again after it was taken", r.ID)
	case r.open > 0:
		l.problem("%s is sent twice at once", r.ID)
	case !r.leased:
		l.problem("%s is sent by nobody who holds it", r.ID)
	case r.Status.Ended() && now.After(r.closed):
		l.problem("%s is sent after it was %s", r.ID, r.Status)
	case !t.closed.IsZero() && now.After(t.closed):
		l.problem("%s is sent to an endpoint that is %s", r.ID, t.now.Status)
	case now.Before(r.NextAt):
		l.problem("%s is sent %s early", r.ID, r.NextAt.Sub(now))
	case t.now.Concurrency > 0 && t.open >= t.now.Concurrency:
		l.problem("%s is one too many at once", r.ID)
	}
	if !t.now.Ordered {
		return
	}
	for _, before := range l.rows {
		if before == r {
			break
		}
		if before.EndpointID == r.EndpointID && before.SessionID == r.SessionID && !before.settled && (!t.now.SkipStale || !before.Stale(l.ended[r.SessionID])) {
			l.problem("%s is sent before %s", r.ID, before.ID)
		}
	}
}

// answer is what the receiver does with the request, by its mood.
func (l *ledger) answer(t *target, r *row) (_ egress.Answer, takes time.Duration, _ error) {
	quick := time.Duration(1+l.chance(50, "quick", r.ID, r.sent)) * time.Millisecond
	slow := time.Duration(1+l.chance(20_000, "slow", r.ID, r.sent)) * time.Millisecond
	status := func(code int, header ...string) (egress.Answer, error) {
		h := http.Header{}
		if len(header) > 0 {
			h.Set("Retry-After", header[0])
		}
		if code < 300 {
			return egress.Answer{StatusCode: code, Header: h}, nil
		}
		return egress.Answer{StatusCode: code, Header: h}, &egress.Error{Class: egress.ClassStatus, Message: "no"}
	}
	dice := l.chance(8, "mood", r.ID, r.sent)
	switch {
	case t.mood == "down" || t.mood == "flaky" && dice == 0:
		return egress.Answer{}, quick, &egress.Error{Class: egress.ClassConnect, Message: "refused"}
	case t.mood == "hangs" || t.mood == "flaky" && dice == 1:
		return egress.Answer{}, 15 * time.Second, &egress.Error{Class: egress.ClassTimeout, Message: "no answer"}
	case t.mood == "refuses" || t.mood == "flaky" && dice == 2:
		a, err := status(500)
		return a, quick, err
	case t.mood == "busy" || t.mood == "flaky" && dice == 3:
		after := []string{"1", "60", "31536000", "-5", "Sat, 01 Jan 2000 00:00:00 GMT", "soon", "99999999999999999999"}
		a, err := status(503, after[l.chance(len(after), "after", r.ID, r.sent)])
		return a, quick, err
	case t.mood == "gone":
		a, err := status(410)
		return a, quick, err
	case t.mood == "slow":
		a, err := status(204)
		return a, slow, err
	default:
		a, err := status(204)
		return a, quick, err
	}
}

func (l *ledger) row(id string) *row {
	i := slices.IndexFunc(l.rows, func(r *row) bool { return r.ID == id })
	return l.rows[i]
}

func (l *ledger) target(id string) *target {
	i := slices.IndexFunc(l.endpoints, func(t *target) bool { return t.now.ID == id })
	return l.endpoints[i]
}

// tell commits an event of a session, with a delivery to each endpoint; or has
// another server do it, which then dies. Where there are several, nothing of an
// ordered endpoint is ever handed over, so that isn't mixed here.
func (l *ledger) tell(session string, event domain.EventType, remote bool) {
	l.mu.Lock()
	li := l.life
	id := fmt.Sprintf("evt_%06d", len(l.rows))
	var rows []*row
	var jobs []domain.Job
	var due []domain.EndpointRef
	for _, t := range l.endpoints {
		if t.gone || t.now.Status == domain.EndpointDisabled || remote && t.now.Ordered {
			continue
		}
		r := &row{Delivery: domain.Delivery{
			ID: t.now.ID + "/" + id, ProjectID: t.now.ProjectID, EventID: id, EventType: event, SessionID: session, EndpointID: t.now.ID,
			Status: domain.DeliveryPending,
		}}
		if li != nil {
			if r.leased = !remote && li.engine.Reserve(t.now, 0); r.leased {
				jobs = append(jobs, domain.Job{Delivery: r.Delivery, Endpoint: t.now})
			} else {
				due = append(due, t.now.Ref())
			}
		}
		rows = append(rows, r)
	}
	l.mu.Unlock()
	time.Sleep(time.Duration(l.chance(3, "commit", id)) * time.Millisecond)
	l.mu.Lock()
	now := time.Now()
	for _, r := range rows {
		r.NextAt, r.CreatedAt = now, now
	}
	for i := range jobs {
		d := &jobs[i].Delivery
		d.Status, d.NextAt, d.CreatedAt = domain.DeliverySending, now, now
	}
	l.rows = append(l.rows, rows...)
	l.mu.Unlock()
	if li != nil {
		li.engine.Take(jobs)
		if c := (domain.Commit{Due: due}); remote {
			li.engine.Signal(domain.Signal{Elsewhere: c})
		} else {
			li.engine.Notify(c)
		}
	}
}

// add makes an endpoint.
func (l *ledger) add(settings domain.EndpointSettings) {
	l.mu.Lock()
	defer l.mu.Unlock()
	id := fmt.Sprintf("we-%d", len(l.endpoints))
	settings.URL = "http://" + id + "/"
	l.endpoints = append(l.endpoints, &target{now: &domain.Endpoint{
		ID: id, ProjectID: fmt.Sprintf("proj_%d", len(l.endpoints)%2), Status: domain.EndpointEnabled, EndpointSettings: settings,
		Secrets: []domain.Secret{{Value: "whsec_AAAA"}},
	}})
}

// set changes an endpoint's state.
func (l *ledger) set(t *target, status domain.EndpointStatus) {
	l.mu.Lock()
	if t.gone || t.now.Status == status {
		l.mu.Unlock()
		return
	}
	e := *t.now
	e.Status = status
	if status == domain.EndpointEnabled {
		e.FailingSince, e.FailingTold = time.Time{}, time.Time{}
		t.closed = time.Time{} // it may be sent to from here on
	}
	t.now = &e
	l.mu.Unlock()
	l.changed(t)
	if status == domain.EndpointEnabled && l.life != nil {
		l.life.engine.Notify(domain.Commit{Due: []domain.EndpointRef{e.Ref()}})
	}
}

// remove deletes an endpoint.
func (l *ledger) remove(t *target) {
	l.mu.Lock()
	t.gone = true
	for _, r := range l.rows {
		if r.EndpointID == t.now.ID && !r.Status.Ended() {
			r.end(domain.DeliveryCanceled, domain.ReasonEndpointDeleted)
		}
	}
	l.mu.Unlock()
	l.changed(t)
}

// cancel gives a delivery up.
func (l *ledger) cancel(r *row) {
	l.mu.Lock()
	if r.Status.Ended() {
		l.mu.Unlock()
		return
	}
	r.end(domain.DeliveryCanceled, domain.ReasonRequested)
	l.mu.Unlock()
	if l.life != nil {
		ref := []domain.EndpointRef{l.target(r.EndpointID).now.Ref()}
		l.life.engine.Notify(domain.Commit{Changed: ref, Due: ref})
	}
}

// retry makes a delivery due again.
func (l *ledger) retry(r *row) {
	l.mu.Lock()
	t := l.target(r.EndpointID)
	if t.gone || t.now.Status != domain.EndpointEnabled || r.leased {
		l.mu.Unlock()
		return
	}
	r.Status, r.Reason, r.Tries, r.NextAt, r.EndedAt, r.closed, r.taken = domain.DeliveryPending, "", 0, time.Now(), time.Time{}, time.Time{}, false
	l.mu.Unlock()
	if l.life != nil {
		l.life.engine.Notify(domain.Commit{Due: []domain.EndpointRef{t.now.Ref()}})
	}
}

// balance is what the auditor finds when nothing is left to be done.
func (l *ledger) balance() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.rows {
		switch {
		case !r.Status.Ended():
			l.problem("%s is left behind: %s, due at %s, %d attempts", r.ID, r.Status, r.NextAt.Format("02 15:04:05"), len(r.attempts))
		case r.Status == domain.DeliveryDelivered && !r.taken:
			l.problem("%s is DELIVERED, and its receiver doesn't know it", r.ID)
		case r.Status != domain.DeliveryDelivered && r.Reason == "":
			l.problem("%s is %s for no reason", r.ID, r.Status)
		case r.Status == domain.DeliveryFailed && !l.told[r.ID]:
			l.problem("%s has FAILED, and nobody is told", r.ID)
		}
		if r.sent != len(r.attempts)+r.lost {
			l.problem("%s was sent %d times; %d attempts are recorded and %d lost", r.ID, r.sent, len(r.attempts), r.lost)
		}
	}
}

func (l *ledger) report() string { return strings.Join(l.problems, "\n") }
