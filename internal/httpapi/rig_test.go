package httpapi_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/browserhook/browserhook/internal/access"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/egress"
	"github.com/browserhook/browserhook/internal/event"
	"github.com/browserhook/browserhook/internal/httpapi"
	"github.com/browserhook/browserhook/internal/live"
	"github.com/browserhook/browserhook/internal/retention"
	"github.com/browserhook/browserhook/internal/session"
	"github.com/browserhook/browserhook/internal/store/pgtest"
	"github.com/browserhook/browserhook/internal/store/postgres"
	"github.com/browserhook/browserhook/internal/store/seal"
	"github.com/browserhook/browserhook/internal/store/sqlite"
	"github.com/browserhook/browserhook/internal/store/sqlite/sqlitetest"
	"github.com/browserhook/browserhook/internal/store/storetest"
	"github.com/browserhook/browserhook/internal/webhook"
)

var database *pgtest.Server

func TestMain(m *testing.M) {
	var err error
	if database, err = pgtest.Start("fsync=off"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := migrateTemplate(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := database.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	// The documents' highlighter has a clock, which stops by itself a second after it was read.
	if err := goleak.Find(goleak.IgnoreAnyFunction("github.com/dlclark/regexp2/v2.runClock")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// migrateTemplate brings the database up to date of which all others are copies.
func migrateTemplate() error {
	s, err := postgres.Open(context.Background(), postgres.Config{URL: database.URL("template1"), Notify: func(domain.Commit) {}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	return s.Close()
}

// rig is the API over a store, with a project of its own. Sessions get no
// browser and stay STARTING; deliveries stay PENDING.
type rig struct {
	*httptest.Server
	store   apiStore
	box     *seal.Box
	project string
	access  *access.Service
	key     string
	log     *lines
	deaf    atomic.Bool // nobody is told of commits
	drain   func()      // the server begins to stop
	reads   *countedReads
	config  httpapi.Config
	t       *testing.T
}

type apiStore interface {
	storetest.Store
	session.Store
	webhook.DeliveryStore
}

// onBothStores runs a test of the API over SQLite and over PostgreSQL.
func onBothStores(t *testing.T, test func(r *rig)) {
	box, err := seal.New(seal.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]func(*testing.T, func(domain.Commit), *slog.Logger) (apiStore, error){
		"sqlite": func(t *testing.T, notify func(domain.Commit), log *slog.Logger) (apiStore, error) {
			return sqlite.Open(context.Background(), sqlitetest.File(t), box, notify, log)
		},
		"postgres": func(t *testing.T, notify func(domain.Commit), log *slog.Logger) (apiStore, error) {
			url, err := database.NewDatabase(t.Context(), "template1")
			if err != nil {
				return nil, err
			}
			return postgres.Open(context.Background(), postgres.Config{URL: url, Node: "node1", Box: box, Notify: notify, Log: log})
		},
	} {
		t.Run(name, func(t *testing.T) { test(newRig(t, box, open)) })
	}
}

func newRig(t *testing.T, box *seal.Box, open func(*testing.T, func(domain.Commit), *slog.Logger) (apiStore, error)) *rig {
	t.Helper()
	r := &rig{t: t, box: box, log: &lines{}}
	log := slog.New(slog.NewJSONHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var sessions *session.Service
	var events *event.Log
	var keys *access.Service
	var published *webhook.PublicKeys
	var composed sync.WaitGroup
	composed.Add(1)
	store, err := open(t, func(c domain.Commit) {
		composed.Wait()
		if r.deaf.Load() {
			return
		}
		keys.Notify(c)
		sessions.Notify(c)
		events.Notify(c)
		published.Notify(c)
	}, log)
	if err != nil {
		t.Fatal(err)
	}
	r.store = store
	client := egress.New(egress.Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	public := func() string { return "http://browserhook.test" }
	stopping, draining := make(chan struct{}), make(chan struct{})
	r.drain = sync.OnceFunc(func() { close(draining) })
	endpoints := webhook.NewService(store, client.Guard)
	sessions = session.New(session.Config{
		Store: store, Endpoints: endpoints, Blobs: noArtifacts{}, Box: r.box, PublicURL: public, MaxSessions: 1000, Log: log, Browsers: []string{"shell"},
		Launch: func(ctx context.Context, _ string, _ domain.SessionOptions) (session.Browser, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
	})
	events = event.New(store)
	r.reads = &countedReads{SigningStore: store}
	published = webhook.NewPublicKeys(r.reads)
	keys = access.New(store)
	composed.Done()
	r.config = httpapi.Config{
		Access: keys, Sessions: sessions, Streams: sessions, Steps: sessions, Artifacts: sessions, Logs: sessions, Recordings: sessions,
		Endpoints: endpoints, Deliveries: webhook.NewDeliveries(store), Events: events,
		Explain: &webhook.Explainer{History: store, State: func(string, string) webhook.LaneState { return webhook.LaneState{} }}, PublicKeys: published,
		Stats: webhook.NewStats(store, log), Examples: webhook.NewExamples(store, client, "test"),
		Forget: retention.New(retention.Config{Store: store, Files: noArtifacts{}, Log: log}).Forget, Live: live.New(sessions, store, keys, stopping, httpapi.Refuse, log), PublicURL: public, Nodes: oneNode{},
		Version: "test", Log: log, Draining: draining, Stopping: stopping, Ready: func() error { return r.store.Ping(context.Background()) },
	}
	r.Server = httptest.NewServer(httpapi.New(r.config))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- sessions.Run(ctx) }()
	t.Cleanup(func() {
		close(stopping)
		r.Close()
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("sessions: %v", err)
		}
		if err := store.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	r.project = domain.NewID(domain.PrefixProject)
	if err := store.CreateProject(t.Context(), domain.Project{ID: r.project, Name: "rig", CreatedAt: time.Now()}, "", nil); err != nil {
		t.Fatal(err)
	}
	r.access = keys
	r.key = r.newKey(domain.RoleProject)
	return r
}

// newKey makes a key of the rig's project.
func (r *rig) newKey(role domain.Role) string {
	r.t.Helper()
	_, secret, err := r.access.CreateKey(r.t.Context(), access.NewKey{Project: r.project, Name: "rig", Role: role}, "", nil)
	if err != nil {
		r.t.Fatal(err)
	}
	return secret
}

// oneNode is the only server.
type oneNode struct{}

func (oneNode) Nodes(context.Context) ([]domain.Node, error) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	return []domain.Node{{ID: "node_1", URL: "http://10.0.0.5:8080", Version: "0.1.0", Browsers: []string{"shell"}, State: domain.NodeReady, Sessions: 2, FreeSlots: 3, StartedAt: at, SeenAt: at}}, nil
}

func (n oneNode) DrainNode(ctx context.Context, id string) (domain.Node, error) {
	all, err := n.Nodes(ctx)
	if id != all[0].ID {
		return domain.Node{}, domain.ErrNotFound
	}
	all[0].State, all[0].FreeSlots = domain.NodeDraining, 0
	return all[0], err
}

type noArtifacts struct{ session.Blobs }

func (noArtifacts) Open(_ context.Context, key string) (io.ReadSeekCloser, error) {
	if strings.HasSuffix(key, "/"+domain.LogFile) {
		return nil, domain.ErrNotFound // nothing was said
	}
	return nil, errors.New("there are no artifacts")
}

func (noArtifacts) Remove(context.Context, string) error { return nil }

// lines is a log in memory.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
	more chan struct{} // closed at the next line; nil when nobody waits
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.more != nil {
		close(l.more)
		l.more = nil
	}
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// next is what there is, and what is closed when there is more.
func (l *lines) next() (string, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.more == nil {
		l.more = make(chan struct{})
	}
	return l.text.String(), l.more
}

// reply is an answer, its body read as JSON where it is some.
type reply struct {
	status int
	header http.Header
	raw    string
	body   map[string]any
}

// field is the path of the first field that a problem names.
func (a reply) field() string {
	errs, _ := a.body["errors"].([]any)
	if len(errs) == 0 {
		return ""
	}
	first, _ := errs[0].(map[string]any)
	name, _ := first["field"].(string)
	return name
}

// ask makes a request with the rig's key; target is taken as it is, odd bytes
// and all. Header lines may follow, "Name: value", which replace what the rig
// sends itself; lines of a value are lines of the header.
func (r *rig) ask(method, target, body string, header ...string) reply {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.URL, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.URL.Opaque = target
	req.Header.Set("Authorization", "Bearer "+r.key)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		req.Header[http.CanonicalHeaderKey(name)] = strings.Split(value, "\n")
	}
	res, err := r.Client().Transport.RoundTrip(req)
	if err != nil {
		r.t.Fatalf("%s %s: %v", method, target, err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatalf("%s %s: %v", method, target, err)
	}
	a := reply{status: res.StatusCode, header: res.Header, raw: string(raw)}
	if strings.Contains(res.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(raw, &a.body); err != nil {
			r.t.Errorf("%s %s answered %d %s: %v", method, target, res.StatusCode, raw, err)
		}
	}
	conforms(r.t, method, target, a)
	return a
}

// made asks for something that must succeed and returns the member of the answer.
func (r *rig) made(method, target, body, member string) string {
	r.t.Helper()
	a := r.ask(method, target, body)
	if a.status/100 != 2 {
		r.t.Fatalf("%s %s %s: %d %s", method, target, body, a.status, a.raw)
	}
	value, _ := a.body[member].(string)
	return value
}

// wait follows the log until it has an event of the type.
func (r *rig) wait(kind string) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.URL+"/v1/events?after=beginning&types="+kind, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.key)
	req.Header.Set("Accept", "text/event-stream")
	res, err := r.Client().Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	for events := bufio.NewScanner(res.Body); events.Scan(); {
		if events.Text() == "event: "+kind {
			return
		}
	}
	r.t.Fatalf("there was no %s", kind)
}

// countedReads counts what is read of the endpoints that sign.
type countedReads struct {
	webhook.SigningStore
	n atomic.Int64
}

func (c *countedReads) SigningEndpoints(ctx context.Context) ([]domain.Endpoint, error) {
	c.n.Add(1)
	return c.SigningStore.SigningEndpoints(ctx)
}
