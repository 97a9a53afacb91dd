package step

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
)

// address is what the page's address must be.
var address = member{name: "url", tag: `doc:"What the page's address must be; * stands for anything." maxLength:"65536" example:"*/done"`}

var waiting = []action{{
	name: "waitFor",
	does: "Waits for the page's address, how far it has loaded, an element's state, a request or its answer, or JavaScript to come true. Of several it waits for one after the other. A request counts that was made since the step before began: what a click sent is not missed.",
	members: []member{
		target, address, elementState, waitUntil,
		{name: "request", tag: `doc:"The address of a request that the page makes; * stands for anything." maxLength:"65536" example:"*/api/save"`},
		{name: "response", tag: `doc:"The address of a request that is answered, be it by an error; * stands for anything." maxLength:"65536" example:"*/api/save"`},
		{name: "expression", tag: `doc:"JavaScript, as for evaluate: looked at until its value is true, or anything that counts as true." maxLength:"262144"`},
	},
	oneOf:   []string{"target", "url", "waitUntil", "request", "response", "expression"},
	answers: "the expression's value, or the request.",
	gives:   anything{},
	examples: []example{
		{step: `{"action":"waitFor","target":"text=In stock"}`},
		{step: `{"action":"waitFor","url":"https://shop.example/*","waitUntil":"load"}`},
		{
			before: `{"action":"evaluate","expression":"() => { fetch('/stock.json') }"}`,
			step:   `{"action":"waitFor","response":"*/stock.json"}`,
			result: `{"method":"GET","status":200,"url":"https://shop.example/stock.json"}`,
		},
		{step: `{"action":"waitFor","expression":"() => stock.textContent"}`, result: `"In stock"`},
	},
	check: func(s *Spec, at pathTo) error {
		if s.Request != "" && s.Response != "" || s.Expression != "" && s.Request+s.Response != "" {
			return domain.Invalid(at(map[bool]string{true: "response", false: "request"}[s.Response != ""]), "can't go with another of request, response and expression: each has a result")
		}
		return nil
	},
	run: (*run).waitFor, looks: true,
}}

func (r *run) waitFor() (any, error) {
	if r.spec.URL != "" {
		if err := r.waitURL(); err != nil {
			return nil, err
		}
	}
	if r.spec.WaitUntil != "" {
		if _, err := r.loaded(); err != nil {
			return nil, err
		}
	}
	if r.spec.Target != "" {
		state := cmp.Or(r.spec.State, "visible")
		if _, err := r.judge("be "+state, object{"state": state}); err != nil {
			return nil, err
		}
	}
	if r.spec.Request != "" || r.spec.Response != "" {
		return r.waitTraffic()
	}
	if r.spec.Expression != "" && !r.spec.DryRun { // it may change the page
		return r.waitTrue()
	}
	return nil, nil
}

// waitTraffic waits for a request or its answer, and says which it was.
func (r *run) waitTraffic() (any, error) {
	wanted := cmp.Or(r.spec.Response, r.spec.Request)
	r.waitedFor = "a request to " + wanted
	if r.spec.Response != "" {
		r.waitedFor = "an answer from " + wanted
	}
	for {
		lately, more := r.page.Traffic()
		r.seen = verdict{Seen: "the page has requested nothing"}
		for _, x := range lately {
			if glob(wanted, x.URL) && (x.Status != 0 || r.spec.Response == "") {
				result := object{"url": x.URL, "method": x.Method}
				if x.Status != 0 {
					result["status"] = x.Status
				}
				return result, nil
			}
			r.seen.Seen = fmt.Sprintf("%d requests, the last of them %s %s", len(lately), x.Method, x.URL)
			if x.Status == 0 {
				r.seen.Seen += ", which has no answer yet"
			}
		}
		select {
		case <-more:
		case <-r.crashed():
			return nil, errCrashed
		case <-r.page.Conn.Done():
			return nil, r.page.Conn.Err()
		case <-r.ctx.Done():
			return nil, context.Cause(r.ctx)
		}
	}
}

// waitTrue waits until the expression's value counts as true, and answers it. A
// document that goes while it is asked is no reason to end.
func (r *run) waitTrue() (any, error) {
	for {
		r.waitedFor = "the expression to come true"
		before := r.page.Main().Document.Loader
		v, err := r.eval(r.spec.Expression)
		switch {
		case err != nil && r.page.Main().Document.Loader == before:
			return nil, err
		case err == nil && isTrue(v):
			return v, nil
		case err == nil:
			r.seen = verdict{Seen: "its value is " + cmp.Or(string(v), "undefined")}
		}
		select {
		case <-time.After(between):
		case <-r.ctx.Done():
			return nil, context.Cause(r.ctx)
		}
	}
}

// isTrue says whether a value counts as true in JavaScript.
func isTrue(v json.RawMessage) bool {
	switch string(v) {
	case "", "null", "false", "0", `""`:
		return false
	}
	return true
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
