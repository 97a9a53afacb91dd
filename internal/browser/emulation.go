package browser

import (
	"context"
	"errors"
	"math"
	"strconv"
	"strings"
	"sync"

	"github.com/browserhook/browserhook/internal/browser/cdp"

	"github.com/browserhook/browserhook/internal/domain"
)

// emulation is what a target is told of the session's options, before its first
// script runs: so that every document and worker, in whatever process, says the
// same of the browser. What Chromium takes on its command line as well is there
// too: a worker's script is asked for before there is a worker to be told.
func (t *Tabs) emulation(opt domain.SessionOptions, kind string) (all []command) {
	if kind == "page" {
		all = append(all, command{"Emulation.setFocusEmulationEnabled", object{"enabled": true}}, viewport(opt))
	}
	if kind == "page" || kind == "iframe" {
		if opt.ColorScheme != "" { // else it is light, and a program may say otherwise of its own pages
			all = append(all, command{"Emulation.setEmulatedMedia", object{
				"features": []object{{"name": "prefers-color-scheme", "value": opt.ColorScheme}},
			}})
		}
		if g := opt.Geolocation; g != nil {
			all = append(all, command{"Emulation.setGeolocationOverride", object{
				"latitude": g.Latitude, "longitude": g.Longitude, "accuracy": g.Accuracy,
			}})
		}
	}
	all = append(all, t.agent.override())
	if opt.Timezone != "" {
		all = append(all, command{"Emulation.setTimezoneOverride", object{"timezoneId": opt.Timezone}})
	}
	if len(opt.Headers) > 0 {
		headers := object{}
		for _, h := range opt.Headers {
			headers[h.Name] = h.Value
		}
		all = append(all,
			command{"Network.enable", object{"maxTotalBufferSize": 0, "maxResourceBufferSize": 0}},
			command{"Network.setExtraHTTPHeaders", object{"headers": headers}})
	}
	if kind == "worker" {
		all = append(all, autoAttach) // workers may have workers of their own
	}
	return all
}

// A side of a window that a page opens is within what users may choose for a
// session: Chromium draws as large a picture, and so may the server.
const minSide, maxSide = 100, 4096

// sizeOf is the size that a page asks for when it opens a window, if it does.
func sizeOf(features []string) *domain.Viewport {
	var v domain.Viewport
	for _, f := range features {
		name, value, _ := strings.Cut(f, "=")
		switch n, _ := strconv.Atoi(value); name {
		case "width", "innerwidth":
			v.Width = n
		case "height", "innerheight":
			v.Height = n
		}
	}
	if v.Width < 1 || v.Height < 1 {
		return nil
	}
	v.Width, v.Height = min(max(v.Width, minSide), maxSide), min(max(v.Height, minSide), maxSide)
	return &v
}

// start has a new target begin, when it has been told everything.
func (t *Tabs) start(s cdp.Session, kind string, opt domain.SessionOptions, first []command) {
	for _, c := range append(first, t.emulation(opt, kind)...) {
		if _, err := s.Send(c.method, c.params); err != nil {
			return
		}
	}
	t.locales.tell(s, t.opt.Locale)
	_, _ = s.Send(resumes, nil)
}

// locales sees that every target has the session's locale. It is a whole
// process's: of the targets in one, the first that is told has it, the others are
// refused, and when that one ends, the process has none. So the others are then
// told again.
type locales struct {
	mu      sync.Mutex
	refused map[string]cdp.Session // by id
}

// tell doesn't wait for the answer.
func (l *locales) tell(s cdp.Session, locale string) {
	if locale == "" {
		return
	}
	sent, err := s.Send("Emulation.setLocaleOverride", object{"locale": locale})
	if err != nil {
		return
	}
	s.Conn.Go(func() {
		if refused, ok := errors.AsType[*cdp.Error](sent.Wait(context.Background(), nil)); ok && strings.Contains(refused.Message, "already in effect") {
			l.mu.Lock()
			defer l.mu.Unlock()
			if l.refused == nil {
				l.refused = map[string]cdp.Session{}
			}
			l.refused[s.ID] = s
		}
	})
}

// left is told of a target's end.
func (l *locales) left(id, locale string) {
	l.mu.Lock()
	delete(l.refused, id)
	all := l.refused
	l.refused = nil
	l.mu.Unlock()
	for _, s := range all {
		l.tell(s, locale)
	}
}

func viewport(opt domain.SessionOptions) command {
	return command{"Emulation.setDeviceMetricsOverride", object{
		"width": opt.Viewport.Width, "height": opt.Viewport.Height, "deviceScaleFactor": scale(opt), "mobile": false,
		"screenWidth": opt.Viewport.Width, "screenHeight": opt.Viewport.Height,
	}}
}

// fit has the window that a page is in be as large as the page. That is on its way
// then.
func (p *Page) fit(ctx context.Context, v domain.Viewport) (*cdp.Pending, error) {
	var in struct {
		ID int `json:"windowId"`
	}
	if err := p.Call(ctx, "Browser.getWindowForTarget", nil, &in); err != nil {
		return nil, err
	}
	return p.Send("Browser.setWindowBounds", object{"windowId": in.ID, "bounds": object{"width": v.Width, "height": v.Height}})
}

// fitScreen has the browser's screen, and the window, be as large as the page. That
// is on its way then.
func (p *Page) fitScreen(ctx context.Context, opt domain.SessionOptions) (pending []*cdp.Pending, err error) {
	var has struct {
		Screens []struct {
			ID string `json:"id"`
		} `json:"screenInfos"`
	}
	if err := p.Call(ctx, "Emulation.getScreenInfos", nil, &has); err != nil {
		return nil, err
	}
	for _, s := range has.Screens {
		sent, err := p.Send("Emulation.updateScreen", object{
			"screenId": s.ID, "width": pixels(opt.Viewport.Width, scale(opt)), "height": pixels(opt.Viewport.Height, scale(opt)), "devicePixelRatio": scale(opt),
		})
		if err != nil {
			return nil, err
		}
		pending = append(pending, sent)
	}
	sent, err := p.fit(ctx, opt.Viewport)
	return append(pending, sent), err
}

// pixels is how many a screen has, for so many of CSS.
func pixels(n int, scale float64) int { return int(math.Round(float64(n) * scale)) }

// scale is how many pixels a CSS pixel has, each way.
func scale(opt domain.SessionOptions) float64 {
	if opt.DeviceScaleFactor == 0 {
		return 1
	}
	return opt.DeviceScaleFactor
}
