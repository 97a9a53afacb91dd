package main

import (
	"fmt"
	"html"
	"math"
	"os"
	"strings"
)

// plot is a picture of lines over an axis of growing powers of ten.
type plot struct {
	File   string   `json:"file"` // in docs/img
	Title  string   `json:"title"`
	X      string   `json:"x"` // what the axes show, with the unit
	Y      string   `json:"y"`
	Series []series `json:"series"`
}

type series struct {
	Name   string       `json:"name"`
	Colour int          `json:"colour"` // those of one kind share theirs
	Dashed bool         `json:"dashed,omitempty"`
	Points [][2]float64 `json:"points"` // x, y
}

const (
	plotWidth, plotHeight             = 720.0, 380.0
	plotLeft, plotRight               = 70.0, 40.0
	plotTop, plotBottom               = 66.0, 56.0
	plotInk, plotFont                 = "#7d8590", "font-family='system-ui,sans-serif' font-size='13'"
	legendWidth                       = 165.0
	plotAreaWidth, plotAreaHeight     = plotWidth - plotLeft - plotRight, plotHeight - plotTop - plotBottom
	plotBaseline                      = plotTop + plotAreaHeight
	plotTickLength, plotLabelDistance = 5.0, 20.0
)

// These and the ink can be read on white and on black: the picture has no
// ground of its own.
var plotColours = []string{"#3b82f6", "#e8830c", "#22a06b", "#a35cf0"}

func (p plot) write() error {
	return os.WriteFile("docs/img/"+p.File, []byte(p.svg()), 0o644)
}

func (p plot) svg() string {
	minX, maxX, maxY := math.Inf(1), math.Inf(-1), 0.0
	for _, s := range p.Series {
		for _, at := range s.Points {
			minX, maxX, maxY = min(minX, at[0]), max(maxX, at[0]), max(maxY, at[1])
		}
	}
	from, to := math.Floor(math.Log10(minX)), math.Ceil(math.Log10(maxX))
	step := niceStep(maxY)
	top := math.Ceil(maxY/step) * step
	sx := func(x float64) float64 { return plotLeft + (math.Log10(x)-from)/max(to-from, 1)*plotAreaWidth }
	sy := func(y float64) float64 { return plotBaseline - y/top*plotAreaHeight }

	var b strings.Builder
	fmt.Fprintf(&b, "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %g %g' width='%g' height='%g' role='img' aria-label='%s' %s fill='%s'>\n",
		plotWidth, plotHeight, plotWidth, plotHeight, html.EscapeString(p.Title), plotFont, plotInk)
	text := func(x, y float64, more, content string) {
		fmt.Fprintf(&b, "<text x='%.1f' y='%.1f' %s>%s</text>\n", x, y, more, html.EscapeString(content))
	}
	text(plotLeft, 20, "font-weight='600' font-size='15'", p.Title)
	for i := 0; float64(i)*step <= top+step/2; i++ {
		y := float64(i) * step
		fmt.Fprintf(&b, "<path d='M%g %.1fH%g' stroke='%s' stroke-opacity='%g'/>\n", plotLeft, sy(y), plotWidth-plotRight, plotInk, map[bool]float64{true: 1, false: 0.25}[i == 0])
		text(plotLeft-8, sy(y)+4, "text-anchor='end'", fmt.Sprintf("%g", math.Round(y*1e6)/1e6))
	}
	for e := from; e <= to; e++ {
		x := sx(math.Pow(10, e))
		fmt.Fprintf(&b, "<path d='M%.1f %gv%g' stroke='%s'/>\n", x, plotBaseline, plotTickLength, plotInk)
		text(x, plotBaseline+plotLabelDistance, "text-anchor='middle'", thousands(int(math.Pow(10, e))))
	}
	text(plotLeft+plotAreaWidth/2, plotHeight-12, "text-anchor='middle'", p.X)
	text(0, 0, fmt.Sprintf("text-anchor='middle' transform='translate(18 %g) rotate(-90)'", plotTop+plotAreaHeight/2), p.Y)
	for i, s := range p.Series {
		colour, dash := plotColours[s.Colour%len(plotColours)], ""
		if s.Dashed {
			dash = " stroke-dasharray='5 4'"
		}
		var line strings.Builder
		for j, at := range s.Points {
			fmt.Fprintf(&line, "%c%.1f %.1f", "ML"[min(j, 1)], sx(at[0]), sy(at[1]))
			fmt.Fprintf(&b, "<circle cx='%.1f' cy='%.1f' r='3' fill='%s'/>\n", sx(at[0]), sy(at[1]), colour)
		}
		fmt.Fprintf(&b, "<path d='%s' fill='none' stroke='%s' stroke-width='2'%s/>\n", line.String(), colour, dash)
		x := plotLeft + float64(i)*legendWidth
		fmt.Fprintf(&b, "<path d='M%g 42h22' stroke='%s' stroke-width='2'%s/>\n", x, colour, dash)
		text(x+28, 46, "", s.Name)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// niceStep is 1, 2 or 5 times a power of ten, of which about five make up top.
func niceStep(top float64) float64 {
	if top <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(top/5)))
	for _, f := range []float64{1, 2, 5} {
		if top/(f*power) <= 5 {
			return f * power
		}
	}
	return 10 * power
}

// thousands writes a number with commas.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
