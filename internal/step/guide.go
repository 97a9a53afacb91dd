package step

import "strings"

// Guide is every action with the members that it takes, a line each, for who writes
// steps and has no room for the documents. What can be left out is in brackets; what
// every step takes is not told.
func Guide() string {
	var b strings.Builder
	for i := range all {
		a := &all[i]
		b.WriteString(a.name)
		var free []string
		for _, m := range a.members {
			if m.needed {
				b.WriteString(" " + m.name)
			} else {
				free = append(free, m.name)
			}
		}
		if len(free) > 0 {
			b.WriteString(" [" + strings.Join(free, " ") + "]")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// Actions are the names of all actions, in the order of the documents.
func Actions() []string {
	s := make([]string, len(all))
	for i := range all {
		s[i] = all[i].name
	}
	return s
}
