package step

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/browserhook/browserhook/internal/browser"
)

// collect makes steps of the reports, in order.
func (t *ManualTracker) collect(ctx context.Context) {
	var gone <-chan struct{} // the browser
	if t.conn != nil {
		gone = t.conn.Done()
	}
	for {
		var r report
		select {
		case r = <-t.reports:
		case <-ctx.Done():
			return
		case <-gone:
			return
		}
		if r.end {
			return
		}
		if t.actions.Truncated {
			continue
		}
		switch {
		case r.tab != nil:
			t.switchTo(r.tab)
		case r.dialog != nil:
			// Its rule comes before the step that had it come up.
			t.insert(max(0, len(t.actions.Steps)-1), *r.dialog, origin{})
		default:
			t.switchTo(r.page) // it was shown, so it is the current tab
			t.add(ctx, r)
		}
		t.actions.Truncated = len(t.actions.Steps) >= maxManualSteps || t.size > maxManualBytes
		t.changed(t.snapshot())
	}
}

// snapshot is a copy of what was done so far.
func (t *ManualTracker) snapshot() ManualActions {
	all := t.actions
	all.Steps, all.Missing, all.URL = slices.Clone(all.Steps), []Omission{}, t.secrets.HideURL(all.URL)
	for i := range all.Steps {
		left := t.origins[i].left
		var secret []string
		all.Steps[i], secret = t.redact(all.Steps[i])
		for _, member := range secret {
			why := "It holds a secret."
			switch {
			case member == "value":
				why = "It is a secret."
			case member == "files" && left != "":
				continue
			}
			all.Missing = append(all.Missing, Omission{i, member, why})
		}
		if left != "" {
			all.Missing = append(all.Missing, Omission{i, "files", left})
		}
	}
	return all
}

// switchTo has the steps go to a tab: by the click that opened it, if that was the last, or
// as to one that was opened, or by its place.
func (t *ManualTracker) switchTo(p *browser.Page) {
	open := t.tabs.Open()
	if p == t.tab || !slices.Contains(open, p) {
		return
	}
	from := t.tab
	t.tab = p
	fresh := !slices.Contains(t.visited, p)
	for _, other := range open { // tabs are waited for in the order in which they were opened
		if fresh && other == p {
			break
		}
		fresh = fresh && slices.Contains(t.visited, other)
	}
	t.visited = append(t.visited, p)
	last := len(t.actions.Steps) - 1
	switch {
	case !slices.Contains(open, from):
		if from != nil && from.Opener() == p {
			return // it is the current one because that was closed
		}
	case fresh && last >= 0 && p.Opener() == from && slices.Contains([]string{"click", "doubleClick", "tap", "press"}, t.actions.Steps[last].Action):
		t.actions.Steps[last].Popup = true
		return
	case fresh:
		t.insert(last+1, Spec{Action: "tab", Do: "wait"}, origin{})
		return
	}
	at := slices.Index(open, p)
	t.insert(last+1, Spec{Action: "tab", Do: "switch", Index: &at}, origin{})
}

// add makes a step of what a page reported, or joins it to the last one.
func (t *ManualTracker) add(ctx context.Context, r report) {
	s, from := r.Step, origin{document{r.frame.Session.ID, r.frame.Context}, r.El, r.Letter != "", ""}
	switch {
	case r.Large:
		from.left = "They were too large to be kept."
	case t.emptied(s.Files):
		from.left = "They hold a secret."
	}
	if r.frame.Parent != "" {
		prefix := t.framePrefix(ctx, r.page, r.frame)
		for _, target := range []*string{&s.Target, &s.To} {
			if *target != "" {
				*target = prefix + *target
			}
		}
	}
	if r.Letter != "" {
		s.Action, s.Key, s.Value = "type", "", &r.Letter
	}
	if s.Secret {
		hidden := redacted // it never came here
		s.Value = &hidden
	}
	if s.Check("step") != nil {
		return // nothing that can be told as a step
	}
	last := len(t.actions.Steps) - 1
	if last >= 0 && t.origins[last] == from && from.el != 0 && t.merge(&t.actions.Steps[last], s, r.pageAction) {
		return
	}
	if s.Action == "doubleClick" {
		return // of clicks that are not there
	}
	if s.Action == "upload" && r.Asked && last >= 0 && t.actions.Steps[last].Action == "click" && t.origins[last].document == from.document {
		t.drop(last) // it only had the page ask for them
	}
	t.insert(len(t.actions.Steps), s, from)
}

// merge has the last step say what another says of the same element.
func (t *ManualTracker) merge(last *Spec, s Spec, a pageAction) bool {
	switch {
	case s.Action == "fill" && last.Action == "fill", s.Action == "select" && last.Action == "select":
		t.size += len(s.Params()) - len(last.Params())
		*last = s
	case s.Action == "doubleClick" && last.Action == "click" && last.Button == "":
		// The second click has joined the first.
		last.Action, last.ClickCount = "doubleClick", 0
	case s.Action == "click" && a.Clicks == 2 && last.Action == "click" && s.Button == "" && last.Button == "":
	case s.Action == "click" && a.Clicks == 3 && last.Action == "doubleClick":
		last.Action, last.ClickCount = "click", 3
	case a.Letter != "" && last.Action == "type":
		*last.Value += a.Letter
		t.size += len(a.Letter)
	default:
		return false
	}
	return true
}

func (t *ManualTracker) insert(at int, s Spec, from origin) {
	t.actions.Steps, t.origins = slices.Insert(t.actions.Steps, at, s), slices.Insert(t.origins, at, from)
	t.size += len(s.Params())
}

func (t *ManualTracker) drop(at int) {
	t.size -= len(t.actions.Steps[at].Params())
	t.actions.Steps, t.origins = t.actions.Steps[:at], t.origins[:at]
}

// framePrefix is what a target in a frame begins with. A frame that is gone by now is
// where it was.
func (t *ManualTracker) framePrefix(ctx context.Context, p *browser.Page, f browser.Frame) string {
	ctx, cancel := context.WithTimeout(ctx, manualWithin)
	defer cancel()
	r := &run{ctx: ctx, page: p}
	prefix := ""
	for at := f; at.Parent != ""; {
		v, err := r.ofOwner(ctx, at, "frameWay")
		var selector string
		if err != nil || json.Unmarshal(v.Value, &selector) != nil {
			return t.framePrefixes[f.ID]
		}
		prefix = strings.TrimPrefix(selector, "frame ") + " >> " + prefix
		above := r.above(at)
		if len(above) == 0 {
			break
		}
		at = above[0]
	}
	t.framePrefixes[f.ID] = prefix
	return prefix
}
