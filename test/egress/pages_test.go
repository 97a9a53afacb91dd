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
	{name: "this machine's address", do: `await fetch("http://{own}:{port}/", { mode: "no-cors" }).catch(() => 0)`},
	{name: "this machine's name", do: `await fetch("http://{name}:{port}/", { mode: "no-cors" }).catch(() => 0)`},
}

func TestPages(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			r := start(t, k)
			// Chromium has 32 connections through a proxy.
			for some := range slices.Chunk(ofPages, 16) {
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
