package egress

import (
	"slices"
	"sync"
	"testing"
)

// ofPages are what pages try.
var ofPages = []row{
	{name: "fetch", do: `await fetch("http://{trap}/").catch(() => 0)`},
	{name: "fetch, no-cors", do: `await fetch("http://{trap}/", { mode: "no-cors" }).catch(() => 0)`},
	{name: "fetch, POST", do: `await fetch("http://{trap}/", { method: "POST", body: "x", mode: "no-cors" }).catch(() => 0)`},
	{name: "fetch, keepalive", do: `await fetch("http://{trap}/", { keepalive: true, mode: "no-cors" }).catch(() => 0)`},
	{name: "fetch, https", do: `await fetch("https://{trap}/", { mode: "no-cors" }).catch(() => 0)`},
	{name: "XMLHttpRequest", do: `const x = new XMLHttpRequest(); x.open("GET", "http://{trap}/"); x.send(); await ends(x, "loadend")`},
	{name: "ws:", do: `await ends(new WebSocket("ws://{trap}/"), "close", "open")`},
	{name: "wss:", do: `await ends(new WebSocket("wss://{trap}/"), "close", "open")`},
	{name: "EventSource", do: `const s = new EventSource("http://{trap}/"); await ends(s, "error", "open"); s.close()`},
	{name: "a beacon", do: `navigator.sendBeacon("http://{trap}/", "x"); await soon()`},
	{name: "a link's ping", do: `const a = add('<a href="#x" ping="http://{trap}/">x</a>').firstChild; a.click(); await soon()`},
	{name: "a picture", do: `await element("img", { src: "http://{trap}/x.png" })`},
	{name: "a picture of another density", do: `await element("img", { srcset: "http://{trap}/x.png 1x" })`},
	{name: "a script", do: `await element("script", { src: "http://{trap}/x.js" })`},
	{name: "a module", do: `await import("http://{trap}/x.js").catch(() => 0)`},
	{name: "a style sheet", do: `await element("link", { rel: "stylesheet", href: "http://{trap}/x.css" })`},
	{name: "a style sheet's import", do: `add('<style>@import "http://{trap}/x.css";</style>'); await soon()`},
	{name: "a background", do: `add('<div style="width:9px;height:9px;background:url(http://{trap}/x.png)">'); await soon()`},
	{name: "a cursor", do: `add('<style>body { cursor: url(http://{trap}/x.cur), auto }</style>'); await soon()`},
	{name: "a font", do: `await new FontFace("x", "url(http://{trap}/x.woff)").load().catch(() => 0)`},
	{name: "a video", do: `const v = add('<video src="http://{trap}/x.mp4">').firstChild; await ends(v, "error", "loadstart"); await soon()`},
	{name: "a picture of a video", do: `add('<video poster="http://{trap}/x.png">'); await soon()`},
	{name: "subtitles", do: `add('<video crossorigin><track default kind=subtitles src="http://{trap}/x.vtt"></video>').querySelector("track").track.mode = "showing"; await soon()`},
	{name: "an object", do: `await element("object", { data: "http://{trap}/x" })`},
	{name: "an embed", do: `await element("embed", { src: "http://{trap}/x" })`},
	{name: "a frame", do: `await element("iframe", { src: "http://{trap}/" })`},
	{name: "a frame's base", do: `await element("iframe", { src: "/base?to=" + encodeURIComponent("http://{trap}") }); await soon()`},
	{name: "a form", do: `const d = add('<iframe name=f{port}></iframe><form target=f{port} method=post action="http://{trap}/"></form>'); d.querySelector("form").submit(); await soon()`},
	{name: "a popup", do: `const w = open("http://{trap}/"); await soon(); w?.close()`},
	{name: "an SVG's picture", do: `add('<svg><image href="http://{trap}/x.png"/></svg>'); await soon()`},
	{name: "an SVG's use", do: `add('<svg><use href="http://{trap}/x.svg#a"/></svg>'); await soon()`, depends: true},
	{name: "an icon", do: `document.head.append(Object.assign(document.createElement("link"), { rel: "icon", href: "http://{trap}/x.ico" })); await soon()`, depends: true},
	{name: "prefetch", do: `await element("link", { rel: "prefetch", href: "http://{trap}/x" })`},
	{name: "preload", do: `await element("link", { rel: "preload", as: "image", href: "http://{trap}/x.png" })`},
	{name: "preconnect", do: `add('<link rel=preconnect href="http://{trap}/">'); await soon()`, depends: true},
	{name: "dns-prefetch", do: `add('<link rel=dns-prefetch href="http://{trap}/">'); await soon()`, depends: true},
	{name: "a preload in a header", do: `await element("iframe", { src: "/preload?to=" + encodeURIComponent("http://{trap}/x.png") }); await soon()`},
	{name: "an early hint", do: `await element("iframe", { src: "/hints?to=" + encodeURIComponent("http://{trap}/x.png") }); await soon()`, depends: true},
	{name: "speculation rules", do: `add(""); document.head.append(Object.assign(document.createElement("script"), { type: "speculationrules", textContent: '{"prefetch":[{"urls":["http://{trap}/x"],"eagerness":"immediate"}]}' })); await soon()`, depends: true},
	{name: "a report", do: `await element("iframe", { src: "/reports?to=" + encodeURIComponent("http://{trap}/r") }); await soon()`},
	{name: "a redirect", do: `await fetch("/redirect?to=" + encodeURIComponent("http://{trap}/")).catch(() => 0)`},
	{name: "a redirect of a POST", do: `await fetch("/redirect307?to=" + encodeURIComponent("http://{trap}/"), { method: "POST", body: "x" }).catch(() => 0)`},
	{name: "a frame's refresh", do: `await element("iframe", { src: "/refresh?to=" + encodeURIComponent("http://{trap}/") }); await soon()`},
	{name: "a worker", do: `const w = new Worker("/worker.js"); w.postMessage("http://{trap}/"); await ends(w, "message")`},
	{name: "a worker's imports", do: `const w = new Worker("/imports.js?to=" + encodeURIComponent("http://{trap}/x.js")); await ends(w, "message")`},
	{name: "a worker of a blob", do: `const w = new Worker(URL.createObjectURL(new Blob(['onmessage = async (e) => postMessage(await fetch(e.data).then(() => 1, () => 0))']))); w.postMessage("http://{trap}/"); await ends(w, "message")`},
	{name: "a shared worker", do: `const w = new SharedWorker("/shared.js"); w.port.start(); w.port.postMessage("http://{trap}/"); await ends(w.port, "message")`},
	{name: "a service worker", do: `await navigator.serviceWorker.register("/service.js?to=" + encodeURIComponent("http://{trap}/"), { scope: "/sw{port}/" }).catch(() => 0); await soon()`},
	{name: "a download", do: `add('<iframe name=d{port}></iframe><a download target=d{port} href="http://{trap}/x">x</a>').querySelector("a").click(); await soon()`},
	{name: "WebRTC, STUN", do: `const p = new RTCPeerConnection({ iceServers: [{ urls: "stun:{trap}" }] }); p.createDataChannel("x"); await p.setLocalDescription(); await soon(1000); p.close()`, never: true, around: true},
	{name: "WebRTC, TURN over UDP", do: `const p = new RTCPeerConnection({ iceServers: [{ urls: "turn:{trap}", username: "u", credential: "c" }] }); p.createDataChannel("x"); await p.setLocalDescription(); await soon(1000); p.close()`, never: true, around: true},
	{name: "WebRTC, TURN over TCP", do: `const p = new RTCPeerConnection({ iceServers: [{ urls: "turn:{trap}?transport=tcp", username: "u", credential: "c" }] }); p.createDataChannel("x"); await p.setLocalDescription(); await soon(1000); p.close()`},
	{name: "WebRTC, a candidate", do: `const p = new RTCPeerConnection(), q = new RTCPeerConnection(); p.createDataChannel("x"); await p.setLocalDescription(); await q.setRemoteDescription(p.localDescription); await q.setLocalDescription(); await p.setRemoteDescription(q.localDescription);
		for (const tail of ["udp 2122260223 127.0.0.1 {port} typ host", "tcp 1518280447 127.0.0.1 {port} typ host tcptype passive"]) await p.addIceCandidate({ candidate: "candidate:1 1 " + tail, sdpMid: "0", sdpMLineIndex: 0 }).catch(() => 0); await soon(1000); p.close(); q.close()`},
	{name: "WebTransport", do: `if (self.WebTransport) { try { const w = new WebTransport("https://{trap}/"); await Promise.race([w.ready.catch(() => 0), soon(1000)]) } catch {} }`, never: true, around: true},
	{name: "WebSocketStream", do: `if (self.WebSocketStream) await new WebSocketStream("ws://{trap}/").opened.catch(() => 0); else await ends(new WebSocket("ws://{trap}/"), "close")`},

	// What markup, styles and scripts ask for besides.
	{name: "a module that is to come", do: `await element("link", { rel: "modulepreload", href: "http://{trap}/x.js" })`},
	{name: "a module by a map", do: `add(""); document.body.append(Object.assign(document.createElement("script"), { type: "importmap", textContent: '{"imports":{"x{port}":"http://{trap}/x.js"}}' })); await import("x{port}").catch(() => 0)`},
	{name: "a module of a worklet", do: `await CSS.paintWorklet?.addModule("http://{trap}/x.js").catch(() => 0); const a = new OfflineAudioContext(1, 1, 44100); await a.audioWorklet?.addModule("http://{trap}/x.js").catch(() => 0)`, depends: true},
	{name: "a button's picture", do: `await element("input", { type: "image", src: "http://{trap}/x.png" })`},
	{name: "a picture of many", do: `add('<picture><source srcset="http://{trap}/x.png"><img></picture>'); await soon()`},
	{name: "a cell's background", do: `add('<table><td background="http://{trap}/x.png">x</table>'); await soon()`},
	{name: "a list's marks", do: `add('<ul style="list-style:url(http://{trap}/x.png)"><li>x</ul>'); await soon()`},
	{name: "a mask", do: `add('<div style="width:9px;height:9px;background:red;mask:url(http://{trap}/x.svg#m)">'); await soon()`},
	{name: "a set of pictures", do: `add('<div style="width:9px;height:9px;background:image-set(url(http://{trap}/x.png) 1x)">'); await soon()`},
	{name: "a filter's picture", do: `add('<svg><filter id=f{port}><feImage href="http://{trap}/x.png"/></filter><rect width=9 height=9 filter="url(#f{port})"/></svg>'); await soon()`},
	{name: "an SVG's script", do: `const s = document.createElementNS("http://www.w3.org/2000/svg", "script"); s.setAttribute("href", "http://{trap}/x.js"); add("<svg></svg>").firstChild.append(s); await soon()`},
	{name: "a font that is used", do: `add('<style>@font-face { font-family: f{port}; src: url(http://{trap}/x.woff2) }</style><p style="font-family: f{port}">x'); await soon()`},
	{name: "a sound", do: `await ends(Object.assign(new Audio("http://{trap}/x.mp3"), { preload: "auto" }), "error"); await soon(100)`},
	{name: "a playlist", do: `const v = add('<video src="/list.m3u8?to=' + encodeURIComponent("http://{trap}/x.ts") + '" preload=auto muted autoplay></video>').firstChild; await ends(v, "error")`, depends: true},
	{name: "a style sheet of XML", do: `await element("iframe", { src: "/styled.xml?to=" + encodeURIComponent("http://{trap}/x.css") }); await soon()`, depends: true},
	{name: "an entity of XML", do: `await element("iframe", { src: "/entity.xml?to=" + encodeURIComponent("http://{trap}/x.dtd") }); await soon()`, depends: true},
	{name: "a frame in itself", do: `add('<iframe srcdoc="<img src=http://{trap}/x.png>">'); await soon()`},
	{name: "a frame of data", do: `add('<iframe src="data:text/html,<img src=http://{trap}/x.png>">'); await soon()`},
	{name: "a frame of a blob", do: `await element("iframe", { src: URL.createObjectURL(new Blob(["<img src=http://{trap}/x.png>"], { type: "text/html" })) }); await soon()`},
	{name: "a frame in a sandbox", do: `add('<iframe sandbox="allow-scripts" srcdoc="<script>fetch(\'http://{trap}/\')</script>">'); await soon()`},
	{name: "a button's own target", do: `add('<iframe name=g{port}></iframe><form target=g{port}><button formaction="http://{trap}/">x</button></form>').querySelector("button").click(); await soon()`},
	{name: "a popup without an opener", do: `open("http://{trap}/", "_blank", "noopener"); await soon()`},
	{name: "a popup that goes there", do: `const w = open("about:blank"); w.location.replace("http://{trap}/"); await soon(); w.close()`},
	{name: "a fetch for later", do: `if (self.fetchLater) fetchLater("http://{trap}/", { activateAfter: 0 }); await soon()`, depends: true},
	{name: "a beacon of a page that goes", do: `const f = document.createElement("iframe"); f.srcdoc = "<script>onpagehide = () => navigator.sendBeacon('http://{trap}/', 'x')</script>"; await new Promise(r => { f.onload = r; document.body.append(f) }); f.remove(); await soon()`},
	{name: "a page that is made ready", do: `document.head.append(Object.assign(document.createElement("script"), { type: "speculationrules", textContent: '{"prerender":[{"urls":["http://{trap}/x"],"eagerness":"immediate"}]}' })); await soon()`, depends: true},
	{name: "speculation rules in a header", do: `await element("iframe", { src: "/speculates?to=" + encodeURIComponent("http://{trap}/rules.json") }); await soon()`, depends: true},
	{name: "a source of an advertisement", do: `await element("img", { src: "/x.png", attributionSrc: "http://{trap}/" }); await soon()`, depends: true},
	{name: "a dictionary", do: `add('<link rel=compression-dictionary href="http://{trap}/x">'); await soon()`, depends: true},
	{name: "a manifest", do: `add('<link rel=manifest href="http://{trap}/x.json">'); await soon()`, depends: true},
	{name: "a payment's manifest", do: `try { const p = new PaymentRequest([{ supportedMethods: "https://{trap}/pay" }], { total: { label: "x", amount: { currency: "EUR", value: "1" } } }); await Promise.race([p.canMakePayment().catch(() => 0), soon()]) } catch {}`, depends: true},
	{name: "a login elsewhere", do: `if (self.IdentityCredential) await Promise.race([navigator.credentials.get({ identity: { providers: [{ configURL: "https://{trap}/fedcm.json", clientId: "x" }] } }).catch(() => 0), soon()])`, depends: true},
	{name: "an interest group", do: `try { await Promise.race([navigator.joinAdInterestGroup?.({ owner: "https://{trap}", name: "x", biddingLogicURL: "https://{trap}/b.js", updateURL: "https://{trap}/u" }, 9), soon()]) } catch {}`, depends: true},
	{name: "a background fetch", do: `const w = await navigator.serviceWorker.register("/service.js?to=/", { scope: "/bg{port}/" }).catch(() => 0); await soon(); try { await Promise.race([w.backgroundFetch.fetch("x{port}", "http://{trap}/"), soon()]) } catch {}`, depends: true},
	{name: "a refresh in a header", do: `await element("iframe", { src: "/refreshes?to=" + encodeURIComponent("http://{trap}/") }); await soon()`},
	{name: "a redirect for good", do: `await fetch("/redirect308?to=" + encodeURIComponent("http://{trap}/"), { method: "POST", body: "x" }).catch(() => 0)`},
	{name: "a redirect of a frame", do: `await element("iframe", { src: "/redirect?to=" + encodeURIComponent("http://{trap}/") }); await soon()`},
	{name: "a redirect of a socket", do: `await ends(new WebSocket(location.origin.replace("http", "ws") + "/redirect?to=" + encodeURIComponent("ws://{trap}/")), "close")`, depends: true},
	{name: "a worker's ws:", do: `const w = new Worker(URL.createObjectURL(new Blob(['const s = new WebSocket("ws://{trap}/"); s.onopen = s.onclose = () => postMessage(1)']))); await ends(w, "message")`},
	{name: "a worker's worker", do: `const w = new Worker(URL.createObjectURL(new Blob(['const w = new Worker(URL.createObjectURL(new Blob(["fetch(\'http://{trap}/\').finally(() => postMessage(1))"]))); w.onmessage = () => postMessage(1)']))); await ends(w, "message")`},
	{name: "a worker's XMLHttpRequest", do: `const w = new Worker(URL.createObjectURL(new Blob(['const x = new XMLHttpRequest(); x.open("GET", "http://{trap}/", false); try { x.send() } catch {} postMessage(1)']))); await ends(w, "message")`},
	{name: "a worker's events", do: `const w = new Worker(URL.createObjectURL(new Blob(['const s = new EventSource("http://{trap}/"); s.onopen = s.onerror = () => { s.close(); postMessage(1) }']))); await ends(w, "message")`},
	{name: "WebTransport of a worker", do: `const w = new Worker(URL.createObjectURL(new Blob(['try { new WebTransport("https://{trap}/").ready.catch(() => 0).finally(() => postMessage(1)) } catch { postMessage(1) }']))); await ends(w, "message")`, never: true, around: true},
	{name: "WebRTC, TURN over TLS", do: `const p = new RTCPeerConnection({ iceServers: [{ urls: "turns:{trap}?transport=tcp", username: "u", credential: "c" }] }); p.createDataChannel("x"); await p.setLocalDescription(); await soon(1000); p.close()`},
	{name: "an issuer's certificate", do: `await fetch("https://{issued}/", { mode: "no-cors" }).catch(() => 0); await soon()`, depends: true},
	{name: "another protocol", do: `await Promise.all(["ftp", "gopher", "ws+unix", "irc", "mailto", "steam"].map((s) => fetch(s + "://{trap}/").catch(() => 0))); add('<iframe src="ftp://{trap}/"></iframe>'); await soon()`, never: true},

	// Spellings of this machine.
	{name: "127.1", do: `await fetch("http://127.1:{port}/", { mode: "no-cors" }).catch(() => 0)`},
	{name: "a decimal number", do: `await fetch("http://2130706433:{port}/", { mode: "no-cors" }).catch(() => 0)`},
	{name: "octal", do: `await fetch("http://0177.0.0.1:{port}/", { mode: "no-cors" }).catch(() => 0)`},
	{name: "hexadecimal", do: `await fetch("http://0x7f000001:{port}/", { mode: "no-cors" }).catch(() => 0)`},
	{name: "another loopback", do: `await fetch("http://127.255.255.254:{port}/", { mode: "no-cors" }).catch(() => 0)`},
	{name: "localhost", do: `await fetch("http://localhost:{port}/", { mode: "no-cors" }).catch(() => 0)`},
	{name: "a name below localhost", do: `await fetch("http://a.b.localhost:{port}/", { mode: "no-cors" }).catch(() => 0)`},
	{name: "wide letters", do: `await fetch("http://ｌｏｃａｌｈｏｓｔ:{port}/", { mode: "no-cors" }).catch(() => 0)`},
	{name: "0.0.0.0", do: `await fetch("http://0.0.0.0:{port}/", { mode: "no-cors" }).catch(() => 0)`},
	{name: "IPv6", do: `await fetch("http://[::1]:{port}/", { mode: "no-cors" }).catch(() => 0)`},
	{name: "IPv6, unspecified", do: `await fetch("http://[::]:{port}/", { mode: "no-cors" }).catch(() => 0)`},
	{name: "IPv6, mapped", do: `await fetch("http://[::ffff:127.0.0.1]:{port}/", { mode: "no-cors" }).catch(() => 0)`},
	{name: "percents", do: `await fetch("http://127%2e0%2e0%2e1:{port}/", { mode: "no-cors" }).catch(() => 0)`},
	{name: "wide digits and other full stops", do: `await fetch("http://１２７。０．0｡1:{port}/", { mode: "no-cors" }).catch(() => 0)`},
	{name: "many zeros", do: `await fetch("http://000000177.0x0.0.0000001:{port}/", { mode: "no-cors" }).catch(() => 0)`},
	{name: "a last full stop", do: `await fetch("http://127.0.0.1.:{port}/", { mode: "no-cors" }).catch(() => 0)`},
	{name: "localhost and a full stop", do: `await fetch("http://LocalHost.:{port}/", { mode: "no-cors" }).catch(() => 0)`},
	{name: "backslashes", do: `await fetch("http:\\\\{trap}\\", { mode: "no-cors" }).catch(() => 0)`},
	{name: "another host as a user", do: `await element("iframe", { src: "http://127.0.0.2:80@{trap}/" }); await soon()`, depends: true},
	{name: "a soft hyphen", do: `await fetch("http://local\u00adhost:{port}/", { mode: "no-cors" }).catch(() => 0)`},
	{name: "IPv6, mapped, in full", do: `await fetch("http://[0:0:0:0:0:FFFF:7f00:0001]:{port}/", { mode: "no-cors" }).catch(() => 0)`},
	{name: "IPv6, compatible", do: `await fetch("http://[::127.0.0.1]:{port}/", { mode: "no-cors" }).catch(() => 0)`, never: true},
	{name: "IPv6, translated", do: `await fetch("http://[::ffff:0:127.0.0.1]:{port}/", { mode: "no-cors" }).catch(() => 0)`, never: true},
	{name: "NAT64", do: `await fetch("http://[64:ff9b::127.0.0.1]:{port}/", { mode: "no-cors" }).catch(() => 0)`, never: true},
	{name: "6to4", do: `await fetch("http://[2002:7f00:1::]:{port}/", { mode: "no-cors" }).catch(() => 0)`, never: true},
	{name: "IPv6, with a zone", do: `await Promise.all(["::1%25lo", "::1%lo", "fe80::1%25lo"].map((a) => fetch("http://[" + a + "]:{port}/", { mode: "no-cors" }).catch(() => 0)))`, never: true},
	{name: "this machine's IPv6 address", do: `await fetch("http://{own6}:{port}/", { mode: "no-cors" }).catch(() => 0)`},
	{name: "ports that aren't", do: `await Promise.all(["0", "65536", "+{port}", " {port}", "{port}0"].map((n) => { try { return fetch("http://127.0.0.1:" + n + "/", { mode: "no-cors" }).catch(() => 0) } catch {} }))`, never: true},
	{name: "this machine's address", do: `await fetch("http://{own}:{port}/", { mode: "no-cors" }).catch(() => 0)`},
	{name: "this machine's name", do: `await fetch("http://{name}:{port}/", { mode: "no-cors" }).catch(() => 0)`},
}

func TestPages(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			r := start(t, k)
			// Chromium has 32 connections through a proxy.
			for some := range slices.Chunk(ofPages, 24) {
				var running sync.WaitGroup
				for _, w := range some {
					do := r.fill(t, w)
					running.Go(func() {
						if err := r.evaluate(t.Context(), do); err != nil {
							t.Errorf("%s: %v", w.name, err)
						}
					})
				}
				running.Wait()
			}
			r.judge(t, ofPages)
		})
	}
}

// TestTraps: what leads nowhere from a browser that is closed in would lead to the trap
// from one that isn't. Otherwise it would say nothing that it doesn't.
func TestTraps(t *testing.T) {
	t.Parallel()
	r := start(t, kind{name: "not closed in", noNamespace: true, bare: true})
	var around []row
	for _, w := range ofPages {
		if w.around {
			around = append(around, w)
		}
	}
	var running sync.WaitGroup
	for _, w := range around {
		do := r.fill(t, w)
		running.Go(func() {
			if err := r.evaluate(t.Context(), do); err != nil {
				t.Errorf("%s: %v", w.name, err)
			}
		})
	}
	running.Wait()
	r.judge(t, around)
}
