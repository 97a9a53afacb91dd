package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/browserhook/browserhook/internal/advice"
	"github.com/browserhook/browserhook/internal/config"
)

// Verdict is what a check of the machine comes to.
type Verdict string

// The verdicts.
const (
	OK    Verdict = "ok"
	Weak  Verdict = "weak"  // the server runs, but lacks something
	Wrong Verdict = "wrong" // the server doesn't start, or no session does
)

// Finding is what one check has found.
type Finding struct {
	Check   string  `json:"check"`
	Verdict Verdict `json:"verdict"`
	Found   string  `json:"found"`            // in one line
	Advice  string  `json:"advice,omitempty"` // the command that mends it, or what else to do, unless it is ok
}

// Passed says whether nothing is wrong.
func Passed(all []Finding) bool {
	for _, f := range all {
		if f.Verdict == Wrong {
			return false
		}
	}
	return true
}

// doctor examines what a server with these settings would stand on.
type doctor struct {
	settings config.Server
	found    []Finding
	told     func(Finding)
}

// Examine looks at all that `serve` needs with the same settings, as the user and in
// the place where it is called, and tells each finding as it comes. It changes nothing
// that it doesn't change back, and a server may run.
func Examine(ctx context.Context, settings config.Server, told func(Finding)) []Finding {
	d := &doctor{settings: settings, told: told}
	chromium := d.chromium
	if err := d.settings.Check(); err != nil {
		do := ""
		if e, ok := errors.AsType[*config.Error](err); ok {
			do = fmt.Sprintf("browserhook serve --help   # for what --%s takes", e.Setting)
			if e.Setting == "chromium" {
				chromium = func(context.Context) {} // it has been told
			}
		}
		d.tell("settings", Wrong, err.Error(), do)
	}
	for _, check := range []func(context.Context){
		chromium, d.namespaces, d.cgroups, d.fonts, d.videos, d.files, d.sharedMemory,
		d.data, d.temporary, d.masterKey, d.database, d.port, d.time,
	} {
		if ctx.Err() == nil {
			check(ctx)
		}
	}
	return d.found
}

func (d *doctor) tell(check string, v Verdict, found, do string) {
	f := Finding{check, v, found, do}
	d.found = append(d.found, f)
	d.told(f)
}

func (d *doctor) ok(check, found string, args ...any) {
	d.tell(check, OK, fmt.Sprintf(found, args...), "")
}

// wrong tells of what would keep the server from starting, as that would.
func (d *doctor) wrong(check string, err error) {
	do := ""
	if e, ok := errors.AsType[*advice.Error](err); ok {
		do = e.Do
	}
	d.tell(check, Wrong, err.Error(), do)
}
