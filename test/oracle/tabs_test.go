package oracle

import "time"

// opens is a case of a click on #b that opens a tab, in which the page is read.
func opens(name, cites, page string, pages named, more string) Case {
	return Case{
		Name: name, Cites: cites, Page: page, Pages: pages, Steps: `{"action":"click","target":"#b","popup":true}` + more,
		Read: `[location.href.replace(/^.*?\/\d+\//, ''), document.title, !!opener]`,
	}
}

// titled is a case of which only the title is read.
func titled(c Case) Case {
	c.Read = `document.title`
	return c
}

const other = `<title>other</title><button id=c onclick="document.title = 'clicked'">Go</button>`

// come ends a page that is waited for by comes.
const (
	come  = `<p id=come>`
	comes = `{"action":"waitFor","target":"#come","state":"attached"}`
)

const clickOther = `{"action":"click","target":"#c"}`

// Popups: what a page opens is a tab, and works as the first one does.
var popups = []Case{
	opens("a link with target=_blank", "", `<a id=b target=_blank href=two>Go</a>`, named{"two": other}, clickOther),
	opens("a link with target=_blank and an opener", "", `<a id=b target=_blank rel=opener href=two>Go</a>`, named{"two": other}, clickOther),
	opens("a link with noopener", "", `<a id=b target=_blank rel=noopener href=two>Go</a>`, named{"two": other}, clickOther),
	opens("a link with noreferrer", "", `<a id=b target=_blank rel=noreferrer href=two>Go</a>`, named{"two": other}, clickOther),
	opens("a link to another site", "", `<a id=b target=_blank href="{{other}}two">Go</a>`, named{"two": other}, clickOther),
	opens("a link with a name", "", `<a id=b target=side href=two>Go</a>`, named{"two": other}, clickOther),
	opens("a link that redirects", "", `<a id=b target=_blank href=two>Go</a>`, named{"two": "HTTP 302\nLocation: three\n\n", "three": other}, clickOther),
	opens("a link to a slow server", "", `<a id=b target=_blank href="two?slow">Go</a>`, named{"two": other}, clickOther),
	opens("a link to a page that isn't there", "", `<a id=b target=_blank href=two>Go</a>`, named{"two": "HTTP 404\n\n" + other}, clickOther),
	opens("a form with target=_blank", "microsoft/playwright#18392", `<form target=_blank action=two><input name=foo value=bar><input type=submit id=b></form>`, named{"two": other}, clickOther),
	opens("a form that posts into a tab", "", `<form target=_blank action=two method=post><button id=b>Go</button></form>`, named{"two": other}, clickOther),
	opens("window.open", "", `<button id=b onclick="window.open('two')">Go</button>`, named{"two": other}, clickOther),
	opens("window.open with noopener", "", `<button id=b onclick="window.open('two', '_blank', 'noopener')">Go</button>`, named{"two": other}, clickOther),
	opens("window.open of another site", "", `<button id=b onclick="window.open('{{other}}two')">Go</button>`, named{"two": other}, clickOther),
	opens("window.open later", "", `<button id=b onclick="setTimeout(() => window.open('two'), 150)">Go</button>`, named{"two": other}, clickOther),
	opens("window.open after an answer", "", `<button id=b onclick="fetch('data').then(() => window.open('two'))">Go</button>`, named{"two": other, "data": "x"}, clickOther),
	opens("window.open of nothing", "", `<button id=b onclick="window.open('about:blank')">Go</button>`, nil, ``),
	opens("window.open without an address", "", `<button id=b onclick="window.open()">Go</button>`, nil, ``),
	opens("window.open of nothing with noopener", "", `<button id=b onclick="window.open('about:blank', '_blank', 'noopener')">Go</button>`, nil, ``),
	opens("window.open, then written", "", `<button id=b onclick="const w = window.open(); w.document.write('<title>other</title><button id=c onclick=document.title=1>Go</button>'); w.document.close()">Go</button>`, nil, clickOther),
	opens("window.open, then sent on", "", `<button id=b onclick="const w = window.open(); w.location = 'two'">Go</button>`, named{"two": other}, `{"action":"waitFor","url":"*/two"}`+clickOther),
	titled(opens("window.open of a blob", "", `<button id=b onclick="window.open(window.URL.createObjectURL(new Blob(['<title>other</title><button id=c onclick=document.title=1>Go</button>'], {type: 'text/html'})))">Go</button>`, nil, clickOther)),
	opens("on mousedown", "", `<button id=b onmousedown="window.open('two')">Go</button>`, named{"two": other}, clickOther),
	opens("a tab that sends itself on", "", `<a id=b target=_blank href=two>Go</a>`, named{"two": `<script>location.replace('three')</script>`, "three": other}, clickOther),
	opens("a tab with a frame", "", `<a id=b target=_blank href=two>Go</a>`, named{"two": `<title>two</title><iframe srcdoc="<button id=d onclick=&quot;top.document.title='framed'&quot;>Go</button>"></iframe><button id=c>x</button>`}, clickOther),
	opens("a tab of a tab", "", `<a id=b target=_blank href=two>Go</a>`, named{"two": `<a id=c target=_blank href=three>Go</a>`, "three": `<title>three</title>` + come}, `{"action":"click","target":"#c","popup":true}`+comes),
	opens("fill in a tab", "", `<a id=b target=_blank href=two>Go</a>`, named{"two": `<input id=c oninput="document.title = this.value">`}, `{"action":"fill","target":"#c","value":"x"}`),
	titled(opens("a tab that shows a file that a script made", "microsoft/playwright#29788", `<button id=b onclick="window.open(window.URL.createObjectURL(new Blob(['text'], {type: 'text/plain'})))">Go</button>`, nil, `{"action":"waitFor","target":"text=text"}{"action":"evaluate","expression":"document.title = document.body.innerText"}`)),
	{
		Name: "Enter on a link", Cites: "microsoft/playwright#28871", Page: `<a id=b target=_blank href=two>Go</a>`, Pages: named{"two": other}, Read: `document.title`,
		Steps: `{"action":"press","target":"#b","key":"Enter","popup":true}` + clickOther,
	},
	{
		Name: "a button in a frame", Cites: "microsoft/playwright#9412", Page: `<iframe src=in></iframe>`, Pages: named{"in": `<button id=b onclick="window.open('two')">Go</button>`, "two": other}, Read: `document.title`,
		Steps: `{"action":"click","target":"#b","popup":true}` + clickOther,
		Their: `const opened = page.waitForEvent('popup'); ` + inFrame + `; const popup = await opened; await popup.locator('#c').click(); return popup`,
	},
	{
		Name: "a tab that opens a tab and closes", Cites: "microsoft/playwright#21225", Page: `<button id=b onclick="window.open('two')">Go</button>`, Pages: named{"two": `<button id=c onclick="window.open('three'); window.close()">Go</button>`, "three": `<title>three</title>` + come}, Read: `document.title`,
		Steps: `{"action":"click","target":"#b","popup":true}{"action":"click","target":"#c","popup":true}` + comes,
		Their: `const opened = page.waitForEvent('popup'); await page.locator('#b').click(); const popup = await opened
			const third = page.context().waitForEvent('page'); await popup.locator('#c').click().catch(() => {}); page = await third; await page.locator('#come').waitFor({state: 'attached'}); return page`,
	},
	{
		Name: "the opener goes on drawing", Cites: "microsoft/playwright#14557", Page: `<button id=b onclick="window.w = window.open('two')">Go</button><button id=d onclick="w.document.title = 'told'">Tell</button>`, Pages: named{"two": other},
		Steps: `{"action":"click","target":"#b"}{"action":"click","target":"#d"}`, Read: `new Promise(done => { let n = 0; const frame = () => ++n > 30 ? done(n) : requestAnimationFrame(frame); frame() })`,
	},
	{
		Name: "the tab says something to its opener", Page: `<button id=b onclick="window.open('two')">Go</button><script>onmessage = e => { if (e.data.say) said = e.data.say }</script>`, Pages: named{"two": `<button id=c onclick="opener.postMessage({say: 'hello'}, '*'); window.close()">Go</button>`},
		Steps: `{"action":"click","target":"#b","popup":true}` + clickOther, Read: `new Promise(done => { const look = () => window.said ? done(said) : setTimeout(look, 5); look() })`,
		Their: `const opened = page.waitForEvent('popup')
			await page.locator('#b').click()
			const popup = await opened
			const closed = popup.waitForEvent('close')
			await popup.locator('#c').click().catch(() => {})
			await closed`,
	},
	{
		Name: "sign in elsewhere", Page: `<button id=b onclick="window.open('login', 'login', 'width=400,height=500')">Go</button><script>onmessage = e => { if (e.data.user) document.title = e.data.user }</script>`,
		Pages: named{"login": `<form action=granted><input id=u name=user></form>`, "granted": `<script>opener.postMessage({user: new URLSearchParams(location.search).get('user')}, '*'); setTimeout(close, 500)</script>`},
		Steps: `{"action":"click","target":"#b","popup":true}{"action":"fill","target":"#u","value":"Ann"}{"action":"press","target":"#u","key":"Enter"}{"action":"assert","title":"Ann"}`, Read: `document.title`,
		Their: `const opened = page.waitForEvent('popup')
			await page.locator('#b').click()
			const popup = await opened
			await popup.locator('#u').fill('Ann')
			const closed = popup.waitForEvent('close')
			await popup.locator('#u').press('Enter')
			await closed
			await page.waitForFunction(() => document.title === 'Ann')`,
	},
	{
		Name: "steps stay where they were", Page: `<a id=b target=_blank href=two>Go</a><button id=c onclick="document.title = 'first'">Go</button>`, Pages: named{"two": other},
		Steps: `{"action":"click","target":"#b"}{"action":"click","target":"#c"}`, Read: `document.title`,
	},
	{
		Name: "a name is used again", Page: `<a id=b target=side href=two>Go</a><a id=d target=side href=three>Go</a>`, Pages: named{"two": other, "three": `<title>three</title>`}, Read: `document.title`,
		Steps: `{"action":"click","target":"#b","popup":true}{"action":"tab","do":"switch","index":0}{"action":"click","target":"#d"}{"action":"tab","do":"switch","title":"three"}`,
		Their: `const opened = page.waitForEvent('popup')
			await page.locator('#b').click()
			const popup = await opened
			await page.locator('#d').click()
			await popup.waitForURL('**/three')
			return popup`,
	},
	{
		Name: "none is opened", Page: `<button id=b>Go</button>`, Read: `document.title`, Refuses: true, Timeout: amply, Steps: `{"action":"click","target":"#b","popup":true}`,
		Their: `await Promise.all([page.waitForEvent('popup'), page.locator('#b').click()])`,
	},
	{
		Name: "opened before it is waited for", Page: `<button id=b onclick="window.open('two')">Go</button>`, Pages: named{"two": other}, Read: `document.title`,
		Steps: `{"action":"click","target":"#b"}{"action":"tab","do":"wait"}` + clickOther,
		Their: `const opened = page.waitForEvent('popup')
			await page.locator('#b').click()
			const popup = await opened
			await popup.locator('#c').click()
			return popup`,
	},
	{
		Name: "a dialog in a tab", Page: `<a id=b target=_blank href=two>Go</a>`, Pages: named{"two": `<button id=c onclick="document.title = confirm('?')">Go</button>`}, Read: `document.title`,
		Steps: `{"action":"click","target":"#b","popup":true}` + clickOther,
	},
	{
		Name: "an alert in a tab as it opens", Page: `<button id=b onclick="const w = window.open('two'); document.title = 'opened'">Go</button>`, Pages: named{"two": `<script>alert('hello')</script>`}, Read: `document.title`,
		Steps: `{"action":"click","target":"#b"}{"action":"click","target":"#b"}`,
	},
	{
		Name: "a tab that closes itself at once", Page: `<button id=b onclick="const w = window.open('two'); w.close(); document.title = 'closed'">Go</button>`, Pages: named{"two": other}, Read: `document.title`,
		Steps: `{"action":"click","target":"#b"}{"action":"click","target":"#b"}`,
	},
	{
		Name: "a hanging tab beside", Page: `<button id=b onclick="window.open('{{other}}two', '_blank', 'noopener')">Go</button><button id=c onclick="document.title = 'first'">Go</button>`, Pages: named{"two": `<script>setTimeout(() => { const end = Date.now() + 700; while (Date.now() < end); }, 10)</script>`}, Read: `document.title`,
		Steps: `{"action":"click","target":"#b"}{"action":"click","target":"#c"}`,
	},
	{
		Name: "cookies are those of the session", Page: `<a id=b target=_blank href=two>Go</a><script>document.cookie = 'a=1'</script>`, Pages: named{"two": other}, Read: `document.cookie`,
		Steps: `{"action":"click","target":"#b","popup":true}` + clickOther,
	},
	{
		Name: "what is written in the opener's storage", Page: `<a id=b target=_blank href=two>Go</a><script>localStorage.a = 'x'</script>`, Pages: named{"two": other}, Read: `localStorage.a`,
		Steps: `{"action":"click","target":"#b","popup":true}{"action":"waitFor","target":"#c","state":"attached"}`,
	},
}

// shows is a case of a click on #b that shows dialogs, with the rules for them
// in both languages.
func shows(name, cites, page, rules, theirs string) Case {
	return Case{
		Name: name, Cites: cites, Page: page, Read: `window.got ?? null`, Steps: rules + `{"action":"click","target":"#b"}`,
		Their: theirs + "\nawait page.locator('#b').click()",
	}
}

const accepts = `page.on('dialog', d => d.accept())`

// Dialogs never hold up a step, and are answered as the rules say.
var asking = []Case{
	shows("an alert", "", `<button id=b onclick="alert('hi'); got = 1">Go</button>`, ``, ``),
	shows("a question", "", `<button id=b onclick="got = confirm('sure?')">Go</button>`, ``, ``),
	shows("a prompt", "", `<button id=b onclick="got = String(prompt('name?', 'nobody'))">Go</button>`, ``, ``),
	shows("an alert accepted", "microsoft/playwright#35663", `<button id=b onclick="alert('hi'); got = 1">Go</button>`, `{"action":"dialog","do":"accept"}`, accepts),
	shows("a question accepted", "", `<button id=b onclick="got = confirm('sure?')">Go</button>`, `{"action":"dialog","do":"accept"}`, accepts),
	shows("a question dismissed", "", `<button id=b onclick="got = confirm('sure?')">Go</button>`, `{"action":"dialog","do":"dismiss"}`, `page.on('dialog', d => d.dismiss())`),
	shows("a prompt answered", "", `<button id=b onclick="got = prompt('name?')">Go</button>`, `{"action":"dialog","do":"accept","value":"Ann"}`, `page.on('dialog', d => d.accept('Ann'))`),
	shows("a prompt answered with nothing", "", `<button id=b onclick="got = prompt('name?', 'nobody')">Go</button>`, `{"action":"dialog","do":"accept","value":""}`, `page.on('dialog', d => d.accept(''))`),
	differs("Playwright accepts a prompt with an empty text; we accept it, as a person does, with the text that it proposes",
		shows("a prompt accepted", "", `<button id=b onclick="got = prompt('name?', 'nobody')">Go</button>`, `{"action":"dialog","do":"accept"}`, accepts)),
	shows("a prompt dismissed", "", `<button id=b onclick="got = String(prompt('name?'))">Go</button>`, `{"action":"dialog","do":"dismiss"}`, `page.on('dialog', d => d.dismiss())`),
	shows("several, one after another", "", `<button id=b onclick="got = [confirm('1'), confirm('2'), confirm('3')]">Go</button>`, `{"action":"dialog","do":"accept","all":true}`, accepts),
	shows("the next alone", "", `<button id=b onclick="got = [confirm('1'), confirm('2')]">Go</button>`, `{"action":"dialog","do":"accept"}`, `let n = 0; page.on('dialog', d => n++ ? d.dismiss() : d.accept())`),
	shows("one of each", "", `<button id=b onclick="alert(1); got = [confirm('2'), prompt('3')]">Go</button>`, `{"action":"dialog","do":"accept","type":"prompt","value":"x","all":true}`, `page.on('dialog', d => d.type() === 'prompt' ? d.accept('x') : d.dismiss())`),
	{
		Name: "later", Page: `<button id=b onclick="setTimeout(() => { alert('?'); document.body.append(Object.assign(document.createElement('p'), {id: 'late'})) }, 20)">Go</button>`, Read: `!!window.late`,
		Steps: `{"action":"click","target":"#b"}{"action":"waitFor","target":"#late","state":"attached"}`,
	},
	shows("in a frame", "", `<iframe srcdoc="<button id=x onclick=&quot;top.got = confirm('?')&quot;>Go</button>"></iframe><button id=b onclick="frames[0].document.getElementById('x').click()">Go</button>`, `{"action":"dialog","do":"accept"}`, accepts),
	shows("print", "", `<button id=b onclick="print(); got = 1">Go</button>`, ``, ``),
	shows("an alert that is very long", "", `<button id=b onclick="alert('x'.repeat(100000)); got = 1">Go</button>`, ``, ``),
	{
		Name: "an alert as the page loads", Page: `<p>first`, Pages: named{"to": `<title>to</title><script>alert('hi'); document.title = 'told'</script>`}, Read: `document.title`,
		Steps: `{"action":"goto","url":"{{here}}to"}`,
	},
	{
		Name: "leaving is agreed to", Cites: "microsoft/playwright#8144", Page: `<button id=b onclick="onbeforeunload = e => e.preventDefault()">Go</button>`, Pages: named{"to": there}, Read: where,
		Steps: `{"action":"click","target":"#b"}{"action":"goto","url":"{{here}}to"}`,
	},
	{
		Name: "leaving by a link is agreed to", Cites: "microsoft/playwright#21715", Page: `<button id=b onclick="onbeforeunload = e => e.preventDefault()">Go</button><a id=c href=to>Go</a>`, Pages: named{"to": there}, Read: where,
		Steps: `{"action":"click","target":"#b"}{"action":"click","target":"#c"}{"action":"waitFor","target":"#there","state":"attached"}`,
	},
	{
		Name: "leaving is refused", Page: `<title>first</title><button id=b onclick="onbeforeunload = e => e.preventDefault()">Go</button>`, Pages: named{"to": there}, Read: where, Refuses: true, Timeout: enough,
		Steps: `{"action":"dialog","do":"dismiss","type":"beforeunload"}{"action":"click","target":"#b"}{"action":"goto","url":"{{here}}to"}`,
		Their: `page.on('dialog', d => d.dismiss()); await page.locator('#b').click(); await page.goto("{{here}}to")`,
	},
	{
		Name: "reload is refused", Cites: "microsoft/playwright#20624", Page: `<title>first</title><button id=b onclick="onbeforeunload = e => e.preventDefault()">Go</button>`, Read: where, Refuses: true, Timeout: enough,
		Steps: `{"action":"dialog","do":"dismiss","type":"beforeunload"}{"action":"click","target":"#b"}{"action":"reload"}`,
		Their: `page.on('dialog', d => d.dismiss()); await page.locator('#b').click(); await page.reload()`,
	},
	{
		Name: "leaving is refused from the start", Cites: "microsoft/playwright#14431", Page: `<title>first</title><button id=b>Go</button><script>onbeforeunload = () => 'Confirm closing the page'</script>`, Read: where,
		Steps: `{"action":"dialog","do":"dismiss","type":"beforeunload","all":true}{"action":"click","target":"#b"}{"action":"evaluate","expression":"location.reload()"}{"action":"click","target":"#b"}`,
		Their: `page.on('dialog', d => d.dismiss()); await page.locator('#b').click(); await page.evaluate('location.reload()'); await page.locator('#b').click()`,
	},
	{
		Name: "leaving by a click is refused", Cites: "microsoft/playwright#33806", Page: `<title>first</title><button id=b onclick="onbeforeunload = e => e.preventDefault()">Go</button><a id=c href=to>Go</a><button id=d onclick="document.title = 'stays'">Go</button>`, Pages: named{"to": there}, Read: where,
		Steps: `{"action":"dialog","do":"dismiss","type":"beforeunload","all":true}{"action":"click","target":"#b"}{"action":"click","target":"#c"}{"action":"click","target":"#d"}`,
		Their: `page.on('dialog', d => d.dismiss()); await page.locator('#b').click(); await page.locator('#c').click(); await page.locator('#d').click()`,
	},
	{
		Name: "leaving by a script is refused", Cites: "microsoft/playwright#23141", Page: `<title>first</title><button id=b onclick="onbeforeunload = e => e.preventDefault()">Go</button>`, Pages: named{"to": there}, Read: where,
		Steps: `{"action":"dialog","do":"dismiss","type":"beforeunload","all":true}{"action":"click","target":"#b"}{"action":"evaluate","expression":"location.reload()"}`,
		Their: `page.on('dialog', d => d.dismiss()); await page.locator('#b').click(); await page.evaluate('location.reload()')`,
	},
	{
		Name: "fill where the change asks", Page: `<input id=b onchange="got = confirm('?')"><input id=c>`, Read: `[b.value, window.got ?? null]`,
		Steps: `{"action":"fill","target":"#b","value":"x"}{"action":"fill","target":"#c","value":"y"}`,
	},
	{
		Name: "select where the change asks", Page: `<select id=b onchange="got = confirm('?')"><option>a<option>c</select>`, Read: `[b.value, window.got ?? null]`,
		Steps: `{"action":"select","target":"#b","value":"c"}`,
	},
	{
		Name: "check where the click asks", Page: `<input type=checkbox id=b onclick="got = confirm('?')">`, Read: `[b.checked, window.got ?? null]`,
		Steps: `{"action":"check","target":"#b"}`,
	},
	{
		Name: "check where the answer undoes it", Page: `<input type=checkbox id=b onclick="if (!confirm('?')) event.preventDefault()">`, Read: `b.checked`, Refuses: true, Timeout: enough,
		Steps: `{"action":"check","target":"#b"}`,
	},
	{
		Name: "press where the key asks", Page: `<input id=b onkeydown="got = confirm('?')">`, Read: `[b.value, window.got ?? null]`,
		Steps: `{"action":"press","target":"#b","key":"a"}`,
	},
	{
		Name: "evaluate that asks", Page: `<p>`, Read: `window.got ?? null`,
		Steps: `{"action":"evaluate","expression":"got = confirm('?')"}`,
	},
}

// saves is a case of a click on #b that downloads a file; its name and the page
// are compared.
func saves(name, cites, page string, pages named) Case {
	return Case{
		Name: name, Cites: cites, Page: page, Pages: pages, Says: "name", Read: where, Steps: `{"action":"click","target":"#b","download":true}`,
		Their: `const begun = page.waitForEvent('download')
			await page.locator('#b').click()
			const file = await begun
			if (!await file.path()) throw new Error(await file.failure())
			say(file.suggestedFilename())`,
	}
}

const attached = "HTTP 200\nContent-Disposition: attachment; filename=a.txt\n\nHello world"

// Downloads are kept, and the page is as it was.
var downloads = []Case{
	saves("a link to a file", "", `<a id=b href=file>Go</a>`, named{"file": attached}),
	saves("a link that says download", "", `<a id=b download href=page.txt>Go</a>`, named{"page.txt": "HTTP 200\nContent-Type: text/plain\n\nhello"}),
	saves("a link that says which name", "", `<a id=b download="named.txt" href=page>Go</a>`, named{"page": `<p>page`}),
	saves("a link to bytes without a name", "microsoft/playwright#19939", `<a id=b href=file.bin>Go</a>`, named{"file.bin": "HTTP 200\nContent-Type: application/octet-stream\n\nbytes"}),
	saves("a name without attachment", "microsoft/playwright#19939", `<a id=b href=file>Go</a>`, named{"file": "HTTP 200\nContent-Type: application/octet-stream\nContent-Disposition: filename=foo.txt\n\nbytes"}),
	saves("a data address", "microsoft/playwright#21892", `<a id=b download="SomeFile.txt" href="data:text/plain;charset=utf8;,hello world">Go</a>`, nil),
	saves("a blob", "", `<a id=b download=blob.txt>Go</a><script>b.href = URL.createObjectURL(new Blob(['x']))</script>`, nil),
	saves("a blob that a script clicks", "", `<button id=b onclick="const a = document.createElement('a'); a.href = window.URL.createObjectURL(new Blob(['x'])); a.download = 'made.csv'; a.click()">Go</button>`, nil),
	saves("after an answer", "", `<button id=b onclick="fetch('data').then(() => location = 'file')">Go</button>`, named{"data": "x", "file": attached}),
	saves("by location", "", `<button id=b onclick="location = 'file'">Go</button>`, named{"file": attached}),
	saves("by a form", "", `<form action=file><button id=b>Go</button></form>`, named{"file": attached}),
	saves("by a form that posts", "", `<form action=file method=post><button id=b>Go</button></form>`, named{"file": attached}),
	saves("in a tab of its own", "microsoft/playwright#1967", `<a id=b target=_blank href=file>Go</a>`, named{"file": attached}),
	saves("by window.open", "", `<button id=b onclick="window.open('file')">Go</button>`, named{"file": attached}),
	saves("in a frame", "", `<button id=b onclick="document.body.insertAdjacentHTML('beforeend', '<iframe src=file></iframe>')">Go</button>`, named{"file": attached}),
	saves("behind redirects", "", `<a id=b href=a>Go</a>`, named{"a": "HTTP 302\nLocation: file\n\n", "file": attached}),
	saves("of another site", "", `<a id=b href="{{other}}file">Go</a>`, named{"file": attached}),
	saves("a slow file", "", `<a id=b href="file?slow">Go</a>`, named{"file": attached}),
	saves("an empty file", "", `<a id=b href=file>Go</a>`, named{"file": "HTTP 200\nContent-Disposition: attachment; filename=empty.txt\n\n"}),
	saves("a name with spaces", "", `<a id=b href=file>Go</a>`, named{"file": "HTTP 200\nContent-Disposition: attachment; filename=\"my report.txt\"\n\nx"}),
	saves("a name in other letters", "", `<a id=b href=file>Go</a>`, named{"file": "HTTP 200\nContent-Disposition: attachment; filename*=UTF-8''%C3%BCbersicht.txt\n\nx"}),
	saves("a file of a kind that is shown", "", `<a id=b href=file>Go</a>`, named{"file": "HTTP 200\nContent-Type: image/png\nContent-Disposition: attachment; filename=a.png\n\nx"}),
	{
		Name: "the page goes on", Page: `<a id=b href=file>Go</a><button id=c onclick="document.title = 'on'">Go</button>`, Pages: named{"file": attached}, Read: where,
		Steps: `{"action":"click","target":"#b"}{"action":"click","target":"#c"}`,
	},
	{
		Name: "none begins", Page: `<button id=b>Go</button>`, Read: where, Refuses: true, Timeout: amply, Steps: `{"action":"click","target":"#b","download":true}`,
		Their: `await Promise.all([page.waitForEvent('download'), page.locator('#b').click()])`,
	},
	{
		Name: "goto a file", Page: `<title>first</title>`, Pages: named{"file": attached}, Read: where, Refuses: true, Timeout: enough, Steps: `{"action":"goto","url":"{{here}}file"}`,
	},
	{
		Name: "an address that is a file", Cites: "microsoft/playwright#28729", Page: `<title>first</title>`, Pages: named{"file": attached}, Read: where, Says: "name", Steps: `{"action":"download","url":"{{here}}file"}`,
		Their: `const begun = page.waitForEvent('download')
			await page.goto("{{here}}file").catch(() => {})
			say((await begun).suggestedFilename())`,
	},
	{
		Name: "a file that breaks off", Page: `<a id=b href=file>Go</a>`, Pages: named{"file": "HTTP 200\nContent-Disposition: attachment; filename=a.txt\nContent-Length: 1000\n\nbroken"}, Read: where, Refuses: true, Timeout: enough, Steps: `{"action":"click","target":"#b","download":true}`,
		Their: `const [file] = await Promise.all([page.waitForEvent('download'), page.locator('#b').click()])
			if (await file.failure()) throw new Error('failed')`,
	},
}

// Crashes: what waits for the page hears of it.
var crashes = []Case{
	{
		Name: "what waits hears of it", Cites: "microsoft/playwright#31907", Page: `<p>first`, Read: `document.title`, Refuses: true, Timeout: 20 * time.Second, Crash: "during",
		Steps: `{"action":"waitFor","target":"#never"}`,
	},
	{
		Name: "a click that waits hears of it", Page: `<button id=b disabled>Go</button>`, Read: `document.title`, Refuses: true, Timeout: 20 * time.Second, Crash: "during",
		Steps: `{"action":"click","target":"#b"}`,
	},
	{
		Name: "a fill that waits hears of it", Page: `<input id=b readonly>`, Read: `document.title`, Refuses: true, Timeout: 20 * time.Second, Crash: "during",
		Steps: `{"action":"fill","target":"#b","value":"x"}`,
	},
	{
		Name: "an evaluation hears of it", Page: `<p>first`, Read: `document.title`, Refuses: true, Timeout: 20 * time.Second, Crash: "during",
		Steps: `{"action":"evaluate","expression":"new Promise(() => {})"}`,
	},
	{
		Name: "a click afterwards", Page: `<button id=b>Go</button>`, Read: `document.title`, Refuses: true, Timeout: 20 * time.Second, Crash: "before",
		Steps: `{"action":"click","target":"#b"}`,
	},
}
