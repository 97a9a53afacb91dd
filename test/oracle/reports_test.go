package oracle

// does is a case of steps on a page of its own.
func does(name, cites, page, steps, read string) Case {
	return Case{Name: name, Cites: cites, Page: page, Steps: steps, Read: read}
}

// never is one that can't be done.
func never(c Case) Case {
	c.Refuses = true
	return c
}

const clickB = `{"action":"click","target":"#b"}`

// onceEach is what a page got, but what came again: Chromium tells a page once more
// of a mouse that rests, at any time after it has laid it out.
const onceEach = `got.filter((e, i) => String(e) !== String(got[i - 1]))`

// What users of Playwright have reported, each as its report says.
var reported = []Case{
	// Clicks.
	does("each event of a click is a task of its own", "microsoft/playwright#19685", `<div id=o><div id=b style="width:46px;height:46px"></div></div><script>log = []; const say = e => { log.push(e.type + e.currentTarget.id); Promise.resolve().then(() => log.push('task')) }
		for (const e of [o, b]) for (const t of ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click']) e.addEventListener(t, say)</script>`, clickB, `log`),
	does("a page that asks for the place", "microsoft/playwright#23280", `<style>*{margin:0}</style><button id=b style="width:500px;height:300px" onclick="clicked='b'">Go</button><script>navigator.geolocation.getCurrentPosition(() => {})</script>`, clickB, clicked),
	does("the pressure of a click", "microsoft/playwright#35844", `<button id=b>Go</button><script>got = []; for (const t of ['pointerdown', 'pointerup', 'pointermove']) document.addEventListener(t, e => got.push([t, e.pressure]))</script>`, clickB, onceEach),
	does("the kind of the pointer", "microsoft/playwright#38376", `<button id=b>Go</button><script>got = []; for (const t of ['pointerdown', 'pointermove', 'pointerup']) addEventListener(t, e => got.push([t, e.pointerType]))</script>`, clickB, onceEach),
	does("a list that opens under the mouse", "microsoft/playwright#10638", `<div id=b style="width:200px;height:30px" onmousedown="document.body.insertAdjacentHTML('beforeend', '<ul id=l style=&quot;position:fixed;inset:0;background:white&quot;><li>one</ul>')">Choose</div>`, clickB, `!!window.l`),
	does("a list that opens under the mouse, and then is used", "microsoft/playwright#10636", `<div id=b style="width:200px;height:30px" onmousedown="document.body.insertAdjacentHTML('beforeend', '<ul style=&quot;position:fixed;inset:0;margin:0;background:white&quot;><li id=c onclick=&quot;clicked=1&quot;>one</ul>')">Choose</div>`, clickB+`{"action":"click","target":"#c"}`, clicked),
	never(does("words that turn over a field", "microsoft/playwright#12298", `<div style="position:relative"><input id=b style="width:300px;height:30px"><div id=w style="position:absolute;inset:0">word</div></div><script>let n = 0; setInterval(() => w.textContent = 'word ' + n++, 100)</script>`, clickB, `document.activeElement.id`)),
	never(does("what ::after draws over a link", "microsoft/playwright#14167", `<style>#o{position:relative}#o::after{content:'';position:absolute;inset:0}</style><div id=o><a id=b href="#x">Go</a></div>`, clickB, `location.hash`)),
	does("what is above the window is scrolled to", "microsoft/playwright#10212", `<button id=b`+on+`>Go</button><div style="height:4000px"></div><script>scrollTo(0, 3000)</script>`, clickB, `[`+clicked+`, scrollY]`),
	does("what is animated into the window", "microsoft/playwright#2276", `<button id=b style="position:fixed;left:-500px;transition:left .2s"`+on+`>Go</button><script>setTimeout(() => b.style.left = '50px', 50)</script>`, clickB, clicked),
	does("a link in a list under a fixed box", "microsoft/playwright#5052", `<div style="height:300px;overflow:auto"><div style="height:270px">one</div><a id=b href="#x">two</a><div style="height:300px"></div></div><div style="position:fixed;left:0;right:0;top:230px;height:100px;background:black"></div>`, clickB, `location.hash`),
	does("what is at the corner of a large window", "microsoft/playwright#22082", `<style>html,body{position:absolute;inset:0}</style><button id=b style="position:absolute;right:0;bottom:0"`+on+`>Go</button>`, clickB, clicked),
	does("an element with opacity 0", "microsoft/playwright#8203", `<div id=b style="opacity:0"`+on+`>Export</div>`, clickB, clicked),
	does("a box with opacity 0 over its label", "microsoft/playwright#36371", `<label style="position:relative;display:block;padding:10px">I agree<input id=b type=checkbox style="position:absolute;inset:0;width:100%;height:100%;opacity:.0001;z-index:1;margin:0"></label>`, `{"action":"check","target":"#b"}`, `b.checked`),
	does("a link in a shadow root", "microsoft/playwright#5765", `<div id=host></div><script>host.attachShadow({mode: 'open'}).innerHTML = '<a id=b href="#go">go to <b>sign up</b></a>'</script>`, clickB, `location.hash`),
	does("a button in a shadow root with a picture in its slot", "microsoft/playwright#13829", `<x-b><svg width=24 height=24><path d="M4 18h16V4z"/></svg></x-b><script>customElements.define('x-b', class extends HTMLElement { constructor() { super(); this.attachShadow({mode: 'open'}).innerHTML = '<button id=b onclick="clicked=1"><slot></slot></button>' } })</script>`, clickB, clicked),
	does("what is in a slot", "microsoft/playwright#33547", `<x-s><button id=b`+on+`>Go</button></x-s><script>customElements.define('x-s', class extends HTMLElement { constructor() { super(); this.attachShadow({mode: 'open'}).innerHTML = '<section><slot></slot></section>' } })</script>`, clickB, clicked),
	does("a page with a Map of its own", "microsoft/playwright#11254", `<script>real = [Map, Set]; Map = 1; Set = 2</script><button id=b onclick="clicked = 'b'; [Map, Set] = real">Go</button>`, clickB, clicked),
	does("a page whose arrays say JSON in their own way", "microsoft/playwright#37712", `<script>Array.prototype.toJSON = () => 'busted'; Object.prototype.toJSON = undefined</script><input id=b>`, `{"action":"fill","target":"#b","value":"x"}`, `(delete Array.prototype.toJSON, b.value)`),
	does("a click, then goto", "microsoft/playwright#1987", `<title>first</title><a id=b href=two>Go</a>`, clickB+`{"action":"goto","url":"{{here}}two#second"}`, where),
	does("a click waits for the page that it leads to", "microsoft/playwright#2078", `<a id=b href="two?slow">Go</a>`, clickB, `location.search`).with(named{"two": there}),
	does("a form that is sent on Enter", "microsoft/playwright#1009", `<form onsubmit="event.preventDefault(); clicked = q.value"><input id=q></form>`, `{"action":"type","target":"#q","value":"Hello"}{"action":"press","target":"#q","key":"Enter"}`, clicked),

	// Frames.
	{Name: "a frame of another site, made by a script", Cites: "microsoft/playwright#28023", Page: told + `<script>addEventListener('load', () => document.body.insertAdjacentHTML('beforeend', '<iframe src="{{other}}in"></iframe>'))</script>`, Pages: named{"in": inner}, Steps: clickB, Their: inFrame, Read: clicked},
	{Name: "a frame that is isolated from others", Cites: "microsoft/playwright#28082", Read: clicked, Steps: `{"action":"goto","url":"{{here}}isolated"}` + clickB, Their: `await page.goto("{{here}}isolated"); ` + inFrame,
		Page: `<p>first`, Pages: named{"isolated": isolated + told + `<iframe src="{{port}}in" allow="cross-origin-isolated; fullscreen" sandbox="allow-same-origin allow-scripts allow-popups"></iframe>`, "in": isolated + inner}},
	{Name: "a frame of a frameset", Cites: "microsoft/playwright#6453", Read: clicked, Page: told + `<frameset cols="50%,*"><frame src=in><frame src=empty></frameset>`, Pages: named{"in": inner, "empty": `<p>empty`}, Steps: clickB, Their: `await page.frames().find(f => f.url().endsWith("/in")).locator("#b").click()`},
	{Name: "a frame as large as the window, at a side", Cites: "microsoft/playwright#33674", Read: clicked, Page: told + `<iframe src=in style="width:100vw;height:100vh;position:absolute;top:0;right:0"></iframe>`, Pages: named{"in": inner}, Steps: clickB, Their: inFrame},
	{Name: "a button in a frame that is out of view", Cites: "microsoft/playwright#3166", Read: clicked, Page: told + `<div style="height:900px"></div><iframe src="{{other}}in" style="width:100%;height:400px"></iframe>`, Pages: named{"in": `<div style="height:600px"></div>` + inner}, Steps: clickB, Their: inFrame},
	{Name: "what isn't in a frame that isn't there", Cites: "microsoft/playwright#21879", Read: clicked, Page: `<p>first`, Steps: `{"action":"waitFor","target":"#b","state":"hidden"}{"action":"waitFor","target":"#b","state":"detached"}`,
		Their: `await page.frameLocator("iframe1").locator("#b").waitFor({state: "hidden"}); await page.frameLocator("iframe1").locator("#b").waitFor({state: "detached"})`},

	// Fields.
	never(does("a comma in a number", "microsoft/playwright#31851", `<input id=b type=number step=.1 min=.2>`, `{"action":"fill","target":"#b","value":"1,5"}`, `b.value`)),
	does("a number taken out again", "microsoft/playwright#2369", `<input id=b type=number value=12>`, `{"action":"fill","target":"#b","value":""}`, `b.value`),
	does("an editor in a button", "microsoft/playwright#29813", `<div role=button><div id=b contenteditable>old</div></div>`, `{"action":"fill","target":"#b","value":"Hello"}`, `b.textContent`),
	does("an editor in a real button", "microsoft/playwright#23652", `<button><div id=b contenteditable>old</div></button>`, `{"action":"fill","target":"#b","value":"Hello"}`, `b.textContent`),
	does("an editor in a shadow root", "microsoft/playwright#39983", `<div id=host></div><script>host.attachShadow({mode: 'open'}).innerHTML = '<div id=b contenteditable>old</div>'</script>`, `{"action":"fill","target":"#b","value":"Hello"}`, `host.shadowRoot.querySelector('div').textContent`),
	does("undone and done again", "microsoft/playwright#12000", `<div id=b contenteditable></div>`, `{"action":"type","target":"#b","value":"123"}{"action":"press","key":"Control+KeyZ"}`, `b.textContent`),
	does("a word chosen by keys", "microsoft/playwright#5929", `<div id=b contenteditable></div>`, `{"action":"type","target":"#b","value":"Hello world"}{"action":"press","key":"Control+Shift+ArrowLeft"}`, `getSelection().toString()`),
	does("Tab from the only field", "microsoft/playwright#32339", `<label for=i>i</label><input id=i><script>got = []; i.onblur = () => got.push('blur'); i.onfocus = () => got.push('focus')</script>`, `{"action":"press","key":"Tab"}{"action":"press","key":"Tab"}{"action":"press","key":"Tab"}`, `[got, document.activeElement.id]`),
	does("the focus stays where nothing takes it", "microsoft/playwright#14254", `<input id=i><div id=d>no</div><script>i.focus(); d.focus()</script>`, `{"action":"press","key":"a"}`, `[i.value, document.activeElement.id]`),
	never(does("check what is an option", "microsoft/playwright#20429", `<select size=2><option id=b>Red<option>Blue</select>`, `{"action":"check","target":"#b"}`, `0`)),
	does("check by the words beside the box", "microsoft/playwright#20893", `<label><input id=i type=checkbox><span id=b>Elevator</span></label>`, `{"action":"check","target":"#b"}`, `i.checked`),
	does("check by a label elsewhere", "microsoft/playwright#17559", `<input id=i type=radio name=r><label id=b for=i>No show</label>`, `{"action":"check","target":"#b"}`, `i.checked`),
	does("check a box of a widget that draws itself anew", "microsoft/playwright#27016", `<label id=l><span><input id=b type=radio></span><span>Radio</span></label><script>b.onchange = () => l.classList.add('on')</script>`, `{"action":"check","target":"#b"}`, `[b.checked, l.className]`),
	does("select where a select takes the place of a disabled one", "microsoft/playwright#35608", `<select disabled><option>LUL</select><template><select><option>LUL</select></template><script>setTimeout(() => { document.querySelector('select').remove(); document.body.append(document.querySelector('template').content.cloneNode(true)); document.querySelector('select').onchange = () => clicked = 1 }, 100)</script>`, `{"action":"select","target":"select","value":"LUL"}`, `[document.querySelector('select').value, `+clicked+`]`),
	does("select an option that comes later", "microsoft/playwright#4921", `<select id=b><option>a</select><script>setTimeout(() => b.add(new Option('later')), 100)</script>`, `{"action":"select","target":"#b","value":"later"}`, `b.value`),
	never(does("click an option of a closed list", "microsoft/playwright#15626", `<select><option id=b value=here>Click to visible</select>`, clickB, `0`)),
	never(does("select in a list that is none", "microsoft/playwright#23105", `<input id=b readonly aria-label=MM><div role=button>01</div>`, `{"action":"select","target":"#b","value":"01"}`, `0`)),

	// Values.
	says("URL, Date and RegExp of the page's own", "microsoft/playwright#21109", `(globalThis.URL = 'foo', globalThis.RegExp = 'foo', globalThis.Date = 'foo', ({a: 2023}))`),
	says("Array.from and map", "microsoft/playwright#28520", `Array.from(Array(3)).map(() => '([a-f0-9]{2})').join('')`),
	says("a long text of wide letters", "microsoft/playwright#16367", `'説明のみ'.repeat(2000)`),
	never(says("a value that is too deep", "microsoft/playwright#33997", `(() => { const o = {}; let t = o; for (let i = 0; i < 1000; i++) t = t[i] = {}; return o })()`)),
	says("what is disposed of at its block's end", "microsoft/playwright#41511", `(() => { let disposed = false; { using r = { [Symbol.dispose]: () => { disposed = true } }; void r } return disposed })()`),
	does("a page with a worker", "microsoft/playwright#15550", `<script>new Worker(URL.createObjectURL(new Blob(['const x = 1; postMessage(x)']))).onmessage = e => clicked = e.data</script><p id=p>x`, `{"action":"evaluate","expression":"new Promise(done => { const look = () => window.clicked ? done() : setTimeout(look, 5); look() })"}`, clicked),
	{Name: "goto waits for the frames that a page has from the start", Cites: "microsoft/playwright#26992", Page: `<p>first`, Pages: named{"to": `<iframe src=in></iframe>`, "in": `<script>parent.ran = (parent.ran || 0) + 1</script>`}, Steps: `{"action":"goto","url":"{{here}}to"}`, Read: `ran`},
	does("display: contents waited for by its role", "microsoft/playwright#23790", `<button id=b style="display:contents">DISPLAY CONTENTS</button>`, `{"action":"waitFor","target":"role=button"}`, `1`),
	does("a box of no size that holds another", "microsoft/playwright#14214", `<div id=o style="width:0;height:0"><button id=b`+on+`>Go</button></div>`, `{"action":"waitFor","target":"#o","state":"hidden"}`+clickB, clicked),
	does("width: auto", "microsoft/playwright#34871", `<div id=b style="width:auto;height:auto"`+on+`>text</div>`, `{"action":"waitFor","target":"#b"}`+clickB, clicked),
	does("back after history.push", "microsoft/playwright#28247", `<script>history.pushState(0, '', 'a'); history.pushState(0, '', 'b')</script>`, `{"action":"back"}`, `location.pathname.split('/').pop()`),
	does("back to a state that a click pushed", "microsoft/playwright#28769", `<button id=b onclick="history.pushState(0, '', 'one')">1</button><button id=c onclick="history.pushState(0, '', 'two')">2</button>`, clickB+`{"action":"click","target":"#c"}{"action":"back"}`, `location.pathname.split('/').pop()`),
}

const isolated = "HTTP 200\nCross-Origin-Embedder-Policy: require-corp\nCross-Origin-Opener-Policy: same-origin\nCross-Origin-Resource-Policy: cross-origin\n\n"

// says is a case of an evaluation whose value is compared.
func says(name, cites, expression string) Case {
	return Case{
		Name: name, Cites: cites, Page: `<p>first`, Steps: `{"action":"evaluate","expression":` + quoted(expression) + `}`, Says: ".",
		Their: `say(await page.evaluate(` + quoted(expression) + `))`, Read: `1`,
	}
}

// with is the case with further pages.
func (c Case) with(pages named) Case {
	c.Pages = pages
	return c
}
