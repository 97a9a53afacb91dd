package app_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/egress"
	"github.com/browserhook/browserhook/internal/store/pgtest"
	"github.com/browserhook/browserhook/internal/store/postgres"
	"github.com/browserhook/browserhook/internal/store/seal"
	"github.com/browserhook/browserhook/internal/store/sqlite"
	"github.com/browserhook/browserhook/internal/store/storetest"
	"github.com/browserhook/browserhook/internal/webhook"
)

// TestExplainSaysWhatHappens compares the word of explain with what an engine
// does then, over real connections and on both stores.
func TestExplainSaysWhatHappens(t *testing.T) {
	database, err := pgtest.Start("fsync=off")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := database.Close(); err != nil {
			t.Error(err)
		}
	})
	box, err := seal.New(seal.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	for name, open := range map[string]func(notify func(domain.Commit)) (explained, error){
		"sqlite": func(notify func(domain.Commit)) (explained, error) {
			return sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "browserhook.db"), box, notify, log)
		},
		"postgres": func(notify func(domain.Commit)) (explained, error) {
			url, err := database.NewDatabase(t.Context(), "template1")
			if err != nil {
				return nil, err
			}
			return postgres.Open(context.Background(), postgres.Config{URL: url, Node: "a", Box: box, Notify: notify, Log: log})
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := newExplaining(t, open)
			for _, c := range explanations {
				t.Run(c.name, func(t *testing.T) { c.test(e.in(t)) })
			}
		})
	}
}

type explained interface {
	storetest.Store
	OfferTo(t domain.Taker)
}

// pages remembers which attempts are read.
type pages struct {
	explained
	read []int
}

func (p *pages) AttemptsPage(ctx context.Context, project, delivery string, after, limit int) ([]domain.Attempt, error) {
	all, err := p.explained.AttemptsPage(ctx, project, delivery, after, limit)
	for i := range all {
		p.read = append(p.read, all[i].Number)
	}
	return all, err
}

// explaining is an engine that runs over a store, and what explains it.
type explaining struct {
	store    explained
	engine   *webhook.Engine
	x        *webhook.Explainer
	receiver *httptest.Server

	mu     sync.Mutex
	answer map[string]func(http.ResponseWriter) // by path
}

func newExplaining(t *testing.T, open func(func(domain.Commit)) (explained, error)) *explaining {
	t.Helper()
	e := &explaining{answer: map[string]func(http.ResponseWriter){}}
	e.receiver = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		e.mu.Lock()
		answer := e.answer[r.URL.Path]
		e.mu.Unlock()
		if answer != nil {
			answer(w)
		}
	}))
	var composed sync.WaitGroup
	composed.Add(1)
	store, err := open(func(c domain.Commit) {
		composed.Wait()
		e.engine.Notify(c)
	})
	if err != nil {
		t.Fatal(err)
	}
	client := egress.New(egress.Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	e.store, e.engine = store, webhook.NewEngine(store, client, "test", slog.New(slog.DiscardHandler))
	e.x = &webhook.Explainer{History: store, State: e.engine.State}
	composed.Done()
	store.OfferTo(e.engine)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- e.engine.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("engine: %v", err)
		}
		e.receiver.Close()
		client.CloseIdle()
		if err := store.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return e
}

// asked is one project of it.
type asked struct {
	*explaining
	*testing.T
	project string
}

func (e *explaining) in(t *testing.T) *asked {
	t.Helper()
	a := &asked{e, t, domain.NewID(domain.PrefixProject)}
	a.ok(e.store.CreateProject(t.Context(), domain.Project{ID: a.project, Name: a.project, CreatedAt: time.Now()}, "", nil))
	return a
}

func (a *asked) ok(err error) {
	a.Helper()
	if err != nil {
		a.Fatal(err)
	}
}

func (a *asked) session() string {
	a.Helper()
	s := domain.Session{
		ID: domain.NewID(domain.PrefixSession), ProjectID: a.project, Status: domain.SessionReady, StreamToken: domain.NewToken(),
		Metadata: map[string]string{"team": "a"}, CreatedAt: time.Now(),
	}
	a.ok(a.store.CreateSession(a.Context(), &domain.NewSession{Session: s, Stream: domain.Stream{
		ID: domain.NewID(domain.PrefixStream), ProjectID: a.project, SessionID: s.ID, Token: s.StreamToken, Mode: domain.StreamView, CreatedAt: time.Now(),
	}}))
	return s.ID
}

func (a *asked) endpoint(change func(*domain.Endpoint)) domain.Endpoint {
	a.Helper()
	e := domain.Endpoint{
		EndpointSettings: domain.EndpointSettings{Events: domain.Subscription{"*"}, RetrySchedule: []time.Duration{time.Hour}},
		ID:               domain.NewID(domain.PrefixEndpoint), ProjectID: a.project, Status: domain.EndpointEnabled,
		Secrets: []domain.Secret{{Value: webhook.NewSecret()}}, CreatedAt: time.Now(), UpdatedAt: time.Now(),
	}
	e.URL = a.receiver.URL + "/" + e.ID
	if change != nil {
		change(&e)
	}
	a.ok(a.store.CreateEndpoint(a.Context(), e, nil))
	return e
}

// answers has the endpoint answer with a status from now on.
func (a *asked) answers(e domain.Endpoint, status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answer["/"+e.ID] = func(w http.ResponseWriter) { w.WriteHeader(status) }
}

// hangs has it hang until it is let go, and then answer well.
func (a *asked) hangs(e domain.Endpoint) (letGo func()) {
	held := make(chan struct{})
	letGo = sync.OnceFunc(func() { close(held) })
	a.Cleanup(letGo)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answer["/"+e.ID] = func(http.ResponseWriter) { <-held }
	return letGo
}

func (a *asked) set(e domain.Endpoint, change func(*domain.Endpoint)) {
	a.Helper()
	a.ok(a.store.ChangeEndpoint(a.Context(), a.project, e.ID, func(c *domain.EndpointChange) error {
		change(c.Endpoint)
		return nil
	}))
}

func (a *asked) status(e domain.Endpoint, to domain.EndpointStatus) {
	a.Helper()
	a.set(e, func(e *domain.Endpoint) {
		if e.Status = to; to == domain.EndpointDisabled {
			e.DisabledReason = "requested"
		}
	})
}

// says commits an event of a session.
func (a *asked) says(session string, t domain.EventType) domain.Event {
	a.Helper()
	return a.event(func() {
		a.ok(a.store.ChangeSession(a.Context(), a.project, session, func(c *domain.SessionChange) error {
			c.Drafts = append(c.Drafts, domain.DraftSession(c.Session, t, "", time.Now()))
			return nil
		}))
	})
}

// event is what is new in the log afterwards.
func (a *asked) event(do func()) domain.Event {
	a.Helper()
	before, err := a.store.EventsEnd(a.Context(), a.project)
	a.ok(err)
	do()
	page, err := a.store.Events(a.Context(), a.project, domain.EventQuery{After: before, Limit: 1})
	a.ok(err)
	return page.Events[0]
}

// tests sends the endpoint a test and returns its delivery.
func (a *asked) tests(e domain.Endpoint) string {
	a.Helper()
	id, err := a.store.SendTest(a.Context(), a.project, e.ID, domain.DraftEndpoint(&e, domain.EventWebhookTest, "", time.Now()), nil)
	a.ok(err)
	return id
}

// delivery is that of an event to an endpoint.
func (a *asked) delivery(ev domain.Event, e domain.Endpoint) string {
	a.Helper()
	page, _, err := a.store.Deliveries(a.Context(), a.project, domain.DeliveryFilter{EventID: ev.ID, EndpointID: e.ID})
	a.ok(err)
	if len(page) != 1 {
		a.Fatalf("%d deliveries of %s to %s", len(page), ev.ID, e.ID)
	}
	return page[0].ID
}

// becomes asks why until the answer has the code.
func (a *asked) becomes(delivery, code string) webhook.Explanation {
	a.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		got, err := a.x.Delivery(a.Context(), a.project, delivery)
		a.ok(err)
		if got.Code == code {
			return got
		}
		if time.Now().After(deadline) {
			a.Fatalf("it is %s (%s), want %s", got.Code, got.Sentence, code)
		}
		time.Sleep(5 * time.Millisecond) // what another process has committed can only be asked for
	}
}

func (a *asked) mentions(x webhook.Explanation, words ...string) {
	a.Helper()
	for _, w := range words {
		if !strings.Contains(x.Sentence, w) {
			a.Errorf("%s: %q doesn't say %q", x.Code, x.Sentence, w)
		}
	}
}

// retry says whether a retry is taken.
func (a *asked) retry(delivery string) bool {
	a.Helper()
	_, err := a.store.RetryDelivery(a.Context(), a.project, delivery, time.Now(), nil)
	if refused, ok := errors.AsType[*domain.Error](err); ok && refused.Code == domain.CodeConflict {
		return false
	}
	a.ok(err)
	return true
}

var explanations = []struct {
	name string
	test func(a *asked)
}{
	{"delivered", func(a *asked) {
		e := a.endpoint(nil)
		ev := a.says(a.session(), domain.EventStepStarted)
		a.mentions(a.becomes(a.delivery(ev, e), "delivered"), "Attempt 1", "answered 200")
	}},
	{"being sent", func(a *asked) {
		e := a.endpoint(nil)
		letGo := a.hangs(e)
		d := a.delivery(a.says(a.session(), domain.EventStepStarted), e)
		a.becomes(d, "sending")
		letGo()
		a.becomes(d, "delivered")
	}},
	{"being sent by another server, which alone knows that it is", func(a *asked) {
		here := &webhook.Explainer{History: a.store, State: webhook.NewEngine(a.store, nil, "test", slog.New(slog.DiscardHandler)).State}
		e := a.endpoint(func(e *domain.Endpoint) { e.Ordered = true })
		letGo := a.hangs(e)
		s := a.session()
		first := a.delivery(a.says(s, domain.EventStepStarted), e)
		second := a.delivery(a.says(s, domain.EventStepCompleted), e)
		a.becomes(first, "sending")
		x, err := here.Delivery(a.Context(), a.project, first)
		a.ok(err)
		if x.Code != "handed_out" || !x.NextAt.IsZero() {
			a.Errorf("it is %s: %s", x.Code, x.Sentence)
		}
		a.mentions(x, "another has it")
		x, err = here.Delivery(a.Context(), a.project, second)
		a.ok(err)
		a.mentions(x, first, "is with another server")
		a.mentions(a.becomes(second, "waits_for_earlier"), first, "is being sent")
		letGo()
		a.becomes(second, "delivered")
	}},
	{"of many attempts only the last is read", func(a *asked) {
		e := a.endpoint(func(e *domain.Endpoint) { e.RetrySchedule = []time.Duration{time.Millisecond, time.Millisecond} })
		a.answers(e, 500)
		d := a.delivery(a.says(a.session(), domain.EventStepStarted), e)
		a.becomes(d, domain.ReasonExhausted)
		pages := &pages{explained: a.store}
		x, err := (&webhook.Explainer{History: pages, State: a.engine.State}).Delivery(a.Context(), a.project, d)
		a.ok(err)
		a.mentions(x, "after 3 attempts", "500")
		if !slices.Equal(pages.read, []int{3}) {
			a.Errorf("it reads the attempts %v", pages.read)
		}
	}},
	{"a retry is scheduled", func(a *asked) {
		e := a.endpoint(nil)
		a.answers(e, 500)
		d := a.delivery(a.says(a.session(), domain.EventStepStarted), e)
		x := a.becomes(d, "retry_scheduled")
		if left := time.Until(x.NextAt); left < 50*time.Minute || left > 70*time.Minute || x.NextAt != x.Delivery.NextAt {
			a.Errorf("in %s: %+v", left, x)
		}
		a.mentions(x, "2 of 2", "500")
		a.answers(e, 200)
		if !a.retry(d) {
			a.Error("a retry was refused")
		}
		a.becomes(d, "delivered")
	}},
	{"given up, and the endpoint is disabled, paused or deleted then", func(a *asked) {
		e := a.endpoint(func(e *domain.Endpoint) { e.RetrySchedule = []time.Duration{time.Millisecond} })
		a.answers(e, 500)
		d := a.delivery(a.says(a.session(), domain.EventStepStarted), e)
		a.mentions(a.becomes(d, domain.ReasonExhausted), "after 2 attempts", "500", "A retry sends it again.")
		a.answers(e, 200)
		for status, word := range map[domain.EndpointStatus]string{domain.EndpointDisabled: "Once the endpoint is enabled", domain.EndpointPaused: "Once the endpoint is resumed"} {
			a.status(e, status)
			a.mentions(a.becomes(d, domain.ReasonExhausted), word)
			if a.retry(d) {
				a.Errorf("a retry was taken of an endpoint that is %s", status)
			}
		}
		a.ok(a.store.DeleteEndpoint(a.Context(), a.project, e.ID, time.Now()))
		a.mentions(a.becomes(d, domain.ReasonExhausted), "can't be sent again")
		if a.retry(d) {
			a.Error("a retry was taken of an endpoint that was deleted")
		}
	}},
	{"gone", func(a *asked) {
		e := a.endpoint(nil)
		a.answers(e, 410)
		d := a.delivery(a.says(a.session(), domain.EventStepStarted), e)
		a.becomes(d, domain.ReasonGone)
		a.answers(e, 200)
		a.status(e, domain.EndpointEnabled)
		a.mentions(a.becomes(d, domain.ReasonGone), "A retry sends it again.")
		if !a.retry(d) {
			a.Error("a retry was refused")
		}
		a.becomes(d, "delivered")
	}},
	{"canceled", func(a *asked) {
		e := a.endpoint(func(e *domain.Endpoint) { e.Status = domain.EndpointPaused })
		d := a.delivery(a.says(a.session(), domain.EventStepStarted), e)
		_, err := a.store.CancelDelivery(a.Context(), a.project, d, time.Now())
		a.ok(err)
		a.mentions(a.becomes(d, domain.ReasonRequested), "Once the endpoint is resumed")
		a.status(e, domain.EndpointEnabled)
		a.mentions(a.becomes(d, domain.ReasonRequested), "A retry sends it again.")
		a.retry(d)
		a.becomes(d, "delivered")
	}},
	{"skipped because it is stale", func(a *asked) {
		e := a.endpoint(func(e *domain.Endpoint) { e.Status, e.SkipStale = domain.EndpointPaused, true })
		s := a.session()
		d := a.delivery(a.says(s, domain.EventBrowserReady), e)
		a.ok(a.store.ChangeSession(a.Context(), a.project, s, func(c *domain.SessionChange) error {
			c.Session.Status, c.Session.EndedAt = domain.SessionClosed, time.Now()
			return nil
		}))
		a.status(e, domain.EndpointEnabled)
		a.mentions(a.becomes(d, domain.ReasonExpired), "skipStale")
		a.set(e, func(e *domain.Endpoint) { e.SkipStale = false })
		a.mentions(a.becomes(d, domain.ReasonExpired), "A retry sends it again.")
		a.retry(d)
		a.becomes(d, "delivered")
	}},
	{"paused, disabled and deleted while something waits", func(a *asked) {
		e := a.endpoint(func(e *domain.Endpoint) { e.Status = domain.EndpointPaused })
		s := a.session()
		first, second := a.delivery(a.says(s, domain.EventStepStarted), e), a.delivery(a.says(s, domain.EventStepCompleted), e)
		a.mentions(a.becomes(first, "endpoint_paused"), "Resuming it sends what waits")
		a.status(e, domain.EndpointDisabled)
		a.mentions(a.becomes(first, "endpoint_disabled"), "Enabling it sends what waits")
		a.status(e, domain.EndpointEnabled)
		a.becomes(first, "delivered")
		a.becomes(second, "delivered")
		a.status(e, domain.EndpointPaused)
		third := a.delivery(a.says(s, domain.EventStepStarted), e)
		a.ok(a.store.DeleteEndpoint(a.Context(), a.project, e.ID, time.Now()))
		a.becomes(third, domain.ReasonEndpointDeleted)
	}},
	{"ordered: behind one that is being sent", func(a *asked) {
		e := a.endpoint(func(e *domain.Endpoint) { e.Ordered = true })
		letGo := a.hangs(e)
		s := a.session()
		first := a.delivery(a.says(s, domain.EventStepStarted), e)
		a.becomes(first, "sending")
		second, third := a.delivery(a.says(s, domain.EventStepCompleted), e), a.delivery(a.says(s, domain.EventBrowserClosed), e)
		x := a.becomes(second, "waits_for_earlier")
		a.mentions(x, "1 earlier delivery of the session is not", first, "is being sent")
		y := a.becomes(third, "waits_for_earlier")
		a.mentions(y, "2 earlier deliveries of the session are not", first)
		if x.WaitsFor != first || y.WaitsFor != first {
			a.Errorf("they wait for %s and %s, want %s", x.WaitsFor, y.WaitsFor, first)
		}
		// Nobody else waits for that session.
		a.becomes(a.delivery(a.says(a.session(), domain.EventStepStarted), e), "sending")
		a.becomes(a.tests(e), "sending")
		letGo()
		for _, d := range []string{first, second, third} {
			a.becomes(d, "delivered")
		}
	}},
	{"ordered: behind one that failed", func(a *asked) {
		e := a.endpoint(func(e *domain.Endpoint) { e.Ordered = true })
		a.answers(e, 500)
		s := a.session()
		first := a.delivery(a.says(s, domain.EventStepStarted), e)
		at := a.becomes(first, "retry_scheduled").NextAt
		second := a.delivery(a.says(s, domain.EventStepCompleted), e)
		x := a.becomes(second, "waits_for_earlier")
		a.mentions(x, first, "is tried again on "+domain.FormatTime(at))
		a.answers(e, 200)
		_, err := a.store.CancelDelivery(a.Context(), a.project, x.WaitsFor, time.Now())
		a.ok(err)
		a.becomes(second, "delivered")
	}},
	{"ordered: events without a session wait for each other alone", func(a *asked) {
		e := a.endpoint(func(e *domain.Endpoint) { e.Ordered = true })
		letGo := a.hangs(e)
		s := a.session()
		a.becomes(a.delivery(a.says(s, domain.EventStepStarted), e), "sending")
		a.becomes(a.delivery(a.says(s, domain.EventStepCompleted), e), "waits_for_earlier")
		first := a.tests(e)
		a.becomes(first, "sending")
		second := a.tests(e)
		x := a.becomes(second, "waits_for_earlier")
		if x.WaitsFor != first {
			a.Errorf("it waits for %s, want %s", x.WaitsFor, first)
		}
		a.mentions(x, "1 earlier delivery of events without a session is not")
		letGo()
		a.becomes(second, "delivered")
	}},
	{"limited in its rate", func(a *asked) {
		e := a.endpoint(func(e *domain.Endpoint) { e.RateLimit = 1 })
		s := a.session()
		var d string
		for range 4 {
			d = a.delivery(a.says(s, domain.EventStepStarted), e)
		}
		x := a.becomes(d, "rate_limited")
		if left := time.Until(x.NextAt); left > 1100*time.Millisecond {
			a.Errorf("it waits for %s", left)
		}
		got := a.becomes(d, "delivered")
		if at := got.Delivery.EndedAt; at.Before(x.NextAt) {
			a.Errorf("delivered at %s, before %s", at, x.NextAt)
		}
	}},
	{"left alone because it does not answer", func(a *asked) {
		e := a.endpoint(func(e *domain.Endpoint) {
			e.Concurrency, e.RetrySchedule = 1, []time.Duration{time.Millisecond, time.Millisecond, time.Millisecond, time.Millisecond}
		})
		a.answers(e, 503)
		s := a.session()
		var all []string
		for range 12 {
			all = append(all, a.delivery(a.says(s, domain.EventStepStarted), e))
		}
		x := a.becomes(all[len(all)-1], "endpoint_unreachable")
		if left := time.Until(x.NextAt); left > time.Minute {
			a.Errorf("left alone for %s", left)
		}
		a.answers(e, 200)
		a.becomes(all[len(all)-1], "delivered")
	}},
	{"what an endpoint misses, and what recover sends it", missedAndRecovered},
	{"of another project", func(a *asked) {
		e := a.endpoint(nil)
		ev := a.says(a.session(), domain.EventStepStarted)
		d := a.delivery(ev, e)
		stranger := a.in(a.T)
		for what, ask := range map[string]func() error{
			"the delivery": func() error { _, err := stranger.x.Delivery(a.Context(), stranger.project, d); return err },
			"the event":    func() error { _, _, err := stranger.x.Event(a.Context(), stranger.project, ev.ID, "", 100); return err },
			"recover": func() error {
				_, err := a.store.Recover(a.Context(), stranger.project, e.ID, time.Now().Add(-time.Hour), time.Now(), time.Now(), nil)
				return err
			},
			"a test": func() error {
				_, err := a.store.SendTest(a.Context(), stranger.project, e.ID, domain.DraftEndpoint(&domain.Endpoint{ID: e.ID, ProjectID: stranger.project}, domain.EventWebhookTest, "", time.Now()), nil)
				return err
			},
		} {
			if err := ask(); !errors.Is(err, domain.ErrNotFound) {
				a.Errorf("%s: %v", what, err)
			}
		}
		if _, n, err := a.store.Ahead(a.Context(), stranger.project, d); n != 0 || err != nil {
			a.Errorf("ahead: %d, %v", n, err)
		}
	}},
}

// explainsInPages asks for a few at a time.
func (a *asked) explainsInPages(ev domain.Event) (all []webhook.Explanation) {
	a.Helper()
	const limit = 3
	for cursor, pages := "", 0; ; pages++ {
		page, next, err := a.x.Event(a.Context(), a.project, ev.ID, cursor, limit)
		a.ok(err)
		if len(page) > limit || pages > 20 {
			a.Fatalf("page %d of %s has %d", pages, ev.Type, len(page))
		}
		all = append(all, page...)
		if cursor = next; next == "" {
			return all
		}
	}
}

// missedAndRecovered has endpoints of all kinds, three events, and compares what
// is said of each with what its recover call then sends.
func missedAndRecovered(a *asked) {
	s, other := a.session(), a.session()
	with := func(change func(*domain.Endpoint)) domain.Endpoint { return a.endpoint(change) }
	events := func(names ...string) func(*domain.Endpoint) {
		return func(e *domain.Endpoint) { e.Events = names }
	}
	filtered := func(team string) func(*domain.Endpoint) {
		return func(e *domain.Endpoint) { e.Filter.Metadata = map[string][]string{"team": {team}} }
	}
	disabled := func(e *domain.Endpoint) { e.Status, e.DisabledReason = domain.EndpointDisabled, "requested" }
	of := func(session string) func(*domain.Endpoint) { return func(e *domain.Endpoint) { e.SessionID = session } }

	endpoints := map[string]domain.Endpoint{
		"all":                    with(nil),
		"not subscribed":         with(events("browser_*")),
		"passes":                 with(filtered("a")),
		"filtered":               with(filtered("b")),
		"inline":                 with(of(s)),
		"inline of another":      with(of(other)),
		"disabled":               with(disabled),
		"disabled, unsubscribed": with(func(e *domain.Endpoint) { disabled(e); e.Events = domain.Subscription{"browser_*"} }),
		"was disabled":           with(disabled),
		"paused":                 with(func(e *domain.Endpoint) { e.Status = domain.EndpointPaused }),
		"was disabled, paused":   with(disabled),
		"deleted":                with(nil),
		"about":                  with(func(e *domain.Endpoint) { e.Status = domain.EndpointPaused }),
	}
	about := endpoints["about"]
	step := a.says(s, domain.EventStepStarted)
	failing := a.event(func() {
		a.ok(a.store.Finish(a.Context(), nil, []domain.Draft{domain.DraftEndpoint(&about, domain.EventEndpointFailing, "failing", time.Now())}))
	})
	a.status(about, domain.EndpointEnabled)
	test := a.event(func() { a.tests(about) })
	a.status(endpoints["was disabled"], domain.EndpointEnabled)
	a.status(endpoints["was disabled, paused"], domain.EndpointPaused)
	for _, ev := range []domain.Event{step, failing} {
		a.becomes(a.delivery(ev, endpoints["deleted"]), "delivered")
	}
	a.ok(a.store.DeleteEndpoint(a.Context(), a.project, endpoints["deleted"].ID, time.Now()))
	later := time.Now().Add(time.Millisecond)
	endpoints["later"] = with(func(e *domain.Endpoint) { e.CreatedAt = later })
	endpoints["later, unsubscribed"] = with(func(e *domain.Endpoint) { events("browser_*")(e); e.CreatedAt = later })
	endpoints["later, disabled"] = with(func(e *domain.Endpoint) { disabled(e); e.CreatedAt = later })
	names := map[string]string{}
	for name, e := range endpoints {
		names[e.ID] = name
	}
	for name, e := range endpoints {
		if e.Status == domain.EndpointEnabled && name != "deleted" {
			a.becomesSettled(step, e)
		}
	}

	const none = "" // it isn't named
	for _, c := range []struct {
		event domain.Event
		want  map[string]string
	}{
		{step, map[string]string{
			"all": "delivered", "not subscribed": "not_subscribed", "passes": "delivered", "filtered": "filtered", "inline": "delivered",
			"inline of another": none, "disabled": "endpoint_disabled", "disabled, unsubscribed": "not_subscribed", "was disabled": "changed_since",
			"paused": "endpoint_paused", "was disabled, paused": "changed_since", "deleted": "delivered", "about": "delivered",
			"later": "created_later", "later, unsubscribed": "not_subscribed", "later, disabled": "created_later",
		}},
		{failing, map[string]string{
			"all": "delivered", "not subscribed": "not_subscribed", "passes": "filtered", "filtered": "filtered", "inline": none,
			"inline of another": none, "disabled": "endpoint_disabled", "disabled, unsubscribed": "not_subscribed", "was disabled": "changed_since",
			"paused": "endpoint_paused", "was disabled, paused": "changed_since", "deleted": "delivered", "about": "about_itself",
			"later": "created_later", "later, unsubscribed": "not_subscribed", "later, disabled": "created_later",
		}},
		{test, map[string]string{
			"all": "test_of_another", "not subscribed": "test_of_another", "passes": "test_of_another", "filtered": "test_of_another", "inline": none,
			"inline of another": none, "disabled": "test_of_another", "disabled, unsubscribed": "test_of_another", "was disabled": "test_of_another",
			"paused": "test_of_another", "was disabled, paused": "test_of_another", "deleted": none, "about": "delivered",
			"later": "test_of_another", "later, unsubscribed": "test_of_another", "later, disabled": "test_of_another",
		}},
	} {
		all := a.explainsInPages(c.event)
		said := map[string]webhook.Explanation{}
		for _, x := range all {
			if _, twice := said[names[x.Endpoint]]; twice {
				a.Errorf("%s: %q is named twice", c.event.Type, names[x.Endpoint])
			}
			said[names[x.Endpoint]] = x
		}
		for name, want := range c.want {
			// What is to be delivered may still be on its way.
			underWay := []string{"due", "sending"}
			if got := said[name].Code; got != want && (want != "delivered" || !slices.Contains(underWay, got)) {
				a.Errorf("%s, %q: %s (%s), want %s", c.event.Type, name, got, said[name].Sentence, want)
			}
		}
		for name, e := range endpoints {
			promised := strings.Contains(said[name].Sentence, "recover call sends")
			n, err := a.store.Recover(a.Context(), a.project, e.ID, c.event.CreatedAt, c.event.CreatedAt.Add(time.Millisecond), time.Now(), nil)
			refused, ok := errors.AsType[*domain.Error](err)
			switch {
			case ok && refused.Code == domain.CodeConflict:
				a.status(e, domain.EndpointEnabled)
				if n, err = a.store.Recover(a.Context(), a.project, e.ID, c.event.CreatedAt, c.event.CreatedAt.Add(time.Millisecond), time.Now(), nil); err != nil {
					a.Fatal(err)
				}
				a.status(e, domain.EndpointDisabled)
			case name == "deleted" && errors.Is(err, domain.ErrNotFound):
			default:
				a.ok(err)
			}
			if got, _, err := a.store.Deliveries(a.Context(), a.project, domain.DeliveryFilter{EventID: c.event.ID, EndpointID: e.ID}); err != nil || promised && len(got) != 1 || !promised && n != 0 {
				a.Errorf("%s, %q: recover is promised: %v; it sends %d, and there are %d deliveries, %v (%s)", c.event.Type, name, promised, n, len(got), err, said[name].Sentence)
			}
		}
	}
}

// becomesSettled waits until an event has been sent to an endpoint, if it is to be.
func (a *asked) becomesSettled(ev domain.Event, e domain.Endpoint) {
	a.Helper()
	page, _, err := a.store.Deliveries(a.Context(), a.project, domain.DeliveryFilter{EventID: ev.ID, EndpointID: e.ID})
	a.ok(err)
	for _, d := range page {
		a.becomes(d.ID, "delivered")
	}
}
