// Package fault kills the server at moments that it can't choose, and then
// checks, from outside, what must still be true.
package fault

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/store/seal"
	"github.com/browserhook/browserhook/test/harness"
)

var (
	rounds = flag.Int("rounds", 5, "how often something is killed")
	seed   = flag.Uint64("seed", uint64(time.Now().UnixNano()), "of the random moments")
)

func TestMain(m *testing.M) {
	if os.Getenv(nodeDatabase) != "" {
		if err := runNode(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	flag.Parse()
	os.Exit(harness.Main(m))
}

// site counts how often each step reached it.
type site struct {
	mu   sync.Mutex
	hits map[string]int
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if id := r.URL.Query().Get("step"); id != "" {
		s.mu.Lock()
		s.hits[id]++
		s.mu.Unlock()
	}
	w.Header().Set("Content-Type", "text/html")
	fmt.Fprint(w, `<!doctype html><link rel="icon" href="data:,"><title>site</title><h1>hello</h1>`)
}

func (s *site) seen() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.hits)
}

// TestKill kills a server while sessions are created, steps run and a receiver
// fails half of what it gets. After the last restart every event of the log has
// arrived under its one webhook-id, sequences have no gaps, no step ran twice,
// and nothing is left of any browser.
func TestKill(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { killServers(t, "a") })
	t.Run("postgres", func(t *testing.T) {
		killServers(t, "ab", "--database-url="+postgresFor(t).where, "--master-key="+seal.NewKey())
	})
}

// killServers kills one of the servers in each round; names has a letter for each.
func killServers(t *testing.T, names string, args ...string) {
	t.Logf("seed %d, %d rounds", *seed, *rounds)
	rnd := rand.New(rand.NewPCG(*seed, 0))
	dir := harness.Isolate(t)
	// Each has a temporary folder of its own, so that what it left can be told apart.
	home := func(i int) string { return filepath.Join(dir, names[i:i+1]) }
	start := func(i int) *harness.Server {
		if err := os.MkdirAll(home(i), 0o755); err != nil {
			t.Fatal(err)
		}
		os.Setenv("TMPDIR", home(i))
		defer os.Setenv("TMPDIR", dir)
		return harness.Start(t, filepath.Join(home(i), "data"), append(args, "--max-sessions=4", "--log-level=warn")...)
	}
	pages := &site{hits: map[string]int{}}
	web := httptest.NewServer(pages)
	defer web.Close()
	var healthy sync.Map
	receiver := harness.NewReceiver(t)
	receiver.Answer = func(n int64) int {
		if _, ok := healthy.Load("yes"); ok || n%2 == 0 {
			return http.StatusNoContent
		}
		return http.StatusInternalServerError
	}

	var servers []*harness.Server
	for i := range len(names) {
		servers = append(servers, start(i))
	}
	if _, err := servers[0].Client().Do(t.Context(), http.MethodPost, "/v1/webhook-endpoints",
		harness.Object{"url": receiver.URL, "events": []string{"*"}}); err != nil {
		t.Fatal(err)
	}
	work := &workload{site: web.URL}
	for round := range *rounds {
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for i := range 3 {
			c := servers[i%len(servers)].Client()
			wg.Go(func() { work.run(ctx, t, c) })
		}
		if round == 0 { // so that there is something to check, however slow the machine
			if err := harness.Until(t.Context(), func() (bool, error) { return pages.seen() > 0, nil }); err != nil {
				t.Fatalf("no step reaches the site: %v", err)
			}
		}
		moment := time.Duration(rnd.Int64N(int64(2500 * time.Millisecond)))
		<-time.After(moment)
		i := rnd.IntN(len(servers))
		servers[i].Kill()
		stop()
		wg.Wait()
		harness.WaitForNoProcess(t, home(i))
		// A folder made in the last moment, before it had a keeper, is the
		// next server's to remove.
		left := harness.Folders(home(i))
		servers[i] = start(i)
		for _, folder := range left {
			if _, err := os.Stat(folder); err == nil && !reopened(t, servers[i].Client(), filepath.Base(folder)) {
				t.Errorf("left behind: %s", folder)
			}
		}
		t.Logf("round %d: killed %s after %s", round+1, names[i:i+1], moment.Round(time.Millisecond))
	}

	healthy.Store("yes", true)
	c := servers[0].Client()
	settle(t, c)
	compare(t, c, receiver, pages, work)
	for i, s := range servers {
		if err := s.Stop(); err != nil {
			t.Errorf("stop %s: %v", names[i:i+1], err)
		}
	}
	harness.WaitForNothingLeft(t, dir)
}

// reopened says whether a session has been started again.
func reopened(t *testing.T, c *harness.Client, session string) bool {
	t.Helper()
	s, err := c.Do(t.Context(), http.MethodGet, "/v1/sessions/"+session, nil)
	return err == nil && (s.String("status") == "STARTING" || s.String("status") == "READY")
}

// workload makes sessions, gives them steps and closes some of them, until the
// server is gone.
type workload struct {
	site string

	mu       sync.Mutex
	n        int
	sessions []string // acknowledged
}

func (w *workload) next() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.n++
	return w.n
}

func (w *workload) run(ctx context.Context, t *testing.T, c *harness.Client) {
	for ctx.Err() == nil {
		n := w.next()
		step := func(i int) harness.Object {
			return harness.Object{"action": "goto", "url": fmt.Sprintf("%s/?step=%d-%d", w.site, n, i)}
		}
		made, err := c.Do(ctx, http.MethodPost, "/v1/sessions", harness.Object{
			"metadata": map[string]string{"n": fmt.Sprint(n)},
			"steps":    []harness.Object{step(0), step(1)},
		})
		if err != nil {
			refused(t, err)
			return
		}
		id := made.String("sessionId")
		w.mu.Lock()
		w.sessions = append(w.sessions, id)
		w.mu.Unlock()
		if _, err := c.With("Prefer", "wait=5").Do(ctx, http.MethodPost, "/v1/sessions/"+id+"/steps",
			harness.Object{"steps": []harness.Object{step(2), step(3)}}); err != nil {
			refused(t, err)
			return
		}
		if n%4 != 0 {
			if _, err := c.Do(ctx, http.MethodDelete, "/v1/sessions/"+id, nil); err != nil {
				refused(t, err)
				return
			}
		}
	}
}

// refused fails the test for an answer that a living server should not give.
func refused(t *testing.T, err error) {
	if e, ok := err.(*harness.StatusError); ok && e.Status >= 500 && e.Status != http.StatusServiceUnavailable {
		t.Errorf("the server answered %v", e)
	}
}

// settle closes every session and waits until nothing is on its way any more;
// what waits for a later try is sent at once.
func settle(t *testing.T, c *harness.Client) {
	t.Helper()
	ctx := t.Context()
	var left []string
	err := harness.Until(ctx, func() (bool, error) {
		left = nil
		sessions, err := c.All(ctx, "/v1/sessions")
		if err != nil {
			return false, err
		}
		open := 0
		for _, s := range sessions {
			switch s.String("status") {
			case "CLOSED", "FAILED":
			default:
				open++
				left = append(left, s.String("sessionId")+" "+s.String("status"))
				if _, err := c.Do(ctx, http.MethodDelete, "/v1/sessions/"+s.String("sessionId"), nil); err != nil {
					return false, err
				}
			}
		}
		return open == 0, nil
	})
	if err != nil {
		t.Fatalf("close what is open (%v): %v", left, err)
	}
	retried := map[string]bool{}
	err = harness.Until(ctx, func() (bool, error) {
		pending, err := c.All(ctx, "/v1/deliveries?status=PENDING")
		if err != nil {
			return false, err
		}
		for _, d := range pending {
			id := d.String("deliveryId")
			if retried[id] {
				continue
			}
			retried[id] = true
			if _, err := c.Do(ctx, http.MethodPost, "/v1/deliveries/"+id+"/retry", nil); err != nil {
				if e, ok := err.(*harness.StatusError); !ok || e.Status != http.StatusConflict {
					return false, err
				}
			}
		}
		sending, err := c.All(ctx, "/v1/deliveries?status=SENDING")
		return err == nil && len(pending)+len(sending) == 0, err
	})
	if err != nil {
		t.Fatalf("send what is pending: %v", err)
	}
}

// compare reads the log and the receiver's own notes and holds them together.
func compare(t *testing.T, c *harness.Client, r *harness.Receiver, pages *site, work *workload) {
	t.Helper()
	ctx := t.Context()
	arrived := map[string]bool{} // webhook-id with a 2xx
	bodies := map[string]string{}
	for _, d := range r.Deliveries() {
		if d.Status/100 == 2 {
			arrived[d.ID()] = true
		}
		if before, ok := bodies[d.ID()]; ok && before != string(d.Body) {
			t.Errorf("%s came with two different bodies", d.ID())
		}
		bodies[d.ID()] = string(d.Body)
		if d.ID() != d.Event.String("id") {
			t.Errorf("webhook-id %s on event %s", d.ID(), d.Event.String("id"))
		}
	}

	// That a browser was ready is not told any more when its session has ended.
	expired := map[string]bool{}
	given, err := c.All(ctx, "/v1/deliveries?status=CANCELED")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range given {
		if d.String("reason") != "expired" || d.String("eventType") != "browser_ready" {
			t.Errorf("given up: %v", d)
		}
		expired[d.String("eventId")] = true
	}
	events := allEvents(ctx, t, c)
	last := map[string]float64{}
	for _, e := range events {
		id, session := e.String("id"), e.String("sessionId")
		if !arrived[id] && !expired[id] {
			t.Errorf("event %s (%v) never arrived", id, e["data"])
		}
		if seq, _ := e["sequence"].(float64); seq != last[session]+1 {
			t.Errorf("session %q: sequence %v after %v", session, seq, last[session])
		}
		last[session]++
		delete(arrived, id)
	}
	for id := range arrived {
		t.Errorf("%s arrived and is not in the log", id)
	}

	known := map[string]bool{}
	sessions, err := c.All(ctx, "/v1/sessions")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sessions {
		known[s.String("sessionId")] = true
		steps, err := c.All(ctx, "/v1/sessions/"+s.String("sessionId")+"/steps")
		if err != nil {
			t.Fatal(err)
		}
		for _, st := range steps {
			switch st.String("status") {
			case "COMPLETED", "FAILED", "CANCELED", "INTERRUPTED":
			default:
				t.Errorf("step %s of an ended session is %s", st.String("stepId"), st.String("status"))
			}
		}
	}
	for _, id := range work.sessions {
		if !known[id] {
			t.Errorf("session %s was acknowledged and is lost", id)
		}
	}
	for step, n := range pages.hits {
		if n > 1 {
			t.Errorf("step %s ran %d times", step, n)
		}
	}
	t.Logf("%d sessions, %d events, %d requests at the receiver, %d steps seen by the site",
		len(sessions), len(events), len(r.Deliveries()), len(pages.hits))
	if len(events) == 0 || len(pages.hits) == 0 {
		t.Error("nothing happened: the check has checked nothing")
	}
}

func allEvents(ctx context.Context, t *testing.T, c *harness.Client) []harness.Object {
	t.Helper()
	var all []harness.Object
	after := ""
	for range 10_000 {
		page, err := c.Do(ctx, http.MethodGet, "/v1/events?limit=1000"+after, nil)
		if err != nil {
			t.Fatal(err)
		}
		data := page.List("data")
		if len(data) == 0 {
			return all
		}
		all = append(all, data...)
		after = "&after=" + data[len(data)-1].String("id")
	}
	raw, _ := json.Marshal(all[len(all)-1])
	t.Fatalf("the log has no end: %s", raw)
	return nil
}
