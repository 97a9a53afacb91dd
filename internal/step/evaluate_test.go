package step_test

import (
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
)

// TestEvaluateAnswersWhatItSays: a value as JSON has it, or why there is none.
func TestEvaluateAnswersWhatItSays(t *testing.T) {
	site := pages(t, map[string]string{"/": `<p>a</p>`})
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	for _, tt := range []struct{ expression, want string }{
		{`const x = 1; x`, `1`},
		{`const x = 2; x`, `2`},
		{`let y = x + 1; class C {}; y`, `3`},
		{`() => 5`, `5`},
		{`async () => ({a: await 6})`, `{"a":6}`},
		{`function () { return 7 }`, `7`},
		{`async function f() { return 8 }`, `8`},
		{`function g() { return 9 } g()`, `9`},
		{`await new Promise(done => setTimeout(done, 10, [1]))`, `[1]`},
		{`Promise.resolve({a: 1})`, `{"a":1}`},
		{`({then: done => done(3)})`, `3`},
		{`undefined`, ``},
		{`null`, `null`},
		{`-0`, `0`},
		{`[-0]`, `[0]`},
		{`({a: undefined, b: [undefined, , 1]})`, `{"b":[null,null,1]}`},
		{`new Date(0)`, `"1970-01-01T00:00:00.000Z"`},
		{`[new Number(1), new String('s')]`, `[1,"s"]`},
		{`JSON.parse('{"__proto__": 1, "a.b": 2}')`, `{"__proto__":1,"a.b":2}`},
		{`class P { a = 1; #b = 2; get c() { return 3 } }; new P`, `{"a":1}`},
		{`const same = {}; [same, same]`, `[{},{}]`},
		{`document.querySelector('p').getBoundingClientRect().x`, `8`},
	} {
		if got := b.value(tt.expression); got != tt.want {
			t.Errorf("%s is %s, want %s", tt.expression, got, tt.want)
		}
	}
	for expression, want := range map[string]string{
		`NaN`: "NaN", `[1, NaN]`: "NaN at [1]", `({a: {b: [0, -Infinity]}})`: "-Infinity at a.b[1]", `Infinity`: "Infinity",
		`12n`: "a BigInt", `({a: 1n})`: "a BigInt at a", `Symbol('a')`: "a symbol", `[() => 1]`: "a function at [0]", `() => () => 1`: "a function",
		`const c = {}; c.me = [c]; c`: "a cycle at me[0]", `new Map([[1, 2]])`: "an object of the kind Map", `[new Set]`: "an object of the kind Set at [0]",
		`document.body`: "HTMLBodyElement", `window`: "Window", `new Error('no')`: "an error (Error: no)", `new Date(NaN)`: "an invalid Date",
		`throw new TypeError('no')`: "threw: TypeError: no", `await Promise.reject(new Error('late'))`: "threw: Error: late", `() => { throw 5 }`: "threw: 5",
		`a b`: "SyntaxError",
	} {
		_, f := b.run(step.Spec{Action: "evaluate", Expression: expression, Timeout: "20s"})
		if f == nil || f.Code != step.CodeEvaluation || !strings.Contains(f.Message, want) {
			t.Errorf("%s: %+v, want %s", expression, f, want)
		}
	}
}

// TestEvaluateThatWaitsStopsNothing: what a script of ours waits for is the
// page's; the page goes on when the step's time is over.
func TestEvaluateThatWaitsStopsNothing(t *testing.T) {
	site := pages(t, map[string]string{"/": `<script>
		ticks = 0; tick = () => { for (let end = performance.now() + 3; performance.now() < end;); ticks++; requestAnimationFrame(tick) }; tick()</script>`})
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	for _, expression := range []string{`await new Promise(() => {})`, `new Promise(() => {})`, `async () => { await new Promise(() => {}) }`, `({then() {}})`} {
		if _, f := b.run(step.Spec{Action: "evaluate", Expression: expression, Timeout: "150ms"}); f == nil || f.Code != step.CodeTimeout {
			t.Errorf("%s: %+v", expression, f)
		}
		b.value(`const before = ticks; await new Promise(done => { const look = () => ticks > before ? done() : setTimeout(look, 5); look() })`)
	}
	began := time.Now()
	for _, expression := range []string{`while (true);`, `() => { while (true); }`, `({get a() { while (true); }})`} {
		var f *domain.Failure
		if _, f = b.run(step.Spec{Action: "evaluate", Expression: expression, Timeout: "150ms"}); f == nil || f.Code != step.CodeTimeout {
			t.Errorf("%s: %+v", expression, f)
		}
		if got := b.value(`1`); got != "1" {
			t.Errorf("after %s: %s", expression, got)
		}
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
}
