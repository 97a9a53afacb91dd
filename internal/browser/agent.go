package browser

import (
	"regexp"
	"runtime"
	"strconv"
	"strings"
)

// agent is who a browser is told to say that it is.
type agent struct {
	userAgent string // empty: as the program is
	hints     hints  // that go with it
	languages string // accepted, the first that it speaks
}

// override is what each target is told of it.
func (a agent) override() command {
	params := object{"userAgent": a.userAgent, "acceptLanguage": a.languages}
	if a.userAgent != "" {
		params["userAgentMetadata"] = a.hints.metadata()
	}
	return command{"Emulation.setUserAgentOverride", params}
}

// american is what a browser with a window speaks, unless it is told otherwise.
const american = "en-US,en"

// printed is what programs print of themselves: their name, and their version.
var printed = regexp.MustCompile(`^(\D+) ((\d+)\.[\d.]+)`)

// windowed is who a program would say that it is if it had a window, by what it
// prints of its version; nobody, if that can't be read.
func windowed(version string) agent {
	m := printed.FindStringSubmatch(version)
	if m == nil {
		return agent{}
	}
	h := hints{platform: "Linux", architecture: "x86", chrome: m[2]}
	if strings.HasPrefix(runtime.GOARCH, "arm") {
		h.architecture = "arm"
	}
	if m[1] != "Chromium" {
		h.brand = m[1]
	}
	return agent{
		userAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/" + m[3] + ".0.0.0 Safari/537.36",
		hints:     h,
	}
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
	form := "Desktop"
	if h.mobile {
		form = "Mobile"
	}
	major, _, _ := strings.Cut(h.chrome, ".")
	return object{
		"brands": h.brands(major, ""), "fullVersionList": h.brands(h.chrome, ".0.0.0"), "fullVersion": h.chrome, "platform": h.platform,
		"platformVersion": h.version, "architecture": h.architecture, "bitness": "64", "model": "", "mobile": h.mobile, "wow64": false, "formFactors": []string{form},
	}
}

// brands lists what Chromium calls itself: its own name, its maker's, and one that
// no site can know, in an order that changes with its version. That is how it makes
// the list itself.
func (h hints) brands(version, rest string) []object {
	major, _, _ := strings.Cut(h.chrome, ".")
	seed, err := strconv.Atoi(major)
	if err != nil {
		return []object{}
	}
	between := []string{" ", "(", ":", "-", ".", "/", ")", ";", "=", "?", "_"}
	unknown := "Not" + between[seed%len(between)] + "A" + between[(seed+1)%len(between)] + "Brand"
	all := []object{{"brand": unknown, "version": []string{"8", "99", "24"}[seed%3] + rest}, {"brand": "Chromium", "version": version}}
	places := [][]int{{0, 1}, {1, 0}}[seed%2]
	if h.brand != "" {
		all = append(all, object{"brand": h.brand, "version": version})
		places = [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}[seed%6]
	}
	ordered := make([]object, len(all))
	for i, place := range places {
		ordered[place] = all[i]
	}
	return ordered
}
