package people

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/browserhook/browserhook/internal/terminal"
)

// Step is the command that runs steps.
type Step struct {
	Server
	Session string   `arg:"" help:"The session's id."`
	Action  string   `arg:"" optional:"" help:"What to do: goto, click, fill, extract, screenshot, …"`
	Members []string `arg:"" optional:"" name:"member" help:"What the action is given: name=value is a text, target='role=button[name=\"Buy\"]'; name:=value is JSON, fullPage:=true."`
	File    string   `help:"A file with a list of steps as JSON instead; - is the standard input." placeholder:"FILE"`
	OnError string   `help:"What a failed step does to those after it." enum:"stop,continue" default:"stop" placeholder:"WHAT"`
	DryRun  bool     `help:"Look for what the steps need, and do nothing."`
}

type step = map[string]any

// stepView is a step as the API tells it.
type stepView struct {
	StepID     string          `json:"stepId"`
	Index      int             `json:"index"`
	Action     string          `json:"action"`
	Status     string          `json:"status"`
	Result     json.RawMessage `json:"result"`
	DurationMs *int64          `json:"durationMs"`
	Error      *struct {
		Code       string `json:"code"`
		Message    string `json:"message"`
		WaitedFor  string `json:"waitedFor"`
		Seen       string `json:"seen"`
		ArtifactID string `json:"artifactId"`
	} `json:"error"`

	raw json.RawMessage
}

// once is the header by which a request that is sent twice is done once.
func once() http.Header { return http.Header{"Idempotency-Key": {"people-" + rand.Text()}} }

// Run runs the steps, and shows what became of each as soon as it is known.
func (c *Step) Run(ctx context.Context, out io.Writer) error {
	steps, err := c.steps()
	if err != nil {
		return err
	}
	for i := range steps {
		if c.DryRun {
			steps[i]["dryRun"] = true
		}
	}
	shown := 0
	show := func(views []stepView) {
		for ; shown < len(views) && ended(views[shown].Status); shown++ {
			views[shown].write(out)
		}
	}
	if c.JSON {
		show = nil
	}
	views, err := c.run(ctx, c.Session, c.OnError, steps, show)
	if err != nil {
		return err
	}
	var failed error
	all := make([]json.RawMessage, len(views))
	for i, v := range views {
		all[i] = v.raw
		if v.Status != "COMPLETED" && failed == nil {
			failed = &Error{exitStep, fmt.Errorf("step %d (%s) is %s", v.Index, v.Action, v.Status)}
			if v.Error != nil {
				failed = &Error{exitStep, fmt.Errorf("step %d (%s): %s: %s", v.Index, v.Action, v.Error.Code, terminal.Clean(v.Error.Message))}
			}
		}
	}
	if c.JSON {
		raw, err := json.Marshal(all)
		if err != nil {
			return err
		}
		if err := printJSON(out, raw); err != nil {
			return err
		}
	}
	return failed
}

// steps are what was asked for, by a file or by members.
func (c *Step) steps() ([]step, error) {
	if c.File == "" {
		if c.Action == "" {
			return nil, errors.New("an action is needed, or --file")
		}
		one := step{"action": c.Action}
		for _, m := range c.Members {
			name, value, ok := strings.Cut(m, "=")
			bare, isJSON := strings.CutSuffix(name, ":")
			if !ok || bare == "" {
				return nil, fmt.Errorf("%q is not name=value", m)
			}
			if one[bare] = value; isJSON {
				var v any
				if err := json.Unmarshal([]byte(value), &v); err != nil {
					return nil, fmt.Errorf("%s is no JSON: %w", m, err)
				}
				one[bare] = v
			}
		}
		return []step{one}, nil
	}
	if c.Action != "" {
		return nil, errors.New("an action can't go with --file")
	}
	raw, err := readFile(c.File)
	if err != nil {
		return nil, err
	}
	var steps []step
	if err := json.Unmarshal(raw, &steps); err != nil {
		return nil, fmt.Errorf("%s holds no list of steps: %w", c.File, err)
	}
	return steps, nil
}

func readFile(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(os.Stdin)
	}
	return os.ReadFile(name)
}

func ended(status string) bool {
	return status != "PENDING" && status != "RUNNING" && status != "WAITING"
}

// run runs steps in a session and waits until all have ended; tell hears how far they
// are.
func (s *Server) run(ctx context.Context, session, onError string, steps []step, tell func([]stepView)) ([]stepView, error) {
	header, body := once(), map[string]any{"steps": steps, "onError": onError}
	header.Set("Prefer", "wait=2")
	for {
		var page struct {
			Data []json.RawMessage `json:"data"`
		}
		// The same request again has made what it made, and waits.
		if _, err := s.call(ctx, http.MethodPost, sessionPath(session, "steps"), header.Clone(), body, &page); err != nil {
			return nil, err
		}
		views, done := make([]stepView, len(page.Data)), true
		for i, raw := range page.Data {
			if err := json.Unmarshal(raw, &views[i]); err != nil {
				return nil, err
			}
			views[i].raw, done = raw, done && ended(views[i].Status)
		}
		if tell != nil {
			tell(views)
		}
		if done {
			return views, nil
		}
	}
}

func (v *stepView) write(out io.Writer) {
	took := ""
	if v.DurationMs != nil {
		took = fmt.Sprintf("%d ms", *v.DurationMs)
	}
	style := terminal.Good
	if v.Status != "COMPLETED" {
		style = terminal.Bad
	}
	terminal.Println(out, fmt.Sprintf("%d  %s  %s  %s", v.Index, style.Render(v.Status), v.Action, terminal.Soft.Render(took)))
	if len(v.Result) > 0 {
		text := string(v.Result)
		_ = json.Unmarshal(v.Result, &text)
		terminal.Println(out, terminal.CleanLines(text))
	}
	if v.Error != nil {
		facts(out, cmp.Or(v.Error.Code, "error"), v.Error.Message, "waited for", v.Error.WaitedFor, "seen", v.Error.Seen, "kept", v.Error.ArtifactID)
	}
}
