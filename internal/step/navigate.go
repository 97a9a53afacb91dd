package step

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/egress"
)

var waitUntil = member{name: "waitUntil", tag: `doc:"How far the page must have loaded; load is the default of a navigation. networkidle is when half a second has passed without a request." enum:"commit,domcontentloaded,load,networkidle"`}

const answersAbout = "the page's address and title, and the status of the HTTP answer."

var navigating = []action{
	{
		name: "goto", does: "Opens an address.",
		members: []member{
			{name: "url", tag: `doc:"Where to: http, https, data or about:blank." maxLength:"65536" example:"https://example.com/"`, needed: true, check: checkGoto},
			waitUntil,
		},
		answers: answersAbout, gives: pageResult{},
		examples: []example{{
			step:   `{"action":"goto","url":"https://shop.example/"}`,
			result: `{"url":"https://shop.example/","title":"Tea shop","status":200}`,
		}},
		run: (*run).navigate, onCrashed: true,
	},
	{
		name: "back", does: "Goes back in the page's history.", members: []member{waitUntil}, answers: answersAbout, gives: pageResult{},
		examples: []example{{
			step:   `{"action":"back"}`,
			result: `{"url":"https://shop.example/help","title":"Help","status":200}`,
		}},
		run: func(r *run) (any, error) { return r.history(-1) }, onCrashed: true,
	},
	{
		name: "forward", does: "Goes forward in the page's history.", members: []member{waitUntil}, answers: answersAbout, gives: pageResult{},
		examples: []example{{
			before: `{"action":"back"}`,
			step:   `{"action":"forward"}`,
			result: `{"url":"https://shop.example/","title":"Tea shop","status":200}`,
		}},
		run: func(r *run) (any, error) { return r.history(1) }, onCrashed: true,
	},
	{
		name: "reload", does: "Loads the page anew.", members: []member{waitUntil}, answers: answersAbout, gives: pageResult{},
		examples: []example{{
			step:   `{"action":"reload"}`,
			result: `{"url":"https://shop.example/","title":"Tea shop","status":200}`,
		}},
		run: (*run).reload, onCrashed: true,
	},
}

func checkGoto(s *Spec, field string) (err error) {
	s.URL, err = CheckURL(field, s.URL)
	return err
}

// about is what a navigation answers.
type about struct {
	URL    string `json:"url"`
	Title  string `json:"title"`
	Status int    `json:"status,omitempty"` // of the HTTP answer

	Dialogs []browser.Dialog `json:"dialogs,omitempty"` // that were shown meanwhile
}

func (r *run) about() (about, error) {
	var res struct {
		Result struct {
			Value about `json:"value"`
		} `json:"result"`
	}
	for {
		main := r.page.Main()
		if main.Context != 0 {
			err := r.page.Call(r.ctx, "Runtime.evaluate", object{
				"expression": "bh.page()", "contextId": main.Context, "returnByValue": true,
			}, &res)
			if err == nil || !lost(err) {
				v := res.Result.Value
				v.URL = domain.HideUserinfo(v.URL)
				return v, err
			}
		}
		before := main.Context
		if err := r.until(func(f browser.Frame) bool { return f.Context != 0 && f.Context != before }); err != nil {
			return about{}, err
		}
	}
}

// leave makes sure that a page which a navigation leaves lets it through: one
// whose own script holds its thread without end would not. Only such a script is
// ever ended, and only because the page is to go. It has to be asked before:
// while a navigation is on its way Chromium passes nothing on to the page. Where that
// goes already, by a link to a server that doesn't answer, it is not to get any more.
func (r *run) leave() {
	if r.dead != nil {
		return // nothing of it runs
	}
	stopNavigation(r.ctx, r.page)
	probe, cancel := context.WithTimeout(r.ctx, holdsFor)
	defer cancel()
	_ = r.page.Call(probe, "Runtime.evaluate", object{"expression": "0"}, nil)
	if errors.Is(probe.Err(), context.DeadlineExceeded) && r.ctx.Err() == nil {
		// One that shows dialogs without end hears of it late.
		_ = r.page.Call(r.ctx, "Runtime.terminateExecution", nil, nil)
	}
}

// holdsFor is how long a page may not answer before its script is one without
// end.
const holdsFor = 5 * time.Second

// stays says whether an address is a place in the document that is there.
func stays(address, document string) bool {
	page, _, ok := strings.Cut(address, "#")
	here, _, _ := strings.Cut(document, "#")
	return ok && page == here
}

// leaving says whether the step navigates the page, which ends with it.
func (r *run) leaving(yes bool) {
	if r.leaves != yes {
		r.leaves = yes
		r.page.Leaving(yes)
	}
}

func (r *run) navigate() (any, error) {
	r.waitedFor = "the page to load"
	r.went = time.Now()
	if !stays(shown(r.spec.URL), r.page.Main().Document.URL) {
		r.leave()
	}
	stays := r.page.Stays()
	var res struct {
		LoaderID string `json:"loaderId"`
		Error    string `json:"errorText"`
		Download bool   `json:"isDownload"`
	}
	r.acted = true
	r.leaving(true)
	if err := r.command("Page.navigate", object{"url": r.spec.URL}, &res); err != nil {
		return nil, err
	}
	switch {
	case res.Download:
		return nil, &domain.Failure{Code: CodeIsDownload, Message: "The address is a download, not a page; the action download keeps the file."}
	case r.page.Stays() != stays:
		return nil, notLeft
	case res.Error != "":
		return nil, r.notLoaded(res.Error)
	case res.LoaderID != "":
		if err := r.committed(res.LoaderID); err != nil {
			return nil, err
		}
	}
	r.leaving(false) // what is still loading is the new page's
	return r.loaded()
}

// notLeft is a page that asked whether to be left, and the answer was no.
var notLeft = &domain.Failure{Code: CodeNotLeft, Message: "The page was not left: the dialog that asks about it was dismissed."}

// notLoaded says why there is no page. Of a connection that the session's proxy could
// not make, that knows more than the browser.
func (r *run) notLoaded(word string) *domain.Failure {
	tunnel := strings.HasPrefix(word, "net::ERR_TUNNEL_")
	if tunnel || word == "net::ERR_EMPTY_RESPONSE" {
		host, port := hostPort(r.spec.URL)
		why, ok := r.page.Unreached(host, port, r.went)
		if !ok && tunnel { // it was sent elsewhere
			why, ok = r.page.Unreached("", 0, r.went)
		}
		if ok {
			return notReached(why.Refusal)
		}
	}
	return notLoaded(word)
}

// hostPort is what a page's proxy is asked for, to reach an address.
func hostPort(address string) (host string, port int) {
	u, err := url.Parse(address)
	if err != nil {
		return "", 0
	}
	host, _ = egress.PlainHost(u.Hostname())
	if port, err = strconv.Atoi(u.Port()); err != nil {
		port = map[string]int{"http": 80, "https": 443}[u.Scheme]
	}
	return host, port
}

// notReached says why there is no connection.
func notReached(why egress.Refusal) *domain.Failure {
	f := &domain.Failure{Code: "connection_failed", Message: "There is no connection to the server"}
	switch why.Class {
	case egress.ClassBlocked:
		f.Code, f.Message = "address_blocked", "The address is blocked"
	case egress.ClassDNS:
		f.Code, f.Message = "name_not_resolved", "The address's name has no address on the network"
	}
	if why.Host != "" {
		f.Message += ": " + why.Host
	}
	f.Message = fmt.Sprintf("%s: %s.", f.Message, why.Reason)
	return f
}

// blocked is why what a navigation has led to is not the page, but the session's proxy's
// words about it; nil: it is the page.
func (r *run) blocked() *domain.Failure {
	document := r.page.Main().Document
	if !strings.HasPrefix(document.URL, "http:") {
		return nil
	}
	reason := r.page.Refused(document.Loader)
	if reason == "" {
		return nil
	}
	host, port := hostPort(document.URL)
	return notReached(egress.Refusal{Host: host, Port: port, Class: egress.ClassBlocked, Reason: domain.CleanText(reason)})
}

// notLoaded says why there is no page, in the browser's own word and ours.
func notLoaded(word string) *domain.Failure {
	f := &domain.Failure{Code: CodeNavigation, Message: fmt.Sprintf("The page could not be loaded: %s.", word)}
	for _, known := range unloaded {
		if strings.HasPrefix(word, known.word) {
			f.Code = known.code
			f.Message = fmt.Sprintf("%s: %s.", known.message, word)
			break
		}
	}
	return f
}

// unloaded is what Chromium says of a page that could not be loaded.
var unloaded = []struct{ word, code, message string }{
	{"net::ERR_NAME_", "name_not_resolved", "The address's name has no address on the network"},
	{"net::ERR_CERT_", "certificate_invalid", "The server's certificate is not to be trusted"},
	{"net::ERR_SSL_", "tls_failed", "The server doesn't speak TLS as it should"},
	{"net::ERR_CONNECTION_", "connection_failed", "There is no connection to the server"},
	{"net::ERR_ADDRESS_", "connection_failed", "There is no connection to the server"},
	{"net::ERR_INTERNET_DISCONNECTED", "connection_failed", "There is no connection to the server"},
	{"net::ERR_TIMED_OUT", "connection_failed", "There is no connection to the server"},
	{"net::ERR_PROXY_", "connection_failed", "There is no connection through the proxy"},
	{"net::ERR_TUNNEL_", "connection_failed", "There is no connection through the proxy"},
	{"net::ERR_TOO_MANY_REDIRECTS", "too_many_redirects", "The server sends the browser in a circle"},
	{"net::ERR_UNSAFE_PORT", "address_blocked", "No browser opens the address's port"},
	{"net::ERR_BLOCKED_", "address_blocked", "The address is blocked"},
	{"net::ERR_EMPTY_RESPONSE", "response_invalid", "The server answered with nothing"},
	{"net::ERR_INVALID_AUTH_CREDENTIALS", "authentication_required", "The server asks for a user and a password"},
	{"net::ERR_INVALID_", "response_invalid", "The server's answer is none"},
	{"net::ERR_INCOMPLETE_", "response_invalid", "The server's answer broke off"},
	{"net::ERR_RESPONSE_", "response_invalid", "The server's answer is none"},
	{"net::ERR_ABORTED", "navigation_aborted", "There is no new page: the server has none to show, or something stopped it"},
}

// committed waits until the document of a navigation, or a later one, is there.
func (r *run) committed(loader string) error {
	seen := false
	first := r.page.Main().Document.Loader
	return r.until(func(f browser.Frame) bool {
		seen = seen || f.Had(loader) || f.Document.Loader != first
		return seen
	})
}

// loaded waits until the current document has come as far as the step asks,
// and says where it is.
func (r *run) loaded() (any, error) {
	until := map[string]string{"": "load", "load": "load", "domcontentloaded": "DOMContentLoaded", "networkidle": "networkIdle"}[r.spec.WaitUntil]
	r.waitedFor = "the page to load"
	if err := r.until(func(f browser.Frame) bool {
		r.seen = verdict{Seen: "the page at " + f.Document.URL + " is still loading"}
		if until == "" {
			return !f.Document.Navigating || f.Document.Committed
		}
		return f.Document.Reached[until] || f.Document.Missing != ""
	}); err != nil {
		return nil, err
	}
	if err := r.arrived(); err != nil {
		return nil, err
	}
	if f := r.blocked(); f != nil {
		return nil, f
	}
	return r.about()
}

// arrived says whether there is a page, rather than the browser's own words
// about one that could not be loaded.
func (r *run) arrived() error {
	if missing := r.page.Main().Document.Missing; missing != "" {
		return &domain.Failure{Code: CodeNavigation, Message: "The page could not be loaded.", WaitedFor: r.waitedFor, Seen: notThere(missing)}
	}
	return nil
}

func notThere(address string) string { return "the browser's error page instead of " + address }

func (r *run) reload() (any, error) {
	r.went = time.Now()
	r.leave()
	before, stays := r.page.Main().Document.Loader, r.page.Stays()
	r.acted = true
	r.leaving(true)
	if err := r.command("Page.reload", nil, nil); err != nil {
		return nil, err
	}
	if err := r.until(func(f browser.Frame) bool { return f.Document.Loader != before || r.page.Stays() != stays }); err != nil {
		return nil, err
	}
	if r.page.Stays() != stays {
		return nil, notLeft
	}
	r.leaving(false)
	return r.loaded()
}

// history is where a page has been, as Page.getNavigationHistory tells.
type history struct {
	Current int `json:"currentIndex"`
	Entries []struct {
		ID  int    `json:"id"`
		URL string `json:"url"`
	} `json:"entries"`
}

func (r *run) history(by int) (any, error) {
	r.went = time.Now()
	var h history
	if err := r.command("Page.getNavigationHistory", nil, &h); err != nil {
		return nil, err
	}
	to := h.Current + by
	if to < 0 || to >= len(h.Entries) {
		return nil, &domain.Failure{Code: CodeNavigation, Message: "There is no page to go to in that direction."}
	}
	r.leave()
	r.acted = true
	r.leaving(true)
	before, stays := r.page.Main().Document.Loader, r.page.Stays()
	if err := r.command("Page.navigateToHistoryEntry", object{"entryId": h.Entries[to].ID}, nil); err != nil {
		return nil, err
	}
	for {
		changed := r.page.Changed()
		var now history
		if err := r.command("Page.getNavigationHistory", nil, &now); err != nil {
			return nil, err
		}
		// The browser is there, and the page's own news of it has come: it is
		// another document, or the same one under the entry's address. (The
		// document of an address that can't be loaded has another address.)
		doc := r.page.Main().Document
		if now.Current == to && !doc.Navigating && (doc.Loader != before || doc.URL == shown(h.Entries[to].URL)) {
			r.leaving(false)
			return r.loaded()
		}
		if r.page.Stays() != stays {
			return nil, notLeft
		}
		select {
		case <-changed:
		case <-time.After(between):
		case <-r.ctx.Done():
			return nil, context.Cause(r.ctx)
		}
	}
}

// shown is an address as the page's own news tell it.
func shown(address string) string { return domain.HideUserinfo(domain.CleanText(address)) }
