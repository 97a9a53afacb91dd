package browser

import (
	"context"
	"errors"
	"regexp"
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
func emulation(opt domain.SessionOptions, kind string) (all []command) {
	if kind == "page" {
		all = append(all, command{"Emulation.setFocusEmulationEnabled", object{"enabled": true}}, viewport(opt))
	}
	if kind == "page" || kind == "iframe" {
		scheme := opt.ColorScheme
		if scheme == "" {
			scheme = "light"
		}
		all = append(all, command{"Emulation.setEmulatedMedia", object{
			"features": []object{{"name": "prefers-color-scheme", "value": scheme}},
		}})
		if g := opt.Geolocation; g != nil {
			all = append(all, command{"Emulation.setGeolocationOverride", object{
				"latitude": g.Latitude, "longitude": g.Longitude, "accuracy": g.Accuracy,
			}})
		}
	}
	if opt.UserAgent != "" || opt.Locale != "" {
		all = append(all, userAgent(opt))
	}
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
	for _, c := range append(first, emulation(opt, kind)...) {
		if _, err := s.Send(c.method, c.params); err != nil {
			return
		}
	}
	t.locales.tell(s, t.opt.Locale)
	_, _ = s.Send("Runtime.runIfWaitingForDebugger", nil)
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

// scale is how many pixels a CSS pixel has, each way.
func scale(opt domain.SessionOptions) float64 {
	if opt.DeviceScaleFactor == 0 {
		return 1
	}
	return opt.DeviceScaleFactor
}

func userAgent(opt domain.SessionOptions) command {
	params := object{"userAgent": opt.UserAgent}
	if opt.Locale != "" {
		params["acceptLanguage"] = opt.Locale
	}
	if opt.UserAgent != "" {
		params["userAgentMetadata"] = hintsOf(opt.UserAgent).metadata()
	}
	return command{"Emulation.setUserAgentOverride", params}
}

// hints are the client hints that go with a user agent, as far as it tells.
type hints struct {
	platform, version, architecture string
	mobile                          bool
	chrome                          string // version of Chromium; empty: another browser
	brand                           string // its maker's name
}

// systems are the operating systems that user agents name, the first that is
// found counts.
var systems = []struct {
	find *regexp.Regexp
	hints
}{
	{regexp.MustCompile(`Android (\d+(?:\.\d+){0,2})`), hints{platform: "Android", architecture: "arm"}},
	{regexp.MustCompile(`iPhone OS (\d+(?:_\d+)*)`), hints{platform: "iOS", architecture: "arm"}},
	{regexp.MustCompile(`iPad; CPU OS (\d+(?:_\d+)*)`), hints{platform: "iOS", architecture: "arm"}},
	{regexp.MustCompile(`Mac OS X (\d+(?:[_.]\d+)*)`), hints{platform: "macOS", architecture: "x86"}},
	{regexp.MustCompile(`Windows NT (\d+(?:\.\d+)*)`), hints{platform: "Windows", architecture: "x86"}},
	{regexp.MustCompile(`CrOS \S+ (\d+(?:\.\d+)*)`), hints{platform: "Chrome OS", architecture: "x86"}},
	{regexp.MustCompile(`(?i)linux()`), hints{platform: "Linux", architecture: "x86"}},
}

var chromes = regexp.MustCompile(`\b(?:Headless)?Chrom(?:e|ium)/(\d+[\d.]*)`)

var makers = []struct{ find, brand string }{
	{" Edg/", "Microsoft Edge"}, {" OPR/", "Opera"}, {"Chromium/", ""}, {"HeadlessChrome/", "HeadlessChrome"}, {"Chrome/", "Google Chrome"},
}

func hintsOf(userAgent string) hints {
	h := hints{platform: "", architecture: "x86"}
	for _, s := range systems {
		if m := s.find.FindStringSubmatch(userAgent); m != nil {
			h = s.hints
			h.version = strings.ReplaceAll(m[1], "_", ".")
			break
		}
	}
	if strings.Contains(userAgent, "ARM") || strings.Contains(userAgent, "aarch64") {
		h.architecture = "arm"
	}
	h.mobile = strings.Contains(userAgent, "Mobile")
	if m := chromes.FindStringSubmatch(userAgent); m != nil {
		h.chrome = m[1]
		for _, maker := range makers {
			if strings.Contains(userAgent, maker.find) {
				h.brand = maker.brand
				break
			}
		}
	}
	return h
}

// metadata is the hints as the protocol takes them. A browser that is no
// Chromium sends none: it has no brands.
func (h hints) metadata() object {
	brands := func(major bool) []object {
		if h.chrome == "" {
			return []object{}
		}
		version, grease := h.chrome, "8.0.0.0"
		if major {
			version, _, _ = strings.Cut(version, ".")
			grease = "8"
		}
		all := []object{{"brand": "Not:A-Brand", "version": grease}, {"brand": "Chromium", "version": version}}
		if h.brand != "" {
			all = append(all, object{"brand": h.brand, "version": version})
		}
		return all
	}
	return object{
		"brands": brands(true), "fullVersionList": brands(false), "fullVersion": h.chrome, "platform": h.platform,
		"platformVersion": h.version, "architecture": h.architecture, "bitness": "64", "model": "", "mobile": h.mobile, "wow64": false,
	}
}
