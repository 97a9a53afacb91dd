// Package oracle asks Playwright: each case is a page and something to do on
// it, which our engine and Playwright both do in the same Chromium. What
// becomes of it must be the same: whether it was done, the state of the page
// after, and the events that its elements saw.
package oracle

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/step"
)

var (
	allCases = flag.Bool("all", false, "run every case, not a sample")
	only     = flag.String("only", "", "run the cases whose theme and name hold this")
	offset   = flag.Int("offset", browsertest.Sample().IntN(2*oneOf), "which sample of the cases to run")
)

func TestMain(m *testing.M) {
	browsertest.Main()
	os.Exit(m.Run())
}

// Case is a page and something to do on it.
type Case struct {
	Theme string // of the list that it is in
	Name  string
	Cites string // the public report or test whose behaviour it reproduces

	Page    string            // HTML; {{other}} is another site, {{port}} another origin of the same site, both with this case's pages, and {{here}} this one
	Pages   map[string]string // further pages, by name: src=inner finds "inner"; see answer for those that aren't plain
	Steps   string            // in our form: JSON objects, one after another
	Their   string            // the same for Playwright; empty: made from Steps. It may return another page to go on with
	Says    string            // the member of the last step's result that is what they say(…)
	Tries   bool              // each step may be refused; what matters is what follows
	Hangs   bool              // Playwright's page can't be read afterwards
	Crash   string            // the page's renderer crashes "before" the steps, or "during" them
	Read    string            // JavaScript: the state after, in the current tab
	Events  string            // further types of events to note
	Refuses bool              // Playwright refuses it: both get little time
	Timeout time.Duration     // of each step, if another
	Differs string            // why our outcome is another on purpose
}

// everyCase is all themes' cases, in the order of the table.
func everyCase() (all []Case) {
	for _, theme := range themes {
		for _, c := range theme.cases {
			c.Theme = theme.name
			all = append(all, c)
		}
	}
	return all
}

// TestCases have a name each, and what a case needs.
func TestCases(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range everyCase() {
		key := c.Theme + "/" + c.Name
		if seen[key] {
			t.Errorf("%s: there are two", key)
		}
		seen[key] = true
		if c.Page == "" || c.Steps == "" || c.Read == "" {
			t.Errorf("%s: lacks a page, steps or what to read", key)
		}
	}
}

// TestOracle compares a sample of the cases, or all with -all.
func TestOracle(t *testing.T) {
	cases := everyCase()
	if *only != "" {
		cases = slices.DeleteFunc(cases, func(c Case) bool { return !strings.Contains(c.Theme+"/"+c.Name, *only) })
	} else if !*allCases {
		cases = sample(cases, *offset)
		t.Logf("%d cases: those of -offset %d", len(cases), *offset)
	}
	if len(cases) == 0 {
		t.Fatalf("there is no case of %q", *only)
	}
	site := serve(t, cases)
	launcher := browsertest.Launcher(t, step.Script(), nil)
	program := browsertest.Path(t, launcher)
	var theirs []Outcome
	var err error
	var wg sync.WaitGroup
	wg.Go(func() { theirs, err = playwright(t.Context(), program, site, cases) })
	ours := browserhook(t, launcher, site, cases)
	if wg.Wait(); err != nil {
		t.Fatal(err)
	}
	table := map[string]*row{}
	for i, c := range cases {
		r := table[c.Theme]
		if r == nil {
			r = &row{}
			table[c.Theme] = r
		}
		r.cases++
		if strings.Contains(c.Cites, "#") {
			r.cites++
		}
		if c.Differs != "" {
			r.differs++
		}
		if problem := judge(c, ours[i], theirs[i]); problem != "" {
			r.wrong++
			t.Errorf("%s/%s: %s", c.Theme, c.Name, problem)
		}
	}
	t.Log("\n" + print(table))
	for i, c := range cases {
		if theirs[i].Took > slowly && !c.Refuses {
			t.Logf("%s/%s took Playwright %d ms", c.Theme, c.Name, theirs[i].Took)
		}
	}
}

// slowly is after how many milliseconds a case that is done is told to be slow.
const slowly = 3000

// oneOf is of how many cases a sample has one.
const oneOf = 12

// sample is what runs each time that anything changes, each commit another: one of
// so many cases of a theme that are done, of those that are refused, which cost
// time, half as many, and the last of each theme, which nobody has had for long.
func sample(all []Case, offset int) (some []Case) {
	kind := func(c Case) string { return fmt.Sprint(c.Theme, c.Refuses) }
	of, counted := map[string]int{}, map[string]int{}
	for _, c := range all {
		of[kind(c)]++
	}
	for i, c := range all {
		every := oneOf
		if c.Refuses {
			every = 2 * oneOf
		}
		last := i+1 == len(all) || all[i+1].Theme != c.Theme
		if (counted[kind(c)]+offset)%of[kind(c)]%every == 0 || last {
			some = append(some, c)
		}
		counted[kind(c)]++
	}
	return some
}

// TestSamples: together they have every case, and none has many more than another.
func TestSamples(t *testing.T) {
	all := everyCase()
	seen := map[string]bool{}
	for at := range 2 * oneOf {
		some := sample(all, at)
		if n := len(some); n < len(all)/oneOf || n > len(all)/oneOf+2*len(themes) {
			t.Errorf("sample %d has %d of %d cases", at, n, len(all))
		}
		for _, c := range some {
			seen[c.Theme+"/"+c.Name] = true
		}
	}
	if len(seen) != len(all) {
		t.Errorf("the samples have %d of %d cases", len(seen), len(all))
	}
}

// Outcome is what became of a case on one side.
type Outcome struct {
	Done   bool
	Said   string // what was answered, as far as the case asks
	Why    string // it was refused
	Read   string // JSON: state and events
	Broken string // the case itself doesn't work
	Took   int64  // milliseconds
}

func (o Outcome) String() string {
	if o.Done {
		return "done, " + o.Said + o.Read
	}
	return "refused (" + o.Why + "), " + o.Read
}

// judge says what is wrong with the outcomes of a case, or nothing.
func judge(c Case, ours, theirs Outcome) string {
	if ours.Broken != "" || theirs.Broken != "" {
		return fmt.Sprintf("the case does not work: %s%s", ours.Broken, theirs.Broken)
	}
	if theirs.Done == c.Refuses {
		return fmt.Sprintf("Playwright has %s", theirs)
	}
	same := ours.Done == theirs.Done && ours.Said == theirs.Said && ours.Read == theirs.Read
	switch {
	case same && c.Differs != "":
		return "is said to differ and does not"
	case !same && c.Differs == "":
		return fmt.Sprintf("\n  ours:   %s\n  theirs: %s", ours, theirs)
	}
	return ""
}

type row struct{ cases, cites, differs, wrong int }

func print(table map[string]*row) string {
	var b strings.Builder
	line := "%-16s %6v %10v %9v %6v\n"
	fmt.Fprintf(&b, line, "theme", "cases", "of reports", "on purpose", "wrong")
	var sum row
	for _, theme := range themes {
		r := table[theme.name]
		if r == nil {
			continue
		}
		fmt.Fprintf(&b, line, theme.name, r.cases, r.cites, r.differs, r.wrong)
		sum.cases, sum.cites, sum.differs, sum.wrong = sum.cases+r.cases, sum.cites+r.cites, sum.differs+r.differs, sum.wrong+r.wrong
	}
	fmt.Fprintf(&b, line, "all", sum.cases, sum.cites, sum.differs, sum.wrong)
	return b.String()
}
