package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/browserhook/browserhook/internal/app"
	"github.com/browserhook/browserhook/internal/config"
	"github.com/browserhook/browserhook/internal/terminal"
)

type doctorCmd struct {
	config.Server
	JSON bool `name:"json" help:"Write the findings as JSON."`
}

// Help is called by kong.
func (c *doctorCmd) Help() string {
	return "It takes the settings of serve, and looks as the user and in the place where it is called. It ends with 1 when something is wrong, and with 0 when all is ok or only weak."
}

func (c *doctorCmd) Run(ctx context.Context, out io.Writer) error {
	told := func(f app.Finding) { showFinding(out, f) }
	if c.JSON {
		told = func(app.Finding) {}
	} else {
		terminal.Println(out, fmt.Sprintf("What a server of user id %d stands on here:\n", os.Getuid()))
	}
	found := app.Examine(ctx, c.Server, told)
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if c.JSON {
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(map[string]any{"findings": found, "passed": app.Passed(found)}); err != nil {
			return err
		}
	} else {
		showCount(out, found)
	}
	if !app.Passed(found) {
		return errors.New("something is wrong")
	}
	return nil
}

var verdicts = map[app.Verdict]string{
	app.OK:    terminal.Good.Render("ok   "),
	app.Weak:  terminal.Odd.Render("weak "),
	app.Wrong: terminal.Bad.Render("wrong"),
}

// showFinding prints one, with what mends it in a line of its own.
func showFinding(w io.Writer, f app.Finding) {
	terminal.Println(w, fmt.Sprintf("  %s  %-15s  %s", verdicts[f.Verdict], f.Check, oneLine(f.Found)))
	if f.Advice != "" {
		terminal.Println(w, fmt.Sprintf("  %-5s  %-15s  %s", "", "", terminal.Strong.Render(oneLine(f.Advice))))
	}
}

// oneLine is text that may be a stranger's, for the terminal.
func oneLine(s string) string {
	return terminal.CleanLines(strings.Join(strings.Fields(s), " "))
}

// showCount prints what all of them come to.
func showCount(w io.Writer, all []app.Finding) {
	n := map[app.Verdict]int{}
	for _, f := range all {
		n[f.Verdict]++
	}
	line := terminal.Good.Render("All is well.")
	switch {
	case n[app.Wrong] > 0:
		line = terminal.Bad.Render("Not ready.")
	case n[app.Weak] > 0:
		line = terminal.Odd.Render("It runs, and can be better.")
	}
	terminal.Println(w, fmt.Sprintf("\n%s  %d ok, %d weak, %d wrong.", line, n[app.OK], n[app.Weak], n[app.Wrong]))
}
