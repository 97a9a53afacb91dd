package browser

import (
	"fmt"
	"strings"
	"testing"
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
