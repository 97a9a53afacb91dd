package step

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
)

// actions is what each action does; check.go's Actions has the same names.
var actions map[string]func(*run) (any, error)

func init() { //nolint:gochecknoinits // a literal would refer to itself through Run
	actions = map[string]func(*run) (any, error){
		"goto": (*run).navigate, "reload": (*run).reload,
		"back":    func(r *run) (any, error) { return r.history(-1) },
		"forward": func(r *run) (any, error) { return r.history(1) },
		"click":   func(r *run) (any, error) { return nil, r.click(1) }, "doubleClick": func(r *run) (any, error) { return nil, r.click(2) },
		"hover": (*run).hover, "fill": (*run).fill, "type": (*run).typeText, "press": (*run).press,
		"select": (*run).choose, "scroll": (*run).scroll,
		"check":   func(r *run) (any, error) { return nil, r.setChecked(true) },
		"uncheck": func(r *run) (any, error) { return nil, r.setChecked(false) },
		"waitFor": (*run).waitFor, "assert": (*run).assert, "extract": (*run).extract,
		"evaluate": (*run).evaluate, "screenshot": (*run).screenshot, "setCookies": (*run).setCookies,
	}
}

var clickable = needs{Visible: true, Enabled: true, Point: true, Hit: true}

func (r *run) click(count int) error {
	button := r.spec.Button
	if button == "" {
		button = "left"
	}
	return r.pointer(clickable, "mouse", func(x, y float64) error {
		return r.page.Held(r.ctx, r.modifiers(), func() error { return r.page.Click(r.ctx, x, y, button, count, r.modifiers()) })
	})
}

func (r *run) modifiers() (bits int) {
	for _, m := range r.spec.Modifiers {
		bits |= browser.Modifier(m)
	}
	return bits
}

func (r *run) hover() (any, error) {
	return nil, r.pointer(needs{Visible: true, Point: true, Hit: true}, "hover", func(x, y float64) error {
		return r.page.Held(r.ctx, r.modifiers(), func() error { return r.page.Hover(r.ctx, x, y, r.modifiers()) })
	})
}

func (r *run) fill() (any, error) {
	v, err := r.act(needs{Visible: true, Enabled: true, Editable: true}, "fill", object{"value": *r.spec.Value})
	if err != nil || v.Type == nil {
		return nil, err
	}
	return nil, r.settled(func() error {
		if *v.Type == "" {
			return r.page.Press(r.ctx, "Delete")
		}
		return r.page.InsertText(r.ctx, *v.Type)
	})
}

func (r *run) focus() error {
	if r.spec.Target == "" {
		return nil
	}
	_, err := r.act(needs{Visible: true, Enabled: true}, "focus", nil)
	return err
}

func (r *run) typeText() (any, error) {
	if err := r.focus(); err != nil {
		return nil, err
	}
	return nil, r.settled(func() error { return r.page.Type(r.ctx, *r.spec.Value) })
}

func (r *run) press() (any, error) {
	if err := r.focus(); err != nil {
		return nil, err
	}
	return nil, r.settled(func() error { return r.page.Press(r.ctx, r.spec.Key) })
}

func (r *run) choose() (any, error) {
	values := r.spec.Values
	if r.spec.Value != nil {
		values = []string{*r.spec.Value}
	}
	args := object{"values": values}
	if r.spec.Index != nil {
		args = object{"index": *r.spec.Index}
	}
	v, err := r.act(needs{Visible: true, Enabled: true}, "select", args)
	return object{"values": v.Values}, err
}

func (r *run) setChecked(want bool) error {
	v, err := r.act(needs{}, "checked", object{"want": want})
	if err != nil || v.Checked == want {
		return err
	}
	if err := r.click(1); err != nil {
		return err
	}
	state := map[bool]string{true: "checked", false: "unchecked"}[want]
	r.waitedFor = r.spec.Target + " to be " + state
	_, err = r.poll("state", object{"target": r.target, "state": state})
	return err
}

func (r *run) scroll() (any, error) {
	var x, y float64
	if r.spec.X != nil {
		x = *r.spec.X
	}
	if r.spec.Y != nil {
		y = *r.spec.Y
	}
	if r.spec.Target == "" {
		_, err := r.eval(fmt.Sprintf("scrollBy({left: %g, top: %g, behavior: 'instant'})", x, y))
		return nil, err
	}
	_, err := r.act(needs{}, "scroll", object{"x": x, "y": y})
	return nil, err
}

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
		case <-r.page.Crashed():
			return &domain.Failure{Code: "page_crashed", Message: "The page crashed."}
		case <-r.page.Conn.Done():
			return r.page.Conn.Err()
		case <-r.ctx.Done():
			return context.Cause(r.ctx)
		}
	}
}

func (r *run) assert() (any, error) {
	s := r.spec
	if s.URL != "" {
		if err := r.waitURL(); err != nil {
			return nil, err
		}
	}
	if s.Title != nil {
		r.waitedFor = fmt.Sprintf("the title to be %q", *s.Title)
		for {
			about, err := r.about()
			if err != nil {
				return nil, err
			}
			if about.Title == *s.Title {
				break
			}
			r.seen = verdict{Why: "title", Seen: fmt.Sprintf("the title is %q", about.Title)}
			select {
			case <-time.After(between):
			case <-r.ctx.Done():
				return nil, context.Cause(r.ctx)
			}
		}
	}
	if s.Target == "" {
		if s.Text == nil {
			return nil, nil
		}
		r.waitedFor = fmt.Sprintf("the page to hold %q", *s.Text)
		_, err := r.poll("pageHas", object{"text": *s.Text})
		return nil, err
	}
	args := object{"target": r.target}
	want := []string{}
	if s.State != "" {
		args["state"], want = s.State, append(want, "be "+s.State)
	}
	if s.Text != nil {
		args["text"], want = *s.Text, append(want, fmt.Sprintf("hold %q", *s.Text))
	}
	if s.Value != nil {
		args["value"], want = *s.Value, append(want, "have the value")
	}
	if s.Count != nil {
		args["count"], want = *s.Count, append(want, fmt.Sprintf("match %d elements", *s.Count))
	}
	r.waitedFor = s.Target + " to " + strings.Join(want, " and ")
	_, err := r.poll("state", args)
	return nil, err
}

func (r *run) extract() (any, error) {
	s := r.spec
	r.waitedFor = "everything to extract to be there"
	field := fieldArgs(Field{Target: s.Target, Attribute: s.Attribute, Type: s.Type, All: s.All, Fields: s.Fields})
	v, err := r.poll("extract", object{"field": field})
	if err != nil {
		return nil, err
	}
	if v.Value == nil {
		return json.RawMessage("null"), nil
	}
	return v.Value, nil
}

// fieldArgs is a field with its targets parsed, as the injected engine takes it.
func fieldArgs(f Field) object {
	o := object{"all": f.All}
	if f.Target != "" {
		t, err := ParseTarget(f.Target)
		if err == nil { // Check has seen it
			o["target"], o["raw"] = t, f.Target
		}
	}
	if f.Attribute != "" {
		o["attribute"] = f.Attribute
	}
	if f.Type != "" {
		o["type"] = f.Type
	}
	if len(f.Fields) > 0 {
		fields := object{}
		for name, sub := range f.Fields {
			fields[name] = fieldArgs(sub)
		}
		o["fields"] = fields
	}
	return o
}

func (r *run) setCookies() (any, error) {
	cookies := make([]object, len(r.spec.Cookies))
	for i, c := range r.spec.Cookies {
		raw, err := json.Marshal(c)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(raw, &cookies[i]); err != nil {
			return nil, err
		}
		if c.URL == "" && c.Domain == "" {
			cookies[i]["url"] = r.page.Main().Document.URL
		}
	}
	if err := r.page.Call(r.ctx, "Network.setCookies", object{"cookies": cookies}, nil); err != nil {
		return nil, &domain.Failure{Code: "cookie_invalid", Message: "The browser did not take the cookies: " + err.Error() + "."}
	}
	return nil, nil
}
