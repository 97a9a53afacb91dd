package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/test/harness"
)

// beside is a session that a program uses by its protocol while its steps run.
type beside struct {
	*testing.T
	c             *harness.Client
	id, url, site string
	program       *protocol
	page          string // the program's session with the page
}

func newBeside(t *testing.T, server *harness.Server, site string) *beside {
	b := &beside{T: t, c: server.Client(), site: site}
	made, err := b.c.Do(t.Context(), http.MethodPost, "/v1/sessions", obj{})
	if err != nil {
		t.Fatal(err)
	}
	b.id, b.url = made.String("sessionId"), made.String("connectUrl")
	if got := b.step(obj{"action": "goto", "url": site + "/empty"}); got.String("status") != "COMPLETED" {
		t.Fatal(got)
	}
	b.program = connect(t, b.url)
	b.page = b.attach(b.target(site + "/empty"))
	return b
}

// step runs one and returns it.
func (b *beside) step(step obj) obj {
	b.Helper()
	got, err := b.c.With("Prefer", "wait=60").Do(b.Context(), http.MethodPost, "/v1/sessions/"+b.id+"/steps", obj{"steps": []obj{step}})
	if err != nil {
		b.Fatal(err)
	}
	return got.List("data")[0]
}

// during does something while a step runs, and returns the step.
func (b *beside) during(step obj, do func()) obj {
	b.Helper()
	made, err := b.c.Do(b.Context(), http.MethodPost, "/v1/sessions/"+b.id+"/steps", obj{"steps": []obj{step}})
	if err != nil {
		b.Fatal(err)
	}
	path := "/v1/sessions/" + b.id + "/steps/" + made.List("data")[0].String("stepId")
	is := func(want ...string) (got obj) {
		if err := harness.Until(b.Context(), func() (bool, error) {
			got, err = b.c.Do(b.Context(), http.MethodGet, path, nil)
			return err == nil && slices.Contains(want, got.String("status")), err
		}); err != nil {
			b.Fatalf("the step is %v: %v", got, err)
		}
		return got
	}
	is("RUNNING")
	do()
	return is("COMPLETED", "FAILED")
}

// target is the id of the page that shows an address.
func (b *beside) target(url string) string {
	b.Helper()
	var found struct {
		TargetInfos []struct{ TargetID, URL string }
	}
	if err := json.Unmarshal([]byte(b.program.call("Target.getTargets", "")), &found); err != nil {
		b.Fatal(err)
	}
	for _, target := range found.TargetInfos {
		if target.URL == url {
			return target.TargetID
		}
	}
	b.Fatalf("no page shows %s", url)
	return ""
}

func (b *beside) attach(target string) string {
	b.Helper()
	var attached struct{ SessionID string }
	if err := json.Unmarshal([]byte(b.program.call("Target.attachToTarget", fmt.Sprintf(`{"targetId":%q,"flatten":true}`, target))), &attached); err != nil {
		b.Fatal(err)
	}
	return attached.SessionID
}

func (b *beside) evaluate(expression string) string {
	b.Helper()
	return b.program.callIn(b.page, "Runtime.evaluate", fmt.Sprintf(`{"expression":%q,"awaitPromise":true}`, expression))
}

// is tests what became of a step: its status, and what its result or error says.
func (b *beside) is(step obj, status, says string) {
	b.Helper()
	if step.String("status") != status || !strings.Contains(fmt.Sprint(step["result"], step["error"], step["dialogs"]), says) {
		b.Errorf("the step is %v, want %s with %q", step, status, says)
	}
}

// TestStepsAndPrograms: a step and a program at one page are two clients of it.
func TestStepsAndPrograms(t *testing.T) {
	dir := harness.Isolate(t)
	site, _ := forPrograms(t)
	server := harness.Start(t, filepath.Join(dir, "data"))
	waits := obj{"action": "waitFor", "target": "#go", "timeout": "60s"}
	inMoment := obj{"action": "waitFor", "target": "#never", "timeout": "3s"}
	for name, test := range map[string]func(b *beside){
		"the program navigates": func(b *beside) {
			got := b.during(waits, func() { b.program.callIn(b.page, "Page.navigate", `{"url":"`+site+`/page"}`) })
			b.is(got, "COMPLETED", "")
		},
		"the program changes the page": func(b *beside) {
			got := b.during(waits, func() { b.evaluate(`document.body.innerHTML = "<button id=go>Go</button>"`) })
			b.is(got, "COMPLETED", "")
		},
		"the program crashes the page": func(b *beside) {
			got := b.during(waits, func() { b.program.send(b.page, "Page.crash", "{}") }) // is never answered
			b.is(got, "FAILED", "page_crashed")
			b.is(b.step(obj{"action": "goto", "url": site + "/page"}), "COMPLETED", "")
		},
		"the program's context goes": func(b *beside) {
			var made struct{ BrowserContextID, TargetID string }
			_ = json.Unmarshal([]byte(b.program.call("Target.createBrowserContext", "")), &made)
			_ = json.Unmarshal([]byte(b.program.call("Target.createTarget", fmt.Sprintf(`{"url":"%s/empty?theirs","browserContextId":%q}`, site, made.BrowserContextID))), &made)
			b.is(b.step(obj{"action": "tab", "do": "switch", "index": 1}), "COMPLETED", "")
			b.is(b.step(obj{"action": "evaluate", "expression": "location.search"}), "COMPLETED", "?theirs")
			got := b.during(inMoment, func() {
				b.program.call("Target.disposeBrowserContext", fmt.Sprintf(`{"browserContextId":%q}`, made.BrowserContextID))
			})
			b.is(got, "FAILED", "the step began was closed")
			b.is(b.step(obj{"action": "evaluate", "expression": "location.pathname + location.search"}), "COMPLETED", "/empty")
		},
		"the program opens a dialog": func(b *beside) {
			got := b.during(waits, func() {
				if said := b.evaluate(`setTimeout(() => document.body.innerHTML = "<button id=go>Go</button>"); confirm("sure?")`); !strings.Contains(said, `"value":false`) {
					b.Errorf("it was answered %s", said)
				}
			})
			b.is(got, "COMPLETED", "sure?")
		},
		"the program sets the viewport": func(b *beside) {
			b.program.callIn(b.page, "Emulation.setDeviceMetricsOverride", `{"width":500,"height":400,"deviceScaleFactor":1,"mobile":false}`)
			b.is(b.step(obj{"action": "evaluate", "expression": "innerWidth"}), "COMPLETED", "500")
			_ = b.program.ws.CloseNow()
			b.is(b.step(obj{"action": "waitFor", "expression": "innerWidth === 1280"}), "COMPLETED", "")
		},
		"the program holds requests": func(b *beside) {
			b.program.callIn(b.page, "Fetch.enable", "{}")
			got := b.during(obj{"action": "goto", "url": site + "/page"}, func() {
				body := base64.StdEncoding.EncodeToString([]byte("<title>made up</title>"))
				b.program.callIn(b.page, "Fetch.fulfillRequest", fmt.Sprintf(`{"requestId":%q,"responseCode":200,"body":%q}`, b.paused(), body))
			})
			b.is(got, "COMPLETED", "")
			b.is(b.step(obj{"action": "assert", "title": "made up"}), "COMPLETED", "")
		},
		"the program holds requests and leaves": func(b *beside) {
			b.program.callIn(b.page, "Fetch.enable", "{}")
			got := b.during(obj{"action": "goto", "url": site + "/page"}, func() {
				b.paused()
				_ = b.program.ws.CloseNow()
			})
			b.is(got, "COMPLETED", "")
			b.is(b.step(obj{"action": "assert", "title": "page"}), "COMPLETED", "")
		},
		"the program holds requests for ever": func(b *beside) {
			b.program.callIn(b.page, "Fetch.enable", "{}")
			got := b.during(obj{"action": "goto", "url": site + "/page", "timeout": "2s"}, func() {})
			b.is(got, "FAILED", "timeout")
			b.program.callIn(b.page, "Fetch.disable", "{}")
			b.is(b.step(obj{"action": "goto", "url": site + "/page"}), "COMPLETED", "")
		},
	} {
		t.Run(name, func(t *testing.T) { test(newBeside(t, server, site)) })
	}
}

// paused waits for the request that the program holds.
func (b *beside) paused() string {
	b.Helper()
	var request struct{ RequestID string }
	if err := json.Unmarshal(b.program.event("Fetch.requestPaused"), &request); err != nil {
		b.Fatal(err)
	}
	return request.RequestID
}
