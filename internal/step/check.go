package step

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/weburl"
)

// rule is what one action accepts beside action and timeout.
type rule struct {
	needs  []string // all of them
	oneOf  []string // at least one of them
	allows []string
}

// Actions is every action with the members that it knows.
var Actions = map[string]rule{
	"goto":        {needs: []string{"url"}, allows: []string{"waitUntil"}},
	"back":        {allows: []string{"waitUntil"}},
	"forward":     {allows: []string{"waitUntil"}},
	"reload":      {allows: []string{"waitUntil"}},
	"click":       {needs: []string{"target"}, allows: []string{"button", "modifiers"}},
	"doubleClick": {needs: []string{"target"}, allows: []string{"button", "modifiers"}},
	"hover":       {needs: []string{"target"}, allows: []string{"modifiers"}},
	"fill":        {needs: []string{"target", "value"}},
	"type":        {needs: []string{"value"}, allows: []string{"target"}},
	"press":       {needs: []string{"key"}, allows: []string{"target"}},
	"select":      {needs: []string{"target"}, oneOf: []string{"value", "values", "index"}},
	"check":       {needs: []string{"target"}},
	"uncheck":     {needs: []string{"target"}},
	"scroll":      {oneOf: []string{"target", "x", "y"}},
	"waitFor":     {oneOf: []string{"target", "url"}, allows: []string{"state"}},
	"assert":      {oneOf: []string{"target", "url", "title", "text"}, allows: []string{"state", "value", "count"}},
	"extract":     {oneOf: []string{"target", "fields"}, allows: []string{"attribute", "type", "all"}},
	"evaluate":    {needs: []string{"expression"}},
	"screenshot":  {allows: []string{"target", "fullPage", "format", "quality"}},
	"setCookies":  {needs: []string{"cookies"}},
}

// Check says what is wrong with the step; field is its path in the request.
// What it accepts, Run can work with, and its addresses are written as they go
// over the wire.
func (s *Spec) Check(field string) error {
	at := func(name string) string { return field + "." + name }
	r, ok := Actions[s.Action]
	if !ok {
		return domain.Invalid(at("action"), "%q is not an action", s.Action)
	}
	var given map[string]json.RawMessage
	if err := json.Unmarshal(s.Params(), &given); err != nil {
		return domain.Invalid(field, "is not an object")
	}
	names := make([]string, 0, len(given))
	for name := range given {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if name != "action" && name != "timeout" && !slices.Contains(r.needs, name) &&
			!slices.Contains(r.oneOf, name) && !slices.Contains(r.allows, name) {
			return domain.Invalid(at(name), "is nothing that %s knows", s.Action)
		}
	}
	has := func(name string) bool { _, ok := given[name]; return ok }
	for _, name := range r.needs {
		if !has(name) {
			return domain.Invalid(at(name), "is needed by %s", s.Action)
		}
	}
	if len(r.oneOf) > 0 && !slices.ContainsFunc(r.oneOf, has) {
		return domain.Invalid(field, "%s needs one of %s", s.Action, strings.Join(r.oneOf, ", "))
	}
	return s.checkValues(at)
}

func (s *Spec) checkValues(at func(string) string) error {
	if s.Timeout != "" {
		if d, err := time.ParseDuration(s.Timeout); err != nil || d < minTimeout || d > maxTimeout {
			return domain.Invalid(at("timeout"), "%q is not a duration from 10ms to 10m, such as 30s", s.Timeout)
		}
	}
	if s.Target != "" {
		if _, err := ParseTarget(s.Target); err != nil {
			return domain.Invalid(at("target"), "%s", err)
		}
	}
	if s.Action == "goto" {
		var err error
		if s.URL, err = CheckURL(at("url"), s.URL); err != nil {
			return err
		}
	}
	if s.Key != "" {
		if _, err := browser.ParseChord(s.Key); err != nil {
			return domain.Invalid(at("key"), "%s", err)
		}
	}
	for i, m := range s.Modifiers {
		if browser.Modifier(m) == 0 {
			return domain.Invalid(fmt.Sprintf("%s[%d]", at("modifiers"), i), "%q is none of Alt, Control, ControlOrMeta, Meta, Shift", m)
		}
	}
	states := []string{"", "visible", "hidden", "attached", "detached"}
	if s.Action == "assert" {
		states = append(states, "enabled", "disabled", "checked", "unchecked")
	}
	if !slices.Contains(states, s.State) {
		return domain.Invalid(at("state"), "%q is none of %s", s.State, strings.Join(states[1:], ", "))
	}
	for _, c := range []struct {
		name string
		set  bool
	}{{"state", s.State != ""}, {"count", s.Count != nil}, {"value", s.Value != nil && s.Action == "assert"}, {"attribute", s.Attribute != ""}} {
		if c.set && s.Target == "" {
			return domain.Invalid(at(c.name), "says something about a target, and there is none")
		}
	}
	if s.Action == "assert" && s.Target != "" && s.State == "" && s.Count == nil && s.Value == nil && s.Text == nil {
		return domain.Invalid(at("target"), "needs a state, text, value or count that it must have")
	}
	if s.Quality != nil && s.Format != "jpeg" {
		return domain.Invalid(at("quality"), "is for jpeg only")
	}
	if s.FullPage && s.Target != "" {
		return domain.Invalid(at("fullPage"), "can't go with a target")
	}
	for i := range s.Cookies {
		if err := s.Cookies[i].check(fmt.Sprintf("%s[%d]", at("cookies"), i)); err != nil {
			return err
		}
	}
	return checkFields(at("fields"), s.Fields, 1)
}

func (c *Cookie) check(at string) error {
	if c.URL == "" {
		return nil
	}
	if c.Domain != "" {
		return domain.Invalid(at+".domain", "can't go with a url")
	}
	u, err := weburl.Parse(c.URL)
	if err != nil {
		return domain.Invalid(at+".url", "%s", err)
	}
	c.URL = u.String()
	return nil
}

const maxFieldDepth = 4

func checkFields(at string, fields map[string]Field, depth int) error {
	if depth > maxFieldDepth {
		return domain.Invalid(at, "is nested deeper than %d", maxFieldDepth)
	}
	for name, f := range fields {
		field := at + "." + name
		if f.Target == "" && depth == 1 {
			return domain.Invalid(field+".target", "is needed")
		}
		if f.Target != "" {
			if _, err := ParseTarget(f.Target); err != nil {
				return domain.Invalid(field+".target", "%s", err)
			}
		}
		if !slices.Contains([]string{"", "text", "number", "html", "value"}, f.Type) {
			return domain.Invalid(field+".type", "%q is none of text, number, html, value", f.Type)
		}
		if err := checkFields(field+".fields", f.Fields, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// CheckURL says why a session may not be sent to an address, and writes the
// address as it goes over the wire. Files and the browser's own pages are not
// the web.
func CheckURL(field, raw string) (string, error) {
	scheme, _, _ := strings.Cut(raw, ":")
	switch strings.ToLower(scheme) {
	case "http", "https":
		u, err := weburl.Parse(raw)
		if err != nil {
			return "", domain.Invalid(field, "%s", err)
		}
		return u.String(), nil
	case "data", "about":
		u, err := url.Parse(raw)
		if err != nil {
			return "", domain.Invalid(field, "is not a URL")
		}
		if u.Scheme == "data" || u.Opaque == "blank" {
			return raw, nil
		}
	}
	return "", domain.Invalid(field, "must start with http:// or https://, or be a data: URL or about:blank")
}
