package domain

import "testing"

func TestRolesIncludeThoseBeforeThem(t *testing.T) {
	for i, has := range Roles {
		for j, needed := range Roles {
			if got := has.May(needed); got != (i >= j) {
				t.Errorf("%s may do what %s may: %v", has, needed, got)
			}
		}
		// What is in no list, of a newer version or of nobody's, is nothing.
		for _, odd := range []Role{"", "god"} {
			if odd.May(has) || has.May(odd) {
				t.Errorf("%q and %s", odd, has)
			}
		}
	}
}
