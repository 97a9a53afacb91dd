package oracle

import "time"

// written is a case of filling #b, which is a field of the page.
func written(name, cites string, refuses bool, page, value string) Case {
	return Case{Name: name, Cites: cites, Refuses: refuses, Page: page, Steps: `{"action":"fill","target":"#b","value":` + quoted(value) + `}`, Read: `b.value ?? b.innerText`}
}

// unheld is why some of these differ.
const unheld = "Playwright says that it has filled a field which then holds another value or none; we fail and say which form the field takes"

// differs is a case with the reason why our outcome is another.
func differs(why string, c Case) Case {
	c.Differs = why
	return c
}

const behind = "Playwright says that it has filled or selected in what a modal dialog or a style keeps from everybody; we wait until it doesn't"

// waits is a case that is refused by waiting, amply.
func waits(c Case) Case {
	c.Timeout = amply
	return c
}

// refused is a case that Playwright refuses.
func refused(c Case) Case {
	c.Refuses = true
	return c
}

var filling = []Case{
	written("text", "", false, `<input id=b>`, "héllo ☕"),
	written("text over text", "", false, `<input id=b value=before>`, "after"),
	written("the same text", "", false, `<input id=b value=same>`, "same"),
	written("nothing over text", "", false, `<input id=b value=before>`, ""),
	written("nothing over nothing", "", false, `<input id=b>`, ""),
	written("a type that no browser knows", "microsoft/playwright#4561", false, `<input id=b type=blah>`, "x"),
	written("e-mail", "", false, `<input id=b type=email>`, "a@b.example"),
	written("e-mail that is none", "", false, `<input id=b type=email>`, "none"),
	written("a password", "", false, `<input id=b type=password>`, "secret"),
	written("search", "", false, `<input id=b type=search>`, "x"),
	written("a telephone", "", false, `<input id=b type=tel>`, "+49 1"),
	written("an address", "", false, `<input id=b type=url>`, "https://a.example"),
	written("a number", "microsoft/playwright#811", false, `<input id=b type=number>`, "42"),
	written("a number with spaces", "", false, `<input id=b type=number>`, " 42 "),
	written("a negative number with an exponent", "", false, `<input id=b type=number step=any>`, "-1.5e3"),
	written("a number with a plus", "", false, `<input id=b type=number>`, "+5"),
	written("a number that ends in its point", "", false, `<input id=b type=number>`, "5."),
	written("letters for a number", "microsoft/playwright#33200", true, `<input id=b type=number>`, "abc"),
	written("a price for a number", "microsoft/playwright#31669", true, `<input id=b type=number>`, "£20"),
	written("a number past its maximum", "microsoft/playwright#14028", false, `<input id=b type=number max=10>`, "60"),
	written("nothing for a number", "", false, `<input id=b type=number value=7>`, ""),
	written("a date", "", false, `<input id=b type=date>`, "2026-11-24"),
	written("a date with spaces", "", false, `<input id=b type=date>`, " 2026-11-24 "),
	differs(unheld, written("a date that is none", "microsoft/playwright tests/page/page-fill.spec.ts", false, `<input id=b type=date>`, "2026-13-05")),
	differs(unheld, written("a date in another order", "microsoft/playwright tests/page/page-fill.spec.ts", false, `<input id=b type=date>`, "24.11.2026")),
	written("nothing for a date", "", false, `<input id=b type=date value=2026-01-01>`, ""),
	written("a time", "", false, `<input id=b type=time>`, "13:15"),
	differs(unheld, written("a time that is none", "microsoft/playwright tests/page/page-fill.spec.ts", false, `<input id=b type=time>`, "25:05")),
	written("a local date and time", "", false, `<input id=b type=datetime-local>`, "2026-03-02T05:15"),
	differs(unheld, written("a local date and time that is none", "microsoft/playwright tests/page/page-fill.spec.ts", false, `<input id=b type=datetime-local>`, "abc")),
	written("a month", "", false, `<input id=b type=month>`, "2026-07"),
	differs(unheld, written("a month that is none", "microsoft/playwright tests/page/page-fill.spec.ts", false, `<input id=b type=month>`, "2026-13")),
	written("a week", "", false, `<input id=b type=week>`, "2026-W50"),
	differs(unheld, written("a week that is none", "microsoft/playwright tests/page/page-fill.spec.ts", false, `<input id=b type=week>`, "2026-123")),
	written("a colour", "microsoft/playwright#10737", false, `<input id=b type=color>`, "#33d136"),
	written("a colour in capitals", "microsoft/playwright#38574", false, `<input id=b type=color>`, "#DC143C"),
	written("a colour by its name", "", false, `<input id=b type=color>`, "red"),
	written("a colour in few digits", "", false, `<input id=b type=color>`, " #Abc "),
	written("a colour by its parts", "", false, `<input id=b type=color>`, "rgb(1, 2, 3)"),
	differs(unheld, written("a colour that is none", "", false, `<input id=b type=color>`, "aabbcc")),
	written("a local date and time with seconds that are none", "", false, `<input id=b type=datetime-local>`, "2026-01-05T01:30:00"),
	written("a local date and time with a space", "", false, `<input id=b type=datetime-local>`, "2026-01-05 01:30"),
	written("a time with seconds", "", false, `<input id=b type=time>`, "01:30:15.50"),
	written("a range with zeros", "", false, `<input id=b type=range>`, "0012.0"),
	written("a range", "", false, `<input id=b type=range min=0 max=100>`, "42"),
	differs(unheld, written("a range past its end", "microsoft/playwright tests/page/page-fill.spec.ts", false, `<input id=b type=range min=0 max=100>`, "420")),
	differs(unheld, written("a range between its steps", "", false, `<input id=b type=range min=0 max=100 step=10>`, "42")),
	written("a checkbox", "", true, `<input id=b type=checkbox>`, "x"),
	written("a file", "", true, `<input id=b type=file>`, "x"),
	written("a button", "", true, `<input id=b type=submit value=Go>`, "x"),
	written("a select", "", true, `<select id=b><option>a<option>b</select>`, "b"),
	written("a plain div", "", true, `<div id=b>old</div>`, "x"),
	written("a real button", "", true, `<button id=b>old</button>`, "x"),
	written("a text area", "", false, `<textarea id=b>old</textarea>`, "two\nlines"),
	written("line breaks in a line", "", false, `<input id=b>`, "two\nlines"),
	written("maxlength", "", false, `<input id=b maxlength=3>`, "abcdef"),
	written("maxlength of a text area", "", false, `<textarea id=b maxlength=3></textarea>`, "abcdef"),
	written("inert", "", true, `<div inert><input id=b></div>`, "x"),
	written("inert for a while", "", false, `<div id=o inert><input id=b></div><script>setTimeout(() => o.inert = false, 200)</script>`, "x"),
	{
		Name: "behind a modal dialog for a while", Read: `b.value`, Page: `<input id=b><dialog id=d><button>x</button></dialog><script>d.showModal()</script>`,
		Steps:   `{"action":"evaluate","expression":"setTimeout(() => d.close(), 300)"}{"action":"fill","target":"#b","value":"x"}`,
		Their:   `await page.locator("#b").fill("x")`,
		Differs: behind,
	},
	differs(behind, waits(written("inert by its style", "", false, `<div style="interactivity:inert"><input id=b></div>`, "x"))),
	written("readonly", "", true, `<input id=b readonly value=old>`, "x"),
	written("readonly for a while", "", false, `<input id=b readonly><script>setTimeout(() => b.readOnly = false, 200)</script>`, "x"),
	written("hidden", "", true, `<input id=b style="display:none">`, "x"),
	written("hidden for a while", "", false, `<input id=b style="display:none"><script>setTimeout(() => b.style.display = '', 200)</script>`, "x"),
	written("of no size", "", true, `<input id=b style="width:0;height:0;padding:0;border:0">`, "x"),
	written("under a cover", "", false, `<input id=b><div style="position:fixed;inset:0"></div>`, "x"),
	written("contenteditable", "", false, `<div id=b contenteditable>old</div>`, "new"),
	written("contenteditable with elements", "", false, `<div id=b contenteditable>old <b>bold</b><p>par</p></div>`, "new"),
	written("contenteditable of lines", "", false, `<div id=b contenteditable>old</div>`, "two\nlines"),
	written("contenteditable emptied", "", false, `<div id=b contenteditable>old</div>`, ""),
	written("contenteditable=plaintext-only", "", false, `<div id=b contenteditable=plaintext-only>old</div>`, "new"),
	written("in a contenteditable", "", false, `<div contenteditable><p id=b>old</p><p>other</p></div>`, "new"),
	written("contenteditable=false", "", true, `<div id=b contenteditable=false>old</div>`, "new"),
	written("contenteditable that collapses its selection", "microsoft/playwright#39492", false, `<div id=b contenteditable>old</div><script>b.onfocus = () => { if (getSelection().rangeCount) getSelection().collapseToEnd() }</script>`, "new"),
	written("contenteditable with beforeinput", "microsoft/playwright#36715", false, `<div id=b contenteditable></div><script>b.addEventListener('beforeinput', e => { e.preventDefault(); b.append(e.data) })</script>`, "new"),
	written("a label", "", false, `<label id=l>Name <input id=b></label><script>l.id = 'x'</script>`, "x"),
	differs(unheld, written("a page that refuses the input", "", false, `<input id=b><script>b.addEventListener('beforeinput', e => e.preventDefault())</script>`, "x")),
	written("a page that writes in capitals", "", false, `<input id=b oninput="this.value = this.value.toUpperCase()">`, "abc"),
	differs(unheld, written("a page that keeps digits", "", false, `<input id=b oninput="this.value = this.value.replace(/\D/g, '')">`, "a1b2")),
	written("a telephone in the page's own way", "", false, `<input id=b oninput="this.value = this.value.replace(/^(\d{3})(\d{3})(\d{4})$/, '($1) $2-$3')">`, "5551234567"),
	written("a price in the page's own way", "", false, `<input id=b oninput="this.value = this.value.replace(/^(\d)(\d{3}\.\d+)$/, '$1,$2 €')">`, "1234.50"),
	differs(unheld, written("a page that drops the point of a number", "", false, `<input id=b oninput="this.value = this.value.replace('.', '')">`, "12.50")),
	{ // the page says once more what it was given; only we wait for it
		Name: "a page that writes a moment later", Read: `window.held ?? b.value`,
		Page:    `<input id=b><script>b.addEventListener('beforeinput', e => { e.preventDefault(); if (window.ours) setTimeout(() => held = b.value = e.data, 200) })</script>`,
		Steps:   `{"action":"evaluate","expression":"ours = true"}{"action":"fill","target":"#b","value":"x"}`,
		Their:   `await page.locator("#b").fill("x")`,
		Differs: "Playwright doesn't read a field again; we wait a second for it to hold the text",
	},
	{
		Name: "a page that takes the focus away", Page: `<input id=o><input id=b oninput="setTimeout(() => o.focus())">`,
		Steps: `{"action":"fill","target":"#b","value":"abc"}`,
		Read:  `new Promise(done => { const look = () => document.activeElement === o ? done([b.value, o.value]) : setTimeout(look, 10); look() })`,
	},
	written("a datalist", "", false, `<input id=b list=l><datalist id=l><option>one</datalist>`, "two"),
	written("aria-readonly on a field", "", false, `<input id=b aria-readonly=true>`, "x"),
	written("aria-readonly on an editor", "", true, `<div id=b role=textbox contenteditable aria-readonly=true>old</div>`, "x"),
	written("a role=textbox that isn't editable", "", true, `<div id=b role=textbox>old</div>`, "x"),
	{
		Name: "by its label", Read: `b.value`, Page: `<label id=l>Name <input id=b></label>`,
		Steps: `{"action":"fill","target":"#l","value":"x"}`,
	},
	{
		Name: "by a label elsewhere", Read: `b.value`, Page: `<label id=l for=b>Name</label><input id=b>`,
		Steps: `{"action":"fill","target":"#l","value":"x"}`,
	},
	{
		Name: "in a shadow root", Cites: "microsoft/playwright#28726", Read: `[host.shadowRoot.querySelector('input').value, got]`, Page: `<div id=host></div><script>got = []; host.attachShadow({mode:'open'}).innerHTML = '<input id=b>'; host.addEventListener('input', e => got.push(e.composed))</script>`,
		Steps: `{"action":"fill","target":"#b","value":"x"}`,
	},
	{
		Name: "a date in a shadow root", Cites: "microsoft/playwright#28726", Read: `[host.shadowRoot.querySelector('input').value, got]`, Page: `<div id=host></div><script>got = []; host.attachShadow({mode:'open'}).innerHTML = '<input type=date id=b>'; host.addEventListener('input', e => got.push(e.composed))</script>`,
		Steps: `{"action":"fill","target":"#b","value":"2026-01-02"}`,
	},
	{
		Name: "fields of XHTML", Read: `['i', 't', 's', 'c'].map(id => document.getElementById(id)).map(e => e.type === 'checkbox' ? e.checked : e.value)`, Page: `<p>first`,
		Pages: named{"to": "HTTP 200\nContent-Type: application/xhtml+xml\n\n" + `<html xmlns="http://www.w3.org/1999/xhtml"><body><input id="i"/><textarea id="t"/><select id="s"><option>1</option><option>2</option></select><input id="c" type="checkbox"/></body></html>`},
		Steps: `{"action":"goto","url":"{{here}}to"}{"action":"fill","target":"#i","value":"x"}{"action":"fill","target":"#t","value":"y"}{"action":"select","target":"#s","value":"2"}{"action":"check","target":"#c"}`,
	},
	{
		Name: "an editor that keeps its own document", Read: `[doc, b.innerText]`, // as ProseMirror does: from what the browser has changed
		Page: `<div id=b contenteditable><p>old</p></div><script>doc = 'old'; const watch = new MutationObserver(() => { doc = b.innerText; watch.disconnect();
			b.innerHTML = '<p></p>'; b.firstChild.textContent = doc; watch.observe(b, all) }), all = { childList: true, characterData: true, subtree: true }; watch.observe(b, all)</script>`,
		Steps: `{"action":"fill","target":"#b","value":"new"}`,
	},
	{
		Name: "an editor that does all itself", Read: `[doc, b.innerText]`, // as Slate does: it stops the browser
		Page: `<div id=b contenteditable>old</div><script>doc = 'old'; b.addEventListener('beforeinput', e => { e.preventDefault(); const r = e.getTargetRanges()[0];
			doc = doc.slice(0, 0) + (e.data ?? ''); b.textContent = doc; getSelection().selectAllChildren(b); getSelection().collapseToEnd() })</script>`,
		Steps: `{"action":"fill","target":"#b","value":"new"}`,
	},
	{
		Name: "an editor in a shadow root", Cites: "microsoft/playwright#12941", Read: `host.shadowRoot.querySelector('div').innerText`,
		Page:  `<div id=host></div><script>host.attachShadow({mode:'open'}).innerHTML = '<div id=b contenteditable>old <b>bold</b></div>'</script>`,
		Steps: `{"action":"fill","target":"#b","value":"new"}`,
	},
	{
		Name: "an editor with a placeholder", Read: `b.innerText`, // as Quill has
		Page:  `<style>.blank::before { content: "Write…" }</style><div id=b class=blank contenteditable><p><br></p></div><script>b.addEventListener('input', () => b.classList.toggle('blank', b.innerText.trim() === ''))</script>`,
		Steps: `{"action":"fill","target":"#b","value":"new"}`,
	},
	{
		Name: "one after another", Cites: "microsoft/playwright#15925", Read: `[a.value, b.value]`, Page: `<input id=a><input id=b>`,
		Steps: `{"action":"fill","target":"#a","value":"one"}{"action":"fill","target":"#b","value":"two"}`,
	},
	{
		Name: "an editor in a frame's own document", Read: `frames[0].document.body.innerText`, Page: `<iframe src=in></iframe>`, Pages: map[string]string{"in": `<body id=b contenteditable>old`},
		Steps: `{"action":"fill","target":"#b","value":"new"}`, Their: `await page.frameLocator("iframe").locator("#b").fill("new")`,
	},
}

// chosen is a case of selecting in #b.
func chosen(name, cites string, refuses bool, page, values string) Case {
	return Case{
		Name: name, Cites: cites, Refuses: refuses, Page: page, Steps: `{"action":"select","target":"#b",` + values + `}`,
		Read: `[...b.selectedOptions || []].map(o => o.value)`,
	}
}

const abc = `<option value=1>Alpha<option value=2>Beta<option value=3>Gamma`

var selecting = []Case{
	chosen("by value", "", false, `<select id=b>`+abc+`</select>`, `"value":"2"`),
	chosen("by label", "", false, `<select id=b>`+abc+`</select>`, `"value":"Gamma"`),
	chosen("by a label with spaces", "", false, `<select id=b><option value=1>a<option value=2>  Two   words </select>`, `"value":"Two words"`),
	chosen("by the attribute label", "", false, `<select id=b><option value=1>a<option value=2 label=Named>text</select>`, `"value":"Named"`),
	chosen("by text that the attribute label hides", "", true, `<select id=b><option value=1>a<option value=2 label=Named>text</select>`, `"value":"text"`),
	chosen("a value before a label that comes first", "", false, `<select id=b><option value=1>2<option value=2>b</select>`, `"value":"2"`),
	chosen("by its label alone", "", false, `<select id=b><option value=Beta>Alpha<option value=2>Beta</select>`, `"label":"Beta"`),
	chosen("an empty value", "", false, `<select id=b><option value=1>a<option value="">none</select>`, `"value":""`),
	chosen("a label that no option has, but a value", "", true, `<select id=b><option value=x>a</select>`, `"label":"x"`),
	chosen("what is selected already", "", false, `<select id=b>`+abc+`</select>`, `"value":"1"`),
	chosen("what isn't there", "", true, `<select id=b>`+abc+`</select>`, `"value":"9"`),
	chosen("what comes later", "", false, `<select id=b>`+abc+`</select><script>setTimeout(() => b.insertAdjacentHTML('beforeend', '<option value=9>Nine'), 200)</script>`, `"value":"9"`),
	chosen("what is enabled later", "", false, `<select id=b><option>a<option id=o disabled>b</select><script>setTimeout(() => o.disabled = false, 200)</script>`, `"value":"b"`),
	chosen("another case", "", true, `<select id=b>`+abc+`</select>`, `"value":"beta"`),
	chosen("several", "", false, `<select id=b multiple>`+abc+`</select>`, `"values":["1","Gamma"]`),
	chosen("several, instead of others", "", false, `<select id=b multiple><option selected>a<option>b<option>c</select>`, `"values":["c","b"]`),
	chosen("several of which one isn't there", "", true, `<select id=b multiple>`+abc+`</select>`, `"values":["1","9"]`),
	chosen("two of the same value", "", false, `<select id=b multiple><option value=1>a<option value=1>b</select>`, `"values":["1"]`),
	chosen("none of several", "microsoft/playwright tests/page/page-select-option.spec.ts", false, `<select id=b multiple><option selected>a<option selected>b</select>`, `"values":[]`),
	chosen("none of one", "microsoft/playwright tests/page/page-select-option.spec.ts", false, `<select id=b>`+abc+`</select>`, `"values":[]`),
	chosen("by place", "", false, `<select id=b>`+abc+`</select>`, `"index":2`),
	chosen("by a place that isn't there", "", true, `<select id=b>`+abc+`</select>`, `"index":7`),
	chosen("by a place that comes later", "", false, `<select id=b><option>a</select><script>setTimeout(() => b.insertAdjacentHTML('beforeend', '<option>b'), 200)</script>`, `"index":1`),
	chosen("by the place of a disabled option", "", true, `<select id=b><option>a<option disabled>b</select>`, `"index":1`),
	chosen("in an option group", "", false, `<select id=b><optgroup label=g><option>a<option>b</optgroup></select>`, `"value":"b"`),
	chosen("in a hidden select", "", true, `<select id=b style="display:none">`+abc+`</select>`, `"value":"2"`),
	chosen("in an inert select", "", true, `<div inert><select id=b>`+abc+`</select></div>`, `"value":"2"`),
	differs(behind, waits(chosen("behind a modal dialog", "", false, `<select id=b>`+abc+`</select><dialog id=d><button>x</button></dialog><script>d.showModal()</script>`, `"value":"2"`))),
	differs("Playwright takes a modal dialog in an inert part for inert; the browser doesn't", chosen("in a modal dialog in an inert part", "", true, `<div inert><dialog id=d><select id=b>`+abc+`</select></dialog></div><script>d.showModal()</script>`, `"value":"2"`)),
	chosen("in what is no select", "microsoft/playwright tests/page/page-select-option.spec.ts", true, `<div id=b>x</div>`, `"value":"2"`),
	chosen("by an empty value", "", false, `<select id=b><option>a<option value="">none</select>`, `"value":""`),
	chosen("a hidden option", "", false, `<select id=b><option>a<option hidden>b</select>`, `"value":"b"`),
	chosen("a list of size", "", false, `<select id=b size=3>`+abc+`</select>`, `"value":"2"`),
	chosen("under a cover", "", false, `<select id=b>`+abc+`</select><div style="position:fixed;inset:0"></div>`, `"value":"2"`),
	chosen("a select that its change rebuilds", "", false, `<div id=box><select id=b onchange="const v = this.value; setTimeout(() => { box.innerHTML = '<select id=b><option selected>rebuilt'+v }, 0)">`+abc+`</select></div>`, `"value":"2"`),
	differs("Playwright selects the first of several values in a select that holds one, and says it was done; we say that it holds one", chosen("several in a select of one", "microsoft/playwright tests/page/page-select-option.spec.ts", false, `<select id=b>`+abc+`</select>`, `"values":["2","3"]`)),
	{
		Name: "by its label element", Read: `b.value`, Page: `<label id=l>Size <select id=b>` + abc + `</select></label>`,
		Steps: `{"action":"select","target":"#l","value":"2"}`,
	},
	{
		Name: "input crosses shadow roots, change does not", Cites: "microsoft/playwright#28726", Read: `[host.shadowRoot.querySelector('select').value, got]`,
		Page:  `<div id=host></div><script>got = []; host.attachShadow({mode:'open'}).innerHTML = '<select id=b><option>a<option>b</select>'; for (const t of ['input', 'change']) host.addEventListener(t, e => got.push(t, e.composed))</script>`,
		Steps: `{"action":"select","target":"#b","value":"b"}`,
	},
	{
		Name: "a click on what an open select covers", Cites: "microsoft/playwright#23618", Read: clicked,
		Page:  `<select id=s style="width:100px">` + abc + `</select><br><button id=b onclick="clicked = 'b'">Go</button>`,
		Steps: `{"action":"click","target":"#s"}{"action":"click","target":"#b"}`,
	},
}

// ticked is a case of check or uncheck on #b.
func ticked(name, cites string, refuses bool, page, action string) Case {
	return Case{
		Name: name, Cites: cites, Refuses: refuses, Page: page, Steps: `{"action":"` + action + `","target":"#b"}`,
		Read: `(window.c ?? b).checked ?? (window.c ?? b).getAttribute('aria-checked')`,
	}
}

// unhurried is a case that Playwright refuses of itself, once it has acted.
func unhurried(c Case) Case {
	c.Timeout = 4 * time.Second
	return c
}

var checking = []Case{
	ticked("a checkbox", "", false, `<input type=checkbox id=b>`, "check"),
	ticked("a checkbox that is checked", "", false, `<input type=checkbox id=b checked>`, "check"),
	ticked("uncheck", "", false, `<input type=checkbox id=b checked>`, "uncheck"),
	ticked("uncheck what is unchecked", "", false, `<input type=checkbox id=b>`, "uncheck"),
	ticked("through a label around it", "", false, `<label id=b><input type=checkbox id=c> I agree</label>`, "check"),
	ticked("through a label elsewhere", "", false, `<label id=b for=c>I agree</label><input type=checkbox id=c>`, "check"),
	ticked("through a span in a label", "", false, `<label><input type=checkbox id=c> <span id=b>I agree</span></label>`, "check"),
	ticked("through a label of a hidden checkbox", "", false, `<label id=b><input type=checkbox id=c style="display:none"> I agree</label>`, "check"),
	ticked("through a label that is checked", "", false, `<label id=b for=c>I agree</label><input type=checkbox id=c checked>`, "check"),
	ticked("uncheck through a label", "", false, `<label id=b for=c>I agree</label><input type=checkbox id=c checked>`, "uncheck"),
	ticked("a radio", "", false, `<input type=radio name=r id=b><input type=radio name=r checked>`, "check"),
	ticked("a radio that is checked", "", false, `<input type=radio name=r id=b checked>`, "check"),
	ticked("uncheck a radio", "microsoft/playwright tests/page/page-check.spec.ts", true, `<input type=radio id=b checked>`, "uncheck"),
	ticked("uncheck a radio that is unchecked", "", false, `<input type=radio id=b>`, "uncheck"),
	ticked("check what is indeterminate", "microsoft/playwright#20190", false, `<input type=checkbox id=b><script>b.indeterminate = true</script>`, "check"),
	ticked("check what is checked and indeterminate", "microsoft/playwright#20190", false, `<input type=checkbox id=b checked><script>b.indeterminate = true</script>`, "check"),
	ticked("uncheck what is indeterminate", "microsoft/playwright#20190", false, `<input type=checkbox id=b><script>b.indeterminate = true</script>`, "uncheck"),
	ticked("role=checkbox", "", false, `<div id=b role=checkbox aria-checked=false onclick="this.setAttribute('aria-checked', 'true')">x</div>`, "check"),
	ticked("role=checkbox that is mixed", "", false, `<div id=b role=checkbox aria-checked=mixed onclick="this.setAttribute('aria-checked', 'true')">x</div>`, "check"),
	ticked("role=checkbox, in capitals", "", false, `<div id=b role=checkbox aria-checked=False onclick="this.setAttribute('aria-checked', 'True')">x</div>`, "check"),
	ticked("role=switch", "", false, `<button id=b role=switch aria-checked=false onclick="this.setAttribute('aria-checked', 'true')">x</button>`, "check"),
	ticked("role=menuitemcheckbox", "", false, `<div id=b role=menuitemcheckbox aria-checked=true onclick="this.setAttribute('aria-checked', 'false')">x</div>`, "uncheck"),
	ticked("a span in role=checkbox", "", false, `<div id=c role=checkbox aria-checked=false onclick="this.setAttribute('aria-checked', 'true')"><span id=b>x</span></div>`, "check"),
	ticked("a checkbox that the page makes anew when the button goes down", "", false, `<input type=checkbox id=b><script>b.addEventListener('pointerdown', () => { b.outerHTML = b.outerHTML }, { once: true })</script>`, "check"),
	ticked("a checkbox that the page makes anew when the button comes up", "", false, `<input type=checkbox id=b><script>b.addEventListener('pointerup', () => { b.outerHTML = b.outerHTML }, { once: true })</script>`, "check"),
	ticked("a checkbox that the page makes anew, checked", "", false, `<input type=checkbox id=b onchange="this.outerHTML = '<input type=checkbox id=b checked>'">`, "check"),
	ticked("a plain div", "microsoft/playwright tests/page/page-check.spec.ts", true, `<div id=b>x</div>`, "check"),
	ticked("a text field", "", true, `<input id=b>`, "check"),
	unhurried(ticked("a checkbox that refuses", "microsoft/playwright#26908", true, `<input type=checkbox id=b onclick="return false">`, "check")),
	unhurried(ticked("a checkbox that is checked back at once", "microsoft/playwright#13470", true, `<input type=checkbox id=b onchange="this.checked = false">`, "check")),
	ticked("a hidden checkbox that is checked", "", false, `<input type=checkbox id=b checked style="display:none">`, "check"),
	ticked("a hidden checkbox", "", true, `<input type=checkbox id=b style="display:none">`, "check"),
	ticked("a checkbox at opacity 0", "", false, `<input type=checkbox id=b style="opacity:0">`, "check"),
	ticked("a checkbox under a cover", "", true, `<input type=checkbox id=b><div style="position:fixed;inset:0"></div>`, "check"),
	ticked("a checkbox that is enabled later", "", false, `<input type=checkbox id=b disabled><script>setTimeout(() => b.disabled = false, 200)</script>`, "check"),
	unhurried(ticked("a link in the label is clicked", "", true, `<label id=b><a href="#x" style="display:block">terms</a><input type=checkbox id=c style="display:none"></label>`, "check")),
	{
		Name: "role=checkbox that changes a little later", Refuses: true, Read: `b.getAttribute('aria-checked')`,
		Page:    `<div id=b role=checkbox aria-checked=false onclick="frame()">x</div><script>let n = 0; const frame = () => ++n > 60 ? b.setAttribute('aria-checked', 'true') : requestAnimationFrame(frame)</script>`,
		Steps:   `{"action":"check","target":"#b"}`,
		Differs: "Playwright looks once after its click; we wait for the state as long as the step has",
	},
}

// pressed is a case of keys in #b.
func pressed(name, page, steps string) Case {
	return Case{Name: name, Page: page, Steps: steps, Read: `b.value ?? b.innerText`}
}

var keys = []Case{
	pressed("type into an empty field", `<input id=b>`, `{"action":"type","target":"#b","value":"abc"}`),
	pressed("type into a field that holds text", `<input id=b value=old>`, `{"action":"type","target":"#b","value":"new"}`),
	pressed("type into a field that has the focus", `<input id=b value=old autofocus><script>b.focus(); b.setSelectionRange(3, 3)</script>`, `{"action":"type","target":"#b","value":"new"}`),
	pressed("type into a text area that holds text", `<textarea id=b>old</textarea>`, `{"action":"type","target":"#b","value":"new"}`),
	pressed("type capitals and signs", `<input id=b>`, `{"action":"type","target":"#b","value":"aB!?-_"}`),
	pressed("type what no key has", `<input id=b>`, `{"action":"type","target":"#b","value":"é☕嗨"}`),
	pressed("type a line break", `<textarea id=b></textarea>`, `{"action":"type","target":"#b","value":"a\nb"}`),
	pressed("type into a number", `<input id=b type=number>`, `{"action":"type","target":"#b","value":"12a3"}`),
	pressed("type past maxlength", `<input id=b maxlength=2>`, `{"action":"type","target":"#b","value":"abcd"}`),
	pressed("type into an editor", `<div id=b contenteditable></div>`, `{"action":"type","target":"#b","value":"ab"}`),
	pressed("type into an editor that holds text", `<div id=b contenteditable>old</div>`, `{"action":"type","target":"#b","value":"ab"}`),
	pressed("press a letter", `<input id=b>`, `{"action":"press","target":"#b","key":"a"}`),
	pressed("press a capital", `<input id=b>`, `{"action":"press","target":"#b","key":"A"}`),
	pressed("press Shift and a letter", `<input id=b>`, `{"action":"press","target":"#b","key":"Shift+a"}`),
	pressed("press Enter in a form", `<form onsubmit="return false"><input id=b></form>`, `{"action":"press","target":"#b","key":"Enter"}`),
	pressed("press Backspace", `<input id=b value=abc><script>b.focus(); b.setSelectionRange(3, 3)</script>`, `{"action":"press","target":"#b","key":"Backspace"}`),
	pressed("press Delete", `<input id=b value=abc>`, `{"action":"press","target":"#b","key":"Delete"}`),
	pressed("press End and Backspace", `<input id=b value=abc>`, `{"action":"press","target":"#b","key":"End"}{"action":"press","target":"#b","key":"Backspace"}`),
	pressed("press Control+A and Delete", `<input id=b value=abc>`, `{"action":"press","target":"#b","key":"Control+A"}{"action":"press","target":"#b","key":"Delete"}`),
	pressed("press Control+a and a letter", `<input id=b value=abc>`, `{"action":"press","target":"#b","key":"Control+a"}{"action":"press","target":"#b","key":"x"}`),
	pressed("press Meta+a, which is no shortcut here", `<input id=b value=abc>`, `{"action":"press","target":"#b","key":"Meta+a"}{"action":"press","target":"#b","key":"x"}`),
	pressed("press Escape", `<input id=b type=search value=abc>`, `{"action":"press","target":"#b","key":"Escape"}`),
	pressed("press an arrow in a number", `<input id=b type=number value=4>`, `{"action":"press","target":"#b","key":"ArrowUp"}`),
	pressed("press an arrow in a range", `<input id=b type=range value=40>`, `{"action":"press","target":"#b","key":"ArrowRight"}`),
	pressed("press an arrow in a select", `<select id=b><option>a<option>b</select>`, `{"action":"press","target":"#b","key":"ArrowDown"}`),
	pressed("press Space on a checkbox", `<input id=b type=checkbox>`, `{"action":"press","target":"#b","key":"Space"}`),
	pressed("press Enter on a button", `<button id=b>Go</button>`, `{"action":"press","target":"#b","key":"Enter"}`),
	pressed("press Space on a button", `<button id=b>Go</button>`, `{"action":"press","target":"#b","key":"Space"}`),
	pressed("press Tab", `<input id=b><input id=c>`, `{"action":"press","target":"#b","key":"Tab"}`),
	pressed("press F5 in a page that stops it", `<input id=b onkeydown="return false">`, `{"action":"press","target":"#b","key":"F5"}`),
	pressed("press Shift+ArrowLeft and Delete", `<input id=b value=abc><script>b.focus(); b.setSelectionRange(3, 3)</script>`, `{"action":"press","target":"#b","key":"Shift+ArrowLeft"}{"action":"press","target":"#b","key":"Delete"}`),
	pressed("undo", `<input id=b>`, `{"action":"type","target":"#b","value":"abc"}{"action":"press","target":"#b","key":"Control+z"}`),
	{
		Name: "type into a disabled field", Read: `b.value`, Page: `<input id=b disabled>`, Steps: `{"action":"type","target":"#b","value":"x"}`, Timeout: amply,
		Differs: "Playwright types into the void and says it did; we wait until the field is enabled",
	},
	{
		Name: "type into a field that takes no more meanwhile", Read: `[b.value, b.readOnly]`, Page: `<input id=b oninput="this.readOnly = value.length > 2">`, Steps: `{"action":"type","target":"#b","value":"abcdef"}`,
	},
	{
		Name: "type into a field that passes the focus on once", Read: `[b.value, o.value]`, Page: `<input id=b value=old><input id=o><script>b.addEventListener('focus', () => o.focus(), { once: true })</script>`, Steps: `{"action":"type","target":"#b","value":"x"}`,
	},
	{
		Name: "type into an editor after a field", Read: `got`, Page: `<input id=o><div id=b contenteditable></div><script>got = []; o.onblur = b.onfocus = e => got.push([e.type, e.relatedTarget?.id])</script>`,
		Steps:   `{"action":"type","target":"#o","value":"x"}{"action":"type","target":"#b","value":"y"}`,
		Differs: "Playwright takes the focus from what has it before it types into an editor; we give it to the editor, as a click does",
	},
	{
		Name: "press Enter on an area", Read: `location.hash`, Page: `<img usemap="#m" width=100 height=100 src="data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="><map name=m><area id=b coords="0,0,20,20" href="#x" alt=a></map>`,
		Steps: `{"action":"press","target":"#b","key":"Enter"}`,
	},
	{
		Name: "type into a hidden field", Read: `b.value`, Page: `<input id=b style="display:none">`, Steps: `{"action":"type","target":"#b","value":"x"}`, Timeout: amply,
		Differs: "Playwright types into the void and says it did; we wait until the field is visible",
	},
	{
		Name: "press on a link", Read: `location.hash`, Page: `<a id=b href="#x">x</a>`, Steps: `{"action":"press","target":"#b","key":"Enter"}`,
	},
	{
		Name: "type in an editor in a shadow root", Cites: "microsoft/playwright#12941", Read: `host.shadowRoot.querySelector('div').innerText`,
		Page:  `<div id=host></div><script>host.attachShadow({mode:'open'}).innerHTML = '<div id=b contenteditable></div>'</script>`,
		Steps: `{"action":"type","target":"#b","value":"ab"}{"action":"type","target":"#b","value":"cd"}`,
	},
	{
		Name: "Meta types nothing", Cites: "microsoft/playwright#28495", Read: `b.value`, Page: `<input id=b>`, Steps: `{"action":"press","target":"#b","key":"Meta"}`,
	},
	{
		Name: "Escape goes down and up", Cites: "microsoft/playwright#27709", Read: `b.value`, Page: `<input id=b>`, Steps: `{"action":"press","target":"#b","key":"Escape"}`,
	},
}
