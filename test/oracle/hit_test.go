package oracle

// Who gets the mouse: before it comes and while it does.
var hitTarget = []Case{
	{
		Name: "a plain button", Read: clicked,
		Page:  `<button id=b onclick="clicked = 'b'">Go</button>`,
		Steps: `{"action":"click","target":"#b"}`,
	},
	{
		Name: "a cover that stays", Cites: "microsoft/playwright tests/library/hit-target.spec.ts", Refuses: true, Read: clicked,
		Page:  `<button id=b onclick="clicked = 'b'">Go</button><div id=veil style="position:fixed;inset:0" onclick="clicked = 'veil'"></div>`,
		Steps: `{"action":"click","target":"#b"}`,
	},
	{
		Name: "a cover that goes", Read: clicked,
		Page:  `<button id=b onclick="clicked = 'b'">Go</button><div id=veil style="position:fixed;inset:0" onclick="clicked = 'veil'"></div><script>setTimeout(() => veil.remove(), 200)</script>`,
		Steps: `{"action":"click","target":"#b"}`,
	},
	{
		Name: "a cover that comes with the hover and stays", Refuses: true, Read: clicked,
		Page:  `<button id=b onclick="clicked = 'b'">Go</button><script>b.onmousemove = () => { if (!window.veil) document.body.insertAdjacentHTML('beforeend', '<div id=veil style="position:fixed;inset:0" onclick="clicked=1"></div>') }</script>`,
		Steps: `{"action":"click","target":"#b"}`,
	},
	{
		Name: "a cover that comes with the hover and goes", Read: clicked,
		Page: `<button id=b onclick="clicked = 'b'">Go</button><script>b.addEventListener('mousemove', () => {
			document.body.insertAdjacentHTML('beforeend', '<div id=veil style="position:fixed;inset:0" onclick="clicked=1"></div>'); setTimeout(() => veil.remove(), 150) }, { once: true })</script>`,
		Steps: `{"action":"click","target":"#b"}`,
	},
	{
		Name: "the button moves away from the mouse once", Cites: "microsoft/playwright tests/library/hit-target.spec.ts", Read: clicked, Events: "mousemove",
		Page:  `<button id=b onclick="clicked = 'b'">Go</button><script>b.onmousemove = () => b.style.marginLeft = '100px'</script>`,
		Steps: `{"action":"click","target":"#b"}`,
	},
	{
		Name: "events that the page makes itself are left alone", Cites: "microsoft/playwright tests/library/hit-target.spec.ts", Read: clicked,
		Page:  `<button id=b onclick="clicked = 'b'">Go</button><script>b.onmousemove = () => { b.style.marginLeft = '100px'; b.dispatchEvent(new MouseEvent('click')) }</script>`,
		Steps: `{"action":"click","target":"#b"}`,
	},
	{
		Name: "the button goes in mousedown", Cites: "microsoft/playwright tests/library/hit-target.spec.ts", Read: clicked,
		Page:  `<button id=b>Go</button><script>b.onmousedown = () => { clicked = 'down'; b.remove() }</script>`,
		Steps: `{"action":"click","target":"#b"}`,
	},
	{
		Name: "the button goes in pointerdown", Cites: "microsoft/playwright#21995", Read: clicked,
		Page:  `<button id=b>Go</button><script>b.onpointerdown = () => { clicked = 'down'; b.remove() }</script>`,
		Steps: `{"action":"click","target":"#b"}`,
	},
	{
		Name: "the button goes in pointerup", Cites: "microsoft/playwright#21995", Read: clicked,
		Page:  `<button id=b>Go</button><script>b.onpointerup = () => { clicked = 'up'; b.remove() }</script>`,
		Steps: `{"action":"click","target":"#b"}`,
	},
	{
		Name: "it goes when the mouse comes, over a cover", Cites: "microsoft/playwright tests/library/hit-target.spec.ts", Refuses: true, Read: clicked,
		Page:  `<button id=b>Go</button><div style="position:absolute;left:0;top:0;width:400px;height:400px" onclick="clicked=1"></div><script>onmousemove = () => b.remove()</script>`,
		Steps: `{"action":"click","target":"#b"}`,
	},
	{
		Name: "a page that scrolls when the button goes down", Read: `[window.clicked ?? null, scrollY]`,
		Page:  `<button id=b onclick="clicked = 'b'">Go</button><div style="height:3000px"></div><script>b.onpointerdown = () => scrollTo(0, 200)</script>`,
		Steps: `{"action":"click","target":"#b"}`,
	},
	{
		Name: "a block in an inline", Cites: "microsoft/playwright tests/library/hit-target.spec.ts", Read: clicked,
		Page:  `<div><span><div id=t onclick="clicked = 't'">Romimine</div></span></div>`,
		Steps: `{"action":"click","target":"#t"}`,
	},
	{
		Name: "a block deep in inlines", Cites: "microsoft/playwright tests/library/hit-target.spec.ts", Read: `location.hash`,
		Page:  `<div><a href="#ney"><div><span><a href="#yay"><div><h3 id=t>Romimine</h3></div></a></span></div></a></div>`,
		Steps: `{"action":"click","target":"#t"}`,
	},
	{
		Name: "a block in an inline in a shadow root", Cites: "microsoft/playwright tests/library/hit-target.spec.ts", Read: clicked,
		Page:  `<div id=host></div><script>host.attachShadow({mode:'open'}).innerHTML = '<span><div id=t>Hello</div></span>'; host.shadowRoot.querySelector('#t').onclick = () => clicked = 't'</script>`,
		Steps: `{"action":"click","target":"#t"}`,
	},
	{
		Name: "a button in a shadow root", Cites: "microsoft/playwright#37768", Read: clicked,
		Page:  `<div id=host></div><script>host.attachShadow({mode:'open'}).innerHTML = '<button>Inside</button>'; host.shadowRoot.querySelector('button').onclick = () => clicked = 'in'</script>`,
		Steps: `{"action":"click","target":"button"}`,
	},
	{
		Name: "a host with a slotted div", Cites: "microsoft/playwright#37768", Read: clicked,
		Page:  `<div id=host><div id=in>slotted</div></div><script>host.attachShadow({mode:'open'}).innerHTML = '<section><slot></slot></section>'; host.onclick = () => clicked = 'host'</script>`,
		Steps: `{"action":"click","target":"#host"}`,
	},
	{
		Name: "a button around a slot with text", Cites: "cypress-io/cypress#30019", Read: clicked,
		Page:  `<div id=host>Text</div><script>host.attachShadow({mode:'open'}).innerHTML = '<button id=in><slot></slot></button>'; host.shadowRoot.querySelector('button').onclick = () => clicked = 'in'</script>`,
		Steps: `{"action":"click","target":"#in"}`,
	},
	{
		Name: "a button around a slot in a slotted host", Cites: "microsoft/playwright#5858", Read: clicked,
		Page:  `<div id=outer><div id=apply slot=bottom>Apply</div></div><script>outer.attachShadow({mode:'open'}).innerHTML = '<footer><slot name=bottom></slot></footer>'; apply.attachShadow({mode:'open'}).innerHTML = '<button id=in><slot></slot></button>'; apply.shadowRoot.querySelector('button').onclick = () => clicked = 'in'</script>`,
		Steps: `{"action":"click","target":"#in"}`,
	},
	{
		Name: "what is around a slot", Read: clicked,
		Page:  `<div id=host><b>slotted</b></div><script>host.attachShadow({mode:'open'}).innerHTML = '<p id=around><slot></slot></p>'; host.shadowRoot.querySelector('p').onclick = () => clicked = 'p'</script>`,
		Steps: `{"action":"click","target":"#around"}`,
	},
	{
		Name: "a cover from another shadow root", Cites: "microsoft/playwright tests/library/hit-target.spec.ts", Refuses: true, Read: clicked,
		Page: `<style>div > div { position: absolute; top: 0; left: 0; width: 10px; height: 10px }</style><div style="position:relative;width:300px;height:300px"><div id=one></div><div id=two></div></div><script>
			for (const id of ['one', 'two']) { const s = document.createElement('span'); s.id = id + '-span'; s.textContent = 'click me'; s.style.cssText = 'display:block;position:absolute;left:20px;top:20px;width:300px;height:300px';
			s.onclick = () => clicked = id; document.getElementById(id).attachShadow({mode:'open'}).append(s) }</script>`,
		Steps: `{"action":"click","target":"#one-span"}`,
	},
	{
		Name: "a frame over the target", Cites: "microsoft/playwright tests/library/hit-target.spec.ts", Refuses: true, Read: clicked,
		Page: `<button id=b style="position:absolute;left:250px;bottom:0;height:40px;width:200px" onclick="clicked=1">click me</button>
			<div style="bottom:0;left:0;position:fixed;z-index:9"><iframe src=over style="display:block;border:0;width:100vw;height:48px"></iframe></div>`,
		Pages: map[string]string{"over": `<body onclick="top.clicked=2" style="height:40px">`},
		Steps: `{"action":"click","target":"#b"}`,
	},
	{
		Name: "a span in a button", Read: clicked,
		Page:  `<button id=b onclick="clicked = event.target.id"><span id=s>Go</span></button>`,
		Steps: `{"action":"click","target":"#s"}`,
	},
	{
		Name: "a covered span in a button that is reached", Read: clicked,
		Page:  `<button id=b style="position:relative" onclick="clicked = event.target.id"><span id=s>Go</span><i id=i style="position:absolute;inset:0"></i></button>`,
		Steps: `{"action":"click","target":"#s"}`,
	},
	{
		Name: "a covered span in a link that is reached", Read: clicked,
		Page:  `<a id=a href="#x" style="position:relative;display:block" onclick="clicked = event.target.id"><span id=s>Go</span><i id=i style="position:absolute;inset:0"></i></a>`,
		Steps: `{"action":"click","target":"#s"}`,
	},
	{
		Name: "a covered span in a plain div", Refuses: true, Read: clicked,
		Page:  `<div style="position:relative" onclick="clicked = event.target.id"><span id=s>Go</span><i id=i style="position:absolute;inset:0"></i></div>`,
		Steps: `{"action":"click","target":"#s"}`,
	},
	{
		Name: "pointer-events: none on a button, for good", Cites: "microsoft/playwright tests/page/page-click.spec.ts", Refuses: true, Read: clicked,
		Page:  `<button id=b style="pointer-events:none" onclick="clicked=1"><span id=s>Go</span></button>`,
		Steps: `{"action":"click","target":"#s"}`,
	},
	{
		Name: "pointer-events: none on a button, for a while", Cites: "microsoft/playwright tests/page/page-click.spec.ts", Read: clicked,
		Page:  `<button id=b style="pointer-events:none" onclick="clicked=1"><span id=s>Go</span></button><script>setTimeout(() => b.style.pointerEvents = '', 200)</script>`,
		Steps: `{"action":"click","target":"#s"}`,
	},
	{
		Name: "pointer-events: none on a label, for a while", Cites: "microsoft/playwright tests/page/page-click.spec.ts", Read: clicked,
		Page:  `<label id=l style="pointer-events:none" onclick="clicked=1"><span id=s>Go</span></label><script>setTimeout(() => l.style.pointerEvents = '', 200)</script>`,
		Steps: `{"action":"click","target":"#s"}`,
	},
	{
		Name: "a cover that lets the mouse through", Read: clicked,
		Page:  `<button id=b onclick="clicked = 'b'">Go</button><div style="position:fixed;inset:0;pointer-events:none"></div>`,
		Steps: `{"action":"click","target":"#b"}`,
	},
	{
		Name: "half covered, the middle free", Read: clicked,
		Page:  `<button id=b style="position:absolute;left:10px;top:10px;width:200px;height:50px" onclick="clicked = 'b'">Go</button><div style="position:absolute;left:10px;top:10px;width:80px;height:50px"></div>`,
		Steps: `{"action":"click","target":"#b"}`,
	},
	{
		Name: "half covered, the middle too", Refuses: true, Read: clicked,
		Page:  `<button id=b style="position:absolute;left:10px;top:10px;width:200px;height:50px" onclick="clicked = 'b'">Go</button><div style="position:absolute;left:10px;top:10px;width:120px;height:50px"></div>`,
		Steps: `{"action":"click","target":"#b"}`,
	},
	{
		Name: "text over two lines", Cites: "puppeteer/puppeteer#4281", Read: clicked,
		Page:  `<div style="width:10ch;word-wrap:break-word">some very long text <a id=a href="#x" onclick="clicked = 'a'">woof woof woof woof</a></div>`,
		Steps: `{"action":"click","target":"#a"}`,
	},
	{
		Name: "a rotated button", Cites: "microsoft/playwright tests/page/page-click.spec.ts", Read: clicked,
		Page:  `<button id=b style="margin:100px;transform:rotate(30deg)" onclick="clicked = 'b'">Go round</button>`,
		Steps: `{"action":"click","target":"#b"}`,
	},
	{
		Name: "a scaled page", Read: clicked,
		Page:  `<body style="transform:scale(.5);transform-origin:0 0"><div style="height:300px"></div><button id=b onclick="clicked = 'b'">Go</button>`,
		Steps: `{"action":"click","target":"#b"}`,
	},
	{
		Name: "a zoomed page", Read: clicked,
		Page:  `<body style="zoom:1.7"><div style="height:100px"></div><button id=b onclick="clicked = 'b'">Go</button>`,
		Steps: `{"action":"click","target":"#b"}`,
	},
	{
		Name: "a zoomed part", Read: clicked,
		Page:  `<div style="zoom:.6"><div style="height:300px"></div><div style="zoom:2"><button id=b onclick="clicked = 'b'">Go</button></div></div>`,
		Steps: `{"action":"click","target":"#b"}`,
	},
	{
		Name: "a perspective", Read: clicked,
		Page:  `<div style="perspective:300px;padding:80px"><button id=b style="transform:rotateY(50deg);width:300px;height:60px" onclick="clicked = 'b'">Go</button></div>`,
		Steps: `{"action":"click","target":"#b"}`,
	},
	{
		Name: "clipped away by a round clip-path", Refuses: true, Read: clicked,
		Page:  `<button id=b style="clip-path:circle(1px at 0 0);width:100px;height:40px" onclick="clicked = 'b'">Go</button>`,
		Steps: `{"action":"click","target":"#b"}`,
	},
	{
		Name: "part of an SVG", Read: clicked,
		Page:  `<svg height=100 width=100><circle id=c cx=50 cy=50 r=40 fill=red onclick="clicked = 'c'"/></svg>`,
		Steps: `{"action":"click","target":"#c"}`,
	},
	{
		Name: "a drawing that uses another", Read: clicked,
		Page:  `<svg id=b width=300 height=100 onclick="clicked = event.target.id"><defs><rect id=r width=40 height=40 /></defs><use id=u href="#r" x=10 /></svg>`,
		Steps: clickB,
	},
	{
		Name: "a small drawing in a button", Read: clicked,
		Page:  `<button onclick="clicked = event.target.id"><svg id=b width=20 height=20><path d="M0 0h2v2z"/></svg></button>`,
		Steps: clickB,
	},
	{
		Name: "a group of a drawing that is clipped", Read: clicked,
		Page:  `<svg width=200 height=200 viewBox="0 0 50 50"><g id=b clip-path="circle(5px)" onclick="clicked = 'g'"><path d="M5 5h20v20z"/><path d="M30 30h10v10z"/></g></svg>`,
		Steps: clickB,
	},
	{
		Name: "the hole of a ring", Refuses: true, Read: clicked,
		Page:  `<svg height=100 width=100><circle id=c cx=50 cy=50 r=40 fill=none stroke=red onclick="clicked = 'c'"/></svg>`,
		Steps: `{"action":"click","target":"#c"}`,
	},
	{
		Name: "a dialog over the page", Refuses: true, Read: clicked,
		Page:  `<button id=b onclick="clicked = 'b'">Go</button><dialog id=d>Stop</dialog><script>d.showModal()</script>`,
		Steps: `{"action":"click","target":"#b"}`,
	},
	{
		Name: "a button in a modal dialog", Read: clicked,
		Page:  `<dialog id=d><button id=b onclick="clicked = 'b'">Go</button></dialog><script>d.showModal()</script>`,
		Steps: `{"action":"click","target":"#b"}`,
	},
	{
		Name: "a popover over the page", Refuses: true, Read: clicked,
		Page:  `<button id=b onclick="clicked = 'b'" style="position:fixed;left:50%;top:50%">Go</button><div id=p popover=manual style="width:90%;height:90%">over</div><script>p.showPopover()</script>`,
		Steps: `{"action":"click","target":"#b"}`,
	},
	{
		Name: "an inert part", Refuses: true, Read: clicked,
		Page:  `<div inert><button id=b onclick="clicked = 'b'">Go</button></div>`,
		Steps: `{"action":"click","target":"#b"}`,
	},
	{
		Name: "a radio under its styled span", Cites: "microsoft/playwright#13576", Refuses: true, Read: `r.checked`,
		Page:    `<style>#r{position:absolute;opacity:0;inset:0;z-index:-1}</style><label style="position:relative;display:block"><input type=radio id=r><span id=inner style="display:inline-block;width:14px;height:14px;border:1px solid"></span> One</label>`,
		Steps:   `{"action":"click","target":"#r"}`,
		Differs: "a label passes a click on to its control: we let it, since the control gets it",
	},
	{
		Name: "a checkbox under its label's picture", Refuses: true, Read: `c.checked`,
		Page:    `<label style="position:relative;display:inline-block;width:40px;height:20px"><input type=checkbox id=c style="position:absolute;inset:0"><span style="position:absolute;inset:0;background:green"></span></label>`,
		Steps:   `{"action":"check","target":"#c"}`,
		Differs: "a label passes a click on to its control: we let it, since the control gets it",
	},
	{
		Name: "the right button", Cites: "microsoft/playwright#26515", Read: clicked,
		Page:  `<button id=b oncontextmenu="clicked = 'menu'; return false">Go</button>`,
		Steps: `{"action":"click","target":"#b","button":"right"}`,
	},
	{
		Name: "a click after a right click", Cites: "microsoft/playwright#39246", Read: clicked,
		Page:  `<button id=b oncontextmenu="return false" onclick="clicked = 'b'">Go</button>`,
		Steps: `{"action":"click","target":"#b","button":"right"}{"action":"click","target":"#b"}`,
	},
	{
		Name: "the middle button", Read: clicked,
		Page:  `<button id=b onauxclick="clicked = event.button">Go</button>`,
		Steps: `{"action":"click","target":"#b","button":"middle"}`,
	},
	{
		Name: "a double click", Read: clicked,
		Page:  `<button id=b ondblclick="clicked = 'twice'">Go</button>`,
		Steps: `{"action":"doubleClick","target":"#b"}`,
	},
	{
		Name: "held keys", Cites: "microsoft/playwright tests/page/page-click.spec.ts", Read: clicked,
		Page:  `<button id=b onclick="clicked = [event.shiftKey, event.altKey, event.ctrlKey]">Go</button>`,
		Steps: `{"action":"click","target":"#b","modifiers":["Shift","Alt"]}`,
	},
	{
		Name: "held keys on a link open another tab", Read: `document.title`,
		Page:  `<title>Stays</title><a id=b href=two onclick="event.preventDefault()">Go</a>`,
		Steps: `{"action":"click","target":"#b","modifiers":["Control"]}`,
	},
	{
		Name: "held keys while the mouse is over", Read: `getComputedStyle(b).color`, Events: "mousemove",
		Page:  `<style>#b:hover{color:rgb(1,2,3)}</style><button id=b>Go</button>`,
		Steps: `{"action":"hover","target":"#b","modifiers":["Shift"]}`,
	},
	{
		Name: "hover on a plain element", Events: "mousemove", Read: `getComputedStyle(b).color`,
		Page:  `<style>#b:hover{color:rgb(1,2,3)}</style><button id=b>Go</button>`,
		Steps: `{"action":"hover","target":"#b"}`,
	},
	{
		Name: "hover under a cover", Refuses: true, Read: `getComputedStyle(b).color`,
		Page:  `<style>#b:hover{color:rgb(1,2,3)}</style><button id=b>Go</button><div style="position:fixed;inset:0"></div>`,
		Steps: `{"action":"hover","target":"#b"}`,
	},
	{
		Name: "hover on a disabled button", Read: `getComputedStyle(b).color`,
		Page:  `<style>#b:hover{color:rgb(1,2,3)}</style><button id=b disabled>Go</button>`,
		Steps: `{"action":"hover","target":"#b"}`,
	},
	{
		Name: "a menu that opens with the hover", Read: clicked,
		Page:  `<style>#sub{display:none}#menu:hover #sub{display:block}</style><div id=menu style="width:100px">Menu<div id=sub onclick="clicked = 'sub'">Sub</div></div>`,
		Steps: `{"action":"hover","target":"#menu"}{"action":"click","target":"#sub"}`,
	},
	{
		Name: "after document.write", Cites: "microsoft/playwright tests/library/hit-target.spec.ts", Read: clicked,
		Page:  `<button id=b onclick="clicked = 1; setTimeout(() => { const o = oracle; document.open(); document.write('<button id=c onclick=\'clicked = 2\'>Again</button>'); document.close(); oracle = o })">Go</button>`,
		Steps: `{"action":"click","target":"#b"}{"action":"click","target":"#c"}`,
	},
	{
		Name: "after document.write, under a cover", Refuses: true, Read: clicked,
		Page:  `<button id=b onclick="clicked = 1; setTimeout(() => { const o = oracle; document.open(); document.write('<button id=c>Again</button><script>c.onmousemove = () => document.body.insertAdjacentHTML(\'beforeend\', \'<div style=position:fixed;inset:0 onclick=clicked=3></div>\')<\/script>'); document.close(); oracle = o })">Go</button>`,
		Steps: `{"action":"click","target":"#b"}{"action":"click","target":"#c"}`,
	},
	{
		Name: "an area of an image map", Read: clicked,
		Page:  `<img id=i usemap="#m" width=100 height=100 src="data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="><map name=m><area id=a shape=rect coords="0,0,100,100" href="#x" onclick="clicked = 'a'"></map>`,
		Steps: `{"action":"click","target":"#i"}`,
	},
	{
		Name: "a link that leaves", Cites: "puppeteer/puppeteer#206", Read: `document.title`,
		Page: `<a id=a href=two>Two</a>`, Pages: map[string]string{"two": `<title>Second</title><p id=there>`},
		Steps: `{"action":"click","target":"#a"}{"action":"waitFor","target":"#there","state":"attached"}`,
	},
	{
		Name: "an alert in click", Read: clicked,
		Page:  `<button id=b onclick="alert('stop'); clicked = 'b'">Go</button>`,
		Steps: `{"action":"click","target":"#b"}`,
	},
	{
		Name: "propagation stopped at the window", Read: clicked,
		Page:  `<button id=b onclick="clicked = 'b'">Go</button><script>addEventListener('pointerdown', e => e.stopImmediatePropagation(), true)</script>`,
		Steps: `{"action":"click","target":"#b"}`,
	},
	{
		Name: "the mouse is captured in pointerdown", Read: clicked,
		Page:  `<div id=bar style="padding:20px;background:gray"><button id=b>Go</button></div><script>bar.onpointerdown = e => bar.setPointerCapture(e.pointerId); bar.onclick = e => clicked = e.target.id</script>`,
		Steps: `{"action":"click","target":"#b"}`,
	},
}
