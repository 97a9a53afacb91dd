package commands

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/browserhook/browserhook/internal/terminal"
)

// table is rows below a head: for a terminal padded, with times as how long ago they
// are; for a pipe without the head, tabs between, and times as they came.
type table struct {
	head []string
	rows [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// when marks a cell as a time.
func when(t time.Time) string { return "\x00" + stamp(t) }

// stamp is a time as the API writes it; empty: there is none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

func (t *table) write(out io.Writer, none string) error {
	if len(t.rows) == 0 {
		if forPeople(out) {
			terminal.Println(out, terminal.Soft.Render(none))
		}
		return nil
	}
	if !forPeople(out) {
		for _, row := range t.rows {
			for i := range row {
				row[i] = terminal.Clean(strings.TrimPrefix(row[i], "\x00"))
			}
			if _, err := fmt.Fprintln(out, strings.Join(row, "\t")); err != nil {
				return err
			}
		}
		return nil
	}
	widths := make([]int, len(t.head))
	for i, h := range t.head {
		widths[i] = len(h)
	}
	for _, row := range t.rows {
		for i := range row {
			row[i] = shown(row[i], time.Now())
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	terminal.Println(out, terminal.Strong.Render(padded(t.head, widths)))
	for _, row := range t.rows {
		terminal.Println(out, padded(row, widths))
	}
	return nil
}

// shown is a cell as a person reads it.
func shown(cell string, now time.Time) string {
	text, ok := strings.CutPrefix(cell, "\x00")
	if !ok {
		return terminal.Clean(cell)
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return ""
	}
	d, in := now.Sub(at), ""
	if d < 0 {
		d, in = -d, "in "
	}
	switch {
	case d < time.Minute:
		text = fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		text = fmt.Sprintf("%dm", d/time.Minute)
	case d < 48*time.Hour:
		text = fmt.Sprintf("%dh", d/time.Hour)
	default:
		text = fmt.Sprintf("%dd", d/(24*time.Hour))
	}
	if in != "" {
		return in + text
	}
	return text + " ago"
}

func padded(cells []string, widths []int) string {
	var b strings.Builder
	for i, c := range cells {
		b.WriteString(c)
		b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c)+2))
	}
	return strings.TrimRight(b.String(), " ")
}

// facts writes what there is to say of one thing, a line each; those that are empty are
// left out.
func facts(out io.Writer, pairs ...string) {
	width := 0
	for i := 0; i < len(pairs); i += 2 {
		width = max(width, len(pairs[i]))
	}
	for i := 0; i < len(pairs); i += 2 {
		if value := pairs[i+1]; value != "" {
			terminal.Println(out, terminal.Soft.Render(pairs[i]+strings.Repeat(" ", width-len(pairs[i])+2))+terminal.CleanLines(value))
		}
	}
}
