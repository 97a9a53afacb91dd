package oracle

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/browserhook/browserhook/internal/step"
)

// expects is a case of an assertion about #b, as Playwright's expect has it.
func expects(name string, holds bool, page, asserted string) Case {
	return Case{Name: name, Refuses: !holds, Page: page, Steps: `{"action":"assert","target":"#b",` + asserted + `}`, Read: `document.readyState`}
}

func citing(cites string, c Case) Case {
	c.Cites = cites
	return c
}

const expectTests = "microsoft/playwright tests/page/expect-boolean.spec.ts"

// What is asserted of elements.
var asserting = []Case{
	expects("a part of the text", true, `<p id=b>Some <i>text</i> here</p>`, `"text":"text here"`),
	expects("a part of the text in another case", false, `<p id=b>Some text</p>`, `"text":"some"`),
	expects("the whole text with other white space", true, "<p id=b>\n Some\t text\n</p>", `"text":" Some text","exact":true`),
	expects("a part for the whole text", false, `<p id=b>Some text</p>`, `"text":"Some","exact":true`),
	expects("text in a shadow root", true, `<p id=b></p><script>b.attachShadow({mode:'open'}).innerHTML = '<i>inside</i>'</script>`, `"text":"inside"`),
	expects("text that isn't shown", true, `<p id=b>a<i style="display:none">b</i></p>`, `"text":"ab","exact":true`),
	expects("text of a script", false, `<div id=b>a<script>b</script></div>`, `"text":"b"`),
	expects("text in capitals by style", true, `<p id=b style="text-transform:uppercase">Buy</p>`, `"text":"Buy","exact":true`),
	expects("text with a soft hyphen", true, `<p id=b>won&shy;der&#x200b;ful</p>`, `"text":"wonderful","exact":true`),
	expects("no text", true, `<p id=b></p>`, `"text":"","exact":true`),
	expects("the words of a button input", true, `<input type=submit id=b value=Send>`, `"text":"Send"`),
	expects("text that comes", true, `<p id=b></p><script>setTimeout(() => b.textContent = 'late', 200)</script>`, `"text":"late"`),
	expects("text of an element that comes", true, `<script>setTimeout(() => document.body.innerHTML = '<p id=b>late', 200)</script>`, `"text":"late"`),
	expects("text of two elements", false, `<p id=b>a</p><p id=b>a</p>`, `"text":"a"`),
	expects("text of nothing", false, `<p>a</p>`, `"text":"a"`),
	expects("a field's value", true, `<input id=b value=x>`, `"value":"x"`),
	expects("a field's value with white space", false, `<input id=b value=" x">`, `"value":"x"`),
	expects("a value that was typed since", true, `<input id=b value=x><script>b.value = 'y'</script>`, `"value":"y"`),
	expects("a textarea's value", true, "<textarea id=b>a\nb</textarea>", `"value":"a\nb"`),
	expects("a select's value", true, `<select id=b><option value=1>One<option value=2 selected>Two</select>`, `"value":"2"`),
	citing("microsoft/playwright tests/page/expect-to-have-value.spec.ts", expects("the value of a label's field", true, `<label id=b>Name <input value=x></label>`, `"value":"x"`)),
	citing("microsoft/playwright tests/page/expect-to-have-value.spec.ts", expects("the value of what has none", false, `<p id=b>x</p>`, `"value":"x"`)),
	expects("an attribute that is there", true, `<a id=b href="/x">a</a>`, `"attribute":"href"`),
	expects("an attribute that isn't", false, `<a id=b>a</a>`, `"attribute":"href"`),
	expects("an empty attribute", true, `<a id=b href="">a</a>`, `"attribute":"href","value":""`),
	expects("an attribute's value as it is written", true, `<a id=b href="x?a=1">a</a>`, `"attribute":"href","value":"x?a=1"`),
	expects("no attribute for an empty one", false, `<a id=b>a</a>`, `"attribute":"href","value":""`),
	expects("one of the classes", true, `<p id=b class="a bc d">x</p>`, `"class":"bc"`),
	expects("classes in another order", true, `<p id=b class="a bc d">x</p>`, `"class":"d  a"`),
	expects("a part of a class", false, `<p id=b class="a bc d">x</p>`, `"class":"b"`),
	expects("how many there are", true, `<p id=b>a</p><p id=b>a</p>`, `"count":2`),
	expects("none", true, `<p>a</p>`, `"count":0`),
	expects("more than there are", false, `<p id=b>a</p>`, `"count":2`),
	expects("as many as come", true, `<p id=b>a</p><script>setTimeout(() => document.body.append(b.cloneNode()), 200)</script>`, `"count":2`),
	citing(expectTests, expects("checked", true, `<input id=b type=checkbox checked>`, `"state":"checked"`)),
	citing(expectTests, expects("not checked", false, `<input id=b type=checkbox>`, `"state":"checked"`)),
	citing(expectTests, expects("unchecked", true, `<input id=b type=checkbox>`, `"state":"unchecked"`)),
	citing(expectTests, expects("unchecked of what can't be checked", false, `<p id=b>x</p>`, `"state":"unchecked"`)),
	citing(expectTests, expects("checked by ARIA", true, `<div id=b role=switch aria-checked=true>x</div>`, `"state":"checked"`)),
	citing(expectTests, expects("checked through a label", true, `<label id=b><input type=checkbox checked> Yes</label>`, `"state":"checked"`)),
	citing(expectTests, expects("enabled", true, `<button id=b>x</button>`, `"state":"enabled"`)),
	citing(expectTests, expects("enabled, of a disabled one", false, `<button id=b disabled>x</button>`, `"state":"enabled"`)),
	citing(expectTests, expects("disabled", true, `<fieldset disabled><button id=b>x</button></fieldset>`, `"state":"disabled"`)),
	expects("disabled, of an option whose label is of its select", true, `<label>Size <select><option>a<option id=b disabled>b</select></label>`, `"state":"disabled"`),
	citing(expectTests, expects("disabled of a div", false, `<div id=b disabled>x</div>`, `"state":"disabled"`)),
	citing(expectTests, expects("editable", true, `<input id=b>`, `"state":"editable"`)),
	citing(expectTests, expects("editable, of a readonly one", false, `<input id=b readonly>`, `"state":"editable"`)),
	citing(expectTests, expects("editable, of a disabled one", false, `<input id=b disabled>`, `"state":"editable"`)),
	citing(expectTests, expects("editable of a paragraph", false, `<p id=b>x</p>`, `"state":"editable"`)),
	citing(expectTests, expects("focused", true, `<input id=b autofocus><script>b.focus()</script>`, `"state":"focused"`)),
	citing(expectTests, expects("not focused", false, `<input id=b><input id=c><script>c.focus()</script>`, `"state":"focused"`)),
	citing(expectTests, expects("focused in a shadow root", true, `<p id=h></p><script>h.attachShadow({mode:'open'}).innerHTML = '<input id=b>'; h.shadowRoot.querySelector('input').focus()</script>`, `"state":"focused"`)),
	citing(expectTests, expects("the host of what is focused", true, `<p id=b></p><script>b.attachShadow({mode:'open'}).innerHTML = '<input>'; b.shadowRoot.querySelector('input').focus()</script>`, `"state":"focused"`)),
	citing(expectTests, expects("visible", true, `<p id=b>x</p>`, `"state":"visible"`)),
	citing(expectTests, expects("visible of two", false, `<p id=b>x</p><p id=b>x</p>`, `"state":"visible"`)),
	citing(expectTests, expects("visible, in time", true, `<p id=b hidden>x</p><script>setTimeout(() => b.hidden = false, 200)</script>`, `"state":"visible"`)),
	citing(expectTests, expects("hidden", true, `<p id=b hidden>x</p>`, `"state":"hidden"`)),
	citing(expectTests, expects("hidden of nothing", true, `<p>x</p>`, `"state":"hidden"`)),
	citing(expectTests, expects("hidden of two, which are", false, `<p id=b hidden>x</p><p id=b hidden>x</p>`, `"state":"hidden"`)),
	citing(expectTests, expects("hidden of what is empty", true, `<p id=b></p>`, `"state":"hidden"`)),
	citing(expectTests, expects("attached of what is hidden", true, `<p id=b hidden>x</p>`, `"state":"attached"`)),
	citing(expectTests, expects("detached, in time", true, `<p id=b>x</p><script>setTimeout(() => b.remove(), 200)</script>`, `"state":"detached"`)),
	citing(expectTests, expects("detached of what is hidden", false, `<p id=b hidden>x</p>`, `"state":"detached"`)),
}

// expectation is an assertion in Playwright's words.
func expectation(s step.Spec, timeout time.Duration) string {
	var asserted object
	if err := json.Unmarshal(s.Params(), &asserted); err != nil {
		panic(err)
	}
	var matcher string
	options := object{}
	text := func(v any, substring, folded bool) []object {
		return []object{{"string": v, "matchSubstring": substring, "normalizeWhiteSpace": folded}}
	}
	switch {
	case asserted["text"] != nil:
		matcher, options["expectedText"] = "to.have.text", text(asserted["text"], asserted["exact"] == nil, true)
	case asserted["attribute"] != nil && asserted["value"] != nil:
		matcher, options["expressionArg"], options["expectedText"] = "to.have.attribute.value", asserted["attribute"], text(asserted["value"], false, false)
	case asserted["attribute"] != nil:
		matcher, options["expressionArg"] = "to.have.attribute", asserted["attribute"]
	case asserted["value"] != nil:
		matcher, options["expectedText"] = "to.have.value", text(asserted["value"], false, false)
	case asserted["class"] != nil:
		matcher, options["expectedText"] = "to.contain.class", text(asserted["class"], false, false)
	case asserted["count"] != nil:
		matcher, options["expectedNumber"] = "to.have.count", asserted["count"]
	case asserted["state"] == "checked" || asserted["state"] == "unchecked":
		matcher, options["expectedValue"] = "to.be.checked", object{"checked": asserted["state"] == "checked"}
	default:
		matcher = "to.be." + asserted["state"].(string)
	}
	return strings.NewReplacer("TARGET", quoted(s.Target), "MATCHER", quoted(matcher), "OPTIONS", quoted(options), "TIMEOUT", strconv.FormatInt(timeout.Milliseconds(), 10)).Replace(
		"{ const r = await page.locator(TARGET)._expect(MATCHER, { ...OPTIONS, isNot: false, timeout: TIMEOUT }); if (!r.matches) throw new Error(r.errorMessage || 'no match') }\n")
}
