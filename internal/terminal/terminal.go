// Package terminal shows webhooks to a person: a line each, in colours where
// there are any, with nothing in it that could control the terminal.
package terminal

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"charm.land/lipgloss/v2"

	"github.com/browserhook/browserhook/client/webhook"
)

// Styles of a few words in a line.
var (
	Strong = lipgloss.NewStyle().Bold(true)
	Soft   = lipgloss.NewStyle().Faint(true)
	Good   = lipgloss.NewStyle().Foreground(lipgloss.Green)
	Odd    = lipgloss.NewStyle().Foreground(lipgloss.Yellow)
	Bad    = lipgloss.NewStyle().Foreground(lipgloss.Red)
)

// Println prints a line, without its colours where w is no terminal or
// NO_COLOR is set.
func Println(w io.Writer, line string) {
	_, _ = lipgloss.Fprintln(w, strings.TrimRight(line, " "))
}

// Clock is the time of day as the lines begin with it.
func Clock(t time.Time) string { return Soft.Render(t.Format("15:04:05.000")) }

// Took is a duration as a person reads it.
func Took(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// Status is the status of an answer, in the colour of what it means.
func Status(code int) string {
	switch {
	case code == 0:
		return Bad.Render("---")
	case code/100 == 2:
		return Good.Render(fmt.Sprint(code))
	default:
		return Bad.Render(fmt.Sprint(code))
	}
}

// maxText is how much of one text of a stranger a line shows.
const maxText = 200

// Clean makes a stranger's text harmless: one line, nothing that can't be
// printed, not endless.
func Clean(s string) string {
	return clean(s, maxText)
}

// CleanLines is Clean of each line of a longer text, all of it.
func CleanLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = clean(l, len(l))
	}
	return strings.Join(lines, "\n")
}

func clean(s string, most int) string {
	var b strings.Builder
	for _, r := range s {
		if most--; most < 0 {
			b.WriteRune('…')
			break
		}
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// Event is what a line says about an event.
func Event(e webhook.Event) string {
	sequence := ""
	if e.SessionID != "" {
		sequence = fmt.Sprintf("#%d", e.Sequence)
	}
	parts := []string{fmt.Sprintf("%4s  %-17s %-9s", sequence, Clean(e.Data.EventType), Clean(e.Data.Status))}
	if e.SessionID != "" {
		parts = append(parts, Clean(e.SessionID))
	}
	if e.Data.StepID != "" {
		parts = append(parts, fmt.Sprintf("step %d %s", e.Data.Index, Clean(e.Data.Action)))
	}
	for _, text := range []string{e.Data.EndpointID, e.Data.EventID, e.Data.Reason} {
		if text != "" {
			parts = append(parts, Clean(text))
		}
	}
	if e.Data.Error != nil {
		parts = append(parts, Bad.Render(Clean(e.Data.Error.Error())))
	}
	return strings.Join(parts, "  ")
}
