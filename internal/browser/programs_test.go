package browser_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/domain"
)

// differences are the rows of the table in docs/sessions.md: what a page sees of
// them in the headless shell, and in the whole browser. Without values it is the
// same in both.
var differences = []struct{ row, expression, shell, chromium string }{
	{"plugins", "[navigator.plugins.length, navigator.mimeTypes.length, navigator.pdfViewerEnabled].join()", "0,0,false", "5,2,true"},
	{"a PDF", "", "net::ERR_ABORTED", ""},
	{"a status of an error without a body", "", "", "net::ERR_HTTP_RESPONSE_CODE_FAILURE"},
	{"status 401", "", "", "net::ERR_INVALID_AUTH_CREDENTIALS"},
	{"`window.chrome`", "typeof chrome === 'undefined' ? 'none' : Object.keys(chrome).sort().join()", "none", "app,csi,loadTimes"},
	{"other names that pages know", "Object.getOwnPropertyNames(window).filter(n => n !== 'chrome').sort().join()", "", ""},
	{"permissions that were not asked for", `Promise.all(['accelerometer', 'background-sync', 'clipboard-write', 'payment-handler', 'screen-wake-lock', 'storage-access', 'camera', 'geolocation', 'notifications'].map(name =>
		navigator.permissions.query({name}))).then(all => all.map(p => p.state).join())`, strings.Repeat("prompt,", 8) + "prompt", strings.Repeat("granted,", 6) + "prompt,prompt,prompt"},
	{"`PaymentRequest`", `new PaymentRequest([{supportedMethods: 'https://example.com/pay'}], {total: {label: 'x', amount: {currency: 'EUR', value: '1'}}})
		.canMakePayment().then(String, e => e.name)`, "UnknownError", "false"},
	{"`navigator.connection`", "navigator.connection.rtt > 0", "false", "true"},
	{"place of the window", "[screenX, screenY].join()", "0,0", "10,10"},
	{"fonts", "['serif', 'sans-serif', 'system-ui', 'Arial', '\"Times New Roman\"', '\"Courier New\"', 'Georgia'].map" + wide + ".join()", "", ""},
	// The shell takes Courier New for it, the whole browser what the system says.
	{"`font-family: monospace`", "(([is, courier, system]) => is === (typeof chrome === 'undefined' ? courier : system))(['monospace', '\"Courier New\"', '\"Monospace\"'].map" + wide + ")", "true", "true"},
	{"media", `['video/mp4; codecs="avc1.42E01E"', 'audio/mp4; codecs="mp4a.40.2"', 'audio/mpeg', 'video/webm; codecs="vp9"', 'video/mp4; codecs="av01.0.04M.08"', 'audio/flac', 'video/mp4; codecs="hvc1.1.6.L93.B0"']
		.map(type => document.createElement('video').canPlayType(type)).join()`, "", ""},
	{"drawing", "['webgl', 'webgl2'].map(kind => !!document.createElement('canvas').getContext(kind)).join()", "true,true", "true,true"},
	{"mouse", "['(hover: hover)', '(pointer: fine)', '(any-pointer: coarse)'].map(q => matchMedia(q).matches).join()", "true,true,false", "true,true,false"},
}

// wide measures how wide a text is with a font.
const wide = `(font => {
	const s = document.createElement('span'); s.style.font = '40px ' + font; s.style.whiteSpace = 'nowrap'; s.textContent = 'Hamburgefonstiv 漢字 😀'
	document.body.append(s); const width = s.getBoundingClientRect().width; s.remove(); return width })`

// TestTheTwoBrowsers: what the table says is so.
func TestTheTwoBrowsers(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/a PDF":
			w.Header().Set("Content-Type", "application/pdf")
			fmt.Fprint(w, "%PDF-1.4\n")
		case "/a status of an error without a body":
			w.WriteHeader(http.StatusInternalServerError)
		case "/status 401":
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, "who are you?")
		default:
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<!doctype html><meta charset=utf-8><link rel=icon href='data:,'><body>")
		}
	}))
	defer site.Close()
	docs, err := os.ReadFile("../../docs/sessions.md")
	if err != nil {
		t.Fatal(err)
	}
	l := browsertest.Launcher(t, "", nil)
	seen := map[string]map[string]string{}
	for _, program := range l.Browsers() {
		seen[program] = map[string]string{}
		p := browsertest.Launch(t, l, domain.SessionOptions{Browser: program}).Page()
		<-p.Prepared()
		for _, d := range differences {
			if d.expression == "" {
				seen[program][d.row] = navigate(t, p, site.URL+"/"+strings.ReplaceAll(d.row, " ", "%20"))
				continue
			}
			if failed := navigate(t, p, site.URL); failed != "" {
				t.Fatal(failed)
			}
			seen[program][d.row] = fmt.Sprint(evaluate(t, p, d.expression))
		}
	}
	for _, d := range differences {
		if !strings.Contains(string(docs), "\n| "+d.row+" |") {
			t.Errorf("docs/sessions.md has no row %q", d.row)
		}
		shell, chromium := seen[browser.Shell], seen[browser.Chromium]
		if d.expression != "" && d.shell == "" {
			if shell != nil && chromium != nil && shell[d.row] != chromium[d.row] {
				t.Errorf("%s: %q with the shell, %q with the whole browser", d.row, shell[d.row], chromium[d.row])
			}
			continue
		}
		if shell != nil && shell[d.row] != d.shell {
			t.Errorf("%s, with the shell: %q, want %q", d.row, shell[d.row], d.shell)
		}
		if chromium != nil && chromium[d.row] != d.chromium {
			t.Errorf("%s, with the whole browser: %q, want %q", d.row, chromium[d.row], d.chromium)
		}
	}
}

// navigate goes to an address, and returns what Chromium says is wrong with it.
func navigate(t *testing.T, p *browser.Page, address string) string {
	t.Helper()
	var res struct {
		Error string `json:"errorText"`
	}
	if err := p.Call(t.Context(), "Page.navigate", map[string]any{"url": address}, &res); err != nil {
		t.Fatal(err)
	}
	if res.Error == "" {
		evaluate(t, p, "new Promise(done => document.readyState === 'complete' ? done() : addEventListener('load', () => done()))")
	}
	return res.Error
}
