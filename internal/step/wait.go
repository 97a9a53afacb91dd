package step

import (
	"context"
	"path"
	"strings"

	"github.com/browserhook/browserhook/internal/browser"
)

// address is what the page's address must be.
var address = member{name: "url", tag: `doc:"What the page's address must be; * stands for anything." maxLength:"65536" example:"*/done"`}

var waiting = []action{{
	name: "waitFor", does: "Waits for an element's state, for the page's address, or for both.",
	members: []member{
		target, address,
		{name: "state", tag: `doc:"visible is the default." enum:"visible,hidden,attached,detached"`, check: subject},
	},
	oneOf: []string{"target", "url"},
	examples: []example{{
		step: `{"action":"waitFor","target":"text=In stock","state":"visible"}`,
	}},
	run: (*run).waitFor, looks: true,
}}

func (r *run) waitFor() (any, error) {
	if r.spec.URL != "" {
		if err := r.waitURL(); err != nil {
			return nil, err
		}
	}
	if r.spec.Target == "" {
		return nil, nil
	}
	state := r.spec.State
	if state == "" {
		state = "visible"
	}
	r.waitedFor = r.spec.Target + " to be " + state
	_, err := r.poll("state", object{"target": r.target, "state": state})
	return nil, err
}

// waitURL waits until the page's address is the wanted one; * stands for
// anything, slashes too.
func (r *run) waitURL() error {
	r.waitedFor = "the address to be " + r.spec.URL
	return r.until(func(main browser.Frame) bool {
		r.seen = verdict{Why: "url", Seen: "the address is " + main.Document.URL}
		return glob(r.spec.URL, main.Document.URL)
	})
}

func glob(pattern, s string) bool {
	hide := strings.NewReplacer("/", "\x00", "[", "\x01", "?", "\x02", "\\", "\x03")
	ok, err := path.Match(hide.Replace(pattern), hide.Replace(s))
	return err == nil && ok
}

// until waits for something about the main frame.
func (r *run) until(ok func(main browser.Frame) bool) error {
	for {
		changed := r.page.Changed()
		if ok(r.page.Main()) {
			return nil
		}
		select {
		case <-changed:
		case <-r.crashed():
			return errCrashed
		case <-r.page.Conn.Done():
			return r.page.Conn.Err()
		case <-r.ctx.Done():
			return context.Cause(r.ctx)
		}
	}
}
