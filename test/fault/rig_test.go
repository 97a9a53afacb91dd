package fault

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/storetest"
	"github.com/browserhook/browserhook/test/fault/check"
	"github.com/browserhook/browserhook/test/harness"
)

// rig is a database, its nodes, a receiver that keeps a log, and what is known
// of all of them.
type rig struct {
	*testing.T
	where     string
	receiver  *receiver
	endpoints []check.Endpoint
	nodes     []*process
	round     int
	full      atomic.Bool  // the disk is: commits fail
	refused   atomic.Int64 // of them

	mu     sync.Mutex
	said   []check.Said
	died   map[string]int
	lives  int
	before map[string]int64
	cursor string
}

// newRig fills an empty database with endpoints: in order and not, and of each
// kind one that fails half of its requests until everything is to settle.
func newRig(t *testing.T, where string) *rig {
	r := &rig{T: t, where: where, receiver: newReceiver(t), died: map[string]int{}, before: map[string]int64{}}
	db := r.open()
	defer db.Close()
	if err := db.CreateProject(t.Context(), domain.Project{ID: project, Name: "fault", CreatedAt: time.Now()}, "", nil); err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		e := domain.Endpoint{
			ID: domain.NewID(domain.PrefixEndpoint), ProjectID: project, Status: domain.EndpointEnabled,
			EndpointSettings: domain.EndpointSettings{Events: domain.Subscription{"*"}, Ordered: i%2 == 0},
			Secrets:          []domain.Secret{{Value: "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}},
			CreatedAt:        time.Now(), UpdatedAt: time.Now(),
		}
		e.URL = r.receiver.url + "/" + e.ID
		if i >= 2 {
			e.URL += "?shaky"
		}
		if err := db.CreateEndpoint(t.Context(), e, nil); err != nil {
			t.Fatal(err)
		}
		r.endpoints = append(r.endpoints, check.Endpoint{ID: e.ID, Ordered: e.Ordered})
	}
	return r
}

// open opens the database beside the nodes, to look at it.
func (r *rig) open() database {
	r.Helper()
	db, err := openDatabase(r.Context(), r.where, "observer", func(domain.Commit) {}, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		r.Fatal(err)
	}
	return db
}

// process is a node's process.
type process struct {
	rig    *rig
	name   string
	life   string
	cmd    *exec.Cmd
	in     io.WriteCloser
	heard  chan string // up, rested, settled
	exited chan struct{}
	errors *lastLines
}

// start starts a node, or one that has ended anew, and waits until it is up.
func (r *rig) start(name string, env ...string) *process {
	r.Helper()
	r.lives++
	p := &process{rig: r, name: name, life: fmt.Sprintf("%s.%d", name, r.lives), heard: make(chan string, 8), exited: make(chan struct{}), errors: &lastLines{}}
	p.cmd = exec.Command(os.Args[0])
	p.cmd.Env = append(os.Environ(), nodeDatabase+"="+r.where, nodeName+"="+name, nodeLife+"="+p.life)
	p.cmd.Env = append(p.cmd.Env, env...)
	p.cmd.Stderr = p.errors
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		r.Fatal(err)
	}
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		r.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		r.Fatal(err)
	}
	go p.listen(out)
	r.Cleanup(func() {
		p.kill()
		if said := p.errors.String(); strings.Contains(said, "DATA RACE") || strings.Contains(said, "panic:") {
			r.Errorf("%s said:\n%s", p.life, said)
		} else if r.Failed() && said != "" {
			r.Logf("%s said last:\n%s", p.life, said)
		}
	})
	p.wait("up")
	return p
}

// listen takes in what a node says, in whole lines.
func (p *process) listen(out io.Reader) {
	defer close(p.exited)
	for r := bufio.NewReader(out); ; {
		line, err := r.ReadString('\n')
		if err != nil {
			break
		}
		var s check.Said
		switch line = strings.TrimSuffix(line, "\n"); {
		case strings.HasPrefix(line, "refused "), strings.HasPrefix(line, "wrong ") && p.rig.full.Load() && strings.Contains(line, "full"):
			p.rig.refused.Add(1)
		case strings.HasPrefix(line, "wrong "):
			p.rig.Errorf("round %d: %s: %s", p.rig.round, p.life, line)
		case strings.HasPrefix(line, "said "):
			if _, err := fmt.Sscanf(line, "said %s %d", &s.Session, &s.Sequence); err != nil {
				p.rig.Errorf("%s said %q", p.life, line)
			}
			p.rig.mu.Lock()
			p.rig.said = append(p.rig.said, s)
			p.rig.mu.Unlock()
		default:
			p.heard <- line
		}
	}
	_ = p.cmd.Wait()
}

func (p *process) tell(line string) {
	if _, err := io.WriteString(p.in, line+"\n"); err != nil {
		p.rig.Errorf("tell %s to %s: %v", p.life, line, err)
	}
}

func (p *process) wait(word string) {
	p.rig.Helper()
	select {
	case got := <-p.heard:
		if got != word {
			p.rig.Fatalf("%s said %q instead of %q", p.life, got, word)
		}
	case <-p.exited:
		p.rig.Fatalf("round %d: %s ended by itself:\n%s", p.rig.round, p.life, p.errors)
	case <-time.After(harness.Deadline):
		p.rig.Fatalf("round %d: %s does not say %q:\n%s", p.rig.round, p.life, word, p.errors)
	}
}

// kill ends the process as `kill -9` does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
	p.rig.mu.Lock()
	defer p.rig.mu.Unlock()
	if _, dead := p.rig.died[p.life]; !dead {
		p.rig.died[p.life] = p.rig.round
	}
}

// settle ends the round's work and waits until everything has arrived.
func (r *rig) settle() {
	r.Helper()
	for _, p := range r.nodes {
		p.tell("rest")
		p.wait("rested")
	}
	r.receiver.healthy.Store(true)
	// One asks for retries, so that nothing is sent again that has just arrived.
	r.nodes[0].tell("settle")
	select {
	case <-r.nodes[0].heard:
	case <-r.nodes[0].exited:
		r.Fatalf("round %d: %s ended by itself:\n%s", r.round, r.nodes[0].life, r.nodes[0].errors)
	case <-time.After(harness.Deadline):
		r.stuck()
	}
	r.receiver.healthy.Store(false)
}

// stuck says what does not arrive: the oldest of it, since what is in turn waits
// for that.
func (r *rig) stuck() {
	r.Helper()
	r.logHolders()
	db := r.open()
	defer db.Close()
	for _, status := range []domain.DeliveryStatus{domain.DeliveryPending, domain.DeliverySending} {
		var all []domain.Delivery
		for f := (domain.DeliveryFilter{Status: status, Limit: 100}); ; {
			page, next, err := db.Deliveries(r.Context(), project, f)
			if err != nil {
				r.Error(err)
			}
			all = append(all, page...)
			if f.Cursor = next; next == "" {
				break
			}
		}
		r.Logf("round %d: %d are %s", r.round, len(all), status)
		for _, d := range all[max(0, len(all)-10):] {
			r.Errorf("round %d: %+v", r.round, d)
		}
	}
	r.Fatalf("round %d does not settle", r.round)
}

// logHolders says which nodes hold deliveries. It asks without a store, which
// would join and make due what a dead node holds.
func (r *rig) logHolders() {
	if !strings.HasPrefix(r.where, "postgres://") {
		return
	}
	conn, err := pgx.Connect(r.Context(), r.where)
	if err != nil {
		r.Error(err)
		return
	}
	defer conn.Close(r.Context())
	for _, query := range []string{
		`SELECT 'node ' || num || ' is ' || name FROM nodes ORDER BY num`,
		`SELECT 'node ' || node || ' holds ' || COUNT(*) FROM deliveries WHERE ended_at = 0 GROUP BY node ORDER BY node`,
	} {
		found, err := conn.Query(r.Context(), query)
		if err != nil {
			r.Error(err)
			return
		}
		lines, err := pgx.CollectRows(found, pgx.RowTo[string])
		r.Logf("round %d: %q %v", r.round, lines, err)
	}
}

// check holds the receiver's log of this round and the database together. What
// an engine still has to write down may take a moment.
func (r *rig) check() (events, requests int) {
	r.Helper()
	db := r.open()
	defer db.Close()
	var w *check.World
	var wrong []string
	for deadline := time.Now().Add(10 * time.Second); ; pause(r.Context(), 50*time.Millisecond) {
		var err error
		if w, err = r.world(db); err != nil {
			r.Fatal(err)
		}
		if wrong = check.Check(w); len(wrong) == 0 || time.Now().After(deadline) {
			break
		}
	}
	for i, problem := range wrong {
		if i == 20 {
			r.Errorf("round %d: and %d more", r.round, len(wrong)-i)
			break
		}
		r.Errorf("round %d: %s", r.round, problem)
	}
	for _, e := range w.Events {
		r.before[e.Session] = e.Sequence
		r.cursor = e.ID
	}
	r.mu.Lock()
	r.said = nil
	r.mu.Unlock()
	r.receiver.forget()
	return len(w.Events), len(w.Requests)
}

// world reads what there is since the round before.
func (r *rig) world(db storetest.Store) (*check.World, error) {
	ctx := r.Context()
	w := &check.World{Endpoints: r.endpoints, Before: r.before, Died: map[string]int{}}
	r.mu.Lock()
	w.Said = append(w.Said, r.said...)
	for life, round := range r.died {
		w.Died[life] = round
	}
	r.mu.Unlock()
	var err error
	if w.Requests, err = r.receiver.requests(); err != nil {
		return nil, err
	}
	ours := map[string]bool{}
	for after := r.cursor; ; {
		page, err := db.Events(ctx, project, domain.EventQuery{After: after, Limit: 1000})
		if err != nil {
			return nil, err
		}
		after = page.Next
		for _, e := range page.Events {
			w.Events = append(w.Events, check.Event{ID: e.ID, Session: e.SessionID, Sequence: e.Sequence, About: about(e)})
			ours[e.ID] = true
		}
		if !page.More {
			break
		}
	}
	for f := (domain.DeliveryFilter{Limit: 1000}); ; {
		page, next, err := db.Deliveries(ctx, project, f)
		if err != nil {
			return nil, err
		}
		for _, d := range page {
			if !ours[d.EventID] {
				return w, nil // newest first: these are of rounds before
			}
			attempts, err := db.Attempts(ctx, project, d.ID)
			if err != nil {
				return nil, err
			}
			one := check.Delivery{Event: d.EventID, Endpoint: d.EndpointID, Status: string(d.Status), Count: d.Attempts}
			for _, a := range attempts {
				one.Attempts = append(one.Attempts, a.StatusCode)
			}
			w.Deliveries = append(w.Deliveries, one)
		}
		if f.Cursor = next; next == "" {
			return w, nil
		}
	}
}

// about is the endpoint that the event is news of; "" for most.
func about(e domain.Event) string {
	var body domain.Payload
	if err := json.Unmarshal(e.Body, &body); err != nil {
		return err.Error()
	}
	return body.Data.EndpointID
}

// receiver takes webhooks and writes down each in a file before it answers.
type receiver struct {
	url     string
	healthy atomic.Bool // the shaky endpoints answer well, too
	round   atomic.Int64

	mu  sync.Mutex
	n   int
	log *os.File

	settled, read int64 // bytes of the log: of rounds before, and as last read
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{}
	var err error
	if r.log, err = os.Create(filepath.Join(t.TempDir(), "receiver.jsonl")); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(r)
	r.url = server.URL
	t.Cleanup(func() {
		server.Close()
		r.log.Close()
	})
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // the sender was killed on the way
	}
	var event struct {
		ID        string `json:"id"`
		SessionID string `json:"sessionId"`
		Sequence  int64  `json:"sequence"`
	}
	_ = json.Unmarshal(body, &event)
	r.mu.Lock()
	r.n++
	status := http.StatusNoContent
	if req.URL.RawQuery == "shaky" && r.n%2 == 0 && !r.healthy.Load() {
		status = http.StatusInternalServerError
	}
	line, err := json.Marshal(check.Request{
		Endpoint: strings.TrimPrefix(req.URL.Path, "/"), Event: req.Header.Get("webhook-id"), Session: event.SessionID, Sequence: event.Sequence,
		Status: status, Life: strings.TrimPrefix(req.UserAgent(), "browserhook/"), Round: int(r.round.Load()), Body: fmt.Sprintf("%x", sha256.Sum256(body)),
	})
	if err == nil {
		_, err = r.log.Write(append(line, '\n'))
	}
	r.mu.Unlock()
	if err != nil {
		status = http.StatusTeapot // nothing is taken that isn't in the log
	}
	w.WriteHeader(status)
}

// requests reads the log back, from where the settled rounds end.
func (r *receiver) requests() ([]check.Request, error) {
	raw, err := io.ReadAll(io.NewSectionReader(r.log, r.settled, math.MaxInt64-r.settled))
	if err != nil {
		return nil, err
	}
	raw = raw[:bytes.LastIndexByte(raw, '\n')+1]
	r.read = r.settled + int64(len(raw))
	return check.ReadLog(bytes.NewReader(raw))
}

// forget settles what was read last.
func (r *receiver) forget() { r.settled = r.read }

// lastLines keeps the end of what a process complains about.
type lastLines struct {
	mu  sync.Mutex
	buf []byte
}

func (l *lastLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf = append(l.buf, p...)
	if over := len(l.buf) - 64<<10; over > 0 {
		l.buf = append([]byte(nil), l.buf[over:]...)
	}
	return len(p), nil
}

func (l *lastLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.buf)
}
