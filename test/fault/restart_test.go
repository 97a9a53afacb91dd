package fault

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"github.com/browserhook/browserhook/internal/store/seal"
	"github.com/browserhook/browserhook/test/harness"
)

var (
	restarts = flag.Int("restarts", 2, "how often TestRestart restarts the server")
	live     = flag.Int("live", 2, "how many sessions go on through TestRestart")
)

// TestRestart kills the server and ends it by SIGTERM, in turn, with sessions in the
// midst of steps, a live page and programs that use browsers by connectUrl, Playwright
// among them, and starts it again. Each time every session goes on with its page as it
// was, the step that waited runs, and the one that ran is told as INTERRUPTED; one that
// a person drives is free, and what they did is kept; one that was starting is started
// anew; the programs find what they had left in the pages. Then
// the server is killed while it takes them up, and they go on all the same. In the end
// the log is complete and in order, and all of it has arrived.
func TestRestart(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { restartServer(t) })
	t.Run("postgres", func(t *testing.T) {
		restartServer(t, "--database-url="+postgresFor(t).where, "--master-key="+seal.NewKey())
	})
}

// guest is a session that goes on, and what is to be true of it.
type guest struct {
	id, path string
	connect  string // its connectUrl
	target   string // of its page
	news     []string
}

func restartServer(t *testing.T, args ...string) {
	dir := harness.Isolate(t)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><link rel="icon" href="data:,"><title>site</title><body style="background:#00f"><script>
			document.cookie = 'mine=' + location.search.slice(1); let n = 0; var next = () => document.cookie + ' ' + ++n;
			if (location.search === '?0') setInterval(() => { document.body.style.outline = (Date.now() % 90) + 'px solid #00f' }, 100)</script>`)
	}))
	defer web.Close()
	receiver := harness.NewReceiver(t)
	// What steps leave of stop-grace is for twenty of them to be recorded as interrupted, also on a
	// busy machine: one that is not yet is so only after the start, and told in another order.
	args = append(args, "--listen="+harness.FreeAddress(t), fmt.Sprintf("--max-sessions=%d", *live+2), "--keeper-grace=20s", "--keep-sessions=always", "--stop-grace=4s")
	start := func() *harness.Server { return harness.Start(t, filepath.Join(dir, "data"), args...) }
	server := start()
	c := server.Client()
	if _, err := c.Do(t.Context(), http.MethodPost, "/v1/webhook-endpoints", harness.Object{"url": receiver.URL, "events": []string{"*"}}); err != nil {
		t.Fatal(err)
	}
	var guests []*guest
	var first harness.Object
	for i := range *live {
		record := "off"
		if i == 0 {
			record = "all" // and something moves there
		}
		made, err := c.Do(t.Context(), http.MethodPost, "/v1/sessions", harness.Object{"url": fmt.Sprintf("%s/?%d", web.URL, i), "record": record})
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = made
		}
		id := made.String("sessionId")
		guests = append(guests, &guest{id: id, path: "/v1/sessions/" + id, connect: made.String("connectUrl"), news: []string{"browser_ready", "step_started", "step_completed"}})
	}
	// One looks at the first one's live page, which is to find its way back.
	viewer, err := c.Do(t.Context(), http.MethodPost, "/v1/sessions", harness.Object{"url": first.String("streamingUrl"), "viewport": harness.Object{"width": 1440, "height": 900}})
	if err != nil {
		t.Fatal(err)
	}
	looks := "/v1/sessions/" + viewer.String("sessionId")
	sees := func(what string) {
		t.Helper()
		// What it shows instead says what went wrong.
		shown := done(t, c, looks, harness.Object{"action": "evaluate", "timeout": "40s", "expression": `new Promise(done => {
			const late = performance.now() + 30000, look = () => {
				const c = document.querySelector('canvas'), p = c.getContext('2d').getImageData(c.width / 2, c.height / 2, 1, 1).data;
				if (document.querySelector('#status').textContent === 'Live' && (` + what + `)) done('as expected');
				else if (performance.now() > late) done([...p] + ' ' + document.body.innerText);
				else setTimeout(look, 20) };
			look() })`})
		if shown["result"] != "as expected" {
			t.Fatalf("the live page shows %v, want %s", shown["result"], what)
		}
	}
	for _, g := range guests {
		if _, err := c.WaitSession(t.Context(), g.id, "READY"); err != nil {
			t.Fatal(err)
		}
		waitFor(t, c, g.path+"/steps", "COMPLETED")
	}
	sees("p[2] > 200 && p[0] < 60")
	done(t, c, looks, harness.Object{"action": "evaluate", "expression": "window.opened = 'once'"})
	t.Logf("seed %d", *seed)
	rnd := rand.New(rand.NewPCG(*seed, 0))
	var slowest time.Duration
	var addresses []string
	for _, g := range guests {
		addresses = append(addresses, g.connect)
	}
	player, mark := startPlaywright(t, addresses), ""
	for round := 1; round <= *restarts; round++ {
		killed := round%2 == 1
		color := []string{"#0f0", "#00f"}[round%2]
		for _, g := range guests {
			do(t, c, g.path, harness.Object{"action": "waitFor", "target": "#never", "timeout": "5m"})
			do(t, c, g.path, harness.Object{"action": "evaluate", "expression": "document.body.style.background = '" + color + "', next()"})
			waitFor(t, c, g.path+"/steps", "RUNNING", "PENDING")
		}
		var programs sync.WaitGroup
		for _, g := range guests {
			p := g.program(t)
			programs.Go(func() { p.gone(t, !killed) })
		}
		player.connects(t, fmt.Sprint(round), mark)
		mark = fmt.Sprint(round)
		made, err := c.Do(t.Context(), http.MethodPost, "/v1/sessions", harness.Object{})
		if err != nil {
			t.Fatal(err)
		}
		starting := made.String("sessionId")
		written := recording(t, c, guests[0])
		driven := guests[len(guests)-1]
		if killed {
			driven.drive(t, c, filepath.Join(dir, "data"))
		}
		if killed {
			server.Kill()
		} else if err := server.Stop(); err != nil {
			t.Fatalf("round %d: %v\n%s", round, err, server.Output())
		}
		programs.Wait()
		player.gone(t)
		server = start()
		began := time.Now()
		written.survived(t, c, guests[0])
		for _, g := range guests {
			waitFor(t, c, g.path+"/steps", "INTERRUPTED", "COMPLETED")
			all, err := c.All(t.Context(), g.path+"/steps")
			if err != nil {
				t.Fatal(err)
			}
			want := fmt.Sprintf("mine=%d %d", slices.Index(guests, g), 2*round-1)
			if got := all[len(all)-1].String("result"); got != want {
				t.Errorf("round %d: %s has %q, want %q", round, g.id, got, want)
			}
			g.program(t).close()
			if killed {
				g.news = append(g.news, "step_started")
				if g == driven {
					g.news = append(g.news, "browser_takeover_started", "browser_takeover_ended")
					g.wasDriven(t, c)
				}
				g.news = append(g.news, "browser_recovered", "step_failed", "step_started", "step_completed")
			} else {
				g.news = append(g.news, "step_started", "step_failed", "browser_recovered", "step_started", "step_completed")
			}
		}
		took := time.Since(began)
		slowest = max(slowest, took)
		player.connects(t, mark, mark)
		if color == "#0f0" {
			sees("p[1] > 200 && p[2] < 60 && window.opened === 'once'") // the page has come back by itself
		} else {
			sees("p[2] > 200 && p[1] < 60 && window.opened === 'once'")
		}
		if _, err := c.WaitSession(t.Context(), starting, "READY"); err != nil {
			t.Fatalf("round %d: one that was starting: %v", round, err)
		}
		if _, err := c.Do(t.Context(), http.MethodDelete, "/v1/sessions/"+starting, nil); err != nil {
			t.Fatal(err)
		}
		t.Logf("round %d: the last of %d sessions had run its next step %s after the start", round, len(guests), took.Round(time.Millisecond))
		server.Kill()
		server = start()
		<-time.After(time.Duration(rnd.Int64N(int64(300 * time.Millisecond))))
		server.Kill()
		server = start()
		for _, g := range guests {
			done(t, c, g.path, harness.Object{"action": "evaluate", "expression": "next()"})
			g.news = append(g.news, "browser_recovered", "step_started", "step_completed")
		}
	}
	t.Logf("at most %s", slowest.Round(time.Millisecond))
	settle(t, c)
	log := map[string][]string{}
	for _, e := range allEvents(t.Context(), t, c) {
		id := e.String("sessionId")
		log[id] = append(log[id], data(e)["eventType"].(string))
		if seq, _ := e["sequence"].(float64); int(seq) != len(log[id]) {
			t.Errorf("session %s: sequence %v of event %d", id, seq, len(log[id]))
		}
		receiver.Wait(t, e.String("id"), func(got []harness.Delivery) bool {
			return slices.ContainsFunc(got, func(d harness.Delivery) bool { return d.ID() == e.String("id") })
		})
	}
	for _, g := range guests {
		// It may have been taken up twice without a step.
		if g == guests[0] {
			g.news = append(g.news, "browser_recording_ready")
		}
		got := slices.CompactFunc(log[g.id], func(a, b string) bool { return a == b && a == "browser_recovered" })
		if diff := cmp.Diff(append(g.news, "browser_closed"), got); diff != "" {
			t.Errorf("session %s: %s", g.id, diff)
		}
	}
	if err := server.Stop(); err != nil {
		t.Error(err)
	}
	harness.WaitForNothingLeft(t, dir)
}

// pressed are the keys that a person presses who drives a session.
var pressed = []string{"F9", "F8"}

// drive has a person take the session and press keys, each when the one before is kept: a
// second later at most. They are there until the server isn't.
func (g *guest) drive(t *testing.T, c *harness.Client, data string) {
	t.Helper()
	link, err := c.Do(t.Context(), http.MethodPost, g.path+"/streams", harness.Object{"mode": "control", "name": "Ada"})
	if err != nil {
		t.Fatal(err)
	}
	ws, res, err := websocket.Dial(t.Context(), strings.Replace(strings.Replace(link.String("streamingUrl"), "http", "ws", 1), "/streams?", "/streams/ws?", 1), nil)
	if err != nil {
		t.Fatalf("drive: %v", err)
	}
	if res.Body != nil {
		res.Body.Close()
	}
	ws.SetReadLimit(-1)
	var reading sync.WaitGroup
	reading.Go(func() {
		for {
			if _, _, err := ws.Read(t.Context()); err != nil {
				return
			}
		}
	})
	t.Cleanup(func() {
		_ = ws.CloseNow()
		reading.Wait()
	})
	tell := func(message string) {
		t.Helper()
		if err := ws.Write(t.Context(), websocket.MessageText, []byte(message)); err != nil {
			t.Fatalf("drive: %v", err)
		}
	}
	tell(`{"type":"take"}`)
	for _, key := range pressed {
		for _, kind := range []string{"down", "up"} {
			tell(fmt.Sprintf(`{"type":"key","kind":%q,"key":%q}`, kind, key))
		}
		if err := harness.Until(t.Context(), func() (bool, error) {
			files, err := filepath.Glob(filepath.Join(data, "artifacts", "*", g.id, "*"))
			return slices.ContainsFunc(files, func(file string) bool {
				raw, err := os.ReadFile(file)
				return err == nil && strings.Contains(string(raw), `"`+key+`"`)
			}), err
		}); err != nil {
			t.Fatalf("what was done in %s is not kept: %v", g.id, err)
		}
	}
}

// wasDriven checks that what was done, but for the last at most, is an artifact, and that nobody drives the session.
func (g *guest) wasDriven(t *testing.T, c *harness.Client) {
	t.Helper()
	list, err := c.Do(t.Context(), http.MethodGet, g.path+"/artifacts", nil)
	if err != nil {
		t.Fatal(err)
	}
	all := list.List("data")
	i := slices.IndexFunc(all, func(a harness.Object) bool { return a.String("kind") == "takeover" })
	if i < 0 {
		t.Errorf("what was done in %s is no artifact: %v", g.id, all)
		return
	}
	done, err := c.Do(t.Context(), http.MethodGet, g.path+"/artifacts/"+all[i].String("artifactId"), nil)
	if steps := done.List("steps"); err != nil || len(steps) == 0 || steps[0].String("action") != "press" || steps[0].String("key") != pressed[0] {
		t.Errorf("what was done in %s is %v, %v", g.id, done, err)
	}
}

// segment is a part of a session's recording.
type segment struct {
	id   string
	size float64
}

// recording is the part of a session's recording that is being written, just after it
// became longer.
func recording(t *testing.T, c *harness.Client, g *guest) (now segment) {
	t.Helper()
	grown := 0
	if err := harness.Until(t.Context(), func() (bool, error) {
		got, err := c.Do(t.Context(), http.MethodGet, g.path+"/recording", nil)
		if err != nil {
			return false, err
		}
		all := got.List("segments")
		if len(all) == 0 {
			return false, nil
		}
		last := segment{all[len(all)-1].String("artifactId"), all[len(all)-1]["size"].(float64)}
		if last.id == now.id && last.size > now.size {
			grown++
		}
		now = last
		return grown > 0, nil
	}); err != nil {
		t.Fatalf("%s is not recorded: %v", g.id, err)
	}
	return now
}

// survived checks that what had been written is there, and can be read to its end.
func (s segment) survived(t *testing.T, c *harness.Client, g *guest) {
	t.Helper()
	var kept harness.Object
	if err := harness.Until(t.Context(), func() (bool, error) {
		got, err := c.Do(t.Context(), http.MethodGet, g.path+"/recording", nil)
		if err != nil {
			return false, err
		}
		all := got.List("segments")
		i := slices.IndexFunc(all, func(one harness.Object) bool { return one.String("artifactId") == s.id })
		if i < 0 {
			return false, fmt.Errorf("the part %s is gone: %v", s.id, got)
		}
		kept = all[i]
		return i < len(all)-1, nil // it goes on in another
	}); err != nil {
		t.Fatal(err)
	}
	var raw []byte
	if err := harness.Until(t.Context(), func() (bool, error) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.URL+g.path+"/artifacts/"+s.id, nil)
		if err != nil {
			return false, err
		}
		req.Header.Set("Authorization", "Bearer "+c.Key)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return false, err
		}
		defer res.Body.Close()
		raw, err = io.ReadAll(res.Body)
		return res.StatusCode == http.StatusOK, err
	}); err != nil {
		t.Fatalf("%s, of %v: %s, %v", s.id, kept, raw, err)
	}
	size := 8
	for len(raw) >= size+12 {
		size += 12 + int(binary.BigEndian.Uint32(raw[size:]))
	}
	if float64(len(raw)) < s.size || size != len(raw) || kept["size"].(float64) != float64(len(raw)) {
		t.Errorf("of %v bytes %d are there, and records end at %d; it is said to have %v", s.size, len(raw), size, kept["size"])
	}
}

func data(o harness.Object) map[string]any { d, _ := o["data"].(map[string]any); return d }

// do adds a step, by a request of its own.
func do(t *testing.T, c *harness.Client, session string, step harness.Object) {
	t.Helper()
	if _, err := c.Do(t.Context(), http.MethodPost, session+"/steps", harness.Object{"steps": []harness.Object{step}}); err != nil {
		t.Fatal(err)
	}
}

// done adds one, waits until it is done, and returns it.
func done(t *testing.T, c *harness.Client, session string, step harness.Object) harness.Object {
	t.Helper()
	got, err := c.With("Prefer", "wait=60").Do(t.Context(), http.MethodPost, session+"/steps", harness.Object{"steps": []harness.Object{step}})
	if err != nil {
		t.Fatal(err)
	}
	st := got.List("data")[0]
	if st.String("status") != "COMPLETED" {
		t.Fatalf("the step is %v: %v", st["status"], st["error"])
	}
	return st
}

// waitFor waits until the last steps have these states.
func waitFor(t *testing.T, c *harness.Client, steps string, states ...string) {
	t.Helper()
	var are []string
	if err := harness.Until(t.Context(), func() (bool, error) {
		all, err := c.All(t.Context(), steps)
		if err != nil {
			return false, err
		}
		are = nil
		for _, st := range all[max(0, len(all)-len(states)):] {
			are = append(are, st.String("status"))
		}
		return slices.Equal(are, states), nil
	}); err != nil {
		t.Fatalf("%s are %v, want %v: %v", steps, are, states, err)
	}
}

// program is one that uses a session's browser.
type program struct {
	ws *websocket.Conn
}

// program connects one by the connectUrl, to the page that there was before.
func (g *guest) program(t *testing.T) *program {
	t.Helper()
	ws, res, err := websocket.Dial(t.Context(), g.connect, nil)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	if res.Body != nil {
		res.Body.Close()
	}
	ws.SetReadLimit(-1)
	p := &program{ws}
	var got struct {
		Result struct {
			TargetInfos []struct{ TargetID, Type, URL string }
		}
	}
	if err := ws.Write(t.Context(), websocket.MessageText, []byte(`{"id":1,"method":"Target.getTargets"}`)); err != nil {
		t.Fatal(err)
	}
	_, raw, err := ws.Read(t.Context())
	if err == nil {
		err = json.NewDecoder(bufio.NewReader(strings.NewReader(string(raw)))).Decode(&got)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range got.Result.TargetInfos {
		if target.Type != "page" {
			continue
		}
		if g.target == "" {
			g.target = target.TargetID
		}
		if target.TargetID != g.target {
			t.Errorf("%s has the page %s at %s, and not %s", g.id, target.TargetID, target.URL, g.target)
		}
	}
	return p
}

// gone waits until the server has sent the program away, with a word, or is gone.
func (p *program) gone(t *testing.T, told bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), harness.Deadline)
	defer cancel()
	if _, _, err := p.ws.Read(ctx); err == nil || ctx.Err() != nil || told && websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("a program was sent away with %v", err)
	}
	p.close()
}

func (p *program) close() { _ = p.ws.CloseNow() }
