package step_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/step"
)

// TestTheNearestCandidates: where nothing matches, it is said what would, and
// where several do, how each is meant alone; what is said works.
func TestTheNearestCandidates(t *testing.T) {
	site := pages(t, map[string]string{"/": `<button>Buy it now</button><button>Sell</button><button data-testid=b1>Go</button><button>Go</button>
		<label>E-mail <input id=mail></label><input placeholder="Search here"><img alt="A cat"><a href=# hidden>Hidden</a>
		<ul id=list><li class=entry><b>same</b><li class=entry><b>same</b></ul><div id=cart class="shopping-cart">x</div>`})
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL + "/"})
	for target, want := range map[string]string{
		`role=button[name="Buy now"]`: `no element matches; nearest: role=button[name="Buy it now"]`,
		`role=link[name="Hidden"]`:    `<a>Hidden would, but nobody is told of it: it is hidden`,
		`text=Buy it nou`:             `nearest: role=button[name="Buy it now"]`,
		`label=Email`:                 `nearest: role=textbox[name="E-mail"]`,
		`placeholder="Search"`:        `nearest: role=textbox[name="Search here"]`,
		`alt="cat"`:                   `nearest: role=img[name="A cat"]`,
		`.shoping-cart`:               `nearest: text="x"`,
		`#list >> li >> text=other`:   `no element matches: 2 do up to part 2 of the target, none with part 3`,
		`frame=none >> a`:             `no frame matches`,
		`xpath=//table`:               `no element matches`,
	} {
		f := b.fails(step.Spec{Action: "click", Target: target}, 600*time.Millisecond)
		if f == nil || f.Code != "target_not_found" || !strings.Contains(f.Seen, want) {
			t.Errorf("%s: %+v, want %s", target, f, want)
		}
	}
	for target, want := range map[string]string{
		"text=Go":     `2 elements match: <button>Go is testid=b1; <button>Go is text=Go >> nth=1`,
		"button":      `4 elements match: <button>Buy it now is role=button[name="Buy it now"]; <button>Sell is role=button[name="Sell"]; `,
		".entry >> b": `2 elements match: <b>same is .entry >> b >> nth=0; <b>same is .entry >> b >> nth=1`,
	} {
		_, f := b.run(step.Spec{Action: "click", Target: target})
		if f == nil || f.Code != "target_ambiguous" || !strings.Contains(f.Seen, want) {
			t.Fatalf("%s: %+v, want %s", target, f, want)
		}
		for _, m := range regexp.MustCompile(` is ([^;]+)`).FindAllStringSubmatch(f.Seen, -1) {
			b.do(step.Spec{Action: "assert", Target: strings.TrimSuffix(m[1], "; …"), Count: ptr(1)})
		}
	}
}
