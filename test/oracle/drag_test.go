package oracle

// dropped is a case of HTML's drag and drop from #s to #t, whose page is set up
// by a script; got notes what #t is given.
func dropped(name, cites string, refuses bool, script string) Case {
	return Case{
		Name: name, Cites: cites, Refuses: refuses, Read: `[window.got ?? null, dropped]`, Events: "dragenter dragleave dragend",
		Page: `<div id=s draggable=true style="width:100px;height:40px;background:#fcc">source</div><div style="height:60px"></div><div id=t style="width:150px;height:80px;background:#ccf">target</div>
			<script>dropped = false; s.addEventListener('dragstart', e => e.dataTransfer.setData('text/plain', 'tea'));
			t.addEventListener('dragover', e => e.preventDefault()); t.addEventListener('drop', e => { e.preventDefault(); dropped = true; got = e.dataTransfer.getData('text/plain') });
			` + script + `</script>`,
		Steps: `{"action":"drag","target":"#s","to":"#t"}`,
	}
}

// followed is a case of a page that follows the mouse: it notes what it hears.
func followed(name, cites, steps string) Case {
	return Case{
		Name: name, Cites: cites, Read: onceEach, Steps: steps,
		Page: `<body style="margin:0"><div id=s style="width:100px;height:100px;background:#fcc"></div><div id=t style="width:300px;height:100px;background:#ccf"></div>
			<script>got = []; for (const t of ['mousedown', 'mousemove', 'mouseup']) addEventListener(t, e => got.push([t, e.pageX, e.pageY, e.buttons, e.target.id].join(' ')))</script>`,
	}
}

const unTaken = "Playwright says that it has dropped what the page did not take; we say that it took no drop there"

const leftDown = "Playwright leaves the button down when there is no way to drop; we let it go, and the page sees no click"

// within is a page that drags in itself; it tells the top what it is given.
const within = `<body style="margin:0"><div id=s draggable=true style="width:80px;height:40px;background:#fcc">inner</div><div id=t style="width:100px;height:60px;background:#ccf">target</div>
	<script>s.addEventListener('dragstart', e => e.dataTransfer.setData('text/plain', 'inner')); t.addEventListener('dragover', e => e.preventDefault());
	t.addEventListener('drop', e => { e.preventDefault(); top.postMessage({ got: e.dataTransfer.getData('text/plain') }, '*') })</script>`

// across is a case of dragging where a frame takes part; outer elements are #o
// and #p.
func across(name, cites, frame, steps, their string) Case {
	return Case{
		Name: name, Cites: cites, Steps: steps, Their: their,
		Read:  `new Promise(done => { const end = performance.now() + 5000; (function look() { if (window.got || performance.now() > end) done(window.got ?? null); else setTimeout(look, 10) })() })`,
		Pages: map[string]string{"in": within},
		Page: `<body style="margin:0"><div id=o draggable=true style="width:80px;height:40px;background:#cfc">outer</div><div id=p style="width:100px;height:60px;background:#ffc">target</div>
			<iframe src="` + frame + `" style="width:300px;height:200px;border:0"></iframe>
			<script>o.addEventListener('dragstart', e => e.dataTransfer.setData('text/plain', 'outer')); p.addEventListener('dragover', e => e.preventDefault());
			p.addEventListener('drop', e => { e.preventDefault(); got = e.dataTransfer.getData('text/plain') }); addEventListener('message', e => { if (e.data && e.data.got) got = e.data.got })</script>`,
	}
}

const inside = `page.frameLocator("iframe").locator`

var dragging = []Case{
	dropped("HTML's drag and drop", "microsoft/playwright#1094", false, ``),
	dropped("the events of it", "microsoft/playwright#28379", false, `s.addEventListener('drag', () => got = 'dragged')`),
	dropped("dragover comes", "microsoft/playwright#17153", false, `t.addEventListener('dragover', () => over = true); t.addEventListener('drop', () => got = window.over)`),
	dropped("a page that cancels the drag", "microsoft/playwright tests/page/page-drag.spec.ts", false, `document.body.addEventListener('dragstart', e => e.preventDefault())`),
	dropped("a page that captures the drag", "microsoft/playwright tests/page/page-drag.spec.ts", false, `document.body.addEventListener('dragstart', e => e.stopImmediatePropagation())`),
	differs(unTaken, dropped("what doesn't take it", "", false, `t.addEventListener('dragover', e => e.stopImmediatePropagation(), true)`)),
	differs(unTaken, dropped("an effect that isn't allowed", "microsoft/playwright tests/page/page-drag.spec.ts", false, `s.addEventListener('dragstart', e => e.dataTransfer.effectAllowed = 'copy'); t.addEventListener('dragover', e => e.dataTransfer.dropEffect = 'move')`)),
	dropped("an effect that is allowed", "microsoft/playwright tests/page/page-drag.spec.ts", false, `s.addEventListener('dragstart', e => e.dataTransfer.effectAllowed = 'copyMove'); t.addEventListener('dragover', e => e.dataTransfer.dropEffect = 'move')`),
	dropped("the source moves into the target", "microsoft/playwright tests/page/page-drag.spec.ts", false, `t.addEventListener('drop', () => { t.append(s); got = t.contains(s) })`),
	dropped("a target that comes later", "", false, `t.style.display = 'none'; setTimeout(() => t.style.display = '', 200)`),
	dropped("a source that is disabled by ARIA", "", false, `s.setAttribute('role', 'button'); s.setAttribute('aria-disabled', 'true')`),
	differs(leftDown, waits(dropped("a covered target", "", true, `document.body.insertAdjacentHTML('beforeend', '<div style="position:absolute;left:0;top:100px;width:400px;height:200px"></div>')`))),
	dropped("a covered source", "", true, `document.body.insertAdjacentHTML('beforeend', '<div style="position:absolute;left:0;top:0;width:400px;height:60px"></div>')`),
	differs(leftDown, waits(dropped("a target that isn't there", "", true, `t.remove()`))),
	dropped("a link", "", false, `s.outerHTML = '<a id=s href="#x" style="display:block;width:100px">link</a>'; t.addEventListener('drop', e => got = e.dataTransfer.types.includes('text/uri-list'))`),
	{
		Name: "an image", Read: `got`, Steps: `{"action":"drag","target":"#s","to":"#t"}`,
		Page: `<img id=s src="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='40' height='40'><rect width='40' height='40'/></svg>" width=40 height=40><div id=t style="width:100px;height:60px">target</div>
			<script>got = null; t.addEventListener('dragover', e => e.preventDefault()); t.addEventListener('drop', e => { e.preventDefault(); got = 'image' })</script>`,
	},
	followed("a page that follows the mouse", "microsoft/playwright tests/page/page-drag.spec.ts", `{"action":"drag","target":"#s","to":"#t"}`),
	followed("in four moves", "microsoft/playwright tests/page/page-drag.spec.ts", `{"action":"drag","target":"#s","to":"#t","moves":4}`),
	followed("from a place to a place", "microsoft/playwright tests/page/page-drag.spec.ts", `{"action":"drag","target":"#s","to":"#t","position":{"x":34,"y":7},"toPosition":{"x":10,"y":20}}`),
	followed("onto itself", "", `{"action":"drag","target":"#s","to":"#s","position":{"x":10,"y":10},"toPosition":{"x":60,"y":60}}`),
	their(followed("by an offset", "microsoft/playwright#1094", `{"action":"drag","target":"#s","x":60,"y":80}`),
		`await page.locator("#s").hover(); await page.mouse.down(); await page.mouse.move(110, 130); await page.mouse.up()`),
	their(followed("with a modifier", "", `{"action":"drag","target":"#s","to":"#t","modifiers":["Shift"]}`),
		`await page.keyboard.down("Shift"); await page.locator("#s").dragTo(page.locator("#t")); await page.keyboard.up("Shift")`),
	{
		Name: "a slider of the page's own", Cites: "microsoft/playwright#20254", Read: `knob.style.left`,
		Page: `<div style="position:relative;width:300px;height:20px"><div id=knob style="position:absolute;left:0px;width:20px;height:20px;background:#888"></div></div>
			<script>knob.onpointerdown = e => { knob.setPointerCapture(e.pointerId); const from = e.clientX; knob.onpointermove = e => knob.style.left = e.clientX - from + 'px'; knob.onpointerup = () => knob.onpointermove = null }</script>`,
		Steps: `{"action":"drag","target":"#knob","x":120}`,
		Their: `await page.locator("#knob").hover(); await page.mouse.down(); const b = await page.locator("#knob").boundingBox(); await page.mouse.move(b.x + 130, b.y + 10); await page.mouse.up()`,
	},
	{
		Name: "a range", Read: `b.value`, Page: `<body style="margin:0"><input id=b type=range min=0 max=100 value=50 style="width:200px;margin:0">`,
		Steps: `{"action":"drag","target":"#b","to":"#b","toPosition":{"x":150,"y":8}}`,
	},
	{
		Name: "text is selected", Read: `getSelection().toString()`, Page: `<body style="margin:0"><p id=b style="margin:0;width:300px;white-space:nowrap;font:20px monospace">one two three</p>`,
		Steps: `{"action":"drag","target":"#b","to":"#b","position":{"x":1,"y":10},"toPosition":{"x":80,"y":10}}`,
	},
	across("in a frame", "microsoft/playwright tests/page/page-drag.spec.ts", "in", `{"action":"drag","target":"#s","to":"#t"}`, `await `+inside+`("#s").dragTo(`+inside+`("#t"))`),
	across("in a frame of another site", "", "{{other}}in", `{"action":"drag","target":"#s","to":"#t"}`, `await `+inside+`("#s").dragTo(`+inside+`("#t"))`),
	across("into a frame", "microsoft/playwright tests/page/page-drag.spec.ts", "in", `{"action":"drag","target":"#o","to":"#t"}`, manual(`page.locator("#o")`, inside+`("#t")`)),
	across("out of a frame", "microsoft/playwright tests/page/page-drag.spec.ts", "in", `{"action":"drag","target":"#s","to":"#p"}`, manual(inside+`("#s")`, `page.locator("#p")`)),
	differs(elsewhere, across("into a frame of another site", "", "{{other}}in", `{"action":"drag","target":"#o","to":"#t"}`, manual(`page.locator("#o")`, inside+`("#t")`))),
	differs(elsewhere, across("out of a frame of another site", "", "{{other}}in", `{"action":"drag","target":"#s","to":"#p"}`, manual(inside+`("#s")`, `page.locator("#p")`))),
}

const elsewhere = "Playwright's mouse leaves the source's process before a drag can begin, and nothing is dropped; we begin it first"

// manual is a drag between frames, which Playwright has no method for.
func manual(from, to string) string {
	return `await ` + from + `.hover(); await page.mouse.down(); await ` + to + `.hover(); await page.mouse.up()`
}

// their is a case with its own words for Playwright.
func their(c Case, words string) Case {
	c.Their = words
	return c
}
