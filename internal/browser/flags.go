package browser

import (
	"fmt"
	"path/filepath"
	"syscall"

	"github.com/browserhook/browserhook/internal/domain"
)

// enoughSharedMemory is what pages need in /dev/shm; containers give 64 MiB.
const enoughSharedMemory = 512 << 20

// SharedMemory is how much of that is free, in bytes, and how much is enough: with less
// browsers keep in files what they share.
func SharedMemory() (free, enough uint64) { return sharedMemory(), enoughSharedMemory }

func sharedMemory() uint64 {
	var fs syscall.Statfs_t
	if err := syscall.Statfs("/dev/shm", &fs); err != nil {
		return 0
	}
	return fs.Bavail * uint64(fs.Bsize)
}

// kind is what has to be known of a session when its browser is started. The rest
// of its options are told to the browser, whenever that was started. So are these;
// but Chromium asks for workers' scripts before there is a worker to be told,
// service workers have no other user agent, and believe no other certificates, than
// the program, and windows and frames of other sites look at the program's screen,
// which can be changed later in the headless shell alone.
type kind struct {
	program          string // path
	userAgent        string // empty: the program's own
	locale           string
	ignoreCertErrors bool
	viewport         domain.Viewport
	scale            float64
}

// spare is the kind of a browser that is started before the session, and does for it.
func (k kind) spare() kind {
	if isShell(k.program) {
		k.viewport, k.scale = Viewport, 1
	}
	return k
}

// flags are Chromium's arguments. What Playwright and Puppeteer have found out about
// quiet, quick, unattended browsers is in here; what only serves their own tests is
// not.
func (k kind) flags(files string, sandbox, namespace bool) []string {
	args := []string{
		"--headless=new",
		"--remote-debugging-pipe",
		"--user-data-dir=" + filepath.Join(files, profileFolder),
		fmt.Sprintf("--window-size=%d,%d", k.viewport.Width, k.viewport.Height),
		k.screen(),

		// Nothing but the page itself goes over the network.
		"--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--disable-default-apps", "--disable-domain-reliability", "--disable-client-side-phishing-detection",
		"--disable-quic", "--no-pings", "--metrics-recording-only", "--disable-field-trial-config",

		// Nobody is there to be asked.
		"--no-first-run", "--no-default-browser-check", "--disable-search-engine-choice-screen",
		"--password-store=basic", "--use-mock-keychain", "--disable-prompt-on-repost", "--noerrdialogs", "--disable-popup-blocking",
		"--disable-infobars", "--disable-notifications", "--disable-extensions", "--disable-component-extensions-with-background-pages",

		// A page that nobody looks at runs as if somebody did.
		"--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding",
		"--disable-hang-monitor", "--disable-ipc-flooding-protection",

		// A mouse, as whoever has a window has: 2 is hover, 4 a fine pointer.
		"--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4",

		// No graphics card, no sound, no reports of crashes.
		"--disable-gpu", "--mute-audio", "--hide-scrollbars", "--force-color-profile=srgb",
		"--disable-breakpad", "--disable-crash-reporter",

		"--disable-features=Translate,MediaRouter,OptimizationHints,AutofillServerCommunication,DialMediaRouteProvider,AcceptCHFrame,CalculateNativeWinOcclusion,HttpsUpgrades,DestroyProfileOnBrowserClose,PaintHolding,BackForwardCache,NetworkTimeServiceQuerying",
	}
	lang, accepted := "en-US", american // whatever the server speaks
	switch {
	case k.locale != "":
		lang, accepted = k.locale, k.locale
	case isShell(k.program): // which sends it as it is
		accepted = "en-US,en;q=0.9"
	}
	args = append(args, "--lang="+lang, "--accept-lang="+accepted)
	if k.userAgent != "" {
		args = append(args, "--user-agent="+k.userAgent)
	}
	if isShell(k.program) {
		// As the whole browser does: a site can't reach into another's process, or
		// hold it up; and letters are as wide as they are drawn.
		args = append(args, "--site-per-process", "--font-render-hinting=none")
	} else {
		args = append(args, "--component-updater=url-source="+nowhere, "--gaia-url="+nowhere, "--google-apis-url="+nowhere)
	}
	if k.ignoreCertErrors {
		args = append(args, "--ignore-certificate-errors")
	}
	if sharedMemory() < enoughSharedMemory {
		args = append(args, "--disable-dev-shm-usage")
	}
	if !sandbox {
		args = append(args, "--no-sandbox")
	}
	if !namespace {
		// What goes by UDP would go around the proxy. In a namespace it goes nowhere.
		args = append(args, "--force-webrtc-ip-handling-policy=disable_non_proxied_udp", "--webrtc-ip-handling-policy=disable_non_proxied_udp")
	}
	return append(args, "about:blank")
}

// nowhere is where the whole browser finds the services of who makes it, which it asks
// for when a page uses what they stand behind (translation, speech, protected media, a
// password): a port to which Chromium itself connects nothing. What is asked of them
// would count as the session's, and tell of it.
const nowhere = "http://127.0.0.1:1/"

// preferences are the whole browser's for what it has no flags for: the passwords of
// pages are nobody's to look up.
const preferences = `{"profile":{"password_manager_leak_detection":false},"safebrowsing":{"enabled":false},"signin":{"allowed":false,"allowed_on_next_startup":false}}`

// screen is one as large as the page, as the page is told that it is: frames of
// other sites look at the real one, whose own pixels are counted.
func (k kind) screen() string {
	return fmt.Sprintf("--screen-info={%dx%d devicePixelRatio=%g}", pixels(k.viewport.Width, k.scale), pixels(k.viewport.Height, k.scale), k.scale)
}
