package commands

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	browserhook "github.com/browserhook/browserhook/client"
	"github.com/browserhook/browserhook/internal/terminal"
)

// Step is the command that runs steps.
type Step struct {
	Command
	Session string   `arg:"" help:"The session's id."`
	Action  string   `arg:"" optional:"" help:"What to do: goto, click, fill, extract, screenshot, …"`
	Members []string `arg:"" optional:"" name:"member" help:"What the action is given: name=value is a text, target='role=button[name=\"Buy\"]'; name:=value is JSON, fullPage:=true."`
	File    string   `help:"A file with a list of steps as JSON instead; - is the standard input." placeholder:"FILE"`
	OnError string   `help:"What a failed step does to those after it." enum:"stop,continue" default:"stop" placeholder:"WHAT"`
	DryRun  bool     `help:"Look for what the steps need, and do nothing."`
}

// Help is what kong prints behind the rest.
func (*Step) Help() string {
	return examples(`browserhook step browser_iwnx132n1 goto url=https://example.com`, `browserhook step browser_iwnx132n1 click 'target=role=button[name="Buy"]' timeout=5s`,
		`browserhook step browser_iwnx132n1 screenshot fullPage:=true`, `browserhook step browser_iwnx132n1 extract each=.good 'fields:={"name":"h2"}' --json`,
		`browserhook step browser_iwnx132n1 --file steps.json`)
}

// Run runs the steps, and shows what became of each as soon as it is known.
func (c *Step) Run(ctx context.Context, out io.Writer) error {
	steps, err := c.steps()
	if err != nil {
		return err
	}
	s, err := c.session(c.Session)
	if err != nil {
		return err
	}
	p, shown := begin(), 0
	defer p.end()
	runs, err := s.RunSteps(ctx, browserhook.AddStepsRequest{Steps: steps, OnError: browserhook.OnError(c.OnError), DryRun: c.DryRun}, func(runs []browserhook.StepRun) {
		for ; shown < len(runs) && runs[shown].Ended(); shown++ {
			if !c.JSON {
				p.end()
				writeStep(out, &runs[shown])
			}
		}
		if shown < len(runs) {
			p.say("step %d of %d: %s %s", shown+1, len(runs), runs[shown].Action, runs[shown].Status)
		}
	})
	failed, ok := errors.AsType[*browserhook.StepFailedError](err)
	if err != nil && !ok {
		if refused, ok := errors.AsType[*browserhook.Error](err); ok && c.File == "" {
			refused.Detail = strings.TrimPrefix(refused.Detail, "steps[0].") // there is no other
		}
		return Kind(err)
	}
	if c.JSON {
		all := make([]json.RawMessage, len(runs))
		for i := range runs {
			all[i] = runs[i].Raw
		}
		if err := printAll(out, all); err != nil {
			return err
		}
	}
	if ok {
		return &Error{exitStep, fmt.Errorf("step %d (%s): %s: %s", failed.Step.Index, failed.Step.Action, failed.Code, terminal.Clean(failed.Message))}
	}
	return nil
}

// steps are what was asked for, by a file or by members.
func (c *Step) steps() ([]browserhook.Step, error) {
	if c.File == "" {
		if c.Action == "" {
			return nil, &Error{exitUsage, errors.New("an action is needed, or --file")}
		}
		one := browserhook.AnyStep{"action": c.Action}
		for _, m := range c.Members {
			name, value, ok := strings.Cut(m, "=")
			bare, isJSON := strings.CutSuffix(name, ":")
			if !ok || bare == "" {
				return nil, &Error{exitUsage, fmt.Errorf("%q is not name=value", m)}
			}
			if one[bare] = value; isJSON {
				var v any
				if err := json.Unmarshal([]byte(value), &v); err != nil {
					return nil, &Error{exitUsage, fmt.Errorf("%s is no JSON: %w", m, err)}
				}
				one[bare] = v
			}
		}
		return []browserhook.Step{one}, nil
	}
	if c.Action != "" {
		return nil, &Error{exitUsage, errors.New("an action can't go with --file")}
	}
	raw, err := readFile(c.File)
	if err != nil {
		return nil, err
	}
	var all []browserhook.AnyStep
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, fmt.Errorf("%s holds no list of steps: %w", c.File, err)
	}
	steps := make([]browserhook.Step, len(all))
	for i := range all {
		steps[i] = all[i]
	}
	return steps, nil
}

func readFile(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(os.Stdin)
	}
	return os.ReadFile(name)
}

func writeStep(out io.Writer, r *browserhook.StepRun) {
	took := ""
	if r.DurationMs != nil {
		took = terminal.Took(time.Duration(*r.DurationMs) * time.Millisecond)
	}
	style := terminal.Good
	if r.Status != browserhook.StepCompleted {
		style = terminal.Bad
	}
	terminal.Println(out, fmt.Sprintf("%d  %s  %s  %s", r.Index, style.Render(string(r.Status)), r.Action, terminal.Soft.Render(took)))
	if len(r.Result) > 0 {
		text := string(r.Result)
		_ = json.Unmarshal(r.Result, &text)
		terminal.Println(out, terminal.CleanLines(text))
	}
	if e := r.Error; e != nil {
		facts(out, cmp.Or(e.Code, "error"), e.Message, "waited for", e.WaitedFor, "seen", e.Seen, "kept", e.ArtifactID)
	}
}
