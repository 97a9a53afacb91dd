package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// measureLive is how long it takes until a viewer sees what has changed, and until the
// page hears of what a person does.
func measureLive(ctx context.Context) (t table, err error) {
	turns, each := max(less(20), 2), 10
	t = table{
		Title:   "The live page: from the page to the viewer's screen, and back",
		Columns: []string{"", "bare screencast: median", "p95", "browserhook: median", "p95", "median, to bare"},
		About:   fmt.Sprintf("%d of each, ten of one and ten of the other in turn, at 1280×720. The source is the default browser, the viewer a whole Chromium of its own with a window of 1760×1000, so that nothing is scaled; all on one machine. A sign on a page of text takes another of eight colours, 200 to 300 ms after the last; the viewer looks at the pixel in the sign's middle in its canvas in every frame of its screen, and it counts as seen when the frame that has the new colour has been drawn (a message posted in that frame's `requestAnimationFrame`). So a viewer's screen of 60 Hz adds up to 17 ms to either. Times are `performance.now()` of the two pages, each put on the clock that all processes of the machine share by the `NavigationStart` that Chromium tells of the page, which is checked against `Timestamp`. A click is pressed in the viewer: from its `pointerdown` there to that in the page, and to the frame that shows the colour that the page takes then. Moving: the sign changes in each of the page's own frames for five seconds. Bare: a screencast of the same program over its pipe, each frame answered when it comes and passed on by one WebSocket to a page of ten lines, which draws it as ours does; clicks go back the same way.", turns*each),
	}
	site := serving(signPage)
	defer site.Close()
	b, err := bareEnds(ctx, site.URL)
	if err != nil {
		return t, fmt.Errorf("a bare screencast: %w", err)
	}
	defer func() { err = errors.Join(err, b.ends.stop()) }()
	o, _, err := ourEnds(ctx, site.URL, true)
	if err != nil {
		return t, fmt.Errorf("a session: %w", err)
	}
	defer func() { err = errors.Join(err, o.ends.stop()) }()
	if err := o.viewer.evaluate(ctx, "document.querySelector('#control').click()", nil); err != nil {
		return t, err
	}
	if err := o.viewer.becomes(ctx, "'mine' in document.body.dataset"); err != nil {
		return t, err
	}
	var took [2]glass
	both := []*twoEnds{b, o}
	for _, ends := range both {
		if err := ends.viewer.evaluate(ctx, watching, nil); err != nil {
			return t, err
		}
	}
	for i := range turns + 1 { // the first warms up
		for which, ends := range both {
			once, err := ends.look(ctx, each)
			if err != nil {
				return t, err
			}
			if i > 0 {
				took[which].add(once)
			}
		}
	}
	var moving [2]float64
	for which, ends := range both {
		if moving[which], err = ends.moving(ctx, 5*time.Second); err != nil {
			return t, err
		}
	}
	row := func(name string, of func(glass) []time.Duration) []string {
		bare, ours := of(took[0]), of(took[1])
		return []string{name, ms(median(bare)), ms(ninetyFive(bare)), ms(median(ours)), ms(ninetyFive(ours)), ratio(median(ours), median(bare))}
	}
	t.Rows = [][]string{
		row("the page changes → the viewer sees it", func(g glass) []time.Duration { return g.changes }),
		row("a press in the viewer → the page hears it", func(g glass) []time.Duration { return g.presses }),
		row("a press in the viewer → the viewer sees what it did", func(g glass) []time.Duration { return g.loops }),
		{"moving: pictures a second on the viewer's screen", fmt.Sprintf("%.1f", moving[0]), "", fmt.Sprintf("%.1f", moving[1]), "", fmt.Sprintf("%.2f ×", moving[1]/moving[0])},
	}
	return t, nil
}

// glass are times from one screen to the other.
type glass struct{ changes, presses, loops []time.Duration }

func (g *glass) add(o glass) {
	g.changes, g.presses, g.loops = append(g.changes, o.changes...), append(g.presses, o.presses...), append(g.loops, o.loops...)
}

// ninetyFive is what all but one of twenty keep within.
func ninetyFive(d []time.Duration) time.Duration {
	s := slices.Clone(d)
	slices.Sort(s)
	return s[(len(s)-1)*95/100]
}

// look has the page change so often by itself, and as often by a click in the viewer.
func (e *twoEnds) look(ctx context.Context, times int) (g glass, err error) {
	if err := e.forget(ctx); err != nil {
		return g, err
	}
	if err := e.source.evaluate(ctx, fmt.Sprintf("changeOften(%d)", times), nil); err != nil {
		return g, err
	}
	changes, seen, err := e.logs(ctx)
	if err != nil {
		return g, err
	}
	for i, c := range changes {
		at, err := firstSeen(changes, seen, i)
		if err != nil {
			return g, err
		}
		g.changes = append(g.changes, millis(at-c.at))
	}
	if err := e.forget(ctx); err != nil {
		return g, err
	}
	var middle [2]float64
	if err := e.viewer.evaluate(ctx, "(r => [r.x + r.width / 2, r.y + r.height / 2])(document.querySelector('canvas').getBoundingClientRect())", &middle); err != nil {
		return g, err
	}
	for i := range times {
		if err := e.viewer.press(ctx, middle[0], middle[1]); err != nil {
			return g, err
		}
		if err := e.source.evaluate(ctx, fmt.Sprintf("new Promise((done) => { const look = () => presses.length > %d ? rest(200 + 100 * Math.random()).then(done) : setTimeout(look, 20); look(); })", i), nil); err != nil {
			return g, err
		}
	}
	var pressed, heard []float64
	if err := e.viewer.evaluate(ctx, "benchPressed", &pressed); err != nil {
		return g, err
	}
	if err := e.source.evaluate(ctx, "presses", &heard); err != nil {
		return g, err
	}
	if changes, seen, err = e.logs(ctx); err != nil {
		return g, err
	}
	if len(pressed) != times || len(heard) != times || len(changes) != times {
		return g, fmt.Errorf("of %d presses the viewer has %d, the page %d, which changed %d times", times, len(pressed), len(heard), len(changes))
	}
	for i := range changes {
		at, err := firstSeen(changes, seen, i)
		if err != nil {
			return g, err
		}
		began := e.viewer.zero + pressed[i]
		g.presses = append(g.presses, millis(e.source.zero+heard[i]-began))
		g.loops = append(g.loops, millis(at-began))
	}
	return g, nil
}

func (e *twoEnds) forget(ctx context.Context) error {
	return errors.Join(
		e.source.evaluate(ctx, "changes.length = presses.length = 0", nil),
		e.viewer.evaluate(ctx, "benchSeen.length = benchPressed.length = 0", nil))
}

// coloured is when a sign had a colour, in milliseconds of the machine's clock.
type coloured struct {
	code int
	at   float64
}

// logs are the colours that the page had, and those that the viewer saw.
func (e *twoEnds) logs(ctx context.Context) (changes, seen []coloured, err error) {
	var raw [2][][2]float64
	err = errors.Join(e.source.evaluate(ctx, "changes", &raw[0]), e.viewer.evaluate(ctx, "benchSeen", &raw[1]))
	on := func(zero float64, raw [][2]float64) (all []coloured) {
		for _, r := range raw {
			all = append(all, coloured{int(r[0]), zero + r[1]})
		}
		return all
	}
	return on(e.source.zero, raw[0]), on(e.viewer.zero, raw[1]), err
}

// firstSeen is when the viewer saw a change.
func firstSeen(changes, seen []coloured, i int) (float64, error) {
	for _, s := range seen {
		if s.code == changes[i].code && s.at > changes[i].at && (i+1 == len(changes) || s.at < changes[i+1].at+1000) {
			return s.at, nil
		}
	}
	return 0, fmt.Errorf("change %d of %v was not seen: %v", i, changes, seen)
}

// moving is how many different pictures the viewer's screen has shown a second.
func (e *twoEnds) moving(ctx context.Context, during time.Duration) (float64, error) {
	if err := e.source.evaluate(ctx, "start(), rest(1000)", nil); err != nil {
		return 0, err
	}
	if err := e.forget(ctx); err != nil {
		return 0, err
	}
	if err := e.source.evaluate(ctx, fmt.Sprintf("rest(%d).then(stop)", during.Milliseconds()), nil); err != nil {
		return 0, err
	}
	_, seen, err := e.logs(ctx)
	if err != nil || len(seen) < 2 {
		return 0, errors.Join(err, fmt.Errorf("the viewer saw %d pictures", len(seen)))
	}
	return float64(len(seen)-1) / (seen[len(seen)-1].at - seen[0].at) * 1000, nil
}
