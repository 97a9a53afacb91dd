package egress

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
)

// ofSteps are what steps try.
var ofSteps = []row{
	{name: "goto", do: `{"action":"goto","url":"http://{trap}/"}`},
	{name: "goto, https", do: `{"action":"goto","url":"https://{trap}/"}`},
	{name: "goto, localhost", do: `{"action":"goto","url":"http://localhost:{port}/"}`},
	{name: "goto, IPv6", do: `{"action":"goto","url":"http://[::1]:{port}/"}`},
	{name: "goto, IPv6, mapped", do: `{"action":"goto","url":"http://[::ffff:127.0.0.1]:{port}/"}`},
	{name: "goto, this machine's address", do: `{"action":"goto","url":"http://{own}:{port}/"}`},
	{name: "goto, by a redirect", do: `{"action":"goto","url":"{site}/redirect?to=http%3A%2F%2F{trap}%2F"}`},
	{name: "goto, a page of data", do: `{"action":"goto","url":"data:text/html,<img src=http://{trap}/>"}`},
	{name: "goto, NAT64", do: `{"action":"goto","url":"http://[64:ff9b::127.0.0.1]:{port}/"}`, never: true},
	{name: "a page that goes on", do: `{"action":"goto","url":"{site}/refresh?to=http%3A%2F%2F{trap}%2F"}`},
	{name: "a download", do: `{"action":"download","url":"http://{trap}/x"}`},
	{name: "storage of a site", do: `{"action":"storage","do":"set","storageState":{"cookies":[],"origins":[{"origin":"http://{trap}","localStorage":[{"name":"a","value":"b"}]}]}}`, never: true},
	{name: "a new tab", do: `{"action":"tab","do":"open","url":"http://{trap}/"}`},
	{name: "evaluate", do: `{"action":"evaluate","expression":"fetch('http://{trap}/').catch(() => 0)"}`},
	{name: "extract of a page that loads", do: `{"action":"evaluate","expression":"document.body.innerHTML = '<img src=http://{trap}/>'; new Promise(r => setTimeout(r, 500))"}`},
}

func TestSteps(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			r := start(t, k)
			for _, w := range ofSteps {
				var spec step.Spec
				if err := json.Unmarshal([]byte(r.fill(t, w)), &spec); err != nil {
					t.Fatal(err)
				}
				spec.Timeout = "5s"
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				_, why := step.Run(ctx, r.Page(), &spec, func(context.Context, string, string, []byte) (domain.Artifact, error) {
					return domain.Artifact{ID: "art_1"}, nil
				})
				cancel()
				if strings.HasPrefix(w.name, "goto, ") && !strings.Contains(w.name, "data") || w.name == "goto" {
					if blocked := why != nil && why.Code == "address_blocked"; blocked == (k.open && !w.never) {
						t.Errorf("%s: %+v", w.name, why)
					}
				}
			}
			r.judge(t, ofSteps)
		})
	}
}

// ofPrograms are what programs at a connectUrl try: commands, each on a line.
var ofPrograms = []row{
	{name: "Page.navigate", do: `Page.navigate {"url":"http://{trap}/"}`},
	{name: "Page.navigate, localhost", do: `Page.navigate {"url":"http://localhost:{port}/"}`},
	{name: "Target.createTarget", do: `Target.createTarget {"url":"http://{trap}/"}`},
	{name: "a context with a proxy", do: `Target.createBrowserContext {"proxyServer":"http://{trap}"}
		Target.createTarget {"url":"http://example.com/","browserContextId":"{browserContextId}"}`, never: true},
	{name: "a context past the proxy", do: `Target.createBrowserContext {"proxyServer":"direct://"}
		Target.createTarget {"url":"http://{trap}/","browserContextId":"{browserContextId}"}`, never: true},
	{name: "a context with an exception", do: `Target.createBrowserContext {"proxyServer":"http://127.0.0.1:9","proxyBypassList":"127.0.0.1"}
		Target.createTarget {"url":"http://{trap}/","browserContextId":"{browserContextId}"}`, never: true},
	{name: "a context of its own", do: `Target.createBrowserContext {}
		Target.createTarget {"url":"http://{trap}/","browserContextId":"{browserContextId}"}`},
	{name: "Runtime.evaluate", do: `Runtime.evaluate {"expression":"fetch('http://{trap}/').catch(() => 0)","awaitPromise":true}`},
	{name: "a world with every right", do: `Page.createIsolatedWorld {"frameId":"{frameId}","grantUniveralAccess":true}
		Runtime.evaluate {"expression":"fetch('http://{trap}/').catch(() => 0)","awaitPromise":true,"contextId":{executionContextId}}`},
	{name: "Network.loadNetworkResource", do: `Network.loadNetworkResource {"frameId":"{frameId}","url":"http://{trap}/","options":{"disableCache":true,"includeCredentials":false}}`},
	{name: "a request sent elsewhere", do: `Fetch.enable {}
		Page.navigate {"url":"{site}/elsewhere"}
		~Fetch.requestPaused Fetch.continueRequest {"requestId":"{requestId}","url":"http://{trap}/"}
		Fetch.disable {}`},
	{name: "an answer that sends elsewhere", do: `Fetch.enable {}
		Page.navigate {"url":"{site}/elsewhere"}
		~Fetch.requestPaused Fetch.fulfillRequest {"requestId":"{requestId}","responseCode":302,"responseHeaders":[{"name":"Location","value":"http://{trap}/"}]}
		Fetch.disable {}`},
	{name: "another host by a header", do: `Network.enable {}
		Network.setExtraHTTPHeaders {"headers":{"Host":"{trap}","Proxy-Connection":"close","Forwarded":"host={trap}"}}
		Page.navigate {"url":"{site}/host"}
		Network.setExtraHTTPHeaders {"headers":{}}`, never: true},
	{name: "Tethering.bind", do: `Tethering.bind {"port":{port}}`, never: true},
	{name: "Target.setRemoteLocations", do: `Target.setRemoteLocations {"locations":[{"host":"127.0.0.1","port":{port}}]}`, never: true},
	{name: "a proxy, from a session of the browser's", do: `Target.attachToBrowserTarget {}
		Target.createBrowserContext {"proxyServer":"direct://"}
		Target.createTarget {"url":"http://{trap}/","browserContextId":"{browserContextId}"}`, never: true},
	{name: "Page.getAppManifest", do: `Page.navigate {"url":"{site}/manifest?to=http%3A%2F%2F{trap}%2Fx"}
		Page.getAppManifest {}`, depends: true},
	{name: "a request for another host", do: `Fetch.enable {}
		Page.navigate {"url":"{site}/elsewhere"}
		~Fetch.requestPaused Fetch.continueRequest {"requestId":"{requestId}","headers":[{"name":"Host","value":"{trap}"},{"name":"Proxy-Connection","value":"keep-alive"},{"name":"X","value":"1"}]}
		Fetch.disable {}`, never: true},
	{name: "a request within a header", do: `Fetch.enable {}
		Page.navigate {"url":"{site}/elsewhere"}
		~Fetch.requestPaused Fetch.continueRequest {"requestId":"{requestId}","headers":[{"name":"X","value":"1\r\n\r\nGET http://{trap}/ HTTP/1.1\r\nHost: {trap}"}]}
		Fetch.disable {}`, never: true},
	{name: "a request within a method", do: `Fetch.enable {}
		Page.navigate {"url":"{site}/elsewhere"}
		~Fetch.requestPaused Fetch.continueRequest {"requestId":"{requestId}","method":"GET http://{trap}/ HTTP/1.1\r\n\r\nGET"}
		Fetch.disable {}`, never: true},
	{name: "a tunnel by a method", do: `Fetch.enable {}
		Page.navigate {"url":"{site}/elsewhere"}
		~Fetch.requestPaused Fetch.continueRequest {"requestId":"{requestId}","method":"CONNECT"}
		Fetch.disable {}`, never: true},
	{name: "an answer with hints", do: `Fetch.enable {}
		Page.navigate {"url":"{site}/elsewhere"}
		~Fetch.requestPaused Fetch.fulfillRequest {"requestId":"{requestId}","responseCode":200,"responseHeaders":[{"name":"Link","value":"<http://{trap}/x.png>; rel=preload; as=image"},{"name":"Alt-Svc","value":"h2=\"{trap}\""}]}
		~Page.loadEventFired Fetch.disable {}
		Runtime.evaluate {"expression":"new Promise(r => setTimeout(r, 300))","awaitPromise":true}`},
	{name: "where scripts come from", do: `Debugger.enable {}
		Runtime.evaluate {"expression":"1 //# sourceMappingURL=http://{trap}/x.map"}`, never: true},
	{name: "Page.setDocumentContent", do: `Page.setDocumentContent {"frameId":"{frameId}","html":"<img src='http://{trap}/'>"}
		Runtime.evaluate {"expression":"new Promise(r => setTimeout(r, 500))","awaitPromise":true}`},
}

// program is a client of a session's browser, on its page.
type program struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
	page string // its session

	id     int
	doing  string
	values map[string]string // what answers and events have told
	events map[string]bool
}

func (r *rig) program(t *testing.T) *program {
	t.Helper()
	conn, err := r.Connect(t.Context(), "", func() {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	p := &program{t: t, conn: conn, in: bufio.NewReader(conn), values: map[string]string{}, events: map[string]bool{}}
	p.call("Target.createTarget", `{"url":"about:blank"}`)
	p.call("Target.attachToTarget", `{"targetId":"`+p.values["targetId"]+`","flatten":true}`)
	p.page = p.values["sessionId"]
	p.call("Page.enable", `{}`)
	p.call("Page.getFrameTree", `{}`)
	return p
}

// take remembers the members of what the browser says, at any depth.
func (p *program) take(v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			switch member := member.(type) {
			case string:
				p.values[name] = member
			case float64:
				p.values[name] = fmt.Sprint(int64(member))
			}
			p.take(member)
		}
		if frame, ok := v["frame"].(map[string]any); ok {
			if id, ok := frame["id"].(string); ok {
				p.values["frameId"] = id
			}
		}
	case []any:
		for _, one := range v {
			p.take(one)
		}
	}
}

// hear reads one message, and returns its id.
func (p *program) hear() (id int, refused string) {
	p.t.Helper()
	raw, err := p.in.ReadBytes(0)
	if err != nil {
		p.t.Fatalf("%s: %v", p.doing, err)
	}
	var m struct {
		ID             int
		Method         string
		Result, Params map[string]any
		Error          struct{ Message string }
	}
	if err := json.Unmarshal(raw[:len(raw)-1], &m); err != nil {
		p.t.Fatal(err)
	}
	p.events[m.Method] = true
	if m.Result != nil {
		p.take(m.Result)
	}
	if m.Method == "Fetch.requestPaused" {
		p.take(m.Params)
	}
	return m.ID, m.Error.Message
}

func (p *program) send(method, params string) int {
	p.t.Helper()
	p.id++
	p.doing = method + " " + params
	if method == "Page.navigate" {
		clear(p.events) // those of the page before
	}
	raw := fmt.Sprintf(`{"id":%d,"method":%q,"params":%s`, p.id, method, params)
	if p.page != "" && !strings.HasPrefix(method, "Target.") && !strings.HasPrefix(method, "Tethering.") {
		raw += fmt.Sprintf(`,"sessionId":%q`, p.page)
	}
	if _, err := p.conn.Write([]byte(raw + "}\x00")); err != nil {
		p.t.Fatal(err)
	}
	return p.id
}

func (p *program) call(method, params string) (refused string) {
	p.t.Helper()
	for id := p.send(method, params); ; {
		if got, refused := p.hear(); got == id {
			return refused
		}
	}
}

// run does a row's commands. One after ~ waits for an event; the one before it is not
// waited for.
func (p *program) run(do string) {
	p.t.Helper()
	lines := strings.Split(do, "\n")
	for i, line := range lines {
		line = strings.TrimSpace(line)
		if event, rest, ok := strings.Cut(strings.TrimPrefix(line, "~"), " "); ok && strings.HasPrefix(line, "~") {
			for !p.events[event] {
				p.hear()
			}
			delete(p.events, event)
			line = rest
		}
		for name, value := range p.values {
			line = strings.ReplaceAll(line, "{"+name+"}", value)
		}
		method, params, _ := strings.Cut(line, " ")
		if i+1 < len(lines) && strings.HasPrefix(strings.TrimSpace(lines[i+1]), "~") {
			p.send(method, params)
			continue
		}
		p.call(method, params)
		if method == "Target.attachToTarget" { // the next ones are for that
			p.page = p.values["sessionId"]
		}
	}
}

func TestPrograms(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			r := start(t, k)
			for _, w := range ofPrograms {
				do := r.fill(t, w)
				p := r.program(t)
				p.run(do)
				p.run(`Runtime.evaluate {"expression":"new Promise(r => setTimeout(r, 100))","awaitPromise":true}`)
				p.conn.Close()
			}
			r.judge(t, ofPrograms)
		})
	}
}

// ofEscapes are what a process tries that has got out of Chromium's sandbox: it runs as
// the browser's user, where the browser does.
var ofEscapes = []row{
	{name: "TCP", do: "tcp 127.0.0.1:{port}", leaks: true, never: true},
	{name: "TCP, IPv6", do: "tcp [::1]:{port}", leaks: true, never: true},
	{name: "TCP, this machine's address", do: "tcp {own}:{port}", leaks: true, never: true},
	{name: "UDP", do: "udp 127.0.0.1:{port}", leaks: true, never: true},
	{name: "UDP, this machine's address", do: "udp {own}:{port}", leaks: true, never: true},
	{name: "another session's way out", do: "proxy 127.0.0.1:{port}", never: true},
	{name: "an abstract socket", do: "abstract {port}", leaks: true, never: true},
	{name: "a socket in a folder", do: "path {port}", always: true},
}

// TestEscapes stands for a process that has got out of the sandbox.
func TestEscapes(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can enter a browser's namespace")
	}
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			r := start(t, k)
			for _, w := range ofEscapes {
				how, where, _ := strings.Cut(r.fill(t, w), " ")
				c := r.traps[w.name]
				switch how {
				case "proxy":
					// What the other session's browser is told of, this one knows too.
					other := start(t, kind{noNamespace: k.noNamespace, open: true})
					if nc, err := within(r.PID(), "tcp", proxyOf(t, other.PID())); err == nil {
						fmt.Fprintf(nc, "CONNECT %s HTTP/1.1\r\n\r\n", where)
						_, _ = bufio.NewReader(nc).ReadString('\n')
						nc.Close()
					}
				case "abstract", "path":
					address := "@browserhook-test-" + where
					if how == "path" {
						address = filepath.Join(t.TempDir(), where)
					}
					l, err := net.Listen("unix", address)
					if err != nil {
						t.Fatal(err)
					}
					if nc, err := within(r.PID(), "unix", address); err == nil {
						c.hits.Add(1)
						nc.Close()
					}
					l.Close()
				default:
					nc, err := within(r.PID(), how, where)
					if err == nil {
						_, _ = nc.Write([]byte("x"))
						nc.Close()
					}
				}
			}
			r.judge(t, ofEscapes)
		})
	}
}

// within dials in the network namespace of a process.
func within(pid int, network, address string) (nc net.Conn, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and ends with the goroutine
		var ns *os.File
		if ns, err = os.Open(fmt.Sprintf("/proc/%d/ns/net", pid)); err != nil {
			return
		}
		defer ns.Close()
		if err = unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
			return
		}
		nc, err = (&net.Dialer{Timeout: time.Second}).Dial(network, address)
	}()
	<-done
	return nc, err
}

// proxyOf is the address that a browser was told of as its proxy.
func proxyOf(t *testing.T, pid int) string {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(raw), "--proxy-server=http://")
	if !ok {
		t.Fatalf("the browser has no proxy: %q", raw)
	}
	return rest[:strings.IndexAny(rest, " \x00")]
}

// TestTheKeepersSocket is closed to the browser's user.
func TestTheKeepersSocket(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root has browsers run as another user")
	}
	r := start(t, kinds[0])
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.PID()))
	if err != nil {
		t.Fatal(err)
	}
	var uid int
	_, rest, _ := strings.Cut(string(status), "\nUid:\t")
	if _, err := fmt.Sscan(rest, &uid); err != nil || uid == 0 {
		t.Fatalf("the browser runs as %d, %v", uid, err)
	}
	home, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", r.PID()))
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(filepath.Dir(home), "keeper.sock")
	if _, err := os.Stat(socket); err != nil {
		t.Fatal(err)
	}
	tried := make(chan error)
	go func() {
		runtime.LockOSThread() // and ends with the goroutine
		if _, _, no := unix.RawSyscall(unix.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid)); no != 0 {
			tried <- no
			return
		}
		nc, err := net.Dial("unix", socket)
		if err == nil {
			nc.Close()
		}
		tried <- err
	}()
	if err := <-tried; !errors.Is(err, unix.EACCES) {
		t.Errorf("the browser's user connects: %v", err)
	}
}

// schemes are addresses that are not of the web.
var schemes = []string{
	"file:///etc/passwd", "FILE:///etc/passwd", "file://localhost/etc/passwd", "chrome://version", "chrome://settings", "chrome-extension://a/b.html",
	"chrome-untrusted://terminal/", "view-source:http://{site}/", "view-source:file:///etc/passwd", "devtools://devtools/bundled/inspector.html", "about:version",
	"filesystem:http://{site}/temporary/x", "isolated-app://x/", "externalfile:x", "content://x",
}

// ofSchemes are what programs try, to have a page see a file: commands, each on a line.
var ofSchemes = []row{
	{name: "a world with every right", do: `Page.navigate {"url":"{site}/"}
		Page.createIsolatedWorld {"frameId":"{frameId}","grantUniveralAccess":true}
		Runtime.evaluate {"expression":"new Promise(r => { const x = new XMLHttpRequest(); x.open('GET', '{address}'); x.onloadend = () => r(x.responseText); try { x.send() } catch { r('') } })","awaitPromise":true,"contextId":{executionContextId}}
		Runtime.evaluate {"expression":"new Promise(r => { const f = document.createElement('iframe'); f.src = '{address}'; f.onload = () => r(f.contentDocument?.documentElement.outerHTML); document.documentElement.append(f); setTimeout(r, 500) })","awaitPromise":true,"contextId":{executionContextId}}
		Runtime.evaluate {"expression":"location = '{address}'","contextId":{executionContextId}}`},
	{name: "an origin with every right", do: `Target.createBrowserContext {"originsWithUniversalNetworkAccess":["{site}"]}
		Target.createTarget {"url":"{site}/","browserContextId":"{browserContextId}"}
		Target.attachToTarget {"targetId":"{targetId}","flatten":true}
		Runtime.evaluate {"expression":"fetch('{address}').then(r => r.text()).catch(() => '')","awaitPromise":true}`},
	{name: "an answer that sends there", do: `Fetch.enable {}
		Page.navigate {"url":"{site}/elsewhere"}
		~Fetch.requestPaused Fetch.fulfillRequest {"requestId":"{requestId}","responseCode":302,"responseHeaders":[{"name":"Location","value":"{address}"}]}
		Fetch.disable {}
		Runtime.evaluate {"expression":"new Promise(r => setTimeout(r, 200))","awaitPromise":true}`},
	{name: "an answer that is changed", do: `Fetch.enable {"patterns":[{"requestStage":"Response"}]}
		Page.navigate {"url":"{site}/elsewhere"}
		~Fetch.requestPaused Fetch.continueResponse {"requestId":"{requestId}","responseCode":301,"responseHeaders":[{"name":"Location","value":"{address}"}]}
		Fetch.disable {}
		Runtime.evaluate {"expression":"new Promise(r => setTimeout(r, 200))","awaitPromise":true}`},
	{name: "a page that is set", do: `Page.setDocumentContent {"frameId":"{frameId}","html":"<iframe src='{address}'></iframe><object data='{address}'></object><script>fetch('{address}').then(r => r.text()).then(t => document.title = t)</script>"}
		Runtime.evaluate {"expression":"new Promise(r => setTimeout(() => r(frames[0].document?.body?.textContent), 200))","awaitPromise":true}`},
	{name: "a handle that is a path", do: `IO.read {"handle":"/etc/passwd"}
		IO.read {"handle":"{address}"}
		Page.getResourceContent {"frameId":"{frameId}","url":"{address}"}`},
	{name: "other spellings", do: `Target.createTarget {"url":"/etc/passwd"}
		Target.createTarget {"url":"\u0001 file:\\\\\\etc\\passwd"}
		Page.navigate {"url":"fi\u000ale:/etc/passwd"}
		Page.navigate {"url":"\ufefffile:///etc/passwd"}
		Page.navigate {"url":"javascript:location='{address}'"}
		Page.navigate {"url":"blob:{address}"}
		Page.navigate {"url":"http://{address}"}
		Runtime.evaluate {"expression":"new Promise(r => setTimeout(r, 200))","awaitPromise":true}`},
}

// TestSchemes: files and the browser's own pages are closed to pages, steps and
// programs.
func TestSchemes(t *testing.T) {
	r := start(t, kinds[2])
	for _, scheme := range schemes {
		address := strings.ReplaceAll(scheme, "http://{site}", r.site)
		if _, err := step.CheckURL("url", address); err == nil {
			t.Errorf("a step may go to %s", address)
		}
		p := r.program(t)
		for _, command := range []string{`Page.navigate {"url":%q}`, `Target.createTarget {"url":%q}`} {
			method, params, _ := strings.Cut(fmt.Sprintf(command, address), " ")
			if refused := p.call(method, params); !strings.Contains(refused, "of the web") {
				t.Errorf("%s to %s: %q", method, address, refused)
			}
		}
		p.conn.Close()
	}
	for _, w := range ofSchemes {
		address := "file:///etc/passwd"
		p := r.program(t)
		p.run(strings.NewReplacer("{address}", address, "{site}", r.site).Replace(w.do))
		for _, look := range []string{"document.documentElement.outerHTML", "location.href"} {
			p.run(fmt.Sprintf(`Runtime.evaluate {"expression":%q}`, look))
			if got := p.values["value"]; strings.Contains(got, "root:") || strings.HasPrefix(got, "file:") {
				t.Errorf("%s: %.80q", w.name, got)
			}
		}
		for name, got := range p.values {
			if strings.Contains(got, "root:x:") {
				t.Errorf("%s: it is told %s: %.80q", w.name, name, got)
			}
		}
		p.conn.Close()
	}
	// A page's own tries, whatever it does.
	for name, do := range map[string]string{
		"a link":          `const a = add('<a href="' + address + '">x</a>').firstChild; a.click(); await soon(100)`,
		"location":        `location = address; await soon(100)`,
		"a popup":         `const w = open(address); await soon(100); try { leak = w.document.body?.textContent } catch {} ; w?.close()`,
		"a frame":         `const f = document.createElement("iframe"); f.src = address; document.body.append(f); await soon(100); try { leak = f.contentDocument?.body?.textContent } catch {}`,
		"fetch":           `leak = await fetch(address).then(r => r.text(), () => "")`,
		"XMLHttpRequest":  `const x = new XMLHttpRequest(); x.open("GET", address); try { x.send() } catch {} await ends(x, "loadend"); leak = x.responseText`,
		"a worker":        `try { const w = new Worker(address); await ends(w, "message", "error") } catch {}`,
		"a redirect":      `leak = await fetch("/redirect?to=" + encodeURIComponent(address)).then(r => r.text(), () => "")`,
		"a frame's sent":  `const f = document.createElement("iframe"); f.src = "/redirect?to=" + encodeURIComponent(address); document.body.append(f); await soon(200); try { leak = f.contentDocument?.body?.textContent } catch {}`,
		"a page's object": `const o = document.createElement("object"); o.data = address; document.body.append(o); await soon(100); try { leak = o.contentDocument?.body?.textContent } catch {}`,
	} {
		for _, scheme := range []string{schemes[0], schemes[3], schemes[6], schemes[7], schemes[9]} {
			address := strings.ReplaceAll(scheme, "http://{site}", r.site)
			r.navigate(t, r.site+"/")
			var res struct {
				Result struct {
					Value struct {
						At   string `json:"at"`
						Leak string `json:"leak"`
					} `json:"value"`
				} `json:"result"`
			}
			err := r.Page().Call(t.Context(), "Runtime.evaluate", map[string]any{
				"expression":   "(async () => {" + helpers + fmt.Sprintf("let leak = ''; const address = %q; try { %s } catch {} return { at: location.href, leak: leak || '' } })()", address, do),
				"awaitPromise": true, "returnByValue": true, "userGesture": true,
			}, &res)
			// What Chromium doesn't know at all has its page of an error, which has none of it.
			if got := res.Result.Value; err == nil && got.At != r.site+"/" || strings.Contains(got.Leak, "root:") || len(got.Leak) > 200 {
				t.Errorf("%s to %s: the page is at %q and has %.80q", name, address, got.At, got.Leak)
			}
			for _, tab := range r.Tabs().Open() {
				if at := tab.Main().Document.URL; !strings.HasPrefix(at, "http") && !strings.HasPrefix(at, "about:blank") && at != "" && !strings.HasPrefix(at, "chrome-error:") {
					t.Errorf("%s to %s: a tab shows %s", name, address, at)
				}
			}
		}
	}
}
