package step

import "errors"

// A dry run goes as far as the step does before it does anything to the page.

// errLooked ends a dry run: what comes next would be done.
var errLooked = errors.New("a dry run ends here")

type looked struct {
	DryRun bool   `json:"dryRun"`
	Found  string `json:"found,omitempty"` // the target
}

func (r *run) dry(a *action) (any, error) {
	if r.spec.Target != "" {
		if _, err := a.run(r); err != nil && !errors.Is(err, errLooked) {
			return nil, err
		}
	}
	return looked{DryRun: true, Found: r.found}, nil
}

// onlyLooks are what is done in the page before an input, and changes nothing.
var onlyLooks = map[string]bool{"aim": true, "checked": true}

// dryAct is act in a dry run.
func (r *run) dryAct(op string, args object) (verdict, error) {
	args["tell"] = true
	if !onlyLooks[op] {
		args["op"] = "none"
	}
	v, err := r.poll("act", args)
	if err != nil {
		return v, err
	}
	r.found = v.Seen
	if !onlyLooks[op] {
		return v, errLooked
	}
	return v, nil
}
