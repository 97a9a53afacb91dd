package main

import "fmt"

// prose is what stands around what changes, so that a picture has something to encode.
const prose = `<style>
body { margin: 0; font: 18px/1.5 serif; background: #fff; color: #222 } main { columns: 3; padding: 20px }
#sign { position: fixed; left: 560px; top: 280px; width: 160px; height: 160px; background: #000 }
</style><main></main><script>
const words = "a browser draws what a server tells it and a person looks at what the browser draws while many small letters stand around it".split(" ");
const say = (n) => Array.from({ length: n }, (_, i) => words[(i * i + 7 * i) % words.length]).join(" ");
</script>`

// signPage has a sign of eight colours. It changes by itself when it is asked to, and at
// each press of a button: changes and presses are when, by its clock.
const signPage = `<!doctype html><link rel=icon href="data:,"><title>sign</title>` + prose + `<div id=sign></div><script>
document.querySelector("main").textContent = say(600);
const changes = [], presses = [];
let number = 0, moving = false;
const change = () => {
  const code = ++number % 8;
  sign.style.background = "rgb(" + [4, 2, 1].map((bit) => (code & bit ? 255 : 0)).join() + ")";
  changes.push([code, performance.now()]);
};
addEventListener("pointerdown", () => { presses.push(performance.now()); change(); });
const rest = (ms) => new Promise((done) => setTimeout(done, ms));
const changeOften = async (times) => { for (let i = 0; i < times; i++) { await rest(200 + 100 * Math.random()); change(); } await rest(250); };
const move = () => { if (moving) { change(); requestAnimationFrame(move); } };
const start = () => { moving = true; move(); };
const stop = () => { moving = false; };
</script>`

// barePage shows a bare screencast, by nothing that it could do without.
const barePage = `<!doctype html><link rel=icon href="data:,"><title>bare</title><style>body{margin:0}</style><canvas width=1280 height=720></canvas><script>
const canvas = document.querySelector("canvas"), ink = canvas.getContext("2d", { alpha: false });
const socket = new WebSocket(location.href.replace("http", "ws") + "socket");
socket.binaryType = "blob";
socket.onmessage = async (m) => { const image = await createImageBitmap(m.data); ink.drawImage(image, 0, 0); image.close(); };
for (const [kind, type] of [["pointerdown", "mousePressed"], ["pointerup", "mouseReleased"]])
  canvas.addEventListener(kind, (e) => socket.send(JSON.stringify({ type, x: e.offsetX, y: e.offsetY, button: "left", clickCount: 1 })));
</script>`

// counting counts what comes over a viewer's socket, and the frames of its screen in which
// it has drawn a picture.
const counting = `(() => {
  const count = globalThis.benchCount = { bytes: 0, pictures: 0, shown: 0 };
  const Socket = WebSocket, { drawImage } = CanvasRenderingContext2D.prototype;
  globalThis.WebSocket = class extends Socket {
    constructor(...args) {
      super(...args);
      this.addEventListener("message", (m) => { count.bytes += m.data.size ?? m.data.length; if (typeof m.data !== "string") count.pictures++; });
    }
  };
  let waits = false;
  CanvasRenderingContext2D.prototype.drawImage = function (...args) {
    drawImage.apply(this, args);
    if (waits || this.canvas instanceof OffscreenCanvas) return;
    waits = true;
    requestAnimationFrame(() => { waits = false; count.shown++; });
  };
})()`

// watching looks at the sign's middle in the viewer's canvas, in each frame of its
// screen: benchSeen is which colour it had, and when that frame was drawn; benchPressed
// when a button was pressed on it.
const watching = `(() => {
  const screen = document.querySelector("canvas"), spot = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const seen = globalThis.benchSeen = [], pressed = globalThis.benchPressed = [], drawn = new MessageChannel();
  drawn.port2.onmessage = ({ data }) => seen.push([data, performance.now()]);
  addEventListener("pointerdown", () => pressed.push(performance.now()), true);
  let last = -1;
  const look = () => {
    requestAnimationFrame(look);
    spot.drawImage(screen, screen.width / 2, screen.height / 2, 1, 1, 0, 0, 1, 1);
    const [r, g, b] = spot.getImageData(0, 0, 1, 1).data, code = (r > 127) << 2 | (g > 127) << 1 | b > 127;
    if (code === last) return;
    last = code;
    drawn.port1.postMessage(code);
  };
  look();
})()`

// movingPages are what is watched, by name.
var movingPages = []struct{ name, page string }{
	{"text, a word more ten times a second", moving(`
		document.querySelector("main").textContent = say(300);
		setInterval(() => { if (n % 50 === 0) text.textContent = ""; text.append(words[n++ % words.length] + " "); }, 100);`, "<p id=text style='margin:20px'></p>")},
	{"text that scrolls", moving(`document.querySelector("main").textContent = say(6000); const on = () => { scrollTo(0, (n += 12) % 2000); requestAnimationFrame(on); }; on();`, "")},
	{"like a video", moving(`
		const ink = video.getContext("2d"), tile = ink.createImageData(160, 90);
		let seed = 1;
		for (let i = 0; i < tile.data.length; i++) tile.data[i] = i % 4 === 3 ? 24 : (seed = seed * 16807 % 2147483647) % 256;
		const grain = new OffscreenCanvas(160, 90);
		grain.getContext("2d").putImageData(tile, 0, 0);
		const on = () => {
			n++;
			const g = ink.createLinearGradient(0, 0, 1280, 720);
			for (let i = 0; i < 6; i++) g.addColorStop(i / 5, "hsl(" + (n * 2 + i * 60) % 360 + " 60% " + (40 + 15 * Math.sin(n / 20 + i)) + "%)");
			ink.fillStyle = g;
			ink.fillRect(0, 0, 1280, 720);
			for (let i = 0; i < 12; i++) {
				ink.fillStyle = "hsl(" + i * 30 + " 70% 50%)";
				ink.beginPath();
				ink.arc(640 + 500 * Math.sin(n / 40 + i), 360 + 280 * Math.cos(n / 50 + 2 * i), 40 + 3 * i, 0, 7);
				ink.fill();
			}
			ink.drawImage(grain, 0, 0, 1280, 720);
			requestAnimationFrame(on);
		};
		on();`, "<canvas id=video width=1280 height=720 style='display:block'></canvas>")},
}

func moving(script, body string) string {
	return fmt.Sprintf(`<!doctype html><link rel=icon href="data:,"><title>moving</title>%s%s<script>let n = 0; %s</script>`, prose, body, script)
}
