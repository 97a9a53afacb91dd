package oracle

const (
	note    = `{"name":"note.txt","type":"text/plain","content":"SGVsbG8="}`
	another = `{"name":"ü.json","type":"application/json","content":"e30="}`
)

// uploaded is a case of giving files to #b; it reads what #f, the field, has.
func uploaded(name, cites string, refuses bool, page, files string) Case {
	return Case{
		Name: name, Cites: cites, Refuses: refuses, Page: page,
		Read:  `(async () => [window.got ?? null, await Promise.all([...(window.f ?? window.b).files ?? []].map(async o => [o.name, o.type, o.size, await o.text()]))])()`,
		Steps: `{"action":"upload","target":"#b","files":[` + files + `]}`,
	}
}

// asked is a case of a page that asks for files when #b is clicked.
func asked(name, cites, page, files string) Case {
	c := uploaded(name, cites, false, page, files)
	given := ""
	for _, f := range []struct{ file, words string }{
		{note, `{ name: "note.txt", mimeType: "text/plain", buffer: Buffer.from("Hello") }, `},
		{another, `{ name: "ü.json", mimeType: "application/json", buffer: Buffer.from("{}") }`},
	} {
		if files == f.file || files == note+","+another {
			given += f.words
		}
	}
	c.Their = `const [asked] = await Promise.all([page.waitForEvent("filechooser"), page.locator("#b").click()]); await asked.setFiles([` + given + `])`
	return c
}

var uploading = []Case{
	uploaded("a field", "", false, `<input id=b type=file>`, note),
	uploaded("two files", "", false, `<input id=b type=file multiple>`, note+","+another),
	uploaded("no files", "microsoft/playwright tests/page/page-set-input-files.spec.ts", false, `<input id=b type=file>`, ``),
	uploaded("two files for one", "microsoft/playwright tests/page/page-set-input-files.spec.ts", true, `<input id=b type=file>`, note+","+another),
	uploaded("a folder", "microsoft/playwright tests/page/page-set-input-files.spec.ts", true, `<input id=b type=file webkitdirectory>`, note),
	uploaded("a hidden field", "microsoft/playwright#6983", false, `<input id=b type=file style="display:none">`, note),
	uploaded("a label around the field", "microsoft/playwright#7364", false, `<label id=b>File <input id=f type=file></label>`, note),
	uploaded("a label of a hidden field", "microsoft/playwright#7364", false, `<label id=b for=f>File</label><input id=f type=file hidden>`, note),
	uploaded("a span in a label", "", false, `<label><span id=b>File</span> <input id=f type=file hidden></label>`, note),
	uploaded("a field that comes later", "", false, `<div id=d></div><script>setTimeout(() => d.innerHTML = '<input id=b type=file>', 200)</script>`, note),
	uploaded("a page that empties its field", "", false, `<input id=b type=file><script>b.onchange = () => { got = b.files[0].name; b.value = '' }</script>`, note),
	uploaded("a page that removes its field", "", false, `<input id=b type=file><script>b.onchange = () => { got = b.files[0].name; b.remove(); f = {} }; f = b</script>`, note),
	uploaded("what the field accepts is the user's matter", "", false, `<input id=b type=file accept="image/*">`, note),
	differs("Playwright says that it has given files to a text field; we say that it takes none", uploaded("a text field", "", false, `<input id=b>`, note)),
	uploaded("one after another", "", false, `<input id=b type=file>`, note),
	differs("Playwright gives files to a disabled field, which no form sends; we wait until it is enabled", waits(uploaded("a disabled field", "", false, `<input id=b type=file disabled>`, note))),
	uploaded("a field that is enabled later", "", false, `<input id=b type=file><script>b.disabled = true; setTimeout(() => b.disabled = false, 300); b.onchange = () => got = 1</script>`, note),
	{
		Name: "input crosses shadow roots, change does not", Cites: "microsoft/playwright#28726", Read: `[host.shadowRoot.querySelector('input').files[0].name, got]`,
		Page:  `<div id=host></div><script>got = []; host.attachShadow({mode:'open'}).innerHTML = '<input id=b type=file>'; for (const t of ['input', 'change']) host.addEventListener(t, e => got.push(t, e.composed))</script>`,
		Steps: `{"action":"upload","target":"#b","files":[` + note + `]}`,
	},
	{
		Name: "a form sends it", Cites: "microsoft/playwright#27452", Read: `new FormData(form).get('doc').name`,
		Page:  `<form id=form><input id=b type=file name=doc></form>`,
		Steps: `{"action":"upload","target":"#b","files":[` + note + `]}`,
	},
	{
		Name: "in a frame", Cites: "microsoft/playwright tests/page/page-set-input-files.spec.ts", Read: `frames[0].document.querySelector('input').files[0].name`,
		Page: `<iframe src=in></iframe>`, Pages: map[string]string{"in": `<input id=b type=file>`},
		Steps: `{"action":"upload","target":"#b","files":[` + note + `]}`,
		Their: `await page.frameLocator("iframe").locator("#b").setInputFiles({ name: "note.txt", mimeType: "text/plain", buffer: Buffer.from("Hello") })`,
	},
	asked("a button that asks", "microsoft/playwright tests/page/page-filechooser.spec.ts", `<button id=b onclick="f.click()">Choose</button><input id=f type=file hidden>`, note),
	asked("a button that asks for several", "microsoft/playwright tests/page/page-filechooser.spec.ts", `<button id=b onclick="f.click()">Choose</button><input id=f type=file multiple hidden>`, note+","+another),
	asked("a button whose field is in no document", "microsoft/playwright#4704", `<button id=b>Choose</button><script>b.onclick = () => { f = document.createElement('input'); f.type = 'file'; f.onchange = () => got = f.files[0].name; f.click() }</script>`, note),
	asked("a button that asks a little later", "", `<button id=b onclick="setTimeout(() => f.click(), 200)">Choose</button><input id=f type=file hidden>`, note),
	asked("showPicker", "", `<button id=b onclick="f.showPicker()">Choose</button><input id=f type=file>`, note),
	asked("a link that asks", "", `<a id=b href="#" onclick="f.click(); return false">Choose</a><input id=f type=file hidden>`, another),
	{
		Name: "a button that asks for nothing", Refuses: true, Read: clicked, Page: `<button id=b onclick="clicked = 1">Go</button>`,
		Timeout: amply, Steps: `{"action":"upload","target":"#b","files":[` + note + `]}`, Their: `await Promise.all([page.waitForEvent("filechooser"), page.locator("#b").click()])`,
	},
	{
		Name: "a button in a frame of another site asks", Read: `new Promise(done => { const end = performance.now() + 20_000; (function look() { if (window.clicked || performance.now() > end) done(window.clicked ?? null); else setTimeout(look, 10) })() })`,
		Page:  told + `<iframe src="{{other}}in"></iframe>`,
		Pages: map[string]string{"in": `<button id=b onclick="f.click()">Choose</button><input id=f type=file hidden onchange="top.postMessage({clicked: f.files[0].name}, '*')">`},
		Steps: `{"action":"upload","target":"#b","files":[` + note + `]}`,
		Their: `const [asked] = await Promise.all([page.waitForEvent("filechooser"), page.frameLocator("iframe").locator("#b").click()]); await asked.setFiles({ name: "note.txt", mimeType: "text/plain", buffer: Buffer.from("Hello") })`,
	},
}
