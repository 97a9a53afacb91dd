package httpapi

import (
	"maps"
	"reflect"

	"github.com/browserhook/browserhook/internal/domain"
)

// Roles is the table of routes.
func Roles() map[string]domain.Role { return maps.Clone(routeRoles) }

// PreferWait reads a Prefer header.
var PreferWait = preferWait

// Patterns are those of every route. A ServeMux has no list of them: they are what its
// tree holds.
func Patterns(cfg Config) []string {
	found := map[string]bool{}
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer:
			if !v.IsNil() {
				walk(v.Elem())
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Map:
			for each := v.MapRange(); each.Next(); {
				walk(each.Value())
			}
		case reflect.Struct:
			if v.Type().Name() == "pattern" {
				found[v.FieldByName("str").String()] = true
				return
			}
			for i := range v.NumField() {
				walk(v.Field(i))
			}
		default: // handlers, which hold no patterns of theirs, and names
		}
	}
	walk(reflect.ValueOf(build(cfg).mux).Elem().FieldByName("tree"))
	all := make([]string, 0, len(found))
	for pattern := range found {
		all = append(all, pattern)
	}
	return all
}
