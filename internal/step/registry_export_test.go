package step

import (
	"encoding/json"
	"errors"

	"github.com/danielgtaylor/huma/v2"
)

// Answers says how a result is another than what the description has of the action.
func Answers(action, result string) error {
	r := huma.NewMapRegistry(schemas, huma.DefaultSchemaNamer)
	var v any
	if err := json.Unmarshal([]byte(result), &v); err != nil {
		return err
	}
	var res huma.ValidateResult
	huma.Validate(r, Results(r)[action], huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, v, &res)
	return errors.Join(res.Errors...)
}

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
