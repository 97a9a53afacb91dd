package hooktest

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/browserhook/browserhook/internal/terminal"
)

var marks = map[Verdict]string{
	OK:      terminal.Good.Render("ok     "),
	Improve: terminal.Odd.Render("improve"),
	Wrong:   terminal.Bad.Render("WRONG  "),
}

// adviceWidth is how wide the advice is set, below what was found.
const adviceWidth = 78

var advice = lipgloss.NewStyle().Width(adviceWidth).MarginLeft(11)

// Show prints a result, and what to do about it.
func Show(w io.Writer, r Result) {
	if r.Verdict == Skipped {
		return // the end counts them
	}
	must := "should"
	if r.Must {
		must = "must"
	}
	terminal.Println(w, fmt.Sprintf("  %s  %-6s  %-18s  %s", marks[r.Verdict], terminal.Soft.Render(fmt.Sprintf("%-6s", must)), r.Check, terminal.Clean(r.Found)))
	if r.Advice != "" {
		for line := range strings.Lines(advice.Render(r.Advice)) {
			terminal.Println(w, strings.TrimRight(line, " \n"))
		}
	}
}

// ShowEnd prints what all of it comes to.
func ShowEnd(w io.Writer, r *Report) {
	line := terminal.Good.Render("A good receiver.")
	switch {
	case r.Count(Skipped) > 1:
		line = terminal.Bad.Render("Not ready: it doesn't take a valid event, so the rest can't be told.")
	case !r.Passed():
		line = terminal.Bad.Render("Not ready: events get lost, or anybody can send some.")
	case r.Count(Improve) > 0:
		line = terminal.Odd.Render("It works, and can be better.")
	}
	terminal.Println(w, fmt.Sprintf("\n%s  %d ok, %d to improve, %d wrong, %d skipped.", line, r.Count(OK), r.Count(Improve), r.Count(Wrong), r.Count(Skipped)))
}

// Write writes the report as JSON.
func Write(w io.Writer, r *Report) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(struct {
		*Report
		Passed    bool  `json:"passed"`
		SlowestMs int64 `json:"slowestMs"`
	}{r, r.Passed(), r.Slowest.Milliseconds()})
}
