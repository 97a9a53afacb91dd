package oracle

import (
	"fmt"
	"strings"
)

const inner = `<body style="margin:0"><button id=b style="margin:20px" onclick="top.postMessage({clicked:'b'}, '*')">Go</button>`

const told = `<script>addEventListener('message', e => { if (e.data.clicked) clicked = e.data.clicked })</script>`

const inFrame = `await page.frameLocator("iframe").locator("#b").click()`

// Frames: the point is where the frame is drawn, and nothing around it is over it.
var frames = []Case{
	{
		Name: "a frame with a border and padding", Cites: "microsoft/playwright#19613", Read: clicked,
		Page:  told + `<iframe src=in style="border:10px solid;padding:50px 30px;margin:15px"></iframe>`,
		Pages: map[string]string{"in": inner}, Steps: `{"action":"click","target":"#b"}`, Their: inFrame,
	},
	{
		Name: "a frame of another site, away from the corner", Cites: "microsoft/playwright#3170", Read: clicked,
		Page:  told + `<div style="position:fixed;top:300px;left:300px;width:400px;height:300px"><iframe src="{{other}}in" width="100%" height="100%"></iframe></div>`,
		Pages: map[string]string{"in": inner}, Steps: `{"action":"click","target":"#b"}`, Their: inFrame,
	},
	{
		Name: "a plain frame", Cites: "puppeteer/puppeteer#618", Read: clicked,
		Page:  told + `<h1>Above</h1><iframe src=in></iframe>`,
		Pages: map[string]string{"in": inner}, Steps: `{"action":"click","target":"#b"}`, Their: inFrame,
	},
	{
		Name: "another site's frame at an absolute place", Cites: "puppeteer/puppeteer#7849", Read: clicked,
		Page:  told + `<iframe width=300 height=300 style="position:absolute;left:50px;top:50px" src="{{other}}in"></iframe>`,
		Pages: map[string]string{"in": inner}, Steps: `{"action":"click","target":"#b"}`, Their: inFrame,
	},
	{
		Name: "a frame below the window", Cites: "w3c/webdriver#1141", Read: clicked,
		Page:  told + `<div style="height:1500px"></div><iframe src=in height=900></iframe><div style="height:1500px"></div>`,
		Pages: map[string]string{"in": `<div style="height:700px"></div>` + inner}, Steps: `{"action":"click","target":"#b"}`, Their: inFrame,
	},
	{
		Name: "a frame of another origin of the site", Read: clicked,
		Page:  told + `<p>Above</p><iframe src="{{port}}in" style="border:7px solid"></iframe>`,
		Pages: map[string]string{"in": inner}, Steps: `{"action":"click","target":"#b"}`, Their: inFrame,
	},
	{
		Name: "a scaled frame", Cites: "microsoft/playwright#18245", Read: clicked,
		Page:  told + `<iframe src=in style="transform:scale(.5) translate(40px,90px);border:20px solid;width:600px;height:500px"></iframe>`,
		Pages: map[string]string{"in": inner}, Steps: `{"action":"click","target":"#b"}`, Their: inFrame,
	},
	{
		Name: "a turned frame", Read: clicked,
		Page:  told + `<iframe src=in style="transform:rotate(20deg);margin:100px"></iframe>`,
		Pages: map[string]string{"in": inner}, Steps: `{"action":"click","target":"#b"}`, Their: inFrame,
	},
	{
		Name: "a scaled frame of another site", Read: clicked, Refuses: true,
		Page:  told + `<iframe src="{{other}}in" style="transform:scale(.5);border:20px solid;width:600px;height:500px"></iframe>`,
		Pages: map[string]string{"in": inner}, Steps: `{"action":"click","target":"#b"}`, Their: inFrame,
		Differs: "Playwright doesn't count the scale of another site's frame and misses; we do",
	},
	{
		Name: "a zoomed frame", Read: clicked, Refuses: true,
		Differs: "Playwright doesn't count a zoom around a frame and never finds its target there; we do",
		Page:    told + `<div style="zoom:1.5"><iframe src=in style="border:5px solid"></iframe></div>`,
		Pages:   map[string]string{"in": inner}, Steps: `{"action":"click","target":"#b"}`, Their: inFrame,
	},
	{
		Name: "a frame in a frame", Read: clicked,
		Page:  told + `<p>Above</p><iframe src=mid style="border:9px solid;width:600px;height:400px"></iframe>`,
		Pages: map[string]string{"mid": `<h1>Mid</h1><iframe src=in style="padding:20px"></iframe>`, "in": inner},
		Steps: `{"action":"click","target":"#b"}`, Their: `await page.frameLocator("iframe").frameLocator("iframe").locator("#b").click()`,
	},
	{
		Name: "a scaled frame in a turned frame", Read: clicked,
		Page:  told + `<iframe src=mid style="transform:rotate(10deg);border:9px solid;width:600px;height:400px;margin:90px"></iframe>`,
		Pages: map[string]string{"mid": `<h1>Mid</h1><iframe src=in style="padding:20px;transform:scale(.7)"></iframe>`, "in": inner},
		Steps: `{"action":"click","target":"#b"}`, Their: `await page.frameLocator("iframe").frameLocator("iframe").locator("#b").click()`,
	},
	{
		Name: "here, another site, here", Read: clicked, Refuses: true,
		Differs: "Playwright looks for this site's frame inside another site's frame at a wrong place and never finds its target there; we do",
		Page:    told + `<p>Above</p><iframe src="{{other}}mid" style="border:9px solid;width:600px;height:400px"></iframe>`,
		Pages:   map[string]string{"mid": `<h1>Mid</h1><iframe src="{{port}}in" style="padding:20px"></iframe>`, "in": inner},
		Steps:   `{"action":"click","target":"#b"}`, Their: `await page.frameLocator("iframe").frameLocator("iframe").locator("#b").click()`,
	},
	{
		Name: "another site's frame in another site's frame", Read: clicked,
		Page:  told + `<p>Above</p><iframe src="{{other}}mid" style="border:9px solid;width:600px;height:400px"></iframe>`,
		Pages: map[string]string{"mid": `<h1>Mid</h1><iframe src=in style="padding:20px"></iframe>`, "in": inner},
		Steps: `{"action":"click","target":"#b"}`, Their: `await page.frameLocator("iframe").frameLocator("iframe").locator("#b").click()`,
	},
	{
		Name: "covered by the page", Cites: "microsoft/playwright#14752", Refuses: true, Read: clicked,
		Page:  told + `<iframe src=in></iframe><div style="position:fixed;inset:0" onclick="clicked = 'over'"></div>`,
		Pages: map[string]string{"in": inner}, Steps: `{"action":"click","target":"#b"}`, Their: inFrame,
	},
	{
		Name: "covered by the page, two deep", Cites: "microsoft/playwright#14752", Refuses: true, Read: clicked,
		Page:  told + `<iframe src=mid width=600 height=600></iframe><div style="position:fixed;inset:0" onclick="clicked = 'over'"></div>`,
		Pages: map[string]string{"mid": `<iframe src=in></iframe>`, "in": inner}, Steps: `{"action":"click","target":"#b"}`,
		Their: `await page.frameLocator("iframe").frameLocator("iframe").locator("#b").click()`,
	},
	{
		Name: "covered in the frame between", Refuses: true, Read: clicked,
		Page:  told + `<iframe src=mid width=600 height=600></iframe>`,
		Pages: map[string]string{"mid": `<iframe src=in></iframe><div style="position:fixed;inset:0"></div>`, "in": inner}, Steps: `{"action":"click","target":"#b"}`,
		Their: `await page.frameLocator("iframe").frameLocator("iframe").locator("#b").click()`,
	},
	{
		Name: "another site's frame covered by the page", Refuses: true, Read: clicked,
		Page:  told + `<iframe src="{{other}}in"></iframe><div style="position:fixed;inset:0" onclick="clicked = 'over'"></div>`,
		Pages: map[string]string{"in": inner}, Steps: `{"action":"click","target":"#b"}`, Their: inFrame,
	},
	{
		Name: "covered by the page for a while", Read: clicked,
		Page:  told + `<iframe src=in></iframe><div id=over style="position:fixed;inset:0" onclick="clicked = 'over'"></div><script>setTimeout(() => over.remove(), 250)</script>`,
		Pages: map[string]string{"in": inner}, Steps: `{"action":"click","target":"#b"}`, Their: inFrame,
	},
	{
		Name: "another frame over it", Refuses: true, Read: clicked,
		Page:  told + `<iframe id=f src=in></iframe><iframe src=other style="position:fixed;left:0;top:0;width:500px;height:500px"></iframe>`,
		Pages: map[string]string{"in": inner, "other": `<body onclick="top.clicked = 'other'" style="height:400px">`}, Steps: `{"action":"click","target":"#b"}`,
		Their: `await page.frameLocator("#f").locator("#b").click()`,
	},
	{
		Name: "covered inside a scaled frame", Cites: "microsoft/playwright tests/library/hit-target.spec.ts", Refuses: true, Read: clicked,
		Page:  `<iframe src=in style="border:4px solid;margin:24px 33px;width:400px;height:400px;transform:scale(1.2)"></iframe>`,
		Pages: map[string]string{"in": `<body style="margin:0"><div id=b style="margin:20px 10px;width:2px;height:2px" onclick="top.clicked = 1">x</div><section style="position:absolute;inset:0">Overlay</section>`},
		Steps: `{"action":"click","target":"#b"}`, Their: inFrame,
	},
	{
		Name: "a tall frame", Cites: "microsoft/playwright#27196", Read: clicked,
		Page:  told + `<iframe src=in style="height:5000px;width:500px"></iframe>`,
		Pages: map[string]string{"in": `<div style="height:4000px"></div>` + inner}, Steps: `{"action":"click","target":"#b"}`, Their: inFrame,
	},
	{
		Name: "a tall frame of another site", Read: clicked,
		Page:  told + `<iframe src="{{other}}in" style="height:5000px;width:500px"></iframe>`,
		Pages: map[string]string{"in": `<div style="height:4000px"></div>` + inner}, Steps: `{"action":"click","target":"#b"}`, Their: inFrame,
	},
	{
		Name: "a frame far down", Cites: "microsoft/playwright#27196", Read: clicked,
		Page:  told + `<div style="height:3000px"></div><iframe src=in></iframe>`,
		Pages: map[string]string{"in": `<div style="height:3000px"></div>` + inner}, Steps: `{"action":"click","target":"#b"}`, Their: inFrame,
	},
	{
		Name: "another site's frame far down", Read: clicked,
		Page:  told + `<div style="height:3000px"></div><iframe src="{{other}}in"></iframe>`,
		Pages: map[string]string{"in": `<div style="height:3000px"></div>` + inner}, Steps: `{"action":"click","target":"#b"}`, Their: inFrame,
	},
	{
		Name: "a fixed button in another site's frame far down", Cites: "puppeteer/puppeteer#4110", Read: clicked,
		Page:  told + `<div style="height:2000px"></div><iframe src="{{other}}in"></iframe>`,
		Pages: map[string]string{"in": `<button id=b style="position:fixed" onclick="top.postMessage({clicked:'b'}, '*')">Go</button>`}, Steps: `{"action":"click","target":"#b"}`, Their: inFrame,
	},
	{
		Name: "a lazy frame far down", Read: clicked,
		Page:  told + `<div style="height:9000px"></div><iframe loading=lazy src=in></iframe>`,
		Pages: map[string]string{"in": inner}, Steps: `{"action":"click","target":"#b"}`, Their: inFrame, Refuses: true,
	},
	{
		Name: "a sandboxed frame with scripts", Read: clicked,
		Page:  told + `<iframe sandbox=allow-scripts src=in></iframe>`,
		Pages: map[string]string{"in": inner}, Steps: `{"action":"click","target":"#b"}`, Their: inFrame,
	},
	{
		Name: "a sandboxed frame without scripts", Read: `location.hash`,
		Page:  `<iframe sandbox="allow-top-navigation-by-user-activation allow-same-origin" src=in></iframe>`,
		Pages: map[string]string{"in": `<form action="/0/" target=_top><input id=t></form>`},
		Steps: `{"action":"fill","target":"#t","value":"x"}`, Their: `await page.frameLocator("iframe").locator("#t").fill("x")`,
	},
	{
		Name: "a frame in a shadow root", Read: clicked,
		Page:  told + `<p>Above</p><div id=host></div><script>host.attachShadow({mode:'open'}).innerHTML = '<iframe src=in></iframe>'</script>`,
		Pages: map[string]string{"in": inner}, Steps: `{"action":"click","target":"#b"}`, Their: inFrame,
	},
	{
		Name: "a frame in a closed shadow root", Cites: "microsoft/playwright tests/library/hit-target.spec.ts", Read: clicked,
		Page:  told + `<p>Above</p><div id=host></div><script>host.attachShadow({mode:'closed'}).innerHTML = '<iframe src=in></iframe>'</script>`,
		Pages: map[string]string{"in": inner}, Steps: `{"action":"click","target":"#b"}`,
		Their: `await page.frames()[1].click("#b")`,
	},
	{
		Name: "a hidden frame", Refuses: true, Read: clicked,
		Page:  told + `<iframe src=in style="visibility:hidden"></iframe>`,
		Pages: map[string]string{"in": inner}, Steps: `{"action":"click","target":"#b"}`, Their: inFrame,
	},
	{
		Name: "a frame that isn't displayed", Refuses: true, Read: clicked,
		Page:  told + `<iframe src=in style="display:none"></iframe>`,
		Pages: map[string]string{"in": inner}, Steps: `{"action":"click","target":"#b"}`, Their: inFrame,
	},
	{
		Name: "a frame that lets the mouse through", Refuses: true, Read: clicked,
		Page:  told + `<iframe src=in style="pointer-events:none"></iframe>`,
		Pages: map[string]string{"in": inner}, Steps: `{"action":"click","target":"#b"}`, Their: inFrame,
	},
	{
		Name: "a frame that is moved", Read: clicked,
		Page:  told + `<iframe src=in style="position:relative;left:0;transition:left .4s linear"></iframe><script>onload = () => document.querySelector('iframe').style.left = '300px'</script>`,
		Pages: map[string]string{"in": inner}, Steps: `{"action":"click","target":"#b"}`, Their: inFrame,
	},
	{
		Name: "a frame that comes late", Read: clicked,
		Page:  told + `<script>setTimeout(() => document.body.insertAdjacentHTML('beforeend', '<iframe src=in></iframe>'), 200)</script>`,
		Pages: map[string]string{"in": inner}, Steps: `{"action":"click","target":"#b"}`, Their: inFrame,
	},
	{
		Name: "a frame whose document comes late", Read: clicked,
		Page:  told + `<iframe src="in?slow"></iframe>`,
		Pages: map[string]string{"in": inner}, Steps: `{"action":"click","target":"#b"}`, Their: inFrame,
	},
	{
		Name: "a frame that is replaced", Read: clicked,
		Page:  told + `<iframe src=none></iframe><script>setTimeout(() => { document.querySelector('iframe').remove(); document.body.insertAdjacentHTML('beforeend', '<iframe src=in></iframe>') }, 200)</script>`,
		Pages: map[string]string{"in": inner, "none": `<p>nothing</p>`}, Steps: `{"action":"click","target":"#b"}`, Their: inFrame,
	},
	{
		Name: "the click removes the frame", Read: clicked,
		Page:  `<iframe src=in></iframe><p id=after>After</p>`,
		Pages: map[string]string{"in": `<button id=b onmousedown="parent.clicked = 1; frameElement.remove()">Go</button>`}, Steps: `{"action":"click","target":"#b"}`, Their: inFrame,
	},
	{
		Name: "a frame that hangs beside", Read: clicked,
		Page:  told + `<iframe src="{{other}}hang"></iframe><button id=b onclick="clicked = 'b'">Go</button>`,
		Pages: map[string]string{"hang": `<script>const end = Date.now() + 900; while (Date.now() < end);</script>`}, Steps: `{"action":"click","target":"#b"}`,
	},
	{
		Name: "a frame that hangs before the target's", Read: clicked, // until the click
		Page: told + `<script>q = '?' + Math.random(); document.write('<iframe src="{{other}}hang' + q + '"></iframe>')
			addEventListener('message', e => { if (e.data.clicked) fetch('done' + q) }); onload = () => frames[0].postMessage({hang: 1}, '*')</script><iframe id=f src=in></iframe>`,
		Pages: map[string]string{"in": inner, "free": "HTTP meanwhile\n\n", "done": "HTTP hangs\n\n",
			"hang": `<p>hangs</p><script>onmessage = e => { if (!e.data.hang) return; const free = new XMLHttpRequest(); free.open('GET', 'free' + location.search, false); free.send() }</script>`},
		Steps: clickB, Their: `await page.frameLocator("#f").locator("#b").click()`,
	},
	{
		Name: "fill in a frame", Read: `frames[0].document.querySelector('#t').value`,
		Page:  `<iframe src=in></iframe>`,
		Pages: map[string]string{"in": `<input id=t>`}, Steps: `{"action":"fill","target":"#t","value":"héllo"}`, Their: `await page.frameLocator("iframe").locator("#t").fill("héllo")`,
	},
	{
		Name: "fill in another site's frame", Read: `window.got ?? null`,
		Page:  `<script>addEventListener('message', e => { if (e.data.value) got = e.data.value })</script><iframe src="{{other}}in"></iframe>`,
		Pages: map[string]string{"in": `<input id=t oninput="top.postMessage({value: this.value}, '*')">`}, Steps: `{"action":"fill","target":"#t","value":"héllo"}`, Their: `await page.frameLocator("iframe").locator("#t").fill("héllo")`,
	},
	{
		Name: "type in another site's frame", Read: `window.got ?? null`,
		Page:  `<script>addEventListener('message', e => { if (e.data.value) got = e.data.value })</script><iframe src="{{other}}in"></iframe>`,
		Pages: map[string]string{"in": `<input id=t oninput="top.postMessage({value: this.value}, '*')">`}, Steps: `{"action":"type","target":"#t","value":"abc"}`, Their: `await page.frameLocator("iframe").locator("#t").pressSequentially("abc")`,
	},
	{
		Name: "hover in a scaled frame", Read: `frames[0].getComputedStyle(frames[0].document.querySelector('#b')).color`,
		Page:  `<iframe src=in style="transform:scale(.6);border:5px solid"></iframe>`,
		Pages: map[string]string{"in": `<style>#b:hover{color:rgb(1,2,3)}</style><button id=b>Go</button>`}, Steps: `{"action":"hover","target":"#b"}`, Their: `await page.frameLocator("iframe").locator("#b").hover()`,
	},
	{
		Name: "check in a frame", Read: `frames[0].document.querySelector('#c').checked`,
		Page:  `<p>Above</p><iframe src=in></iframe>`,
		Pages: map[string]string{"in": `<input type=checkbox id=c>`}, Steps: `{"action":"check","target":"#c"}`, Their: `await page.frameLocator("iframe").locator("#c").check()`,
	},
	{
		Name: "select in another site's frame", Read: `window.got ?? null`,
		Page:  `<script>addEventListener('message', e => { if (e.data.value) got = e.data.value })</script><iframe src="{{other}}in"></iframe>`,
		Pages: map[string]string{"in": `<select id=s onchange="top.postMessage({value: this.value}, '*')"><option>a<option>b</select>`}, Steps: `{"action":"select","target":"#s","value":"b"}`, Their: `await page.frameLocator("iframe").locator("#s").selectOption("b")`,
	},
	refused(concealed("fill in a frame that can't be seen", "visibility:hidden", "in", `{"action":"fill","target":"#b","value":"x"}`, `fill("x")`)),
	refused(concealed("select in a frame of another site that can't be seen", "visibility:hidden", "{{other}}in", `{"action":"select","target":"#s","value":"2"}`, `selectOption("2")`)),
	refused(concealed("what is in a frame of no size isn't visible", "width:0;height:0;border:0", "in", `{"action":"waitFor","target":"#b"}`, `waitFor()`)),
	refused(concealed("fill in a frame of another site of no size", "width:0;height:0;border:0", "{{other}}in", `{"action":"fill","target":"#b","value":"x"}`, `fill("x")`)),
	concealed("what is in a hidden frame of another site is hidden", "visibility:hidden", "{{other}}in", `{"action":"waitFor","target":"#b","state":"hidden"}`, `waitFor({state: "hidden"})`),
	concealed("fill in a frame at opacity 0", "opacity:0", "{{other}}in", `{"action":"fill","target":"#b","value":"x"}`, `fill("x")`),
	concealed("a frame that is seen later", "visibility:hidden", "in", `{"action":"fill","target":"#b","value":"x"}`, `fill("x")`, `<script>setTimeout(() => document.querySelector('iframe').style = '', 250)</script>`),
}

// concealed is a case of a field in a frame with a style.
func concealed(name, style, src, steps, their string, more ...string) Case {
	target := "#b"
	if strings.Contains(steps, `"#s"`) {
		target = "#s"
	}
	return Case{
		Name: name, Steps: steps, Their: fmt.Sprintf(`await page.frameLocator("iframe").locator(%q).%s`, target, their), Read: `window.clicked ?? null`,
		Page:  told + fmt.Sprintf(`<iframe style=%q src=%q></iframe>`, style, src) + strings.Join(more, ""),
		Pages: named{"in": `<input id=b oninput="top.postMessage({clicked: value}, '*')"><select id=s onchange="top.postMessage({clicked: value}, '*')"><option>1<option>2</select>`},
	}
}
