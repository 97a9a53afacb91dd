package oracle

import "strings"

// unseen is a page whose events aren't noted.
const unseen = "HTTP 200\nContent-Type: text/html\n\n<!doctype html>"

// where is where a page is: the case's own part of the address, its title and
// the status that it came with.
const where = `[location.href.replace(/^.*?\/\d+\//, ''), document.title, performance.getEntriesByType('navigation')[0]?.responseStatus]`

type named map[string]string

// goes is a case of going to the page "to".
func goes(name, cites string, refuses bool, pages named) Case {
	return Case{
		Name: name, Cites: cites, Refuses: refuses, Page: `<title>first</title>`, Pages: pages,
		Steps: `{"action":"goto","url":"{{here}}to"}`, Read: where,
	}
}

// moves is a case of a click on #b that goes somewhere.
func moves(name, cites, page string, pages named) Case {
	return Case{Name: name, Cites: cites, Page: page, Pages: pages, Steps: `{"action":"click","target":"#b"}{"action":"waitFor","target":"#there","state":"attached"}`, Read: where}
}

// atOnce is a case that is refused without waiting.
func atOnce(c Case) Case {
	c.Refuses, c.Timeout = true, enough
	return c
}

const there = `<title>there</title><p id=there>there</p>`

// fails is a case of going to an address that opens nothing. What is left to be
// read, such as the browser's own error page, is each side's own affair: the
// page that follows is read. gone says that there is an error page.
func fails(name, cites, url string, gone bool, pages named) Case {
	if pages == nil {
		pages = named{}
	}
	pages["after"] = there
	settled := ``
	if gone {
		// It comes after the error, and would be in the way.
		settled = `await page.waitForURL((url) => url.protocol === "chrome-error:", { timeout: 30_000 }).catch(() => {})`
	}
	return Case{
		Name: name, Cites: cites, Page: `<title>first</title>`, Pages: pages, Read: where,
		Steps: `{"action":"goto","url":"` + url + `"}{"action":"goto","url":"{{here}}after"}`,
		Their: `try { await page.goto("` + url + `"); say("opened") } catch { ` + settled + ` }
			await page.goto("{{here}}after")`,
		Tries: true,
	}
}

// Navigation in all its forms.
var navigation = []Case{
	{
		Name: "forward where there is no page", Page: `<title>First</title>`, Steps: `{"action":"forward"}`, Read: `document.title`,
		Differs: "Playwright says that it went forward where there is no page; we say that there is none",
	},
	goes("a page", "", false, named{"to": there}),
	goes("a page that isn't there", "", false, named{"to": "HTTP 404\n\n" + there}),
	goes("a page of a server that is broken", "", false, named{"to": "HTTP 500\n\n" + there}),
	goes("a redirect", "", false, named{"to": "HTTP 302\nLocation: two\n\n", "two": there}),
	goes("a redirect that stays", "", false, named{"to": "HTTP 308\nLocation: two\n\n", "two": there}),
	goes("a redirect to another site", "microsoft/playwright#3993", false, named{"to": "HTTP 302\nLocation: {{other}}two\n\n", "two": there}),
	goes("a redirect to a place", "", false, named{"to": "HTTP 302\nLocation: two#place\n\n", "two": there}),
	goes("redirects, one after another", "", false, named{"to": "HTTP 301\nLocation: a\n\n", "a": "HTTP 302\nLocation: b\n\n", "b": "HTTP 303\nLocation: c\n\n", "c": "HTTP 307\nLocation: two\n\n", "two": there}),
	goes("a page that pushes a state", "", false, named{"to": there + `<script>history.pushState(1, '', 'pushed')</script>`}),
	goes("a page that replaces its state", "", false, named{"to": there + `<script>history.replaceState(1, '', 'replaced')</script>`}),
	goes("a page that goes to a place", "", false, named{"to": there + `<script>location.hash = 'place'</script>`}),
	goes("a page that is slow", "", false, named{"to": there + `<img src="missing?slow">`}),
	goes("a page with a frame that is slow", "", false, named{"to": there + `<iframe src="inner?slow"></iframe>`, "inner": `<p>inner`}),
	goes("a page with a frame that isn't there", "", false, named{"to": there + `<iframe src="{{closed}}/"></iframe>`}),
	goes("a page with a script that isn't there", "", false, named{"to": there + `<script src="missing.js"></script>`}),
	goes("a page whose frames come late", "microsoft/playwright#15086", false, named{"to": `<title>0</title><p id=there></p><iframe src=inner></iframe><script>addEventListener('load', () => document.title += 'l')</script>`, "inner": `<script>if (!location.hash) location.hash = 'x'</script>`}),
	{
		Name: "a page that stops itself", Page: `<title>first</title>`, Pages: named{"to": there + `<script>stop()</script>`}, Read: where, Refuses: true, Timeout: amply,
		Steps: `{"action":"goto","url":"{{here}}to"}`,
	},
	goes("a page that opens a document of its own", "", false, named{"to": `<title>old</title><script>addEventListener('load', () => setTimeout(() => { document.open(); document.write('<title>written</title>'); document.close() }))</script>`}),
	goes("a page of plain text", "", false, named{"to": "HTTP 200\nContent-Type: text/plain\n\nplain"}),
	goes("a page in the browser's own view of JSON", "", false, named{"to": "HTTP 200\nContent-Type: application/json\n\n{\"a\":1}"}),
	atOnce(goes("no content", "microsoft/playwright tests/page/page-goto.spec.ts", true, named{"to": "HTTP 204\n\n"})),
	{
		Name: "user and password in the address", Cites: "microsoft/playwright#23138", Page: `<title>first</title>`, Read: `document.title`,
		Pages: named{"to": "HTTP basic\n\n<title>{{user}}</title>"}, Steps: `{"action":"goto","url":"{{named}}to"}`,
	},
	{
		Name: "a place in the page", Page: there + `<script>same = 1</script>`, Read: `[...` + where + `, typeof same]`,
		Steps: `{"action":"goto","url":"{{here}}#place"}`,
	},
	{
		Name: "from a place to the same one", Page: there + `<script>loads = 1 + +(sessionStorage.loads || 0); sessionStorage.loads = loads</script>`, Read: `[...` + where + `, loads]`,
		Steps: `{"action":"goto","url":"{{here}}#place"}{"action":"goto","url":"{{here}}#place"}{"action":"evaluate","expression":"sessionStorage.clear()"}`,
	},
	{
		Name: "nothing", Page: `<title>first</title>`, Pages: named{"to": there}, Read: where,
		Steps: `{"action":"goto","url":"about:blank"}{"action":"goto","url":"{{here}}to"}`,
	},
	{
		Name: "back from nothing", Cites: "microsoft/playwright#42050", Page: `<title>first</title>`, Read: where,
		Steps: `{"action":"goto","url":"about:blank"}{"action":"back"}`,
	},
	{
		Name: "an address that is the page", Page: `<title>first</title>`, Pages: named{"to": there}, Read: where,
		Steps: `{"action":"goto","url":"data:text/html,<title>data</title>"}{"action":"goto","url":"{{here}}to"}`,
	},
	fails("a name that there isn't", "", "http://nowhere.invalid/", true, nil),
	fails("a server that isn't there", "", "{{closed}}/", true, nil),
	fails("a port that no browser opens", "", "http://127.0.0.1:1/", true, nil),
	fails("a certificate that nobody trusts", "", "{{tls}}/", true, nil),
	fails("TLS with a server that speaks none", "", "{{notls}}/", true, nil),
	// Of another site than the case whose address has a password, which is remembered.
	fails("a page that asks who is there", "", "{{other}}to", true, named{"to": "HTTP basic\n\n" + there}),
	fails("redirects in a circle", "", "{{here}}circle", true, named{"circle": "HTTP 302\nLocation: circle\n\n"}),
	fails("a server that closes", "", "{{here}}closes", true, named{"closes": "HTTP closes\n\n"}),
	fails("a download", "microsoft/playwright#19939", "{{here}}file", false, named{"file": "HTTP 200\nContent-Type: application/octet-stream\n\nHello world"}),
	fails("a file of a kind that isn't shown", "microsoft/playwright#18743", "{{here}}file", false, named{"file": "HTTP 200\nContent-Type: text/csv\n\na,b"}),
	fails("a download by its header", "", "{{here}}file", false, named{"file": "HTTP 200\nContent-Disposition: attachment; filename=a.txt\n\nHello world"}),
	fails("no content, and on", "microsoft/playwright#32752", "{{here}}none", false, named{"none": "HTTP 204\n\n"}),
	fails("a page that isn't there and has nothing to say", "", "{{here}}empty", true, named{"empty": "HTTP 404\nContent-Type: text/html\n\n"}),
	{
		Name: "a page that never ends loading is there", Page: `<title>first</title>`, Pages: named{"to": "HTTP stalls\n\n" + there}, Read: where,
		Steps: `{"action":"goto","url":"{{here}}to","waitUntil":"commit"}{"action":"click","target":"#there"}`,
	},
	{
		Name: "a picture that never comes doesn't hold up the document", Page: `<title>first</title>`, Pages: named{"to": there + `<img src=never>`, "never": "HTTP hangs\n\n"}, Read: where,
		Steps: `{"action":"goto","url":"{{here}}to","waitUntil":"domcontentloaded"}{"action":"click","target":"#there"}`,
	},
	{
		Name: "a server that never answers", Page: `<title>first</title>`, Pages: named{"to": "HTTP hangs\n\n"}, Read: where, Refuses: true, Timeout: little,
		Steps: `{"action":"goto","url":"{{here}}to"}`, Hangs: true,
		Differs: "after a goto that timed out Playwright's page answers nothing until the server does; we stop what is loading, and the page that was there can be used",
	},
	{
		Name: "reload", Page: `<title>first</title><script>n = sessionStorage.n = 1 + +(sessionStorage.n || 0)</script>`, Read: `[...` + where + `, n]`,
		Steps: `{"action":"evaluate","expression":"sessionStorage.n = 5"}{"action":"reload"}`,
	},
	{
		Name: "reload at a place", Cites: "microsoft/playwright#21145", Page: `<title>first</title>`, Read: where,
		Steps: `{"action":"goto","url":"{{here}}#hash"}{"action":"reload"}`,
	},
	{
		Name: "reload at a place without a name", Cites: "microsoft/playwright#21430", Page: `<title>first</title>`, Read: where,
		Steps: `{"action":"goto","url":"{{here}}#"}{"action":"reload"}`,
	},
	{
		Name: "reload of what is redirected", Cites: "microsoft/playwright#16147", Page: `<title>first</title>`, Pages: named{"to": `<title>to</title>`, "moved": "HTTP 302\nLocation: two\n\n", "two": there}, Read: where,
		Steps: `{"action":"goto","url":"{{here}}to"}{"action":"evaluate","expression":"history.replaceState(0, '', 'moved')"}{"action":"reload"}`,
	},
	{
		Name: "reload of a page that pushed a state", Page: `<title>first</title>`, Pages: named{"pushed": there}, Read: where,
		Steps: `{"action":"evaluate","expression":"history.pushState(0, '', 'pushed')"}{"action":"reload"}`,
	},
	{
		Name: "reload with a frame that moves", Cites: "microsoft/playwright#20791", Read: `new Promise(done => { const look = () => window.got ? done(got) : setTimeout(look, 5); look() })`,
		Page:  `<iframe id=f src="about:blank"></iframe><script>setTimeout(() => window.foo = 'foo'); setTimeout(() => f.contentDocument.location.href = 'inner')</script>`,
		Pages: named{"inner": `<script>parent.got = parent.foo</script>`}, Steps: `{"action":"reload"}`,
	},
	{
		Name: "reload of what hasn't changed", Cites: "microsoft/playwright#28779", Page: `<title>first</title>`, Read: where,
		Pages: named{"to": "HTTP 200\nLast-Modified: Fri, 05 Jan 2024 01:56:20 GMT\n\n" + there}, Steps: `{"action":"goto","url":"{{here}}to"}{"action":"reload"}`,
	},
	{
		Name: "back and forward", Page: `<title>first</title>`, Pages: named{"a": `<title>a</title>`, "b": `<title>b</title>`}, Read: where,
		Steps: `{"action":"goto","url":"{{here}}a"}{"action":"goto","url":"{{here}}b"}{"action":"back"}{"action":"back"}{"action":"forward"}`,
	},
	{
		Name: "back within the page", Page: `<title>first</title><script>onpopstate = e => document.title = 'popped ' + e.state</script>`, Read: where,
		Steps: `{"action":"evaluate","expression":"history.replaceState(1, '', 'one'); history.pushState(2, '', 'two'); 0"}{"action":"back"}`,
	},
	{
		Name: "back past places", Page: `<title>first</title>`, Read: where,
		Steps: `{"action":"goto","url":"{{here}}#a"}{"action":"goto","url":"{{here}}#b"}{"action":"back"}`,
	},
	{
		Name: "back to a page that was left by a form", Page: `<title>first</title><form action=to><input name=q id=q><button id=b>Go</button></form>`, Pages: named{"to": there}, Read: `[...` + where + `, q.value]`,
		Steps: `{"action":"fill","target":"#q","value":"kept"}{"action":"click","target":"#b"}{"action":"waitFor","target":"#there","state":"attached"}{"action":"back"}`,
	},
	moves("a link", "", `<a id=b href=to>Go</a>`, named{"to": there}),
	moves("a link to a slow server", "", `<a id=b href="to?slow">Go</a>`, named{"to": there}),
	moves("a link to another site", "", `<a id=b href="{{other}}to">Go</a>`, named{"to": there}),
	moves("a link that redirects", "", `<a id=b href=to>Go</a>`, named{"to": "HTTP 302\nLocation: two\n\n", "two": there}),
	moves("a link to a page that refreshes itself", "", `<a id=b href=to>Go</a>`, named{"to": `<meta http-equiv=refresh content="0;url=two">`, "two": there}),
	moves("a link to a page that refreshes itself by its header", "", `<a id=b href=to>Go</a>`, named{"to": "HTTP 200\nRefresh: 0;url=two\n\n", "two": there}),
	moves("a link to a page that sends on", "", `<a id=b href=to>Go</a>`, named{"to": `<script>location.replace('two')</script>`, "two": there}),
	moves("a link to a page that sends on later", "", `<a id=b href=to>Go</a>`, named{"to": `<script>setTimeout(() => location = 'two', 50)</script>`, "two": there}),
	moves("a form", "", `<form action=to><input name=a value=1><button id=b>Go</button></form>`, named{"to": there}),
	moves("a form that posts", "", `<form action=to method=post><input name=a value=1><button id=b>Go</button></form>`, named{"to": there}),
	moves("a form that a script sends", "", `<form id=f action=to><input name=a value=1></form><button id=b onclick="f.submit()">Go</button>`, named{"to": there}),
	moves("a button that goes later", "", `<button id=b onclick="setTimeout(() => location = 'to', 80)">Go</button>`, named{"to": there}),
	moves("a button that asks first", "", `<button id=b onclick="fetch('data').then(() => location = 'to')">Go</button>`, named{"data": "x", "to": there}),
	moves("a link on mousedown", "", `<button id=b onmousedown="location = 'to'">Go</button>`, named{"to": unseen + there}),
	moves("a link that the page takes over", "microsoft/playwright#41125", `<a id=b href=to>Go</a><script>navigation.addEventListener('navigate', e => { if (e.canIntercept) e.intercept({ handler: async () => document.body.insertAdjacentHTML('beforeend', '<p id=there>') }) })</script>`, named{"to": ``}),
	moves("a link that the page takes over, slowly", "microsoft/playwright#41125", `<a id=b href=to>Go</a><script>navigation.addEventListener('navigate', e => { if (e.canIntercept) e.intercept({ handler: () => new Promise(done => setTimeout(() => { document.body.insertAdjacentHTML('beforeend', '<p id=there>'); done() }, 100)) }) })</script>`, named{"to": ``}),
	moves("a link that is a script", "", `<a id=b href="javascript:void(location='to')">Go</a>`, named{"to": there}),
	moves("a link that is a document", "", `<a id=b href="javascript:'&lt;title>js&lt;/title>&lt;p id=there>'">Go</a>`, nil),
	moves("a page of one page", "", `<a id=b href=to onclick="event.preventDefault(); history.pushState(0, '', 'to'); setTimeout(() => document.body.innerHTML = '<p id=there>', 50)">Go</a>`, nil),
	{
		Name: "a link to nothing", Page: `<a id=b href=none>Go</a><p id=there>there</p>`, Pages: named{"none": "HTTP 204\n\n"}, Read: where,
		Steps: `{"action":"click","target":"#b"}{"action":"click","target":"#there"}`,
	},
	{
		Name: "a link in the midst of another", Page: `<a id=b>Slow</a><a id=c href=to>Go</a>`, Pages: named{"slow": "HTTP hangs\n\n", "asked": "HTTP meanwhile\n\n", "to": there}, Read: where,
		// One message each: none reaches a page that is on its way until the server answers.
		Steps: `{"action":"evaluate","expression":"b.href = 'slow?' + Math.random(); b.click(); await fetch(b.href.replace('slow', 'asked')); 0"}{"action":"goto","url":"{{here}}to"}`,
		Their: `await page.evaluate(async () => { b.href = 'slow?' + Math.random(); b.click(); await fetch(b.href.replace('slow', 'asked')); }); await page.goto("{{here}}to");`,
	},
	{
		Name: "wait for an address", Page: `<script>setTimeout(() => history.pushState(0, '', 'there'), 50)</script>`, Read: where,
		Steps: `{"action":"waitFor","url":"*/there"}`,
	},
	{
		Name: "wait for an address behind redirects", Page: `<script>onload = () => setTimeout(() => location = 'a', 50)</script>`, Pages: named{"a": "HTTP 302\nLocation: b\n\n", "b": `<script>location = 'there'</script>`, "there": there}, Read: where,
		Steps: `{"action":"waitFor","url":"*/there"}`,
	},
	{
		Name: "fill where the page sends on", Page: `<script>onload = () => setTimeout(() => location = 'to', 60)</script>`, Pages: named{"to": `<input id=i>`}, Read: `i.value`,
		Steps: `{"action":"fill","target":"#i","value":"x"}`,
	},
	{
		Name: "press Enter in a form", Page: `<form action=to><input id=i name=a></form>`, Pages: named{"to": unseen + there}, Read: where,
		Steps: `{"action":"fill","target":"#i","value":"x y"}{"action":"press","target":"#i","key":"Enter"}{"action":"waitFor","target":"#there","state":"attached"}`,
	},
	{
		Name: "a click after each of many pages", Page: `<a id=b href="p1">1</a>`, Read: where,
		Pages: named{"p1": `<a id=b href="p2">2</a>`, "p2": `<a id=b href="p3">3</a>`, "p3": `<a id=b href="p4">4</a>`, "p4": there},
		Steps: strings.Repeat(`{"action":"click","target":"#b"}`, 4) + `{"action":"waitFor","target":"#there","state":"attached"}`,
	},
}
