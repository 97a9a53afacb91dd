package dashboard

import (
	"math"
	"strings"
	"testing"
	"time"
)

func times(n int) (all []time.Time) {
	for i := range n {
		all = append(all, time.Date(2026, 1, 2, 3, 5*i, 0, 0, time.UTC))
	}
	return all
}

func TestChartOfBars(t *testing.T) {
	p := draw(chart{ID: "a", Title: "Attempts", Bar: 5 * time.Minute, From: times(3), Value: counted, Series: []series{
		{"succeeded", "good", []float64{1500, 0, 40}}, {"failed", "bad", []float64{1, 0, 0}},
	}})
	want := []rect{
		{"0.1", "25", ".8", "75", "good"}, {"0.1", "23", ".8", "2", "bad"}, // one among thousands is seen
		{"2.1", "98", ".8", "2", "good"},
	}
	if len(p.Rects) != len(want) {
		t.Fatalf("bars: %+v", p.Rects)
	}
	for i, r := range p.Rects {
		if r != want[i] {
			t.Errorf("bar %d: %+v, want %+v", i, r, want[i])
		}
	}
	if p.Ticks[0].Text != "2,000" || p.Ticks[1].Text != "1,000" || p.Width != 3 || p.Empty {
		t.Errorf("axis: %+v, %d wide", p.Ticks, p.Width)
	}
	if p.Slots[0].Says != "03:00: succeeded 1,500, failed 1" || strings.Join(p.Slots[2].Cells, " ") != "03:10 40 0" {
		t.Errorf("says %+v", p.Slots)
	}
	if p.Times[0].Text != "03:00" || p.Times[2].Text != "now" {
		t.Errorf("times: %+v", p.Times)
	}
}

func TestChartOfLines(t *testing.T) {
	none := math.NaN()
	p := draw(chart{Lines: true, Bar: 2 * time.Hour, From: times(5), Value: counted, Series: []series{{"median", "busy", []float64{10, 20, none, 5, none}}}})
	if got := p.Paths[0].D; got != "M0.3 50h0.4L1.5 0M3.3 75h0.4" {
		t.Errorf("line: %s", got)
	}
	if p.Slots[2].Cells[1] != "–" || p.Slots[0].Cells[0] != "2 Jan 03:00" {
		t.Errorf("table: %+v", p.Slots)
	}
}

func TestChartOfNothing(t *testing.T) {
	for _, n := range []int{0, 4} {
		p := draw(chart{From: times(n), Value: counted, Series: []series{{"a", "good", make([]float64, n)}}})
		if !p.Empty || len(p.Rects) != 0 || p.Width < 1 {
			t.Errorf("of %d: %+v", n, p)
		}
	}
}

func TestCounted(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", .5: "0.5"} {
		if got := counted(v); got != want {
			t.Errorf("%v: %s", v, got)
		}
	}
}
