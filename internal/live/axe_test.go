package live_test

import (
	"os"
	"testing"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
)

// TestTheLivePageIsForEverybody: in each of its states axe finds nothing, light and dark,
// wide and narrow.
func TestTheLivePageIsForEverybody(t *testing.T) {
	axe, err := os.ReadFile("../../test/clients/node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatalf("%v; npm ci --prefix test/clients gets it", err)
	}
	w := newTwin(t, asking, domain.SessionOptions{})
	call := func(method string, params map[string]any, result any) {
		t.Helper()
		if err := w.viewer.Call(t.Context(), method, params, result); err != nil {
			t.Fatalf("%s: %v", method, err)
		}
	}
	looks := func(state string) {
		t.Helper()
		call("Runtime.evaluate", map[string]any{"expression": string(axe) + ";0"}, nil)
		for scheme, width := range map[string]int{"light": 1280, "dark": 390} {
			call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false}, nil)
			call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]any{{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"}}}, nil)
			var found struct {
				Result struct {
					Value []string `json:"value"`
				} `json:"result"`
				Exception any `json:"exceptionDetails"`
			}
			call("Runtime.evaluate", map[string]any{"awaitPromise": true, "returnByValue": true, "expression": `axe.run({resultTypes: ["violations"]}).then((found) =>
				found.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.html + " " + n.failureSummary).join("; ")))`}, &found)
			if found.Exception != nil {
				t.Fatalf("%s: %v", state, found.Exception)
			}
			for _, v := range found.Result.Value {
				t.Errorf("%s, %s: %s", state, scheme, v)
			}
		}
		call("Emulation.clearDeviceMetricsOverride", nil, nil)
	}
	phase := func(name string) {
		t.Helper()
		w.run(w.viewer, step.Spec{Action: "waitFor", Target: "body[data-phase=" + name + "]"})
	}
	open := func(id string) {
		t.Helper()
		w.run(w.viewer, step.Spec{Action: "goto", URL: w.server.URL + "/streams?id=" + id})
	}
	w.fakeSessions.change(func() {
		w.fakeSessions.steps = []domain.Step{
			{Index: 0, Action: "goto", Status: domain.StepCompleted, Params: []byte(`{"url":"https://example.com/"}`), Result: []byte(`{"url":"https://example.com/"}`)},
			{Index: 1, Action: "click", Status: domain.StepFailed, Params: []byte(`{"target":"text=Buy"}`), Error: &domain.Failure{Message: "Timed out."}},
			{Index: 2, Action: "waitFor", Status: domain.StepRunning}, {Index: 3, Action: "pdf", Status: domain.StepPending},
		}
	})
	w.run(w.viewer, step.Spec{Action: "click", Target: "#steps button"}, step.Spec{Action: "waitFor", Target: "#steps pre >> text=example.com"})
	looks("live")
	w.run(w.viewer, step.Spec{Action: "click", Target: "#control"}, step.Spec{Action: "waitFor", Target: "body[data-mine]"})
	looks("control")
	for name, at := range map[string][2]int{"a prompt": {1, 0}, "a list": {2, 0}, "files": {3, 0}, "a date": {0, 1}} {
		w.run(w.viewer, w.cell("click", at[0], at[1]), step.Spec{Action: "waitFor", Target: "#ask"})
		looks(name)
		w.run(w.viewer, step.Spec{Action: "press", Key: "Escape"}, step.Spec{Action: "waitFor", Target: "#ask", State: "hidden"})
	}
	w.fakeSessions.change(func() { w.fakeSessions.status = domain.SessionQueued })
	phase("waiting")
	looks("queued")
	w.fakeSessions.change(func() { w.fakeSessions.status = "" })
	phase("live")
	w.fakeSessions.set(errAway)
	w.fakeSessions.hangUp()
	phase("lost")
	looks("lost")
	w.fakeSessions.set(nil)
	phase("live")
	w.fakeSessions.change(func() { w.fakeSessions.status, w.fakeSessions.reason = domain.SessionClosed, domain.ClosedIdle })
	phase("ended")
	looks("ended")
	open("a")
	phase("over")
	looks("ended before")
	w.fakeSessions.change(func() { w.fakeSessions.replay, w.fakeSessions.archive.content = true, []byte("BHREC1\r\n") })
	open("a")
	w.run(w.viewer, step.Spec{Action: "waitFor", Target: "#replay"})
	looks("replay")
	for _, name := range []string{"Events", "Console", "Network", "Files"} {
		w.run(w.viewer, step.Spec{Action: "click", Target: "#views >> text=" + name}, step.Spec{Action: "waitFor", Target: "#moments li"})
		looks(name)
	}
	w.fakeSessions.change(func() { w.fakeSessions.replay = false })
	w.fakeSessions.change(func() { w.fakeSessions.status = "" })
	open("a")
	phase("live")
	w.fakeSessions.set(domain.ErrStreamOver)
	w.fakeSessions.hangUp()
	phase("over")
	looks("over")
	open("a")
	looks("a link that is over")
	w.fakeSessions.set(errAway)
	open("a")
	looks("the server is away")
}
