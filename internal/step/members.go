package step

import (
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// Members that several actions take.

// common is what every step takes.
var common = []member{
	{name: "timeout", tag: `doc:"How long the step may take, each try of it if there are several; 10ms to 10m, 30s is the default." example:"30s"`, check: checkTimeout},
	{name: "retries", tag: `doc:"How often a step that fails is tried again; tries says why each try failed. What it did until then it does again." minimum:"0" maximum:"10"`},
	{name: "optional", tag: `doc:"If the step fails, those after it run all the same. It is FAILED."`},
	{name: "dryRun", tag: `doc:"Nothing is done but scrolling to the target: the step ends when that is as the action needs it. Waiting, asserting and extracting are done."`},
}

// target is the element that an action is about.
var target = member{
	name: "target", check: checkTarget,
	tag: `doc:"CSS selector, or text=, role=button[name=\"Buy\"], label=, placeholder=, alt=, title=, testid=, xpath=; chained with >>, chosen among with nth=, visible=, has=; frame=pay >> #card in one frame. As Playwright spells them." maxLength:"4096" example:"role=button[name=\"Buy\"]"`,
}

func checkTarget(s *Spec, field string) error {
	if _, err := ParseTarget(s.Target); err != nil {
		return domain.Invalid(field, "%s", err)
	}
	return nil
}

const (
	defaultTimeout = 30 * time.Second
	minTimeout     = 10 * time.Millisecond
	maxTimeout     = 10 * time.Minute
)

func (s *Spec) timeout() time.Duration {
	if d, err := time.ParseDuration(s.Timeout); err == nil {
		return d
	}
	return defaultTimeout
}

func checkTimeout(s *Spec, field string) error {
	if d, err := time.ParseDuration(s.Timeout); err != nil || d < minTimeout || d > maxTimeout {
		return domain.Invalid(field, "%q is not a duration from 10ms to 10m, such as 30s", s.Timeout)
	}
	return nil
}

// subject says that a member needs a target, which it says something about.
func subject(s *Spec, field string) error {
	if s.Target == "" {
		return domain.Invalid(field, "says something about a target, and there is none")
	}
	return nil
}
