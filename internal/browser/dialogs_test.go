package browser

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestDialogsAreAnsweredByRules(t *testing.T) {
	accept := func(kind string) DialogRule { return DialogRule{Type: kind, Accept: true} }
	for name, tt := range map[string]struct {
		next, all []DialogRule
		shown     string
		want      []bool
	}{
		"none":                     {shown: "acpb", want: []bool{false, false, false, true}},
		"the next":                 {next: []DialogRule{accept("")}, shown: "bcc", want: []bool{true, true, false}},
		"the next of a type":       {next: []DialogRule{accept("prompt")}, shown: "cpp", want: []bool{false, true, false}},
		"in turn":                  {next: []DialogRule{accept(""), {}, accept("")}, shown: "cccc", want: []bool{true, false, true, false}},
		"all":                      {all: []DialogRule{accept("")}, shown: "acpb", want: []bool{true, true, true, true}},
		"a type before all":        {all: []DialogRule{accept(""), {Type: "confirm"}}, shown: "acp", want: []bool{true, false, true}},
		"leaving by its name only": {all: []DialogRule{{}, {Type: "beforeunload"}}, shown: "bb", want: []bool{false, false}},
		"a rule not for leaving":   {all: []DialogRule{{}}, shown: "b", want: []bool{true}},
	} {
		d := dialogs{next: tt.next, all: tt.all}
		kinds := map[rune]string{'a': "alert", 'c': "confirm", 'p': "prompt", 'b': "beforeunload"}
		for i, k := range tt.shown {
			if got := d.answer(kinds[k], "?", "").Accepted; got != tt.want[i] {
				t.Errorf("%s: dialog %d: accepted %t", name, i, got)
			}
		}
	}
	d := dialogs{}
	for range 3 * keptDialogs {
		d.answer("alert", strings.Repeat("x", 3*keptMessage), "")
	}
	if len(d.last) != keptDialogs || len(d.last[0].Message) > keptMessage || d.count != 3*keptDialogs {
		t.Errorf("%d kept of %d", len(d.last), d.count)
	}
}

// TestWhoAnswersADialog: a program, while one uses the browser and no step runs;
// else we, when the last of them leaves or a step begins, but for what a program
// has answered or closed meanwhile.
func TestWhoAnswersADialog(t *testing.T) {
	tabs, tell := wireless(t, 8)
	tell("", "Target.attachedToTarget", attachedPage(1, 0))
	tell("", "Target.attachedToTarget", attachedPage(2, 1))
	shows := func(page int) { tell(fmt.Sprint("s", page), "Page.javascriptDialogOpening", object{"type": "alert"}) }
	answered := func(what string, want int) {
		t.Helper()
		if _, n := tabs.Dialogs(0); n != want {
			t.Errorf("%s: %d are answered, want %d", what, n, want)
		}
	}
	shows(1)
	answered("nobody is there", 1)
	one, two := tabs.connected(), tabs.connected()
	shows(1)
	answered("a program is", 1)
	done := tabs.StepRuns()
	answered("a step begins", 2)
	shows(2)
	answered("a step runs", 3)
	done()
	shows(1)
	shows(2)
	one()
	answered("another program is", 3)
	tell("s1", "Page.javascriptDialogClosed", object{"result": true})
	two()
	answered("the last leaves, and one is closed", 4)
	three := tabs.connected()
	shows(2)
	tell("", "Target.detachedFromTarget", object{"sessionId": "s2"})
	three()
	answered("its tab is closed", 4)
}

// TestADialogWaitsForAPerson who drives the session, unless there is a rule for it: until
// they answer, or their time is over, or they have left.
func TestADialogWaitsForAPerson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tabs, tell := wireless(t, 8)
		tell("", "Target.attachedToTarget", attachedPage(1, 0))
		page := tabs.Current()
		shows := func(kind string) *Ask {
			tell("s1", "Page.javascriptDialogOpening", object{"type": kind, "message": "Sure?", "defaultPrompt": "Bob"})
			return page.Ask()
		}
		answered := func(what string, want ...Dialog) {
			t.Helper()
			got, n := tabs.Dialogs(0)
			if got = got[max(0, n-len(want)):]; !slices.Equal(got, want) {
				t.Errorf("%s: the last are %+v", what, got)
			}
		}
		leave := tabs.Attended()
		a := shows("prompt")
		if a == nil || a.Kind != "prompt" || a.Message != "Sure?" || a.Value != "Bob" {
			t.Fatalf("it asks %+v", a)
		}
		if err := page.Answer(t.Context(), a.Number+1, Answer{Accept: true}); !errors.Is(err, ErrAnswered) {
			t.Errorf("another's answer: %v", err)
		}
		ann := "Ann"
		if err := page.Answer(t.Context(), a.Number, Answer{Accept: true, Text: &ann}); err != nil || page.Ask() != nil {
			t.Error(err, page.Ask())
		}
		answered("they answer", Dialog{"prompt", "Sure?", true, "Ann"})
		if err := page.Answer(t.Context(), a.Number, Answer{}); !errors.Is(err, ErrAnswered) {
			t.Errorf("answered twice: %v", err)
		}

		tabs.AnswerNext(DialogRule{Type: "confirm", Accept: true})
		if a := shows("confirm"); a != nil {
			t.Errorf("one with a rule asks %+v", a)
		}
		answered("there is a rule", Dialog{Type: "confirm", Message: "Sure?", Accepted: true})
		done := tabs.StepRuns()
		if shows("beforeunload") == nil {
			t.Error("one that a step has led to doesn't wait")
		}
		done()
		time.Sleep(personWithin - time.Second)
		if page.Ask() == nil {
			t.Error("it has not waited as long as it may")
		}
		time.Sleep(2 * time.Second)
		answered("they take too long", Dialog{Type: "beforeunload", Message: "Sure?", Accepted: true})

		program := tabs.connected()
		shows("confirm")
		leave()
		time.Sleep(2 * personWithin)
		if page.Ask() == nil {
			t.Error("one that a program may answer waits no more")
		}
		program()
		answered("they leave, and the program", Dialog{Type: "confirm", Message: "Sure?"})
		if shows("alert") != nil {
			t.Error("one waits for nobody")
		}
		_ = tabs.conn.Close()
		tabs.conn.Wait()
	})
}
