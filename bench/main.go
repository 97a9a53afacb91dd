// Command bench measures what users wait for, each beside its baseline in the
// same run, and writes docs/benchmarks.md. The machine is shared and noisy:
// the ratios count, not the times.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"github.com/browserhook/browserhook/test/harness"
)

// table is one measurement with its baselines.
type table struct {
	Title   string     `json:"title"`
	About   string     `json:"about"`
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// measurements are in the order of the report; a command line may name some.
var measurements = []struct {
	name    string
	measure func(context.Context) (table, error)
}{
	{"start", measureStart}, {"script", measureScript}, {"deliveries", measureDeliveries}, {"idle", measureIdle},
}

func run() error {
	profile := flag.String("cpuprofile", "", "write a profile of this process to the `file`")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: bench [-cpuprofile file] [start] [script] [deliveries] [idle]\n\nWithout names all are measured, and docs/benchmarks.md is written.")
		flag.PrintDefaults()
	}
	flag.Parse()
	if *profile != "" {
		f, err := os.Create(*profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	defer harness.RemoveBinary()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	var tables []table
	for _, m := range measurements {
		if flag.NArg() > 0 && !slices.Contains(flag.Args(), m.name) {
			continue
		}
		t, err := m.measure(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stdout, "%s\n", t.markdown())
		tables = append(tables, t)
	}
	if flag.NArg() > 0 {
		return nil
	}
	raw, err := json.MarshalIndent(tables, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile("bench/results.json", append(raw, '\n'), 0o644); err != nil {
		return err
	}
	return os.WriteFile("docs/benchmarks.md", []byte(report(ctx, tables)), 0o644)
}

func report(ctx context.Context, tables []table) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Benchmarks\n\nWritten by `make bench` on %s. Each figure stands beside its baseline from the same run; on another machine the times differ, the ratios should not.\n\n", time.Now().UTC().Format("2006-01-02"))
	chromium, _ := exec.CommandContext(ctx, chromiumPath, "--version").Output()
	fmt.Fprintf(&b, "Machine: %d cores (%s), %s, %s.\n", runtime.NumCPU(), cpu(), runtime.Version(), strings.TrimSpace(string(chromium)))
	for _, t := range tables {
		b.WriteString("\n" + t.markdown())
	}
	return b.String()
}

func (t table) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n%s\n\n| %s |\n|%s\n", t.Title, t.About, strings.Join(t.Columns, " | "), strings.Repeat("---|", len(t.Columns)))
	for _, r := range t.Rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(r, " | "))
	}
	return b.String()
}

func cpu() string {
	raw, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(raw)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func median(d []time.Duration) time.Duration {
	s := slices.Clone(d)
	slices.Sort(s)
	return s[len(s)/2]
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

func ratio(a, b time.Duration) string { return fmt.Sprintf("%.2f ×", float64(a)/float64(b)) }
