// Package hooktest tests a receiver of webhooks: it sends what a server sends,
// what a server may send, and what only a stranger would, and says what the
// receiver did wrong.
package hooktest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/browserhook/browserhook/internal/sender"
	"github.com/browserhook/browserhook/internal/terminal"
)

// Verdict is what a check came to.
type Verdict string

// The verdicts.
const (
	OK      Verdict = "ok"
	Improve Verdict = "improve" // it works, and will cause trouble
	Wrong   Verdict = "wrong"   // events get lost, or strangers get in
	Skipped Verdict = "skipped" // it can't be told
)

// Result is what became of one check.
type Result struct {
	Check   string  `json:"check"`
	Must    bool    `json:"must"`
	Verdict Verdict `json:"verdict"`
	Found   string  `json:"found"`            // what the receiver did
	Advice  string  `json:"advice,omitempty"` // unless it is ok
}

// Report is all of it.
type Report struct {
	URL     string        `json:"url"`
	Results []Result      `json:"results"`
	Slowest time.Duration `json:"-"`
}

// Passed says whether no check that a receiver must pass was failed.
func (r *Report) Passed() bool {
	for _, one := range r.Results {
		if one.Verdict == Wrong || one.Must && one.Verdict == Skipped {
			return false
		}
	}
	return true
}

// Count is how many checks came to the verdict.
func (r *Report) Count(v Verdict) int {
	n := 0
	for _, one := range r.Results {
		if one.Verdict == v {
			n++
		}
	}
	return n
}

// Run makes every check in turn and tells each as it ends. When a valid event
// isn't taken, nothing can be told of the rest: it is skipped. The error is
// that of a context that ended.
func Run(ctx context.Context, s *sender.Sender, url string, told func(Result)) (*Report, error) {
	t := &tester{sender: s, url: url, now: time.Now}
	report := &Report{URL: url}
	add := func(r Result) {
		report.Results = append(report.Results, r)
		told(r)
	}
	for i, c := range checks {
		if i > 0 && report.Results[0].Verdict != OK {
			add(Result{Check: c.name, Must: c.must, Verdict: Skipped, Found: "a valid event has to be taken first"})
			continue
		}
		r, err := t.check(ctx, c)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			return nil, err
		}
		add(r)
	}
	add(t.inTime())
	report.Slowest = t.slowest
	return report, nil
}

// tester sends the requests of the checks.
type tester struct {
	sender  *sender.Sender
	url     string
	now     func() time.Time
	answers int
	slowest time.Duration
}

// check sends the requests of one check, one after the other, and judges the
// first whose answer isn't the one that is wanted.
func (t *tester) check(ctx context.Context, c check) (Result, error) {
	r := Result{Check: c.name, Must: c.must, Verdict: OK}
	requests, err := c.make(t)
	if err != nil {
		return r, err
	}
	for _, one := range requests {
		answer, err := t.sender.Post(ctx, t.url, one.header, one.body)
		t.slowest = max(t.slowest, answer.Took)
		if err != nil && answer.Status == 0 {
			r.Verdict, r.Found, r.Advice = c.failed(), one.label+err.Error(), c.unanswered(err)
			return r, nil
		}
		t.answers++
		r.Found = fmt.Sprint(one.label, answer.Status)
		if advice := c.judge(answer.Status); advice != "" {
			r.Verdict, r.Advice = c.failed(), advice
			return r, nil
		}
		r.Found = fmt.Sprint(answer.Status)
	}
	return r, nil
}

// failed is the verdict on a receiver that doesn't do what the check wants.
func (c check) failed() Verdict {
	if c.must {
		return Wrong
	}
	return Improve
}

// judge says what is wrong with the answer; "" when nothing is.
func (c check) judge(status int) string {
	if c.refuse {
		return judgeRefusal(status, c.advice)
	}
	return judgeTaking(status, c.advice)
}

func (c check) unanswered(err error) string {
	switch {
	case errors.Is(err, sender.ErrNoAnswer):
		return tooLate
	case c.refuse:
		return "Answer what isn't verified with 401, rather than not at all."
	default:
		return "Is the receiver running, is this its address, and does it get through such a request without a crash?"
	}
}

func judgeTaking(status int, advice string) string {
	switch {
	case status/100 == 2:
		return ""
	case status/100 == 3:
		return "Redirects are not followed: give the endpoint the address that it redirects to."
	case status == http.StatusGone:
		return "410 disables the endpoint: no event comes any more until it is enabled again."
	default:
		return advice
	}
}

func judgeRefusal(status int, advice string) string {
	switch {
	case status/100 == 2:
		return advice
	case status == http.StatusGone:
		return "410 disables the endpoint: should its secret be wrong one day, events are lost. Answer 401."
	case status/100 == 4:
		return ""
	default:
		return "It was not taken, which is what counts, yet not refused either: answer 401, so that a wrong secret can be told from a broken server."
	}
}

// A good receiver answers far sooner than it has to.
const soon = 2 * time.Second

const tooLate = "After 15 seconds without an answer the event is sent again. Put the event into a queue, answer, and do the work afterwards."

func (t *tester) inTime() Result {
	r := Result{Check: "answers soon", Verdict: OK, Found: "the slowest took " + terminal.Took(t.slowest)}
	switch {
	case t.answers == 0:
		r.Verdict, r.Found = Skipped, "there was no answer"
	case t.slowest > soon:
		r.Verdict, r.Advice = Improve, tooLate
	}
	return r
}
