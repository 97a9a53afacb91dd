package oracle

// wheeled is a case of scrolling with the wheel, over #b if that is named. Where
// it comes to rest is read when it is there, after the wheel has been heard: of what
// is refused it never is.
func wheeled(name, cites, page, read, step, their string) Case {
	return Case{
		Name: name, Cites: cites, Page: page + `<script>got = []; addEventListener('wheel', e => got.push([e.deltaX, e.deltaY, e.deltaMode, e.ctrlKey, e.target.id].join(' ')), { passive: true })</script>`,
		Steps: `{"action":"scroll",` + step + `}`, Their: their,
		Read: `new Promise(done => { const end = performance.now() + 3000; let last, same = 0; (function look() { const now = JSON.stringify([` + read + `, got]); same = now === last ? same + 1 : 0; last = now
			if (same > 15 && (got.length || performance.now() > end)) done(JSON.parse(now)); else requestAnimationFrame(look) })() })`,
	}
}

// overB hovers and turns the wheel, as there is no method for it.
func overB(dx, dy string) string {
	return `await page.locator("#b").hover(); await page.mouse.wheel(` + dx + `, ` + dy + `)`
}

const box = `<div id=b style="overflow:auto;width:200px;height:200px"><div id=in style="width:1000px;height:1000px"></div></div>`

var wheel = []Case{
	wheeled("the page", "microsoft/playwright#1115", `<div id=in style="width:3000px;height:3000px"></div>`, `[scrollX, scrollY]`, `"y":300`, `await page.mouse.move(640, 360); await page.mouse.wheel(0, 300)`),
	wheeled("the page to the right", "microsoft/playwright tests/page/wheel.spec.ts", `<div id=in style="width:3000px;height:3000px"></div>`, `[scrollX, scrollY]`, `"x":100`, `await page.mouse.move(640, 360); await page.mouse.wheel(100, 0)`),
	wheeled("the page past its end", "", `<div id=in style="height:1000px"></div>`, `scrollY === document.documentElement.scrollHeight - innerHeight`, `"y":5000`, `await page.mouse.move(640, 360); await page.mouse.wheel(0, 5000)`),
	wheeled("a box", "microsoft/playwright#30654", box, `[b.scrollLeft, b.scrollTop, scrollY]`, `"target":"#b","y":120`, overB("0", "120")),
	wheeled("a box both ways", "microsoft/playwright#30654", box, `[b.scrollLeft, b.scrollTop]`, `"target":"#b","x":50,"y":70`, overB("50", "70")),
	wheeled("a box back", "", box+`<script>b.scrollTop = 500</script>`, `b.scrollTop`, `"target":"#b","y":-200`, overB("0", "-200")),
	wheeled("what is in a box", "", `<div id=o style="overflow:auto;width:200px;height:200px"><div id=b style="height:1000px">x</div><div style="height:100px"></div></div>`, `o.scrollTop`, `"target":"#b","y":90`, overB("0", "90")),
	wheeled("a box that snaps", "", `<div id=b style="overflow:auto;width:200px;height:200px;scroll-snap-type:y mandatory">`+
		`<div style="height:200px;scroll-snap-align:start">1</div><div style="height:200px;scroll-snap-align:start">2</div><div style="height:200px;scroll-snap-align:start">3</div></div>`, `b.scrollTop`, `"target":"#b","y":150`, overB("0", "150")),
	wheeled("a page that takes the wheel for itself", "microsoft/playwright tests/page/wheel.spec.ts", `<div id=b style="height:3000px">map</div><script>zoom = 0; b.addEventListener('wheel', e => { zoom += e.deltaY; e.preventDefault() }, { passive: false })</script>`, `[zoom, scrollY]`, `"target":"#b","y":100`, overB("0", "100")),
	wheeled("an SVG", "microsoft/playwright#15566", `<svg id=b width=200 height=200><rect width=200 height=200 fill=grey></rect></svg><script>seen = 0; b.addEventListener('wheel', () => seen++)</script>`, `seen`, `"target":"#b","y":100`, overB("0", "100")),
	wheeled("a list that grows", "microsoft/playwright#1115", `<div id=b style="overflow:auto;height:200px"><div id=in style="height:400px"></div></div><script>more = 0; b.onscroll = () => { if (b.scrollTop > 100 && !more++) document.getElementById('in').style.height = '2000px' }</script>`, `[b.scrollTop, more]`, `"target":"#b","y":150`, overB("0", "150")),
	wheeled("a box under a header that sticks", "", `<div style="position:sticky;top:0;height:300px;background:#eee">head</div>`+box+`<div style="height:3000px"></div>`, `b.scrollTop`, `"target":"#b","y":120`, overB("0", "120")),
	refused(wheeled("a box under a cover", "", box+`<div style="position:fixed;inset:0"></div>`, `b.scrollTop`, `"target":"#b","y":120`, overB("0", "120"))),
	{
		Name: "a box in a frame", Page: `<iframe src=in></iframe>`, Pages: map[string]string{"in": box}, Steps: `{"action":"scroll","target":"#b","y":120}`,
		Read:  `new Promise(done => { const b = frames[0].document.getElementById('b'); let last, same = 0; (function look() { same = b.scrollTop === last ? same + 1 : 0; last = b.scrollTop; if (same > 15 && last) done(last); else requestAnimationFrame(look) })() })`,
		Their: `await page.frameLocator("iframe").locator("#b").hover(); await page.mouse.wheel(0, 120)`,
	},
	{
		Name: "into view", Read: `(() => { const r = b.getBoundingClientRect(); return r.top >= 0 && r.bottom <= innerHeight })()`, Page: `<div style="height:3000px"></div><p id=b>x</p>`,
		Steps: `{"action":"scroll","target":"#b"}`, Their: `await page.locator("#b").scrollIntoViewIfNeeded()`,
	},
}
