package step_test

import (
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
)

// TestFrameOfATarget: frame= chooses one by its name, its element's id, its
// address or its element, one in another, and of another site too.
func TestFrameOfATarget(t *testing.T) {
	site := pages(t, map[string]string{
		"/": `<b>top</b><iframe name=pay src="/pay?x=1"></iframe><iframe id=ad class=wide src="/ad"></iframe><div id=box><iframe src="/outer"></iframe></div>
			<script>document.write('<iframe name=other src="http://localhost:' + location.port + '/other"></iframe>')</script>`,
		"/pay": `<b>pay</b>`, "/ad": `<b>ad</b>`, "/outer": `<b>outer</b><iframe name=inner src="/inner"></iframe>`, "/inner": `<b>inner</b>`, "/other": `<b>other</b>`,
	})
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL + "/"})
	for target, want := range map[string]string{
		"frame=pay >> b":                                   "pay",
		`frame=name="pay" >> text=pay`:                     "pay",
		"frame=ad >> b":                                    "ad",
		"frame=.wide >> b":                                 "ad",
		"frame=*/pay?x=* >> b":                             "pay",
		`frame=url=/\/ad$/ >> b`:                           "ad",
		`frame="#box >> iframe" >> b`:                      "outer",
		"frame=inner >> b":                                 "inner",
		`frame="#box iframe" >> frame=inner >> b`:          "inner",
		"#box iframe >> internal:control=enter-frame >> b": "outer",
		"frame=other >> b":                                 "other",
		"b":                                                "top",
	} {
		if got := b.do(step.Spec{Action: "extract", Target: target}); got != `"`+want+`"` {
			t.Errorf("%s is %s, want %s", target, got, want)
		}
	}
	for target, want := range map[string]string{
		"frame=none >> b":   `no frame matches frame=name="none"`,
		"frame=iframe >> b": "4 elements match",
		"frame=*1*/* >> b":  "frames match",
		"frame=#box >> b":   "is not a frame",
		"frame=pay >> i":    "no element matches",
	} {
		f := b.fails(step.Spec{Action: "click", Target: target}, 3*time.Second)
		if f == nil || !strings.Contains(f.Seen, want) {
			t.Errorf("%s: %+v, want %s; saw %q", target, f, want, f.Seen)
		}
	}
	b.do(step.Spec{Action: "waitFor", Target: "frame=none >> b", State: "hidden"})
}

// TestTestIDAttribute: a session says which attribute testid= looks at, in
// targets inside others too.
func TestTestIDAttribute(t *testing.T) {
	l := browsertest.Launcher(t, step.Script(), nil)
	b := &bench{t: t, page: browsertest.Launch(t, l, domain.SessionOptions{TestID: "data-qa"}).Page()}
	site := pages(t, map[string]string{"/": `<ul data-qa=list><li data-qa=a>one<li data-testid=a>two</ul>`})
	b.do(step.Spec{Action: "goto", URL: site.URL + "/"})
	if got := b.do(step.Spec{Action: "extract", Target: "li >> internal:and=\"testid=a\""}); got != `"one"` {
		t.Errorf("%s", got)
	}
	if got := b.do(step.Spec{Action: "extract", Target: "testid=list", Fields: map[string]step.Field{"a": {Target: "testid=a"}}}); got != `{"a":"one"}` {
		t.Errorf("%s", got)
	}
}
