package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
)

const (
	resultsFile = "bench/results.json"
	peersFile   = "bench/peers/results.json" // written by `make bench-peers`
	reportFile  = "docs/benchmarks.md"
)

// writeReport puts the tables among those that were measured before, and writes
// the results, the plots and the report.
func writeReport(tables []table) error {
	before, err := readTables(resultsFile)
	if err != nil {
		return err
	}
	var all []table
	for _, m := range measurements {
		for _, from := range [][]table{tables, before} {
			if i := slices.IndexFunc(from, func(t table) bool { return t.Name == m.name }); i >= 0 {
				all = append(all, from[i])
				break
			}
		}
	}
	raw, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(resultsFile, append(raw, '\n'), 0o644); err != nil {
		return err
	}
	for i := range all {
		for _, p := range all[i].Plots {
			if err := p.write(); err != nil {
				return err
			}
		}
	}
	peers, err := readTables(peersFile)
	if err != nil {
		return err
	}
	return os.WriteFile(reportFile, []byte(report(append(all, peers...))), 0o644)
}

func readTables(file string) (tables []table, err error) {
	raw, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, &tables); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return tables, nil
}

func report(tables []table) string {
	var b strings.Builder
	b.WriteString("# Benchmarks\n\nWritten by `make bench` and `make bench-peers`. Each figure stands beside its baseline from the same run: on another machine, or with other work on it, the times differ; the ratios should not by much.\n")
	for i := range tables {
		b.WriteString("\n" + tables[i].markdown())
	}
	return b.String()
}

func (t table) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n%s Measured on %s, on %s", t.Title, t.About, t.Date, t.Machine)
	if t.Name != "" {
		fmt.Fprintf(&b, "; again: `go run ./bench %s`", t.Name)
	}
	fmt.Fprintf(&b, ".\n\n| %s |\n|%s\n", strings.Join(t.Columns, " | "), strings.Repeat("---|", len(t.Columns)))
	for _, r := range t.Rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(r, " | "))
	}
	for _, p := range t.Plots {
		fmt.Fprintf(&b, "\n![%s](img/%s)\n", p.Title, p.File)
	}
	return b.String()
}
