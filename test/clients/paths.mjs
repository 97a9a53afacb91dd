// Runs the benchmark's scripts over addresses: for each line of input, "<which
// address> calls", "<which> picture" or "<which> page <url>", it prints the
// milliseconds that it took.
//
// usage: paths.mjs <calls> <address>…
import { chromium } from "playwright-core";
import { createInterface } from "node:readline";

const [calls, ...addresses] = process.argv.slice(2);
const form = `<!doctype html><title>form</title><h1>Form</h1><input id=a><button id=go onclick="document.querySelector('h1').textContent = a.value">Go</button>`;
// Noise can't be compressed: its picture has 10 MB.
const noise = `<!doctype html><body style="margin:0"><canvas width=1900 height=1800 style="display:block"></canvas><script>
  const c = document.querySelector("canvas").getContext("2d"), p = c.createImageData(1900, 1800);
  for (let i = 0, x = 1; i < p.data.length; i++) { x ^= x << 13; x ^= x >>> 17; x ^= x << 5; p.data[i] = i % 4 === 3 ? 255 : x & 255; }
  c.putImageData(p, 0, 0)</script>`;

const pages = await Promise.all(addresses.map(async (address) => {
  const context = (await chromium.connectOverCDP(address)).contexts()[0];
  const [script, picture] = [context.pages()[0], await context.newPage()];
  await script.setContent(form);
  await picture.setViewportSize({ width: 1900, height: 1800 });
  await picture.setContent(noise);
  return { script, picture };
}));

const run = {
  // Five calls of Playwright's, again and again.
  async calls({ script }) {
    await script.bringToFront();
    const began = performance.now();
    for (let i = 0; i < calls / 5; i++) {
      await script.fill("#a", "text " + i);
      await script.click("#go");
      const got = await script.textContent("h1");
      if (got !== "text " + i || !await script.isVisible("#go")) throw new Error("read " + got);
      await script.evaluate((i) => i, i);
    }
    return performance.now() - began;
  },
  async picture({ picture }) {
    await picture.bringToFront();
    const began = performance.now();
    const { length } = await picture.screenshot();
    if (length < 10e6) throw new Error("a picture of " + length + " bytes");
    return performance.now() - began;
  },
  // As the page tells itself, so that the way to the program isn't in it.
  async page({ script }, url) {
    await script.bringToFront();
    await script.goto(url);
    return script.evaluate(async () => {
      const [entry] = performance.getEntriesByType("navigation");
      while (!entry.loadEventEnd) await new Promise((r) => setTimeout(r, 1));
      return entry.loadEventEnd;
    });
  },
};
for await (const line of createInterface({ input: process.stdin })) {
  const [which, what, ...rest] = line.split(" ");
  console.log(await run[what](pages[which], ...rest));
}
process.exit(0);
