package fault

import (
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/browserhook/browserhook/internal/browser/cgroup"
	"github.com/browserhook/browserhook/test/harness"
)

var endings = flag.Int("endings", 0, "how many sessions TestEveryEndingLeavesNothing ends; each way once if that is more")

// TestEveryEndingLeavesNothing ends sessions in every way that there is, in turn:
// no process, folder, socket, descriptor or goroutine of any stays.
func TestEveryEndingLeavesNothing(t *testing.T) {
	e := &ends{T: t, dir: harness.Isolate(t), random: rand.New(rand.NewPCG(*seed, 0))}
	t.Logf("-seed=%d", *seed)
	e.server = harness.Start(t, filepath.Join(e.dir, "data"), "--max-sessions=4", "--pool-size=0", "--browser-memory=512MiB")
	e.requested() // what the first one opens stays open for the next ones
	harness.WaitForNothingLeft(t, e.dir)
	http.DefaultClient.CloseIdleConnections()
	before := e.server.Descriptors(t)
	ways := []struct {
		name string
		end  func()
	}{
		{"it is closed", e.requested},
		{"its time is over", func() { e.by(harness.Object{"timeout": "1s"}, func(string) {}) }},
		{"nobody uses it", func() { e.by(harness.Object{"idleTimeout": "1s"}, func(string) {}) }},
		{"a program closes its browser", func() { e.by(nil, e.program) }},
		{"its browser is killed", func() { e.by(nil, func(string) { e.kill(isBrowser) }) }},
		{"its keeper is killed", func() { e.by(nil, func(string) { e.kill(isKeeper) }) }},
		{"it takes too much memory", func() {
			e.by(harness.Object{"steps": []harness.Object{{"action": "evaluate", "expression": eater, "timeout": "60s"}}}, func(string) {})
		}},
		{"it is closed while it starts", func() { e.starting(nil) }},
		{"its browser is killed while it starts", func() { e.starting(func() { e.kill(isBrowser) }) }},
		{"its keeper is killed while it starts", func() { e.starting(func() { e.kill(isKeeper) }) }},
		{"its server is killed", func() { e.serverEnds(syscall.SIGKILL, true) }},
		{"its server is killed and its browser waits", func() { e.serverEnds(syscall.SIGKILL, true, "--keeper-grace=1s") }},
		{"its server is killed while it starts", func() { e.serverEnds(syscall.SIGKILL, false) }},
		{"its server is told to end", func() { e.serverEnds(syscall.SIGTERM, true) }},
		{"its server is told to end while it starts", func() { e.serverEnds(syscall.SIGTERM, false) }},
		{"its server is interrupted", func() { e.serverEnds(syscall.SIGINT, true, "--keeper-grace=60s") }},
		{"its server is killed while another browser is made ready", func() { e.serverEnds(syscall.SIGKILL, true, "--keeper-grace=1s", "--pool-size=3") }},
		{"its server is told to end while another browser is made ready", func() { e.serverEnds(syscall.SIGTERM, true, "--pool-size=3") }},
		{"its server ends while it closes", func() { e.closing(e.either(), nil) }},
		{"its server ends while files of it are kept", func() { e.closing(e.either(), e.pictures) }},
		{"its server ends while it starts anew", func() { e.twice(e.either()) }},
		{"its server comes back as another one", func() {
			e.changed("--max-sessions=1", "--browser-memory=256MiB", "--browser-processes=500", "--pool-size=2")
		}},
		{"its server comes back with another temporary folder", func() { e.changed() }},
		{"the disk is full", func() { e.fullDisk(true) }},
		{"the disk becomes full", func() { e.fullDisk(false) }},
	}
	for i := range max(*endings, len(ways)) {
		way := ways[i%len(ways)]
		began := time.Now()
		way.end()
		t.Logf("%s: %s", way.name, time.Since(began).Round(time.Millisecond))
		if t.Failed() {
			t.Fatalf("ending %d: %s", i, way.name)
		}
	}
	harness.WaitForNothingLeft(t, e.dir)
	for controller, dir := range cgroup.Find("/proc/self").Dirs {
		for _, id := range e.ids {
			if _, err := os.Stat(filepath.Join(dir, id)); err == nil {
				t.Errorf("the control group for %s of %s is left", controller, id)
			}
		}
	}
	var after int
	if err := harness.Until(t.Context(), func() (bool, error) {
		http.DefaultClient.CloseIdleConnections()
		after = e.server.Descriptors(t)
		return after <= before, nil
	}); err != nil {
		t.Errorf("%d file descriptors before, %d after", before, after)
	}
	many, err := e.server.Goroutines()
	if t.Logf("%d descriptors, %d goroutines", after, many); err != nil || many > 40 {
		t.Errorf("%v\n%s", err, e.server.Output())
	}
}

type ends struct {
	*testing.T
	dir    string
	random *rand.Rand
	server *harness.Server
	made   int // servers
	ids    []string
}

// eater is what a page runs to take all the memory that there is.
const eater = `(async () => { for (globalThis.all = [];;) { all.push(new Uint8Array(8 << 20).fill(all.length)); await new Promise((r) => setTimeout(r)) } })()`

// session makes one that is to be READY, and answers its id and connectUrl.
func (e *ends) session(s *harness.Server, options harness.Object) (id, connect string) {
	e.Helper()
	if options == nil {
		options = harness.Object{}
	}
	made, err := s.Client().Do(e.Context(), http.MethodPost, "/v1/sessions", options)
	if err != nil {
		e.Fatal(err)
	}
	e.ids = append(e.ids, made.String("sessionId"))
	return made.String("sessionId"), made.String("connectUrl")
}

func (e *ends) ready(s *harness.Server, options harness.Object) (id, connect string) {
	e.Helper()
	id, connect = e.session(s, options)
	if _, err := s.Client().WaitSession(e.Context(), id, "READY", "CLOSING", "CLOSED"); err != nil {
		e.Fatal(err)
	}
	return id, connect
}

// over waits for a session's end.
func (e *ends) over(s *harness.Server, id string) {
	e.Helper()
	if _, err := s.Client().WaitSession(e.Context(), id, "CLOSED", "FAILED"); err != nil {
		e.Error(err)
	}
}

// closed ends a session, if it has not ended.
func (e *ends) closed(s *harness.Server, id string) {
	e.Helper()
	if _, err := s.Client().Do(e.Context(), http.MethodDelete, "/v1/sessions/"+id, nil); err != nil {
		e.Error(err)
	}
	e.over(s, id)
}

func (e *ends) requested() {
	id, _ := e.ready(e.server, nil)
	e.closed(e.server, id)
}

// by has a session end by itself, because of what is done.
func (e *ends) by(options harness.Object, do func(connect string)) {
	id, connect := e.ready(e.server, options)
	do(connect)
	e.over(e.server, id)
}

// program closes a browser.
func (e *ends) program(connect string) {
	ws, res, err := websocket.Dial(e.Context(), connect, nil)
	if err != nil {
		e.Fatal(err)
	}
	if res.Body != nil {
		res.Body.Close()
	}
	defer func() { _ = ws.CloseNow() }()
	if err := ws.Write(e.Context(), websocket.MessageText, []byte(`{"id":1,"method":"Browser.close"}`)); err != nil {
		e.Error(err)
	}
}

// starting does something at some moment of a session's start; without more it is
// closed then.
func (e *ends) starting(do func()) {
	id, _ := e.session(e.server, nil)
	e.moment()
	if do != nil {
		do()
	}
	e.closed(e.server, id)
}

// either ends a server, at once or not.
func (e *ends) either() syscall.Signal {
	return []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM}[e.random.IntN(2)]
}

// moment is one until a browser has started, or soon after.
func (e *ends) moment() {
	_ = pause(e.Context(), time.Duration(e.random.IntN(600))*time.Millisecond)
}

// serverEnds ends a server with a session, and starts it again: the session is over,
// or, if it had not started, starts anew and is closed.
func (e *ends) serverEnds(signal syscall.Signal, ready bool, args ...string) {
	e.made++
	data := filepath.Join(e.dir, fmt.Sprintf("server-%d", e.made))
	s := harness.Start(e.T, data, args...)
	id, _ := e.session(s, nil)
	if ready {
		if _, err := s.Client().WaitSession(e.Context(), id, "READY"); err != nil {
			e.Fatal(err)
		}
	} else {
		e.moment()
	}
	if signal == syscall.SIGKILL {
		s.Kill()
	} else if err := s.Signal(signal); err != nil {
		e.Fatalf("%v\n%s", err, s.Output())
	}
	if err := harness.Until(e.Context(), func() (bool, error) {
		return len(harness.Processes(filepath.Join(e.dir, "browserhook-"))) == 0, nil
	}); err != nil {
		e.Fatalf("left behind: %v", harness.Processes(filepath.Join(e.dir, "browserhook-")))
	}
	s = harness.Start(e.T, data, args...)
	if ready {
		e.over(s, id)
	} else {
		e.closed(s, id)
	}
	if err := s.Stop(); err != nil {
		e.Errorf("%v\n%s", err, s.Output())
	}
}

// closing ends a server in the midst of its sessions' end, or of something that they do
// before it.
func (e *ends) closing(signal syscall.Signal, first func(*harness.Server, string)) {
	e.made++
	data := filepath.Join(e.dir, fmt.Sprintf("server-%d", e.made))
	s := harness.Start(e.T, data, "--keeper-grace=1s", "--pool-size=1", "--stop-grace=2s")
	var ids []string
	for range 2 {
		id, _ := e.ready(s, harness.Object{"record": "all"})
		ids = append(ids, id)
	}
	var asked sync.WaitGroup
	for _, id := range ids {
		asked.Go(func() {
			if first != nil {
				first(s, id)
			} else {
				_, _ = s.Client().Do(e.Context(), http.MethodDelete, "/v1/sessions/"+id, nil) // as far as it comes
			}
		})
	}
	_ = pause(e.Context(), time.Duration(e.random.IntN(300))*time.Millisecond)
	if signal == syscall.SIGKILL {
		s.Kill()
	} else if err := s.Signal(signal); err != nil {
		e.Fatalf("%v\n%s", err, s.Output())
	}
	asked.Wait()
	e.gone(data, ids)
}

// pictures are steps that have files kept, one after the other.
func (e *ends) pictures(s *harness.Server, id string) {
	var steps []harness.Object
	for range 20 {
		steps = append(steps, harness.Object{"action": "screenshot"}, harness.Object{"action": "pdf"})
	}
	_, _ = s.Client().With("Prefer", "wait=5").Do(e.Context(), http.MethodPost, "/v1/sessions/"+id+"/steps", harness.Object{"steps": steps}) // as far as it comes
}

// twice ends a server while it takes up what one before it has left.
func (e *ends) twice(signal syscall.Signal) {
	e.made++
	data := filepath.Join(e.dir, fmt.Sprintf("server-%d", e.made))
	args := []string{"--keeper-grace=2s", "--keep-sessions=always", "--pool-size=1"}
	s := harness.Start(e.T, data, args...)
	var ids []string
	for range 2 {
		id, _ := e.ready(s, nil)
		ids = append(ids, id)
	}
	for range 3 {
		s.Kill()
		s = harness.Start(e.T, data, args...)
		_ = pause(e.Context(), time.Duration(e.random.IntN(100))*time.Millisecond)
	}
	if signal == syscall.SIGKILL {
		s.Kill()
	} else if err := s.Signal(signal); err != nil {
		e.Fatalf("%v\n%s", err, s.Output())
	}
	e.gone(data, ids)
}

// changed starts a server again with other settings, while its browsers wait: it has
// its sessions all the same, but for those whose folders it doesn't know.
func (e *ends) changed(args ...string) {
	e.made++
	data := filepath.Join(e.dir, fmt.Sprintf("server-%d", e.made))
	before := harness.Start(e.T, data, "--keeper-grace=3s", "--pool-size=0")
	var ids []string
	for range 2 {
		id, _ := e.ready(before, nil)
		ids = append(ids, id)
	}
	before.Kill()
	e.Run("changed", func(t *testing.T) {
		if len(args) == 0 {
			elsewhere := filepath.Join(e.dir, "elsewhere")
			if err := os.MkdirAll(elsewhere, 0o755); err != nil {
				t.Fatal(err)
			}
			t.Setenv("TMPDIR", elsewhere)
		}
		s := harness.Start(t, data, append(args, "--keeper-grace=3s")...)
		for _, id := range ids {
			if len(args) > 0 {
				got, err := s.Client().With("Prefer", "wait=60").Do(t.Context(), http.MethodPost, "/v1/sessions/"+id+"/steps", harness.Object{"steps": []harness.Object{{"action": "evaluate", "expression": "6 * 7"}}})
				if err != nil {
					t.Error(err)
				} else if step := got.List("data")[0]; step["result"] != 42.0 {
					t.Errorf("the session that goes on answers %v", step)
				}
			}
			if _, err := s.Client().Do(t.Context(), http.MethodDelete, "/v1/sessions/"+id, nil); err != nil {
				t.Error(err)
			}
			if _, err := s.Client().WaitSession(t.Context(), id, "CLOSED", "FAILED"); err != nil {
				t.Error(err)
			}
		}
		if err := s.Stop(); err != nil {
			t.Errorf("%v\n%s", err, s.Output())
		}
		harness.WaitForNothingLeft(t, filepath.Join(e.dir, "elsewhere"))
	})
	e.gone(data, ids)
}

// gone waits until nothing of a server's sessions runs, and starts it again: they are
// over, nothing of theirs is left, and what files it has of them are whole.
func (e *ends) gone(data string, ids []string) {
	e.Helper()
	if err := harness.Until(e.Context(), func() (bool, error) {
		return len(harness.Processes(filepath.Join(e.dir, "browserhook-"))) == 0, nil
	}); err != nil {
		e.Fatalf("left behind: %v", harness.Processes(filepath.Join(e.dir, "browserhook-")))
	}
	s := harness.Start(e.T, data, "--pool-size=0")
	c := s.Client()
	for _, id := range ids {
		e.over(s, id)
		kept, err := c.All(e.Context(), "/v1/sessions/"+id+"/artifacts")
		if err != nil {
			e.Error(err)
		}
		for _, a := range kept {
			e.whole(c, id, a)
		}
	}
	if err := s.Stop(); err != nil {
		e.Errorf("%v\n%s", err, s.Output())
	}
	harness.WaitForNothingLeft(e.T, e.dir)
}

// whole reads an artifact, and compares its length with what its row says.
func (e *ends) whole(c *harness.Client, id string, a harness.Object) {
	e.Helper()
	req, err := http.NewRequestWithContext(e.Context(), http.MethodGet, c.URL+"/v1/sessions/"+id+"/artifacts/"+a.String("artifactId"), nil)
	if err != nil {
		e.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.Key)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		e.Error(err)
		return
	}
	defer res.Body.Close()
	n, err := io.Copy(io.Discard, res.Body)
	if res.StatusCode != http.StatusOK || err != nil || float64(n) != a["size"] {
		e.Errorf("%v: %d, %d bytes, %v", a, res.StatusCode, n, err)
	}
}

// fullDisk has a session start where nothing can be written, or be there when that
// comes.
func (e *ends) fullDisk(early bool) {
	e.Run("full", func(t *testing.T) {
		disk := smallDisk(t, 64)
		t.Setenv("TMPDIR", disk)
		e.made++
		s := harness.Start(t, filepath.Join(e.dir, fmt.Sprintf("server-%d", e.made)), "--pool-size=0")
		ballast := filepath.Join(disk, "ballast")
		fill := func() {
			if err := ballastInto(ballast); err != nil {
				t.Fatal(err)
			}
		}
		if early {
			fill()
		}
		c := s.Client()
		made, err := c.Do(t.Context(), http.MethodPost, "/v1/sessions", harness.Object{})
		if err != nil {
			t.Fatal(err)
		}
		id := made.String("sessionId")
		want := "READY"
		if early {
			want = "FAILED"
		}
		if _, err := c.WaitSession(t.Context(), id, want); err != nil {
			t.Fatal(err)
		}
		if !early {
			fill()
			if _, err := c.With("Prefer", "wait=60").Do(t.Context(), http.MethodPost, "/v1/sessions/"+id+"/steps", harness.Object{
				"steps": []harness.Object{{"action": "goto", "url": "data:text/html,<p>there is room in memory"}},
			}); err != nil {
				t.Error(err)
			}
		}
		if _, err := c.Do(t.Context(), http.MethodDelete, "/v1/sessions/"+id, nil); err != nil {
			t.Error(err)
		}
		harness.WaitForNothingLeft(t, disk)
		if err := os.Remove(ballast); err != nil {
			t.Error(err)
		}
		if err := s.Stop(); err != nil {
			t.Errorf("%v\n%s", err, s.Output())
		}
		if left, _ := filepath.Glob(filepath.Join(disk, "*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

func isKeeper(line string) bool { return strings.Contains(line, " keeper ") }

func isBrowser(line string) bool {
	return strings.Contains(line, "--remote-debugging-pipe") && !strings.Contains(line, "--type=") && !isKeeper(line)
}

// kill kills what runs of sessions, as far as it is meant.
func (e *ends) kill(which func(line string) bool) {
	for _, p := range harness.Running(e.dir) {
		if which(p.Line) {
			_ = syscall.Kill(p.PID, syscall.SIGKILL)
		}
	}
}
