// Command bench measures what users wait for, each beside its baseline in the
// same run, and writes docs/benchmarks.md. The machine is shared and noisy:
// the ratios count, not the times.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"github.com/browserhook/browserhook/bench/load"
	"github.com/browserhook/browserhook/internal/app"
	"github.com/browserhook/browserhook/test/harness"
)

// table is one measurement with its baselines.
type table struct {
	Name    string     `json:"name"`
	Date    string     `json:"date"`
	Machine string     `json:"machine"`
	Title   string     `json:"title"`
	About   string     `json:"about"`
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
	Plots   []plot     `json:"plots,omitempty"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// measurements are in the order of the report; a command line may name some.
var measurements = []measurement{
	{"start", measureStart}, {"script", measureScript}, {"targets", measureTargets}, {"deliveries", measureDeliveries}, {"tls", measureTLS}, {"latency", measureLatency},
	{"nodes", measureNodes}, {"sick", measureSick}, {"growth", measureGrowth}, {"backlog", measureBacklog}, {"sessions", measureSessions}, {"arena", measureArena}, {"restart", measureRestart}, {"programs", measurePrograms}, {"forward", measureForward}, {"egress", measureEgress}, {"metrics", measureMetrics},
	{"live", measureLive}, {"viewers", measureViewers}, {"recording", measureRecording}, {"dashboard", measureDashboard},
}

type measurement struct {
	name    string
	measure func(context.Context) (table, error)
}

var (
	quick          bool
	sessionsKept   = flag.Int("sessions", archiveSessions, "how many `sessions` there are, for dashboard")
	deliveriesKept = flag.Int("deliveries", archiveDeliveries, "how many `deliveries` there are, for dashboard")
)

// less is how many to do of n.
func less(n int) int {
	if quick {
		return n / 20
	}
	return n
}

func run() (err error) {
	profile := flag.String("cpuprofile", "", "write a profile of this process to the `file`")
	flag.BoolVar(&quick, "quick", false, "do a twentieth, to see that the programs run; the figures mean nothing")
	write := flag.Bool("write", false, "put what is named into the report too")
	flag.Usage = func() {
		var names []string
		for _, m := range measurements {
			names = append(names, "["+m.name+"]")
		}
		fmt.Fprintf(os.Stderr, "usage: bench [-quick] [-write] [-cpuprofile file] %s\n       bench report\n\nWithout names all are measured, and docs/benchmarks.md is written; report writes it of what was measured before.\n", strings.Join(names, " "))
		flag.PrintDefaults()
	}
	flag.Parse()
	app.TuneMemory() // baselines, too
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
	defer cancel()
	if flag.Arg(0) == nodeCommand {
		return beANode(ctx, flag.Args()[1:])
	}
	if flag.Arg(0) == "report" {
		return writeReport(nil)
	}
	for _, name := range flag.Args() {
		if !slices.ContainsFunc(measurements, func(m measurement) bool { return m.name == name }) {
			return fmt.Errorf("there is no measurement %q; -h lists them", name)
		}
	}
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
	defer func() { err = errors.Join(err, load.Close()) }()
	var tables []table
	for _, m := range measurements {
		if flag.NArg() > 0 && !slices.Contains(flag.Args(), m.name) {
			continue
		}
		t, err := m.measure(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		t.Name, t.Date, t.Machine = m.name, time.Now().UTC().Format(time.DateOnly), load.Machine()
		fmt.Fprintf(os.Stdout, "%s\n", t.markdown())
		tables = append(tables, t)
	}
	if quick || flag.NArg() > 0 && !*write {
		return nil
	}
	return writeReport(tables)
}

func median(d []time.Duration) time.Duration {
	s := slices.Clone(d)
	slices.Sort(s)
	return s[len(s)/2]
}

// spread is half the distance from the fastest to the slowest run.
func spread(d []time.Duration) string {
	return fmt.Sprintf("±%.0f %%", 50*float64(slices.Max(d)-slices.Min(d))/float64(median(d)))
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

func ratio(a, b time.Duration) string { return fmt.Sprintf("%.2f ×", float64(a)/float64(b)) }
