package oracle

// clickedAt is a case of a mouse in #b, which notes the place and the buttons of
// what it hears.
func clickedAt(name, cites string, refuses bool, style, step string) Case {
	return Case{
		Name: name, Cites: cites, Refuses: refuses, Read: onceEach,
		Page: `<div id=b style="` + style + `">x</div><script>got = []; for (const t of ['mousemove', 'mousedown', 'mouseup', 'click', 'auxclick', 'contextmenu', 'dblclick'])
			b.addEventListener(t, e => got.push([t, e.offsetX, e.offsetY, e.button, e.buttons, e.detail, e.ctrlKey, e.shiftKey].join(' ')))</script>`,
		Steps: `{"target":"#b",` + step + `}`,
	}
}

const square = "width:100px;height:50px;background:#ccc;"

var mouse = []Case{
	clickedAt("left", "", false, square, `"action":"click"`),
	clickedAt("right", "microsoft/playwright#26515", false, square, `"action":"click","button":"right"`),
	clickedAt("middle", "", false, square, `"action":"click","button":"middle"`),
	clickedAt("right twice", "", false, square, `"action":"doubleClick","button":"right"`),
	clickedAt("double", "microsoft/playwright tests/page/page-click.spec.ts", false, square, `"action":"doubleClick"`),
	clickedAt("three times", "", false, square, `"action":"click","clickCount":3`),
	clickedAt("two clicks", "", false, square, `"action":"click","clickCount":2`),
	clickedAt("with Control", "", false, square, `"action":"click","modifiers":["Control"]`),
	clickedAt("with ControlOrMeta", "microsoft/playwright#30572", false, square, `"action":"click","modifiers":["ControlOrMeta"]`),
	clickedAt("with Control and Shift", "microsoft/playwright tests/page/page-click.spec.ts", false, square, `"action":"click","modifiers":["Control","Shift"]`),
	clickedAt("double with Shift", "", false, square, `"action":"doubleClick","modifiers":["Shift"]`),
	clickedAt("hover with Shift", "", false, square, `"action":"hover","modifiers":["Shift"]`),
	clickedAt("at a place", "microsoft/playwright tests/page/page-click.spec.ts", false, square, `"action":"click","position":{"x":20,"y":10}`),
	clickedAt("at its first pixel", "", false, square, `"action":"click","position":{"x":0,"y":0}`),
	clickedAt("at a place within a border", "microsoft/playwright tests/page/page-click.spec.ts", false, square+"border:8px solid", `"action":"click","position":{"x":20,"y":10}`),
	clickedAt("at a place within a border in em", "microsoft/playwright tests/page/page-click.spec.ts", false, square+"font-size:12px;border:2em solid", `"action":"click","position":{"x":20,"y":10}`),
	clickedAt("at a place within a zoomed border", "", false, square+"border:5px solid;zoom:1.5", `"action":"click","position":{"x":20,"y":12}`),
	clickedAt("at a place within the border of what is in a line", "", false, "display:inline;border:8px solid;font-size:40px", `"action":"click","position":{"x":3,"y":20}`),
	clickedAt("at a place in a padding", "", false, square+"padding:30px", `"action":"click","position":{"x":5,"y":5}`),
	clickedAt("at a place far down in what is large", "microsoft/playwright tests/page/page-click.spec.ts", false, "width:2000px;height:2000px", `"action":"click","position":{"x":1900,"y":1910}`),
	clickedAt("at a place outside", "", true, square, `"action":"click","position":{"x":300,"y":10}`),
	clickedAt("hover at a place", "", false, square, `"action":"hover","position":{"x":7,"y":9}`),
	clickedAt("double at a place", "", false, square, `"action":"doubleClick","position":{"x":7,"y":9}`),
	{
		Name: "at a place in what scrolls", Cites: "microsoft/playwright tests/page/page-click.spec.ts", Read: `got`,
		Page:  `<div id=box style="overflow:auto;width:200px;height:200px;border:4px solid"><button id=b style="width:1000px;height:1000px;border:8px solid">x</button></div><script>b.onclick = e => got = [e.offsetX, e.offsetY]</script>`,
		Steps: `{"action":"click","target":"#b","position":{"x":700,"y":800}}`,
	},
	{
		Name: "at a place that is covered", Refuses: true, Read: clicked,
		Page:  `<div id=b style="position:relative;width:200px;height:100px" onclick="clicked = 1"></div><div style="position:absolute;left:0;top:0;width:60px;height:60px" onclick="clicked = 2"></div>`,
		Steps: `{"action":"click","target":"#b","position":{"x":10,"y":10}}`,
	},
	{
		Name: "at a place beside what covers the middle", Read: clicked,
		Page:  `<div id=b style="position:relative;width:200px;height:100px" onclick="clicked = 1"></div><div style="position:absolute;left:60px;top:20px;width:100px;height:80px" onclick="clicked = 2"></div>`,
		Steps: `{"action":"click","target":"#b","position":{"x":10,"y":10}}`,
	},
	{
		Name: "at a place of a span in a button", Read: `got`,
		Page:  `<button style="width:200px"><span id=b style="display:block;height:40px">Go</span></button><script>document.querySelector('button').onclick = e => got = [e.offsetX, e.offsetY, e.target.id]</script>`,
		Steps: `{"action":"click","target":"#b","position":{"x":3,"y":4}}`,
	},
	{
		Name: "a paragraph is selected by three clicks", Cites: "microsoft/playwright tests/page/page-click.spec.ts", Read: `b.value.slice(b.selectionStart, b.selectionEnd)`,
		Page:  `<textarea id=b>This is the text that we are going to try to select.</textarea>`,
		Steps: `{"action":"click","target":"#b","clickCount":3}`,
	},
	{
		Name: "a word is selected by two", Read: `getSelection().toString()`,
		Page:  `<p id=b style="width:100px">word</p>`,
		Steps: `{"action":"doubleClick","target":"#b","position":{"x":8,"y":8}}`,
	},
	{
		Name: "the menu of the page on a right click", Cites: "microsoft/playwright#17851", Read: `menu.style.display`,
		Page:  `<div id=b oncontextmenu="menu.style.display = 'block'; return false">x</div><div id=menu style="display:none">menu</div>`,
		Steps: `{"action":"click","target":"#b","button":"right"}`,
	},
	{
		Name: "a click after a right click", Cites: "microsoft/playwright#39246", Read: clicked,
		Page:  `<button id=b onclick="clicked = 'left'" oncontextmenu="clicked = 'right'">x</button>`,
		Steps: `{"action":"click","target":"#b","button":"right"}{"action":"click","target":"#b"}`,
	},
	{
		Name: "the mouse moves after a right click", Cites: "microsoft/playwright#20823", Read: `moved`,
		Page:  `<button id=b>x</button><button id=c onmousemove="moved = true">y</button><script>moved = false</script>`,
		Steps: `{"action":"click","target":"#b","button":"right"}{"action":"hover","target":"#c"}`,
	},
	{
		Name: "typing after a right click", Cites: "microsoft/playwright tests/page/page-keyboard.spec.ts", Read: `b.value`,
		Page:  `<input id=b>`,
		Steps: `{"action":"click","target":"#b","button":"right"}{"action":"type","target":"#b","value":"ab"}`,
	},
	{
		Name: "the pressure of a pen", Cites: "microsoft/playwright#35844", Read: `got`,
		Page:  `<button id=b>x</button><script>got = []; for (const t of ['pointerdown', 'pointerup']) b.addEventListener(t, e => got.push(e.pressure, e.pointerType))</script>`,
		Steps: `{"action":"click","target":"#b"}`,
	},
	{
		Name: "events come in tasks of their own", Cites: "microsoft/playwright#19685", Read: `got`,
		Page:  `<button id=b>x</button><script>got = []; for (const t of ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click']) b.addEventListener(t, () => { got.push(t); Promise.resolve().then(() => got.push('micro ' + t)) })</script>`,
		Steps: `{"action":"click","target":"#b"}`,
	},
	{
		Name: "a link with the middle button", Read: `got`,
		Page:  `<a id=b href="#x">x</a><script>got = []; b.addEventListener('auxclick', e => { got.push(e.button); e.preventDefault() })</script>`,
		Steps: `{"action":"click","target":"#b","button":"middle"}`,
	},
	{
		Name: "hover opens a menu of which one is clicked", Read: clicked,
		Page:  `<style>#m ul { display: none } #m:hover ul { display: block }</style><div id=m>Menu<ul><li id=b onclick="clicked = 'item'">Item</ul></div>`,
		Steps: `{"action":"hover","target":"#m"}{"action":"click","target":"#b"}`,
	},
	{
		Name: "check at a place", Read: `b.checked`, Page: `<input id=b type=checkbox style="width:60px;height:60px">`,
		Steps: `{"action":"check","target":"#b","position":{"x":5,"y":5}}`,
	},
	{
		Name: "a place in a frame", Read: `window.got ?? null`, Page: `<div style="height:900px"></div><iframe src=in style="width:300px;height:200px;border:5px solid"></iframe>`,
		Pages: map[string]string{"in": `<div id=b style="width:2000px;height:2000px" onclick="top.got = [event.offsetX, event.offsetY]"></div>`},
		Steps: `{"action":"click","target":"#b","position":{"x":900,"y":910}}`, Their: `await page.frameLocator("iframe").locator("#b").click({position: {x: 900, y: 910}})`,
	},
}

// tapped is a case of a tap on #b, which notes what it hears.
func tapped(name, cites string, refuses bool, page string) Case {
	return Case{
		Name: name, Cites: cites, Refuses: refuses, Read: `clicked`, Events: "touchcancel", Page: page + `<script>clicked = false; b.addEventListener('click', () => clicked = true)</script>`,
		Steps: `{"action":"tap","target":"#b"}`,
	}
}

var touch = []Case{
	tapped("a tap", "microsoft/playwright tests/library/tap.spec.ts", false, `<button id=b>x</button>`),
	tapped("a page that prevents touchstart", "microsoft/playwright tests/library/tap.spec.ts", false, `<button id=b>x</button><script>b.addEventListener('touchstart', e => e.preventDefault(), {passive: false})</script>`),
	tapped("a page that prevents touchend", "microsoft/playwright tests/library/tap.spec.ts", false, `<button id=b>x</button><script>b.addEventListener('touchend', e => e.preventDefault())</script>`),
	tapped("what is shown later", "microsoft/playwright tests/library/tap.spec.ts", false, `<button id=b style="display:none">x</button><script>setTimeout(() => b.style.display = '', 200)</script>`),
	tapped("a disabled button", "", true, `<button id=b disabled>x</button>`),
	tapped("under a cover", "", true, `<button id=b>x</button><div style="position:fixed;inset:0"></div>`),
	tapped("below the fold", "", false, `<div style="height:2000px"></div><button id=b>x</button>`),
	tapped("a checkbox", "", false, `<input id=b type=checkbox>`),
	{
		Name: "with modifiers", Cites: "microsoft/playwright tests/library/tap.spec.ts", Read: `got`,
		Page:  `<button id=b>x</button><script>b.addEventListener('touchstart', e => got = [e.altKey, e.shiftKey])</script>`,
		Steps: `{"action":"tap","target":"#b","modifiers":["Alt"]}`,
	},
	{
		Name: "at a place", Cites: "microsoft/playwright tests/library/tap.spec.ts", Read: `got`,
		Page:  `<button id=b style="position:absolute;left:10px;top:20px;width:200px;height:100px">x</button><script>b.addEventListener('touchstart', e => got = [e.touches.length, e.touches[0].clientX, e.touches[0].clientY, e.changedTouches.length])</script>`,
		Steps: `{"action":"tap","target":"#b","position":{"x":30,"y":40}}`,
	},
	{
		Name: "in a frame", Read: `window.got ?? null`, Page: `<iframe src=in></iframe>`, Pages: map[string]string{"in": `<button id=b ontouchend="top.got = 1">x</button>`},
		Steps: `{"action":"tap","target":"#b"}`, Their: `await page.frameLocator("iframe").locator("#b").tap()`,
	},
}
