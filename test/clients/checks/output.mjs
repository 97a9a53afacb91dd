// What a program takes from a page: pictures, papers, traces, trees.
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { alone, sorted, within } from "./mark.mjs";

const size = (png) => [png.readUInt32BE(16), png.readUInt32BE(20)];
const has = (paper) => Buffer.from(paper).subarray(0, 4).toString();

async function scratch(use) {
  const dir = await mkdtemp(join(tmpdir(), "out"));
  try { return await use(dir); } finally { await rm(dir, { recursive: true }); }
}

const small = { viewport: { width: 400, height: 300 } };

export const playwright = {
  "a picture": within(small, async ({ page, site }) => { await page.goto(site + "/page"); return size(await page.screenshot()); }),
  "a picture of all": within(small, async ({ page, site }) => { await page.goto(site + "/tall"); const [w, h] = size(await page.screenshot({ fullPage: true })); return [w, h > 3000]; }),
  "a part of a picture": within(small, async ({ page, site }) => { await page.goto(site + "/tall"); return size(await page.screenshot({ clip: { x: 10, y: 20, width: 30, height: 40 } })); }),
  "a picture of an element": within(small, async ({ page, site }) => { await page.goto(site + "/mouse"); return size(await page.locator("#pad").screenshot()); }),
  "a picture of a frame of another site": within(small, async ({ page, site }) => { await page.goto(site + "/frames"); return (await page.frameLocator("#other").locator("#go").screenshot()).length > 100; }),
  "a JPEG": within(small, async ({ page, site }) => { await page.goto(site + "/page"); return (await page.screenshot({ type: "jpeg", quality: 50 })).subarray(0, 2).toString("hex"); }),
  "a picture at twice the scale": within({ ...small, deviceScaleFactor: 2 }, async ({ page, site }) => { await page.goto(site + "/page"); return [size(await page.screenshot()), size(await page.screenshot({ scale: "css" }))]; }),
  "what is masked": within(small, async ({ page, site }) => { await page.goto(site + "/mouse"); const plain = await page.screenshot(), masked = await page.screenshot({ mask: [page.locator("#pad")] }); return plain.equals(masked); }),
  "pictures of pages at once": async ({ context, site }) => { const pages = await Promise.all([1, 2, 3].map(() => context.newPage())); await Promise.all(pages.map((p) => p.goto(site + "/page"))); const all = await Promise.all(pages.map((p) => p.screenshot())); return all.map((png) => size(png)); },
  "a paper": async ({ page, site }) => { await page.goto(site + "/page"); return has(await page.pdf({ format: "A4" })); },
  "a long paper": async ({ page, site }) => { await page.goto(site + "/tall"); return (await page.pdf()).toString("latin1").match(/\/Type \/Page\b/g).length > 1; },
  "coverage of scripts": async ({ page, site }) => { await page.coverage.startJSCoverage(); await page.goto(site + "/scripts"); const all = await page.coverage.stopJSCoverage(); return all.find((e) => e.url.endsWith("/script.js")).functions.map((f) => [f.functionName, f.ranges[0].count]); },
  "coverage of styles": async ({ page, site }) => { await page.coverage.startCSSCoverage(); await page.goto(site + "/scripts"); const all = await page.coverage.stopCSSCoverage(); const [e] = all.filter((e) => e.url.endsWith("/style.css")); return e.ranges.map((r) => e.text.slice(r.start, r.end)); },
  "the accessible tree": async ({ page, site }) => { await page.goto(site + "/page"); return page.locator("body").ariaSnapshot(); },
  "a trace of the program": async ({ page, context, site }) => scratch(async (dir) => { await context.tracing.start({ snapshots: true, screenshots: true }); await page.goto(site + "/page"); await page.click("#go"); await context.tracing.stop({ path: join(dir, "trace.zip") }); return (await stat(join(dir, "trace.zip"))).size > 1000; }),
  "a trace of the browser": alone(async ({ browser, page, site }) => { await browser.startTracing(page, { screenshots: true }); await page.goto(site + "/page"); const trace = JSON.parse((await browser.stopTracing()).toString()); return trace.traceEvents.some((e) => e.name === "navigationStart"); }),
  "an archive of the network": async ({ browser, site }) => scratch(async (dir) => { const c = await browser.newContext({ recordHar: { path: join(dir, "all.har") } }); const p = await c.newPage(); await p.goto(site + "/page"); await c.close(); return (await stat(join(dir, "all.har"))).size > 1000; }),
};

export const puppeteer = {
  "a picture": async ({ page, site }) => { await page.setViewport({ width: 400, height: 300 }); await page.goto(site + "/page"); return size(Buffer.from(await page.screenshot())); },
  "a picture of all": async ({ page, site }) => { await page.setViewport({ width: 400, height: 300 }); await page.goto(site + "/tall"); const [w, h] = size(Buffer.from(await page.screenshot({ fullPage: true }))); return [w, h > 3000]; },
  "a part of a picture": async ({ page, site }) => { await page.goto(site + "/tall"); return size(Buffer.from(await page.screenshot({ clip: { x: 10, y: 20, width: 30, height: 40 } }))); },
  "a picture of an element": async ({ page, site }) => { await page.goto(site + "/mouse"); return size(Buffer.from(await (await page.$("#pad")).screenshot())); },
  "a WebP": async ({ page, site }) => { await page.goto(site + "/page"); return Buffer.from(await page.screenshot({ type: "webp" })).subarray(8, 12).toString(); },
  "a paper": async ({ page, site }) => { await page.goto(site + "/page"); return has(await page.pdf()); },
  "coverage of scripts": async ({ page, site }) => { await page.coverage.startJSCoverage(); await page.goto(site + "/scripts"); const all = await page.coverage.stopJSCoverage(); return all.filter((e) => e.url.endsWith("/script.js")).map((e) => e.ranges.map((r) => e.text.slice(r.start, r.end).trim())); },
  "coverage of styles": async ({ page, site }) => { await page.coverage.startCSSCoverage(); await page.goto(site + "/scripts"); const all = await page.coverage.stopCSSCoverage(); return all.filter((e) => e.url.endsWith("/style.css")).map((e) => e.ranges.map((r) => e.text.slice(r.start, r.end))); },
  "the accessible tree": async ({ page, site }) => { await page.goto(site + "/page"); const tree = await page.accessibility.snapshot(); return [tree.role, tree.children.map((c) => c.role)]; },
  "a trace of the browser": alone(async ({ page, site }) => { await page.tracing.start(); await page.goto(site + "/page"); const trace = JSON.parse(Buffer.from(await page.tracing.stop()).toString()); return sorted(new Set(trace.traceEvents.map((e) => e.ph))).length > 3; }),
};
