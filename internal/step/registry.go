package step

//go:generate go test -run ^TestDocs$ . -args -write

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/browserhook/browserhook/internal/domain"
)

// action is all that there is to say about one thing that a step can do. What
// users are told of it (the API's description, the documents), what they are
// refused, what a viewer isn't shown and what is done come from here.
type action struct {
	name      string
	does      string   // in a sentence or two
	members   []member // beside those of every step
	oneOf     []string // of which at least one is needed
	answers   string   // what the result is; empty if there is none
	gives     any      // a value of the result's type, for its schema; nil: it may tell dialogs, and no more
	examples  []example
	onCrashed bool // it can be done on a page that has crashed: it gives that another document
	looks     bool // it does nothing to the page: a dry run is as any other
	// beside says whether the step needs nothing of the page that it begins on: it
	// is done whatever has become of that.
	beside func(s *Spec) bool
	// check says what is wrong with members that the schema lets pass.
	check func(s *Spec, at pathTo) error
	run   func(r *run) (any, error)
}

// example is a step as it works on the pages of steptest, which are a
// shop at https://shop.example/. A test runs each, and compares what it shows.
type example struct {
	before string // a step that comes first, and isn't shown
	step   string
	result string // empty if there is none; … stands for what is never the same
	then   string // JavaScript that is true afterwards, and isn't shown
}

// member is something that a step can be given. Its type is that of the field
// of Spec with its name.
type member struct {
	name   string
	tag    reflect.StructTag // what huma reads from a struct's: doc, enum, minimum, …
	needed bool
	secret bool // isn't shown to whoever may only look
	check  func(s *Spec, field string) error
}

// must is the member where it can't be left out.
func (m member) must() member {
	m.needed = true
	return m
}

// pathTo says where a member of the step is in the request.
type pathTo func(name string) string

// all is every action, in the order of the documents.
var all = slices.Concat(navigating, clicking, dragging, writing, choosing, uploading, scrolling, waiting, asserting, extracting, looking, evaluating, picturing, keeping, storing,
	tabbing, answering, downloading)

// actions is every action by its name.
var actions = func() map[string]*action {
	byName := make(map[string]*action, len(all))
	for i := range all {
		byName[all[i].name] = &all[i]
	}
	return byName
}()

// of is every member that the action takes.
func (a *action) of() []member { return slices.Concat(a.members, common) }

func (a *action) member(name string) (member, bool) {
	all := a.of()
	if i := slices.IndexFunc(all, func(m member) bool { return m.name == name }); i >= 0 {
		return all[i], true
	}
	return member{}, false
}

// names is every action's name, for an error.
func names() string { return strings.Join(Actions(), ", ") }

// Check says what is wrong with the step; field is its path in the request.
// What it accepts, Run can work with, and its addresses are written as they go
// over the wire.
func (s *Spec) Check(field string) error {
	at := func(name string) string { return field + "." + name }
	a, ok := actions[s.Action]
	if !ok {
		return domain.Invalid(at("action"), "%q is none of %s", s.Action, names())
	}
	var given map[string]any
	if err := json.Unmarshal(s.Params(), &given); err != nil {
		return domain.Invalid(field, "is not an object")
	}
	if err := a.valid(field, given); err != nil {
		return err
	}
	has := func(name string) bool { _, ok := given[name]; return ok }
	if len(a.oneOf) > 0 && !slices.ContainsFunc(a.oneOf, has) {
		return domain.Invalid(field, "%s needs one of %s", s.Action, strings.Join(a.oneOf, ", "))
	}
	for _, m := range a.of() {
		if m.check == nil || !has(m.name) {
			continue
		}
		if err := m.check(s, at(m.name)); err != nil {
			return err
		}
	}
	if a.check == nil {
		return nil
	}
	return a.check(s, at)
}
