package step

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
)

var popup = member{name: "popup", tag: `doc:"It opens a tab: wait for that, and go on there."`}

var tabbing = []action{{
	name: "tab", does: "Lists the session's tabs, opens one, goes to one or closes one. Steps run in the current tab; when that closes, its opener is the current one, or else the one before.",
	members: []member{
		{name: "do", tag: `doc:"What to do; list is the default. wait goes to the tab that was opened first of those that no step has been in, and waits for one. switch waits for a tab that is as said. close closes the current one, unless one is named." enum:"list,open,switch,wait,close"`},
		{name: "index", tag: `doc:"switch, close: the tab at this place, the first is 0." minimum:"0"`},
		{name: "url", tag: `doc:"open: the address to open. switch, close: the tab whose address is this; * stands for anything." maxLength:"65536"`},
		{name: "title", tag: `doc:"switch, close: the tab with this title." maxLength:"65536"`},
	},
	answers: "the tabs, each with its index, address and title, and whether it is current; or the tab that is the current one now.",
	gives:   tabsResult{},
	examples: []example{
		{
			step:   `{"action":"tab"}`,
			result: `{"tabs":[{"index":0,"url":"https://shop.example/","title":"Tea shop","current":true}]}`,
		},
		{
			step:   `{"action":"tab","do":"open","url":"https://shop.example/help"}`,
			result: `{"tab":{"index":1,"url":"https://shop.example/help","title":"Help","current":true}}`,
		},
		{
			before: `{"action":"click","target":"text=Terms"}`,
			step:   `{"action":"tab","do":"wait"}`,
			result: `{"tab":{"index":1,"url":"https://shop.example/help","title":"Help","current":true}}`,
		},
		{
			before: `{"action":"click","target":"text=Terms"}`,
			step:   `{"action":"tab","do":"switch","url":"*/help"}`,
			result: `{"tab":{"index":1,"url":"https://shop.example/help","title":"Help","current":true}}`,
		},
		{
			before: `{"action":"click","target":"text=Terms","popup":true}`,
			step:   `{"action":"tab","do":"close"}`,
			result: `{"tab":{"index":0,"url":"https://shop.example/","title":"Tea shop","current":true}}`,
		},
	},
	check:  checkTab,
	run:    (*run).tab,
	beside: func(*Spec) bool { return true },
}}

func checkTab(s *Spec, at pathTo) error {
	named := s.Index != nil || s.Title != nil || s.URL != ""
	switch s.Do {
	case "open":
		if s.Index != nil || s.Title != nil {
			return domain.Invalid(at("do"), "open takes a url only")
		}
		if s.URL != "" {
			return checkGoto(s, at("url"))
		}
	case "switch":
		if !named {
			return domain.Invalid(at("do"), "switch needs an index, a url or a title")
		}
	case "close":
	default:
		if named {
			return domain.Invalid(at("do"), "only open, switch and close take an index, a url or a title")
		}
	}
	return nil
}

var errTabClosed = errors.New("the tab was closed")

// tabClosed says whether the tab that the step is in is gone. The browser's news
// of it come before it refuses what is asked of that tab.
func (r *run) tabClosed() bool {
	select {
	case <-r.page.Closed():
		return true
	default:
		return false
	}
}

// enter has the step go on in a tab: it ends with that, and with the browser.
func (r *run) enter(page *browser.Page) {
	page.StepBegins()
	ctx, cancel := context.WithCancelCause(r.whole)
	r.ctx, r.end, r.page, r.dead = ctx, cancel, page, nil
	r.running.Go(func() {
		select {
		case <-page.Closed():
			cancel(errTabClosed)
		case <-page.Conn.Done():
			cancel(page.Conn.Err())
		case <-ctx.Done():
		}
	})
}

// follow does a step in the current tab. One that has only looked so far goes on
// where the session does when its tab is closed.
func follow(ctx context.Context, tabs *browser.Tabs, equip func(*run)) (r *run, result any, err error) {
	for moved := false; ; moved = true {
		r = &run{ctx: ctx, page: tabs.Current(), moved: moved}
		equip(r)
		page, err := tabs.Wait(ctx)
		if err != nil {
			return r, nil, err
		}
		r.enter(page)
		if r.journal != nil {
			defer r.journal.listen(page)()
		}
		result, err = r.do()
		if err == nil || r.acted || !r.tabClosed() {
			return r, result, err
		}
	}
}

// tabView is a tab as users see it.
type tabView struct {
	Index   int    `json:"index"`
	URL     string `json:"url"`
	Title   string `json:"title"`
	Current bool   `json:"current"`
}

// tabTells is how long a tab may take to tell its title: one that hangs must
// not hold up a list.
const tabTells = time.Second

// tabs are the session's tabs. Those that asks wants it of are asked for their
// titles, all at once.
func (r *run) tabs(asks func(tabView) bool) ([]tabView, []*browser.Page) {
	open := r.page.Tabs().Open()
	current := r.page.Tabs().Current()
	views := make([]tabView, len(open))
	ctx, cancel := context.WithTimeout(r.whole, tabTells)
	defer cancel()
	var asked sync.WaitGroup
	for i, p := range open {
		views[i] = tabView{Index: i, URL: p.Main().Document.URL, Current: p == current}
		if asks(views[i]) {
			asked.Go(func() {
				in := &run{whole: ctx, ctx: ctx, page: p, spec: r.spec}
				if about, err := in.about(); err == nil {
					views[i].Title = about.Title
				}
			})
		}
	}
	asked.Wait()
	return views, open
}

func every(tabView) bool { return true }

// here is the current tab, as an answer.
func (r *run) here() any {
	tabs, _ := r.tabs(func(v tabView) bool { return v.Current })
	if i := slices.IndexFunc(tabs, func(v tabView) bool { return v.Current }); i >= 0 {
		return object{"tab": tabs[i]}
	}
	return object{}
}

func (r *run) tab() (any, error) {
	tabs := r.page.Tabs()
	switch r.spec.Do {
	case "open":
		r.acted = true
		page, err := tabs.New(r.ctx)
		if errors.Is(err, browser.ErrTooManyTabs) {
			return nil, &domain.Failure{Code: "too_many_tabs", Message: "The session has as many tabs as it may have: close one first."}
		}
		if err != nil {
			return nil, err
		}
		return r.opens(page)
	case "wait":
		return r.popup(0, nil)
	case "switch":
		page, err := r.namedTab(true)
		if err != nil {
			return nil, err
		}
		tabs.Use(page)
		r.enter(page)
		return r.here(), nil
	case "close":
		page, err := r.namedTab(false)
		if err != nil {
			return nil, err
		}
		r.acted = true
		if err := tabs.Close(r.whole, page); err != nil {
			return nil, err
		}
		if page, err = tabs.Wait(r.whole); err != nil {
			return nil, err
		}
		r.enter(page)
		return r.here(), nil
	}
	all, _ := r.tabs(every)
	answer := object{"tabs": all}
	if n := tabs.Refused(); n > 0 {
		answer["closed"] = n // there were too many
	}
	return answer, nil
}

// opens goes to a new tab, and to the step's address there.
func (r *run) opens(page *browser.Page) (any, error) {
	r.page.Tabs().Use(page)
	r.enter(page)
	r.watch()
	if err := r.prepared(); err != nil {
		return nil, err
	}
	if r.spec.URL != "" {
		if _, err := r.navigate(); err != nil {
			return nil, err
		}
	}
	return r.here(), nil
}

// prepared waits until the tab can be worked with.
func (r *run) prepared() error {
	select {
	case <-r.page.Prepared():
		return nil
	case <-r.ctx.Done():
		return context.Cause(r.ctx)
	}
}

// namedTab is the tab that the step names, or the current one. It may be waited for.
func (r *run) namedTab(wait bool) (*browser.Page, error) {
	s := r.spec
	if s.Index == nil && s.URL == "" && s.Title == nil {
		return r.page, nil
	}
	r.waitedFor = "a tab"
	for {
		tabs, open := r.tabs(func(tabView) bool { return s.Title != nil })
		var match []int
		for _, v := range tabs {
			if (s.Index == nil || *s.Index == v.Index) && (s.URL == "" || glob(s.URL, v.URL)) && (s.Title == nil || *s.Title == v.Title) {
				match = append(match, v.Index)
			}
		}
		seen := fmt.Sprintf("%d tabs are open, at", len(tabs))
		for _, v := range tabs {
			seen += " " + v.URL
		}
		switch {
		case len(match) > 1:
			return nil, &domain.Failure{Code: "tab_ambiguous", Message: "Several tabs are as said.", Seen: seen}
		case len(match) == 1:
			return open[match[0]], nil
		}
		r.seen = verdict{Why: "tab_not_found", Seen: seen}
		if !wait {
			return nil, &domain.Failure{Code: "tab_not_found", Message: "No tab is as said.", Seen: seen}
		}
		select {
		case <-time.After(between):
		case <-r.whole.Done():
			return nil, context.Cause(r.whole)
		}
	}
}

// popup waits for a tab that was opened after the first so many and that no step
// has been in, and goes there: it has begun to show what it was opened for.
func (r *run) popup(after int, by *browser.Page) (any, error) {
	tabs := r.page.Tabs()
	r.waitedFor = "a tab to be opened"
	r.seen = verdict{Why: "popup_not_opened", Seen: "no tab was opened"}
	var page *browser.Page
	for page == nil {
		changed := tabs.Changed()
		if page = tabs.Unseen(after, by); page != nil {
			break
		}
		select {
		case <-changed:
		case <-r.page.Conn.Done():
			return nil, r.page.Conn.Err()
		case <-r.whole.Done():
			return nil, context.Cause(r.whole)
		}
	}
	tabs.Use(page)
	r.enter(page)
	r.watch()
	r.acted = true
	r.waitedFor = "the tab that was opened to show something"
	r.seen = verdict{Seen: "it is still loading"}
	if err := r.prepared(); err != nil {
		return nil, err
	}
	if err := r.until(func(f browser.Frame) bool {
		// One that is to show nothing is there at once, and goes nowhere.
		return f.Document.Committed || f.Document.Reached["load"] && !f.Document.Navigating
	}); err != nil {
		return nil, err
	}
	if err := r.arrived(); err != nil {
		return nil, err
	}
	// What it is called is known once it has been read. One that takes long has no
	// title yet.
	ctx, cancel := context.WithTimeout(r.ctx, tabTells)
	defer cancel()
	_ = (&run{whole: ctx, ctx: ctx, page: page, spec: r.spec}).until(func(f browser.Frame) bool { return f.Document.Reached["DOMContentLoaded"] })
	return r.here(), nil
}

const answersStarts = "with popup the new tab, with download the file."

func checkStarts(s *Spec, at pathTo) error {
	if s.Popup && s.Download {
		return domain.Invalid(at("download"), "can't go with popup")
	}
	return nil
}

// starts does an input and then waits for what the step says that it starts.
func (r *run) starts(input func() error) (any, error) {
	tabs, opener := r.page.Tabs(), r.page
	opened, downloads := tabs.Count(), tabs.Downloads()
	if err := input(); err != nil {
		return nil, err
	}
	switch {
	case r.spec.Popup:
		return r.popup(opened, opener)
	case r.spec.Download:
		return r.takeDownload(downloads, func(d *browser.Download) bool { return d.By(opener, opened) })
	}
	return nil, nil
}
