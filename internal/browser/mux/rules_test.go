package mux

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRules(t *testing.T) {
	ended := 0
	rules := ForClients(Folders{Downloads: "/run/s/files/downloads", Files: "/run/s/files"}, func() { ended++ })
	for _, c := range []struct{ method, params, want string }{
		{"Runtime.evaluate", `{"expression":"1","expression":"2"}`, `{"expression":"1","expression":"2"}`},
		{"Browser.close", ``, `answered {}`},
		{"Browser.crash", `{}`, `refused Browser.crash is not for a client of a session: it ends the browser of everybody else in the session`},
		{"Browser.setDownloadBehavior", `{"behavior":"allowAndName","downloadPath":"/etc","eventsEnabled":true}`, `{"behavior":"allowAndName","downloadPath":"/run/s/files/downloads","eventsEnabled":true}`},
		{"Browser.setDownloadBehavior", `{"behavior":"deny"}`, `{"behavior":"deny"}`},
		{"Browser.setDownloadBehavior", `{"behavior":"default","browserContextId":"C"}`, `{"behavior":"allowAndName","browserContextId":"C","downloadPath":"/run/s/files/downloads"}`},
		{"Target.createBrowserContext", `{"disposeOnDetach":true}`, `{"disposeOnDetach":true}`},
		{"Target.createBrowserContext", `{"proxyServer":"x"}`, `refused the session's way out is its own`},
		{"Browser.setDownloadBehavior", `{"behavior":"allow","downloadPath":"/a","downloadPath":"/b"}`, `refused the parameters can't be read`},
		{"DOM.setFileInputFiles", `{"files":["/run/s/files/downloads/a.txt"],"nodeId":1}`, `{"files":["/run/s/files/downloads/a.txt"],"nodeId":1}`},
		{"DOM.setFileInputFiles", `{"files":["/run/s/files/a","/etc/passwd"]}`, `refused "/etc/passwd" is not in`},
		{"DOM.setFileInputFiles", `{"files":["/run/s/files/../../other/a"]}`, `refused "/run/s/files/../../other/a" is not in`},
		{"DOM.setFileInputFiles", `{"files":["a"]}`, `refused "a" is not in`},
		{"DOM.setFileInputFiles", `{"files":"/etc/passwd"}`, `refused files are a list`},
		{"DOM.setFileInputFiles", `{"files":[]}`, `{"files":[]}`},
		{"Page.navigate", `{"url":"https://example.com/a:b"}`, `{"url":"https://example.com/a:b"}`},
		{"Page.navigate", `{"url":"about:blank"}`, `{"url":"about:blank"}`},
		{"Page.navigate", `{"url":"data:text/html,a"}`, `{"url":"data:text/html,a"}`},
		{"Page.navigate", `{"url":"file:///etc/passwd"}`, `refused a session's pages are of the web: file: is not`},
		{"Page.navigate", `{"url":" \tFI\nLE:///etc/passwd"}`, `refused a session's pages are of the web: file: is not`},
		{"Page.navigate", `{"url":"\u0001file:///etc/passwd"}`, `refused a session's pages are of the web: file: is not`},
		{"Page.navigate", `{"url":"view-source:file:///etc/passwd"}`, `refused a session's pages are of the web: view-source: is not`},
		{"Page.navigate", `{"url":"chrome://version"}`, `refused a session's pages are of the web: chrome: is not`},
		{"Page.navigate", `{"url":"file:/%zz"}`, `refused a session's pages are of the web: file: is not`},
		{"Page.navigate", `{"url":"about:version"}`, `refused a session's pages are of the web: about: is not`},
		{"Page.navigate", `{"url":"ABOUT:BLANK"}`, `{"url":"ABOUT:BLANK"}`},
		{"Browser.setDownloadBehavior", `{"behavior":"allow","downloadPath":"/etc"}`, `{"behavior":"allowAndName","downloadPath":"/run/s/files/downloads"}`},
		{"Input.dispatchDragEvent", `{"type":"drop","x":1,"y":1,"data":{"items":[],"files":["/etc/passwd"],"dragOperationsMask":1}}`, `refused "/etc/passwd" is not in`},
		{"Input.dispatchDragEvent", `{"type":"drop","x":1,"y":1,"data":{"items":[],"files":[],"files":["/etc/passwd"]}}`, `refused `},
		{"Input.dispatchDragEvent", `{"type":"drop","x":1,"y":1,"data":"/etc/passwd"}`, `refused data is an object`},
		{"Input.dispatchDragEvent", `{"type":"drop","x":1,"y":1,"data":{"items":[{"mimeType":"text/plain","data":"x"}],"dragOperationsMask":1}}`, `{"type":"drop","x":1,"y":1,"data":{"items":[{"mimeType":"text/plain","data":"x"}],"dragOperationsMask":1}}`},
		{"Target.openDevTools", `{"targetId":"A"}`, `refused `},
		{"Target.getDevToolsTarget", `{"targetId":"A"}`, `refused `},
		{"Extensions.loadUnpacked", `{"path":"/"}`, `refused Extensions.loadUnpacked is not for a client`},
		{"PWA.whatever", `{}`, `refused PWA.whatever is not for a client`},
		{"Cast.startTabMirroring", `{}`, `refused `},
		{"Tethering.bind", `{"port":80}`, `refused `},
		{"Target.createTarget", `{"url":"file:///etc"}`, `refused a session's pages are of the web: file: is not`},
		{"Target.createTarget", `{"url":""}`, `{"url":""}`},
		{"Fetch.continueRequest", `{"requestId":"1"}`, `{"requestId":"1"}`},
		{"Fetch.continueRequest", `{"requestId":"1","url":"file:///etc"}`, `refused a session's pages are of the web: file: is not`},
		{"Target.setAutoAttach", `{"autoAttach":true,"flatten":true,"waitForDebuggerOnStart":true}`, `{"autoAttach":true,"flatten":true,"waitForDebuggerOnStart":true}`},
		{"Target.setAutoAttach", `{"autoAttach":true,"waitForDebuggerOnStart":true}`, `refused sessions are flat`},
		{"Target.setAutoAttach", `{"autoAttach":false,"waitForDebuggerOnStart":false}`, `{"autoAttach":false,"waitForDebuggerOnStart":false}`},
		{"Target.attachToTarget", `{"targetId":"A"}`, `refused sessions are flat`},
		{"Target.sendMessageToTarget", `{"message":"{}"}`, `refused `},
		{"Tracing.start", `{"transferMode":"ReturnAsStream"}`, `{"transferMode":"ReturnAsStream"}`},
		{"Tracing.start", `{"tracingBackend":"system"}`, `refused a client records`},
	} {
		v := rules.judge(command{method: c.method, params: []byte(c.params)})
		got := string(v.Params)
		if v.Refuse != "" {
			got = "refused " + v.Refuse
		} else if v.Result != nil {
			raw, _ := json.Marshal(v.Result)
			got = "answered " + string(raw)
		}
		if got != c.want && (!strings.HasPrefix(c.want, "refused") || !strings.HasPrefix(got, c.want)) {
			t.Errorf("%s %s\ngot  %s\nwant %s", c.method, c.params, got, c.want)
		}
	}
	if ended != 1 {
		t.Errorf("ended %d times", ended)
	}
	for method, r := range rules {
		if r.Why == "" {
			t.Errorf("%s has no reason", method)
		}
	}
}

// TestRulesAreDocumented: docs/connect.md has each.
func TestRulesAreDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "connect.md"))
	if err != nil {
		t.Fatal(err)
	}
	for method := range ForClients(Folders{}, nil) {
		if !strings.Contains(string(text), "`"+method+"`") {
			t.Errorf("docs/connect.md says nothing of %s", method)
		}
	}
}
