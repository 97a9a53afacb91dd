package fault

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/browserhook/browserhook/internal/store/seal"
	"github.com/browserhook/browserhook/test/fault/check"
	"github.com/browserhook/browserhook/test/harness"
)

var outage = flag.Duration("outage", 10*time.Second, "how long the database is away")

// answerWithin is how long a server may take to say that it can't.
const answerWithin = 12 * time.Second

// seenWithin is how long /readyz may take to tell what has broken, on a machine
// that is busy.
const seenWithin = 10 * time.Second

// TestOutage takes the database away from two servers, asks both for
// everything meanwhile, and gives it back: every request was refused with 503
// and when to come back, and then all goes on by itself. What was acknowledged
// arrives, and every request that the receiver saw has its record. Whoever looks at a
// session all the time goes on to see it.
func TestOutage(t *testing.T) {
	dir := harness.Beside(t)
	server := postgresFor(t)
	receiver := newReceiver(t)
	key := seal.NewKey()
	var servers []*harness.Server
	var clients []*harness.Client
	for range 2 {
		s := harness.Start(t, t.TempDir(), "--database-url="+server.where, "--master-key="+key, "--log-level=error", "--chromium=/bin/false")
		servers, clients = append(servers, s), append(clients, s.Client())
	}
	o := &asking{T: t, clients: clients}
	endpoint, err := clients[0].Do(t.Context(), http.MethodPost, "/v1/webhook-endpoints", harness.Object{"url": receiver.url, "events": []string{"*"}})
	if err != nil {
		t.Fatal(err)
	}
	o.endpoint = endpoint.String("endpointId")
	session, err := clients[0].Do(t.Context(), http.MethodPost, "/v1/sessions", harness.Object{})
	if err != nil {
		t.Fatal(err)
	}
	o.session = session.String("sessionId")
	if _, err := clients[1].WaitSession(t.Context(), o.session, "FAILED"); err != nil {
		t.Fatal(err)
	}

	looks := watch(t, dir, server)

	o.during(time.Second, func(err error) error { return err })
	// The requests of the moment itself may still be answered.
	working, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			for n := 0; working.Err() == nil; n++ {
				_ = o.ask(clients[i], n, func(error) error { return nil })
			}
		})
	}
	pause(t.Context(), 300*time.Millisecond)
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	killed := time.Now()
	pause(t.Context(), 200*time.Millisecond)
	stop()
	wg.Wait()
	for _, c := range clients {
		if err := harness.Until(t.Context(), func() (bool, error) { return get(t.Context(), c.URL+"/readyz", "") != nil, nil }); err != nil {
			t.Fatalf("it doesn't see that the database is away: %v", err)
		}
	}
	if took := time.Since(killed); took > seenWithin {
		t.Errorf("that the database is away is seen after %s", took)
	}
	looks.gap() // those that were on their way
	o.during(*outage-time.Since(killed), func(err error) error {
		if err == nil {
			return errors.New("answered while the database is away")
		}
		if e, ok := errors.AsType[*refusedError](err); !ok || e.status != http.StatusServiceUnavailable || e.retryAfter == "" {
			return fmt.Errorf("while the database is away: %w", err)
		}
		return nil
	})
	if gap := looks.gap(); gap > unseenFor {
		t.Errorf("while the database is away, a page that moves is seen to stand still for %s", gap)
	}
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	for _, c := range clients {
		if err := harness.Until(t.Context(), func() (bool, error) { return get(t.Context(), c.URL+"/readyz", "") == nil, nil }); err != nil {
			t.Fatalf("it isn't ready again: %v", err)
		}
	}
	back := time.Now()
	o.during(time.Second, func(err error) error { return err })
	o.settled(receiver)
	looks.ends()
	t.Logf("away for %s; %d requests answered, %d refused, the slowest in %s; all had arrived %s after it was back",
		back.Sub(killed).Round(time.Millisecond), o.answered, o.refused, o.slowest.Round(time.Millisecond), time.Since(back).Round(time.Millisecond))
	// They end in order, too, and leave nothing.
	for _, server := range servers {
		if err := server.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	}
}

// unseenFor is how long a viewer may have no picture of a page that moves, on a machine
// that is busy.
const unseenFor = 3 * time.Second

// viewer looks at a session by its link.
type viewer struct {
	t       *testing.T
	c       *harness.Client
	session string
	over    chan error

	mu     sync.Mutex
	last   time.Time     // that a picture came
	widest time.Duration // between two, since the last look
}

// watch looks at a session of a server that has a database of its own.
func watch(t *testing.T, dir string, server *postgresServer) *viewer {
	t.Helper()
	where, err := server.NewDatabase(t.Context(), "template1")
	if err != nil {
		t.Fatal(err)
	}
	v := &viewer{t: t, over: make(chan error, 1)}
	v.c = harness.Start(t, filepath.Join(dir, "watched"), "--database-url="+where, "--master-key="+seal.NewKey(), "--log-level=error").Client()
	made, err := v.c.Do(t.Context(), http.MethodPost, "/v1/sessions", harness.Object{"url": "data:text/html,<h1>0</h1><script>setInterval(() => document.querySelector('h1').textContent++, 200)</script>"})
	if err != nil {
		t.Fatal(err)
	}
	v.session = "/v1/sessions/" + made.String("sessionId")
	waitFor(t, v.c, v.session+"/steps", "COMPLETED")
	ws, _, err := websocket.Dial(t.Context(), strings.NewReplacer("http", "ws", "/streams?", "/streams/ws?").Replace(made.String("streamingUrl")), nil)
	if err != nil {
		t.Fatal(err)
	}
	ws.SetReadLimit(10 << 20)
	first := make(chan struct{})
	go func() {
		defer ws.CloseNow()
		for {
			kind, _, err := ws.Read(t.Context())
			if err != nil {
				v.over <- err
				return
			}
			if kind != websocket.MessageBinary {
				continue
			}
			v.mu.Lock()
			if v.last.IsZero() {
				close(first)
			} else {
				v.widest = max(v.widest, time.Since(v.last))
			}
			v.last = time.Now()
			v.mu.Unlock()
			_ = ws.Write(t.Context(), websocket.MessageText, []byte(`{"type":"drawn"}`))
		}
	}()
	select {
	case <-first:
	case err := <-v.over:
		t.Fatal(err)
	case <-time.After(harness.Deadline):
		t.Fatal("there is no picture")
	}
	return v
}

// gap is the longest time without a picture since the last call.
func (v *viewer) gap() time.Duration {
	v.mu.Lock()
	defer v.mu.Unlock()
	gap := max(v.widest, time.Since(v.last))
	v.widest = 0
	return gap
}

// ends closes the session, which the viewer is told of: it has been there all the time.
func (v *viewer) ends() {
	v.t.Helper()
	if _, err := v.c.Do(v.t.Context(), http.MethodDelete, v.session, nil); err != nil {
		v.t.Fatal(err)
	}
	select {
	case err := <-v.over:
		if websocket.CloseStatus(err) != websocket.StatusNormalClosure {
			v.t.Errorf("the viewer is sent away: %v", err)
		}
	case <-time.After(harness.Deadline):
		v.t.Error("the viewer isn't told of the session's end")
	}
}

// asking is requests to both servers, and what they were told.
type asking struct {
	*testing.T
	clients           []*harness.Client
	endpoint, session string

	mu                sync.Mutex
	deliveries        []string // acknowledged
	answered, refused int
	slowest           time.Duration
}

// during asks all servers for so long; each answer is judged.
func (o *asking) during(d time.Duration, judge func(error) error) {
	o.Helper()
	var wg sync.WaitGroup
	end := time.Now().Add(d)
	for _, c := range o.clients {
		wg.Go(func() {
			for n := 0; time.Now().Before(end) && !o.Failed(); n++ {
				if err := o.ask(c, n, judge); err != nil {
					o.Error(err)
				}
				pause(o.Context(), 20*time.Millisecond)
			}
		})
	}
	wg.Wait()
}

// ask makes one of several requests.
func (o *asking) ask(c *harness.Client, n int, judge func(error) error) error {
	began := time.Now()
	var err error
	what := [...]string{"/readyz", "/v1/sessions", "/v1/webhook-endpoints/" + o.endpoint + "/test", "/v1/sessions/" + o.session + "/steps", "/v1/events"}[n%5]
	switch {
	case strings.HasSuffix(what, "/test"):
		var body harness.Object
		if body, err = post(o.Context(), c.URL+what, "{}"); err == nil {
			o.mu.Lock()
			o.deliveries = append(o.deliveries, body.String("deliveryId"))
			o.mu.Unlock()
		}
	case strings.HasSuffix(what, "/steps"):
		// It has ended, which only the database knows.
		_, err = post(o.Context(), c.URL+what, `{"steps":[{"action":"goto","url":"http://127.0.0.1/"}]}`)
		if e, ok := errors.AsType[*refusedError](err); ok && e.status == http.StatusConflict {
			err = nil
		}
	default:
		err = get(o.Context(), c.URL+what, harness.Key)
	}
	took := time.Since(began)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.slowest = max(o.slowest, took)
	if err == nil {
		o.answered++
	} else {
		o.refused++
	}
	if took > answerWithin {
		return fmt.Errorf("%s took %s", what, took)
	}
	if err = judge(err); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// settled waits until nothing is on its way, and holds what arrived and what is
// recorded together.
func (o *asking) settled(r *receiver) {
	o.Helper()
	c, ctx := o.clients[0], o.Context()
	err := harness.Until(ctx, func() (bool, error) {
		for _, status := range []string{"PENDING", "SENDING"} {
			if left, err := c.All(ctx, "/v1/deliveries?status="+status); err != nil || len(left) > 0 {
				return false, err
			}
		}
		return true, nil
	})
	if err != nil {
		o.Fatalf("not everything is sent: %v", err)
	}
	w := &check.World{Endpoints: []check.Endpoint{{ID: o.endpoint}}}
	if w.Requests, err = r.requests(); err != nil {
		o.Fatal(err)
	}
	for i := range w.Requests {
		w.Requests[i].Endpoint = o.endpoint
	}
	for _, e := range allEvents(ctx, o.T, c) {
		sequence, _ := e["sequence"].(float64)
		w.Events = append(w.Events, check.Event{ID: e.String("id"), Session: e.String("sessionId"), Sequence: int64(sequence)})
	}
	all, err := c.All(ctx, "/v1/deliveries")
	if err != nil {
		o.Fatal(err)
	}
	known := map[string]bool{}
	for _, d := range all {
		known[d.String("deliveryId")] = true
		attempts, err := c.Do(ctx, http.MethodGet, "/v1/deliveries/"+d.String("deliveryId")+"/attempts", nil)
		if err != nil {
			o.Fatal(err)
		}
		count, _ := d["attempts"].(float64)
		one := check.Delivery{Event: d.String("eventId"), Endpoint: o.endpoint, Status: d.String("status"), Count: int(count)}
		for _, a := range attempts.List("data") {
			status, _ := a["statusCode"].(float64)
			one.Attempts = append(one.Attempts, int(status))
		}
		w.Deliveries = append(w.Deliveries, one)
	}
	for _, id := range o.deliveries {
		if !known[id] {
			o.Errorf("delivery %s was acknowledged and is lost", id)
		}
	}
	for _, problem := range check.Check(w) {
		o.Error(problem)
	}
	if len(o.deliveries) == 0 {
		o.Error("nothing happened: the check has checked nothing")
	}
}

// refusedError is an answer that isn't 2xx.
type refusedError struct {
	status     int
	retryAfter string
}

func (e *refusedError) Error() string {
	return fmt.Sprintf("status %d, Retry-After %q", e.status, e.retryAfter)
}

func get(ctx context.Context, url, key string) error {
	_, err := request(ctx, http.MethodGet, url, key, "")
	return err
}

func post(ctx context.Context, url, body string) (harness.Object, error) {
	return request(ctx, http.MethodPost, url, harness.Key, body)
}

func request(ctx context.Context, method, url, key, body string) (harness.Object, error) {
	ctx, cancel := context.WithTimeout(ctx, harness.Deadline)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	if res.StatusCode/100 != 2 {
		return nil, &refusedError{res.StatusCode, res.Header.Get("Retry-After")}
	}
	var got harness.Object
	_ = json.Unmarshal(raw, &got) // /readyz answers in text
	return got, nil
}
