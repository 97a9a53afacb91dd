package oracle

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	// What is done has time enough on a busy machine; a refusal takes all of it.
	enough = 20 * time.Second
	little = 1500 * time.Millisecond
)

func (c Case) timeout() time.Duration {
	if c.Timeout > 0 {
		return c.Timeout
	}
	if c.Refuses {
		return little
	}
	return enough
}

//go:embed recorder.js
var recorder string

// site serves the cases' pages: /3/ is the third's, /3/inner its further page.
type site struct{ here, port, other string }

func (s site) url(i int) string { return fmt.Sprintf("%s/%d/", s.here, i) }

// slow is how long an answer takes whose address ends in ?slow.
const slow = 300 * time.Millisecond

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
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		body = "<!doctype html><link rel=icon href='data:,'><script>" + strings.ReplaceAll(recorder, "{{events}}", cases[i].Events) + "</script>" + body
		under := fmt.Sprintf("/%d/", i)
		fmt.Fprint(w, strings.NewReplacer("{{other}}", s.other+under, "{{port}}", s.port+under).Replace(body))
	})
	here, port := httptest.NewServer(handler), httptest.NewServer(handler)
	t.Cleanup(here.Close)
	t.Cleanup(port.Close)
	s = site{here: here.URL, port: port.URL, other: strings.Replace(here.URL, "127.0.0.1", "localhost", 1)}
	return s
}

func (c Case) reading() string { return "oracle(async () => (" + c.Read + "))" }

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

// their is the case's steps in Playwright's words.
func (c Case) their() (string, error) {
	if c.Their != "" {
		return c.Their, nil
	}
	specs, err := c.specs()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, s := range specs {
		options := object{}
		if s.Button != "" {
			options["button"] = s.Button
		}
		if len(s.Modifiers) > 0 {
			options["modifiers"] = s.Modifiers
		}
		if s.Position != nil {
			options["position"] = s.Position
		}
		if s.ClickCount > 0 {
			options["clickCount"] = s.ClickCount
		}
		b.WriteString("await page.locator(" + quoted(s.Target) + ")")
		switch s.Action {
		case "click", "hover", "tap":
			fmt.Fprintf(&b, ".%s(%s)\n", s.Action, quoted(options))
		case "doubleClick":
			fmt.Fprintf(&b, ".dblclick(%s)\n", quoted(options))
		case "drag":
			delete(options, "position")
			delete(options, "modifiers") // Playwright has none here
			if s.Position != nil {
				options["sourcePosition"] = s.Position
			}
			if s.ToPosition != nil {
				options["targetPosition"] = s.ToPosition
			}
			if s.Moves > 0 {
				options["steps"] = s.Moves
			}
			fmt.Fprintf(&b, ".dragTo(page.locator(%s), %s)\n", quoted(s.To), quoted(options))
		case "upload":
			files := []string{}
			for _, f := range s.Files {
				files = append(files, fmt.Sprintf(`{ name: %s, mimeType: %s, buffer: Buffer.from(%s, "base64") }`, quoted(f.Name), quoted(f.Type), quoted(f.Content)))
			}
			fmt.Fprintf(&b, ".setInputFiles([%s])\n", strings.Join(files, ", "))
		case "check", "uncheck":
			fmt.Fprintf(&b, ".%s(%s)\n", s.Action, quoted(options))
		case "fill":
			fmt.Fprintf(&b, ".fill(%s)\n", quoted(*s.Value))
		case "type":
			fmt.Fprintf(&b, ".pressSequentially(%s)\n", quoted(*s.Value))
		case "press":
			fmt.Fprintf(&b, ".press(%s)\n", quoted(s.Key))
		case "select":
			values := s.Values
			if s.Value != nil {
				values = []string{*s.Value}
			}
			if s.Label != nil {
				fmt.Fprintf(&b, ".selectOption({ label: %s })\n", quoted(*s.Label))
				break
			}
			if s.Index != nil {
				fmt.Fprintf(&b, ".selectOption({ index: %d })\n", *s.Index)
				break
			}
			fmt.Fprintf(&b, ".selectOption(%s)\n", quoted(values))
		case "waitFor":
			state := s.State
			if state == "" {
				state = "visible"
			}
			fmt.Fprintf(&b, ".first().waitFor({state: %s})\n", quoted(state))
		default:
			return "", fmt.Errorf("write %s for Playwright", s.Action)
		}
	}
	return b.String(), nil
}

// quoted is a value as JavaScript and JSON write it.
func quoted(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(raw)
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
				outcomes[i] = do(t.Context(), page, cases[i], site.url(i))
				if o := outcomes[i]; o.Broken != "" {
					t.Logf("%s/%s: %s", cases[i].Theme, cases[i].Name, o.Broken)
					page = nil // nothing is to be learnt from it any more
				}
			}
		})
	}
	wg.Wait()
	return outcomes
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
	o := Outcome{Done: true}
	for _, s := range specs {
		if _, f := run(s, c.timeout()); f != nil {
			o.Done, o.Why = false, f.Code+": "+f.Message+" Waited for "+f.WaitedFor+", saw "+f.Seen
			break
		}
	}
	read, f := run(step.Spec{Action: "evaluate", Expression: c.reading()}, enough)
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
	}
	jobs := make([]job, len(cases))
	for i, c := range cases {
		their, err := c.their()
		if err != nil {
			return nil, fmt.Errorf("%s/%s: %w", c.Theme, c.Name, err)
		}
		jobs[i] = job{i, site.url(i), their, c.reading(), c.timeout().Milliseconds(), strings.Contains(c.Steps, `"tap"`)}
	}
	out, err := node(ctx, "oracle.mjs", chromium, object{"workers": workers, "cases": jobs})
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
		o.Read = canonical([]byte(o.Read))
		outcomes[o.ID] = o.Outcome
	}
}

// node runs a program of test/clients, which starts a browser with Playwright,
// and returns what it prints.
func node(ctx context.Context, program, chromium string, input object) ([]byte, error) {
	// What Playwright's defaults and ours have in common needs no saying.
	args := []string{"--hide-scrollbars", "--disable-gpu", "--force-color-profile=srgb"}
	if os.Getuid() == 0 {
		args = append(args, "--no-sandbox")
	}
	input["executablePath"], input["args"] = chromium, args
	raw, err := json.Marshal(input)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
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
