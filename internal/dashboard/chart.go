package dashboard

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// chart is values over time: bars that stand on each other, or lines.
type chart struct {
	ID, Title string // the id is the page's alone
	Says      string // what it shows, in a sentence
	Lines     bool
	Bar       time.Duration // the time between two values
	From      []time.Time   // when each began
	Series    []series
	Value     func(float64) string // as people read it
}

// series is one of its values at each time; NaN: there is none.
type series struct {
	Name   string
	Colour string // a class of dashboard.css
	Values []float64
}

// The plot has as many units across as there are values, and plotHeight down; the page
// stretches it, and writes what is text beside it.
const (
	plotHeight = 100
	leastBar   = 2 // units of height, so that one failure among thousands is seen
)

// plot is a chart as its template writes it.
type plot struct {
	chart
	Width  int
	Rects  []rect
	Paths  []path
	Slots  []slot
	Ticks  []tick
	Times  []tick
	Legend []series
	Empty  bool // there is no value
}

type rect struct {
	X, Y, W, H string
	Colour     string
}

type path struct{ D, Colour string }

// slot is a time, over the whole height, with what was then.
type slot struct {
	X     int
	Says  string
	Cells []string // of the table: the time, and each series
}

// tick is a line across, or a time below, in percent of the plot.
type tick struct{ At, Text string }

// draw lays a chart out. What it is given alone decides what it answers.
func draw(c chart) plot {
	p := plot{chart: c, Width: max(1, len(c.From)), Legend: c.Series, Empty: true}
	top := c.top()
	p.Ticks = []tick{{"0", c.Value(top)}, {"50", c.Value(top / 2)}}
	height := func(v float64) float64 { return v / top * plotHeight }
	for i := range c.From {
		under := 0.0
		s := slot{X: i, Cells: []string{c.name(i)}}
		for _, one := range c.Series {
			v := one.Values[i]
			if math.IsNaN(v) {
				s.Cells = append(s.Cells, "–")
				continue
			}
			p.Empty = p.Empty && v == 0
			s.Cells = append(s.Cells, c.Value(v))
			if c.Lines || v == 0 {
				continue
			}
			h := max(leastBar, height(v))
			under += h
			p.Rects = append(p.Rects, rect{number(float64(i) + .1), number(max(0, plotHeight-under)), ".8", number(h), one.Colour})
		}
		names := make([]string, len(c.Series))
		for n, one := range c.Series {
			names[n] = one.Name + " " + s.Cells[n+1]
		}
		s.Says = s.Cells[0] + ": " + strings.Join(names, ", ")
		p.Slots = append(p.Slots, s)
	}
	if c.Lines {
		for _, one := range c.Series {
			p.Paths = append(p.Paths, path{line(one.Values, height), one.Colour})
		}
	}
	if n := len(c.From); n > 0 {
		p.Times = []tick{{"0", c.name(0)}, {"50", c.name(n / 2)}, {"100", "now"}}
	}
	return p
}

// top is the end of the axis: an even number, or 10, and zeros, so that its half is round
// too, and not under the greatest value.
func (c chart) top() float64 {
	most := 0.0
	for i := range c.From {
		sum := 0.0
		for _, s := range c.Series {
			v := s.Values[i]
			if math.IsNaN(v) {
				continue
			}
			if most = max(most, v); !c.Lines {
				sum += v
			}
		}
		most = max(most, sum)
	}
	if most <= 2 {
		return 2
	}
	unit := math.Pow(10, math.Floor(math.Log10(most)))
	for _, n := range []float64{1, 2, 4, 6, 8} {
		if n*unit >= most {
			return n * unit
		}
	}
	return 10 * unit
}

// name is a time below the plot: with the day where a bar is long.
func (c chart) name(i int) string {
	if c.Bar > time.Hour {
		return c.From[i].UTC().Format("2 Jan 15:04")
	}
	return c.From[i].UTC().Format("15:04")
}

// dash is how much of its time a value alone takes, which nothing leads to.
const dash = .4

// line goes from value to value, and leaves out where there is none.
func line(values []float64, height func(float64) float64) string {
	var b strings.Builder
	open := false
	for i, v := range values {
		if math.IsNaN(v) {
			open = false
			continue
		}
		y := number(plotHeight - height(v))
		if open {
			fmt.Fprintf(&b, "L%s %s", number(float64(i)+.5), y)
		} else {
			fmt.Fprintf(&b, "M%s %sh%s", number(float64(i)+.5-dash/2), y, number(dash))
		}
		open = true
	}
	return b.String()
}

func number(v float64) string { return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64) }

// counted is a number of things, with thousands apart.
func counted(v float64) string {
	if v != math.Trunc(v) {
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	s := strconv.FormatInt(int64(v), 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
