package step

// WorkedExample is an action's, for the test that runs it.
type WorkedExample struct{ Action, Before, Step, Result, Then string }

// Worked are the examples of every action.
func Worked() (examples []WorkedExample) {
	for i := range all {
		for _, e := range all[i].examples {
			examples = append(examples, WorkedExample{all[i].name, e.before, e.step, e.result, e.then})
		}
	}
	return examples
}

// Names are those of every action.
func Names() (names []string) {
	for i := range all {
		names = append(names, all[i].name)
	}
	return names
}
