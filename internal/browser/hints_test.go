package browser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/domain"
)

// TestHintsFollowFromTheUserAgent: system, version, architecture, mobile, and
// which Chromium it is, if it is one.
func TestHintsFollowFromTheUserAgent(t *testing.T) {
	for agent, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.1.2": "Windows 10.0 x86 false [Chromium 140 Not=A?Brand 24 Microsoft Edge 140]",
		"Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.7390.1 Mobile Safari/537.36":      "Android 14 arm true [Google Chrome 141 Not?A_Brand 8 Chromium 141]",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15":         "macOS 10.15.7 x86 false []",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 Version/17.4 Mobile/15E148 Safari/604.1":           "iOS 17.4 arm true []",
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0":                                                        "Linux  x86 false []",
		"Mozilla/5.0 (X11; Linux aarch64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.1.2 Safari/537.36":                "Linux  arm false [Not:A-Brand 8 Chromium 156 HeadlessChrome 156]",
		"robot/1": "  x86 false []",
	} {
		m := hintsOf(agent).metadata()
		var brands []string
		for _, b := range m["brands"].([]object) {
			brands = append(brands, fmt.Sprint(b["brand"], " ", b["version"]))
		}
		got := fmt.Sprint(m["platform"], " ", m["platformVersion"], " ", m["architecture"], " ", m["mobile"], " [", strings.Join(brands, " "), "]")
		if got != want {
			t.Errorf("%s: %s, want %s", agent, got, want)
		}
	}
}

// TestWhichProgramIsStarted: what a session asks for, or the headless
// shell, or what there is.
func TestWhichProgramIsStarted(t *testing.T) {
	for path, want := range map[string]bool{
		"/usr/bin/chromium-headless-shell": true, "/opt/chrome-headless-shell": true, "/x/headless_shell": true, "/usr/bin/chromium": false, "/headless-shell/chrome": false,
	} {
		if got := isShell(path); got != want {
			t.Errorf("%s is a shell: %t", path, got)
		}
	}
	both, one := map[string]string{Shell: "/s", Chromium: "/c"}, map[string]string{Chromium: "/c"}
	for _, tt := range []struct {
		programs    map[string]string
		asked, want string
	}{
		{both, "", "/s"}, {both, Chromium, "/c"}, {both, Shell, "/s"}, {one, "", "/c"}, {one, Shell, ""}, {nil, "", ""},
	} {
		l := &Launcher{Programs: tt.programs}
		if names := l.Browsers(); len(names) > 0 {
			l.Path = l.Programs[names[0]]
		}
		if got, err := l.program(tt.asked); got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("of %v, %q: %q, %v", tt.programs, tt.asked, got, err)
		}
	}
}

// TestTheScreenIsAsLargeAsThePage: the program counts its own pixels.
func TestTheScreenIsAsLargeAsThePage(t *testing.T) {
	opt := domain.SessionOptions{Viewport: domain.Viewport{Width: 801, Height: 602}}
	l := &Launcher{agents: map[string]func() agent{"": func() agent { return agent{} }}}
	for scale, want := range map[float64]string{0: "--screen-info={801x602 devicePixelRatio=1}", 1.5: "--screen-info={1202x903 devicePixelRatio=1.5}"} {
		opt.DeviceScaleFactor = scale
		if k, _ := l.kindOf("", opt); k.screen() != want {
			t.Errorf("%s, want %s", k.screen(), want)
		}
	}
}

// TestWhoAProgramIsWithAWindow follows from what it prints.
func TestWhoAProgramIsWithAWindow(t *testing.T) {
	for printed, want := range map[string]string{
		"Chromium 156.0.8078.108 built on Debian GNU/Linux 12 (bookworm)": "Chrome/156.0.0.0, [Not:A-Brand 8.0.0.0 Chromium 156.0.8078.108]",
		"Chromium 157.0.1.2":       "Chrome/157.0.0.0, [Chromium 157.0.1.2 Not-A.Brand 99.0.0.0]",
		"Google Chrome 120.0.1.2 ": "Chrome/120.0.0.0, [Not_A Brand 8.0.0.0 Chromium 120.0.1.2 Google Chrome 120.0.1.2]",
		"Google Chrome 131.0.3.4":  "Chrome/131.0.0.0, [Google Chrome 131.0.3.4 Chromium 131.0.3.4 Not_A Brand 24.0.0.0]",
		"Fake 1":                   "",
		"":                         "",
	} {
		a, got := windowed(printed), ""
		if a != (agent{}) {
			_, chrome, _ := strings.Cut(a.userAgent, "like Gecko) ")
			var brands []string
			for _, b := range a.hints.metadata()["fullVersionList"].([]object) {
				brands = append(brands, fmt.Sprint(b["brand"], " ", b["version"]))
			}
			got = fmt.Sprintf("%s, %v", strings.TrimSuffix(chrome, " Safari/537.36"), brands)
		}
		if got != want {
			t.Errorf("%q: %q, want %q", printed, got, want)
		}
	}
}
