package oracle

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
)

const (
	workers = 3 // pages at once on each side
	// What is done has time enough on a busy machine; a refusal takes all of it, and
	// amply is for one that has to act before.
	enough = time.Minute
	little = 1500 * time.Millisecond
	amply  = 6 * time.Second
)

// timeout is that of step i of n. The last is the one that may be refused: those
// before it have time enough to be done.
func (c Case) timeout(i, n int) time.Duration {
	if c.Timeout > 0 {
		return c.Timeout
	}
	if c.Refuses && i == n-1 {
		return little
	}
	return enough
}

// our is the same for us, who may do what Playwright refuses.
func (c Case) our(i, n int) time.Duration {
	if c.Timeout == 0 && c.Differs != "" {
		return enough
	}
	return c.timeout(i, n)
}

//go:embed recorder.js
var recorder string

// site serves the cases' pages: /3/ is the third's, /3/inner its further page.
type site struct {
	here, port, other string
	tls               string // a server whose certificate nobody trusts
	closed            string // nobody listens there
}

func (s site) url(i int) string { return fmt.Sprintf("%s/%d/", s.here, i) }

// slow is how long an answer takes whose address ends in ?slow.
const slow = 300 * time.Millisecond

var jitter = flag.Duration("jitter", 0, "how much later answers, steps and what is read come at most, each at random: shows what depends on a moment")

// dawdle is where things may come later.
func dawdle() {
	if *jitter > 0 {
		time.Sleep(rand.N(*jitter))
	}
}

func serve(t *testing.T, cases []Case) site {
	t.Helper()
	var s site
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		number, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		i, err := strconv.Atoi(number)
		if err != nil || i >= len(cases) {
			http.NotFound(w, r)
			return
		}
		body, ok := cases[i].Page, name == ""
		if !ok {
			body, ok = cases[i].Pages[name]
		}
		if !ok {
			http.NotFound(w, r)
			return
		}
		if r.URL.RawQuery == "slow" {
			select {
			case <-time.After(slow):
			case <-r.Context().Done():
				return
			}
		}
		dawdle()
		answer(w, r, s.fill(i, body), cases[i].Events)
	})
	here, port := httptest.NewServer(handler), httptest.NewServer(handler)
	t.Cleanup(here.Close)
	t.Cleanup(port.Close)
	tls, closed := httptest.NewUnstartedServer(http.NotFoundHandler()), httptest.NewServer(http.NotFoundHandler())
	tls.Config.ErrorLog = log.New(io.Discard, "", 0)
	tls.StartTLS()
	t.Cleanup(tls.Close)
	closed.Close()
	s = site{here: here.URL, port: port.URL, other: strings.Replace(here.URL, "127.0.0.1", "localhost", 1), tls: tls.URL, closed: closed.URL}
	return s
}

// fill writes the case's addresses into a text of its.
func (s site) fill(i int, text string) string {
	under := fmt.Sprintf("/%d/", i)
	return strings.NewReplacer("{{other}}", s.other+under, "{{port}}", s.port+under, "{{here}}", s.here+under,
		"{{named}}", strings.Replace(s.here, "//", "//ann:secret@", 1)+under,
		"{{tls}}", s.tls, "{{notls}}", strings.Replace(s.here, "http", "https", 1), "{{closed}}", s.closed).Replace(text)
}

// answer sends a page of a case's. One that begins with "HTTP " has a status and
// lines of headers before it, each line by line, and an empty one after; as
// status, "hangs" never answers, "meanwhile" answers once one with the same query
// hangs, "closes" ends the connection instead, "stalls" begins a page and never
// ends it.
func answer(w http.ResponseWriter, r *http.Request, body, events string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	status, raw := "200", false
	if head, rest, ok := strings.Cut(body, "\n\n"); ok && strings.HasPrefix(head, "HTTP ") {
		lines := strings.Split(head, "\n")
		status, body = strings.TrimPrefix(lines[0], "HTTP "), rest
		for _, line := range lines[1:] {
			name, value, _ := strings.Cut(line, ": ")
			w.Header().Set(name, value)
			raw = raw || name == "Content-Type" || name == "Content-Disposition"
		}
	}
	if !raw {
		body = "<!doctype html><link rel=icon href='data:,'><script>" + strings.ReplaceAll(recorder, "{{events}}", events) + "</script>" + body
	}
	switch status {
	case "hangs":
		select {
		case meeting(r) <- struct{}{}:
			<-r.Context().Done()
		case <-r.Context().Done():
		}
	case "meanwhile":
		select {
		case <-meeting(r):
		case <-r.Context().Done():
		}
	case "closes":
		if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
			c.Close()
		}
	case "stalls":
		fmt.Fprint(w, body, strings.Repeat(" ", 4096))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	case "basic":
		if user, _, ok := r.BasicAuth(); ok {
			fmt.Fprint(w, strings.ReplaceAll(body, "{{user}}", user))
			return
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="case"`)
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, body)
	default:
		code, _ := strconv.Atoi(status)
		w.WriteHeader(code)
		if code != http.StatusNoContent && code != http.StatusNotModified && code != http.StatusResetContent {
			fmt.Fprint(w, body)
		}
	}
}

var meetings sync.Map

// meeting is where requests with one query meet.
func meeting(r *http.Request) chan struct{} {
	c, _ := meetings.LoadOrStore(r.URL.RawQuery, make(chan struct{}))
	return c.(chan struct{})
}

// reading reads the state after, on pages that aren't ours too.
func (c Case) reading() string {
	return "(async read => window.oracle ? oracle(read) : { state: await read(), events: [] })(async () => (" + c.Read + "))"
}

func (c Case) specs() (all []step.Spec, err error) {
	dec := json.NewDecoder(strings.NewReader(c.Steps))
	dec.DisallowUnknownFields()
	for {
		var s step.Spec
		if err := dec.Decode(&s); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		if err := s.Check("step"); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
}

// filled is the case with its addresses written in.
func (c Case) filled(site site, i int) Case {
	c.Steps, c.Their, c.Read = site.fill(i, c.Steps), site.fill(i, c.Their), site.fill(i, c.Read)
	return c
}

type object = map[string]any

// browserhook does the cases with our engine.
func browserhook(t *testing.T, launcher *browser.Launcher, site site, cases []Case) []Outcome {
	t.Helper()
	outcomes := make([]Outcome, len(cases))
	queue := make(chan int, len(cases))
	for i := range cases {
		queue <- i
	}
	close(queue)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			var page *browser.Page
			for i := range queue {
				if page == nil {
					page = browsertest.Launch(t, launcher, domain.SessionOptions{}).Page()
				}
				began := time.Now()
				outcomes[i] = do(t.Context(), page, cases[i].filled(site, i), site.url(i))
				outcomes[i].Took = time.Since(began).Milliseconds()
				if outcomes[i].Took > slowly && !cases[i].Refuses {
					t.Logf("%s/%s took %d ms", cases[i].Theme, cases[i].Name, outcomes[i].Took)
				}
				if o := outcomes[i]; o.Broken != "" {
					t.Logf("%s/%s: %s", cases[i].Theme, cases[i].Name, o.Broken)
					page = nil // nothing is to be learnt from it any more
					continue
				}
				if page = alone(t, page); cases[i].Crash != "" {
					page = nil
				}
			}
		})
	}
	wg.Wait()
	return outcomes
}

// alone leaves one tab, and the dialogs' rules as they were.
func alone(t *testing.T, page *browser.Page) *browser.Page {
	t.Helper()
	tabs := page.Tabs()
	tabs.ForgetRules()
	for _, p := range tabs.Open()[1:] {
		if err := tabs.Close(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	return tabs.Current()
}

func do(ctx context.Context, page *browser.Page, c Case, url string) Outcome {
	specs, err := c.specs()
	if err != nil {
		return Outcome{Broken: err.Error()}
	}
	save := func(context.Context, string, string, []byte) (domain.Artifact, error) { return domain.Artifact{}, nil }
	run := func(s step.Spec, timeout time.Duration) (json.RawMessage, *domain.Failure) {
		s.Timeout = timeout.String()
		return step.Run(ctx, page, &s, save)
	}
	away, cancel := context.WithTimeout(ctx, enough)
	defer cancel()
	if err := page.Hover(away, 0, 0, 0); err != nil {
		return Outcome{Broken: "hover: " + err.Error()}
	}
	if _, f := run(step.Spec{Action: "goto", URL: url}, enough); f != nil {
		return Outcome{Broken: fmt.Sprintf("goto: %+v", *f)}
	}
	crash := func() { _, _ = page.Send("Page.crash", nil) }
	switch c.Crash {
	case "before":
		crash()
		<-page.Crashed()
	case "during":
		time.AfterFunc(little/5, crash)
	}
	o := Outcome{Done: true}
	for i, s := range specs {
		dawdle()
		result, f := run(s, c.our(i, len(specs)))
		if c.Tries {
			if f == nil && s.Action == "goto" && !strings.HasSuffix(s.URL, "/after") {
				o.Said = `"opened"`
			}
			continue
		}
		if f != nil {
			o.Done, o.Why = false, f.Code+": "+f.Message+" Waited for "+f.WaitedFor+", saw "+f.Seen
			break
		}
		if c.Says != "" {
			var members map[string]json.RawMessage
			if c.Says == "." {
				o.Said = canonical(result)
			} else if json.Unmarshal(result, &members) == nil {
				o.Said = canonical(members[c.Says])
			}
		}
	}
	dawdle()
	read, f := run(step.Spec{Action: "evaluate", Expression: c.reading()}, enough)
	if f != nil && f.Code == "page_crashed" {
		o.Read = `"crashed"`
		return o
	}
	if f != nil {
		o.Broken = fmt.Sprintf("read: %+v", *f)
	}
	o.Read = canonical(read)
	return o
}

// playwright does the cases with Playwright, in one program.
func playwright(ctx context.Context, chromium string, site site, cases []Case) ([]Outcome, error) {
	type job struct {
		ID         int    `json:"id"`
		URL        string `json:"url"`
		Playwright string `json:"playwright"`
		Read       string `json:"read"`
		Timeout    int64  `json:"timeout"`
		Touch      bool   `json:"touch"` // Playwright taps only where there is a touch screen
		Crash      string `json:"crash"`
		Hangs      bool   `json:"hangs"`
		CrashAfter int64  `json:"crashAfter"`
	}
	jobs := make([]job, len(cases))
	for i, c := range cases {
		their, err := c.filled(site, i).their()
		if err != nil {
			return nil, fmt.Errorf("%s/%s: %w", c.Theme, c.Name, err)
		}
		jobs[i] = job{i, site.url(i), their, c.filled(site, i).reading(), c.timeout(0, 1).Milliseconds(), strings.Contains(c.Steps, `"tap"`), c.Crash, c.Hangs, (little / 5).Milliseconds()}
	}
	out, err := node(ctx, "oracle.mjs", chromium, object{"workers": workers, "cases": jobs, "jitter": jitter.Milliseconds(), "enough": enough.Milliseconds()}, len(cases))
	if err != nil {
		return nil, err
	}
	outcomes := make([]Outcome, len(cases))
	for i := range outcomes {
		outcomes[i].Broken = "Playwright's side said nothing of it"
	}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var o struct {
			ID int
			Outcome
		}
		if err := dec.Decode(&o); errors.Is(err, io.EOF) {
			return outcomes, nil
		} else if err != nil {
			return nil, err
		}
		o.Read, o.Said = canonical([]byte(o.Read)), canonical([]byte(o.Said))
		outcomes[o.ID] = o.Outcome
	}
}

// node runs a program of test/clients, which starts a browser with Playwright and
// has so many cases to do, and returns what it prints.
func node(ctx context.Context, program, chromium string, input object, cases int) ([]byte, error) {
	// What Playwright's defaults and ours have in common needs no saying.
	args := []string{"--hide-scrollbars", "--disable-gpu", "--force-color-profile=srgb", "--site-per-process"}
	if os.Getuid() == 0 {
		args = append(args, "--no-sandbox")
	}
	input["executablePath"], input["args"] = chromium, args
	raw, err := json.Marshal(input)
	if err != nil {
		return nil, err
	}
	// Each case has a limit of its own there: this is for a program that hangs.
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute+time.Duration(cases)*4*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", program)
	cmd.Dir = "../clients"
	cmd.Stdin = bytes.NewReader(raw)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("Playwright's side (npm ci --prefix test/clients installs it): %w\n%s", err, errs.String())
	}
	return out.Bytes(), nil
}

// canonical is JSON in one spelling.
func canonical(raw []byte) string {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return string(raw)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return string(raw)
	}
	return strings.TrimSpace(b.String())
}
