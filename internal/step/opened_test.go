package step_test

import (
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/step"
)

// TestWorkersRun: what a page starts beside its document isn't held up by us.
func TestWorkersRun(t *testing.T) {
	site := pages(t, map[string]string{
		"/worker.js": `postMessage("hello")`, "/service.js": ``,
		"/":       `<p>here</p>`,
		"/worker": `<script>const w = new Worker(URL.createObjectURL(new Blob(['postMessage("hello")']))); w.onmessage = e => parent.postMessage(e.data, '*')</script>`,
	})
	elsewhere := strings.Replace(site.URL, "127.0.0.1", "localhost", 1)
	b := start(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	for name, expression := range map[string]string{
		"worker": `new Promise(done => { const w = new Worker(URL.createObjectURL(new Blob(['postMessage("hello")']))); w.onmessage = e => done(e.data) })`,
		"worker in a worker": `new Promise(done => { const w = new Worker(URL.createObjectURL(new Blob([
			'const w = new Worker(URL.createObjectURL(new Blob([\'postMessage("hello")\']))); w.onmessage = e => postMessage(e.data)']))); w.onmessage = e => done(e.data) })`,
		"shared worker":                     `new Promise(done => { const w = new SharedWorker(URL.createObjectURL(new Blob(['onconnect = e => e.ports[0].postMessage("hello")']))); w.port.onmessage = e => done(e.data); w.port.start() })`,
		"worker in a frame of another site": `new Promise(done => { onmessage = e => done(e.data); const f = document.createElement('iframe'); f.src = '` + elsewhere + `/worker'; document.body.append(f) })`,
		"window":                            `new Promise(done => { const w = open('/', '_blank'); const look = () => w.document.body && w.document.body.innerText.includes('here') ? done('hello') : setTimeout(look, 20); look() })`,
		"window without opener":             `(open('/', '_blank', 'noopener'), 'hello')`,
		"window of another site":            `(open('` + elsewhere + `/', '_blank'), 'hello')`,
		"window with a dialog":              `(open('/', '_blank').alert('stop'), 'hello')`,
		"service worker":                    `navigator.serviceWorker.register('/service.js').then(() => navigator.serviceWorker.ready).then(r => r.active ? 'hello' : 'none')`,
		"worker of a file":                  `new Promise(done => { const w = new Worker('/worker.js', {type: 'module'}); w.onmessage = e => done(e.data) })`,
		"popup of a size":                   `(open('` + elsewhere + `/', '_blank', 'width=300,height=200'), 'hello')`,
	} {
		t.Run(name, func(t *testing.T) {
			res, why := b.run(step.Spec{Action: "evaluate", Expression: expression, Timeout: "5s"})
			if why != nil || res != `"hello"` {
				t.Errorf("got %s, %+v", res, why)
			}
			if res, why = b.run(step.Spec{Action: "extract", Target: "p", Timeout: "5s"}); why != nil || res != `"here"` {
				t.Errorf("afterwards got %s, %+v", res, why)
			}
		})
	}
}
