// Runs checks against a browser at an address, as Playwright and as Puppeteer, and
// prints one JSON object: the outcome of each check by its name. The same checks
// over connectUrl and over Chromium's own port give the same outcomes.
//
// usage: connect.mjs playwright|puppeteer <address> <site> <other site>
import { chromium } from "playwright-core";
import puppeteer from "puppeteer-core";

const [client, address, site, other] = process.argv.slice(2);
const outcomes = {};

// check keeps what a check returns, or that it failed and with what.
async function check(name, run) {
  const late = new Promise((_, no) => setTimeout(() => no(new Error("it took more than 20 s")), 20_000).unref());
  try {
    outcomes[name] = (await Promise.race([run(), late])) ?? null;
  } catch (err) {
    outcomes[name] = "failed: " + String(err.message).split("\n")[0].replaceAll(/[0-9A-F]{32}/g, "…");
  }
}
// until asks a worker that may not have run yet.
async function until(ask) {
  for (;;) {
    const got = await ask();
    if (got) return got;
  }
}
const sorted = (list) => [...list].sort();

async function asPlaywright() {
  const browser = await chromium.connectOverCDP(address);
  await check("is connected", () => browser.isConnected());
  await check("the default context is there", () => browser.contexts().length);
  await check("the first page is there", () => browser.contexts()[0].pages().length);
  const first = browser.contexts()[0].pages()[0];
  await check("goto", async () => (await first.goto(site + "/page")).status());
  await check("title", () => first.title());
  await check("a missing page", async () => (await first.goto(site + "/missing")).status());
  await check("nothing answers", async () => { await first.goto("http://127.0.0.1:1/"); });
  await first.waitForURL((u) => u.protocol === "chrome-error:");
  await first.goto(site + "/page");
  await check("evaluate", () => first.evaluate(() => ({ sum: 1 + 1, list: [1, "two", null], nested: { date: new Date(0) } })));
  await check("evaluate with a promise", () => first.evaluate(async (n) => { await null; return n * 2; }, 21));
  await check("a script that throws", () => first.evaluate(() => { throw new TypeError("on purpose"); }));
  await check("a handle", async () => { const h = await first.evaluateHandle(() => document.body); return h.evaluate((b) => b.tagName); });
  await check("fill and click", async () => { await first.fill("#name", "Zoë 😀"); await first.click("#go"); return first.textContent("#out"); });
  await check("role", () => first.getByRole("button", { name: "Go" }).count());
  await check("keyboard", async () => { await first.focus("#name"); await first.keyboard.press("Control+a"); await first.keyboard.type("abc"); return first.inputValue("#name"); });
  await check("select", async () => { await first.selectOption("#choice", "b"); return first.inputValue("#choice"); });
  await check("check", async () => { await first.check("#box"); return first.isChecked("#box"); });
  await check("hover", async () => { await first.hover("#go"); return first.evaluate(() => document.querySelector("#go").matches(":hover")); });
  await check("files as contents", async () => {
    await first.setInputFiles("#file", { name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("hello") });
    return first.evaluate(async () => { const f = document.querySelector("#file").files[0]; return f.name + " " + await f.text(); });
  });
  await check("screenshot", async () => (await first.screenshot()).subarray(1, 4).toString());
  await check("screenshot of an element", async () => (await first.locator("#go").screenshot()).length > 100);
  await check("console", async () => {
    const [m] = await Promise.all([first.waitForEvent("console"), first.evaluate(() => console.log("said", 1))]);
    return m.type() + " " + m.text();
  });
  await check("page error", async () => {
    const [e] = await Promise.all([first.waitForEvent("pageerror"), first.evaluate(() => { setTimeout(() => { throw new Error("later"); }); })]);
    return e.message;
  });
  await check("exposed function", async () => { await first.exposeFunction("twice", (n) => n * 2); return first.evaluate(() => window.twice(4)); });
  await check("init script", async () => { await first.addInitScript(() => { window.early = 1; }); await first.goto(site + "/page"); return first.evaluate(() => window.early); });
  await check("frames", async () => { await first.goto(site + "/frames"); await first.waitForLoadState(); return sorted(first.frames().map((f) => new URL(f.url()).pathname)); });
  await check("in a frame of the same site", () => first.frameLocator("#same").locator("#out").textContent());
  await check("click in a frame of another site", async () => { const f = first.frameLocator("#other"); await f.locator("#name").fill("far"); await f.locator("#go").click(); return f.locator("#out").textContent(); });
  await check("worker", async () => {
    const [w] = await Promise.all([first.waitForEvent("worker"), first.goto(site + "/worker")]);
    return until(() => w.evaluate(() => self.answer));
  });
  await check("interception: fulfill", async () => {
    await first.route("**/api", (r) => r.fulfill({ json: { made: "up" } }));
    await first.goto(site + "/page");
    return first.evaluate(async () => (await (await fetch("/api")).json()).made);
  });
  await check("interception: abort", async () => { await first.unrouteAll(); await first.route("**/api", (r) => r.abort()); return first.evaluate(() => fetch("/api").catch((e) => e.name)); });
  await check("interception: continue with a header", async () => {
    await first.unrouteAll();
    await first.route("**/headers", (r) => r.continue({ headers: { ...r.request().headers(), "x-added": "yes" } }));
    return first.evaluate(async () => (await (await fetch("/headers")).json())["X-Added"]);
  });
  await first.unrouteAll();
  await check("requests are told", async () => {
    const [r] = await Promise.all([first.waitForResponse("**/api"), first.evaluate(() => fetch("/api"))]);
    return [r.status(), r.request().method(), await r.text()];
  });
  await check("dialog", async () => { first.once("dialog", (d) => d.accept("typed")); return first.evaluate(() => prompt("name?")); });
  await check("popup", async () => {
    const [p] = await Promise.all([first.waitForEvent("popup"), first.evaluate(() => { window.open("/page"); })]);
    await p.waitForLoadState();
    const got = [await p.title(), await p.opener() === first];
    await p.close();
    return got;
  });
  await check("new page", async () => {
    const p = await browser.contexts()[0].newPage();
    await p.goto(site + "/page");
    const title = await p.title();
    await p.close();
    return title;
  });
  await check("cookies", async () => {
    const c = browser.contexts()[0];
    await c.addCookies([{ name: "a", value: "1", url: site }]);
    const has = (await c.cookies(site)).map((c) => c.name + "=" + c.value);
    await c.clearCookies();
    return [has, (await c.cookies(site)).length];
  });
  await check("a context of one's own", async () => {
    const c = await browser.newContext({ viewport: { width: 400, height: 300 }, locale: "de-DE", timezoneId: "Asia/Tokyo", extraHTTPHeaders: { "x-mine": "1" } });
    const p = await c.newPage();
    await p.goto(site + "/page");
    const got = await p.evaluate(async () => [innerWidth, innerHeight, navigator.language, Intl.DateTimeFormat().resolvedOptions().timeZone, (await (await fetch("/headers")).json())["X-Mine"]]);
    await c.close();
    return got;
  });
  await check("offline", async () => { await browser.contexts()[0].setOffline(true); const got = await first.evaluate(() => navigator.onLine); await browser.contexts()[0].setOffline(false); return got; });
  await check("pdf", async () => (await first.pdf()).subarray(0, 4).toString());
  await check("a raw session", async () => { const s = await browser.contexts()[0].newCDPSession(first); const got = await s.send("Runtime.evaluate", { expression: "6 * 7" }); await s.detach(); return got.result.value; });
  await check("a raw session of the browser", async () => { const s = await browser.newBrowserCDPSession(); const v = await s.send("Browser.getVersion"); await s.detach(); return v.protocolVersion; });
  await check("tracing", async () => { await browser.startTracing(first); await first.goto(site + "/page"); return (await browser.stopTracing()).length > 1000; });
  await check("10 MB", async () => (await first.evaluate(() => "x".repeat(10_000_000))).length);
  await check("history", async () => { await first.goto(site + "/page"); await first.goto(site + "/frames"); await first.goBack(); return new URL(first.url()).pathname; });
  await check("reload", async () => (await first.reload()).status());
  await check("a redirect", async () => { const r = await first.goto(site + "/redirect"); return [new URL(r.url()).pathname, r.request().redirectedFrom() !== null]; });
  await check("a download", async () => {
    await first.goto(site + "/page");
    const [d] = await Promise.all([first.waitForEvent("download"), first.click("#load")]);
    return [d.suggestedFilename(), await d.failure()];
  });
  await check("many at once", async () => (await Promise.all(Array.from({ length: 200 }, (_, i) => first.evaluate((i) => i, i)))).reduce((a, b) => a + b));
  await check("leaving leaves the page", async () => { await first.goto(site + "/page"); await browser.close(); return browser.isConnected(); });
}

async function asPuppeteer() {
  const browser = await puppeteer.connect({ browserWSEndpoint: address, defaultViewport: null, protocolTimeout: 20_000 });
  await check("is connected", () => browser.connected);
  await check("version", async () => /Chrome\//.test(await browser.version()));
  const [first] = await browser.pages();
  await check("the first page is there", async () => (await browser.pages()).length);
  await check("goto", async () => (await first.goto(site + "/page")).status());
  await check("title", () => first.title());
  await check("content", async () => (await first.content()).includes("<button"));
  await check("nothing answers", async () => { await first.goto("http://127.0.0.1:1/"); });
  await first.goto(site + "/page");
  await check("evaluate", () => first.evaluate(() => ({ sum: 1 + 1, list: [1, "two", null] })));
  await check("a script that throws", () => first.evaluate(() => { throw new TypeError("on purpose"); }));
  await check("type and click", async () => { await first.type("#name", "Zoë"); await first.click("#go"); return first.$eval("#out", (e) => e.textContent); });
  await check("locator", async () => { await first.locator("#name").fill("by locator"); return first.$eval("#name", (e) => e.value); });
  await check("aria", async () => (await first.$$("aria/Go")).length);
  await check("select", () => first.select("#choice", "b"));
  await check("screenshot", async () => Buffer.from(await first.screenshot()).subarray(1, 4).toString());
  await check("console", async () => { const said = new Promise((r) => first.once("console", r)); await first.evaluate(() => console.log("said", 1)); return (await said).text(); });
  await check("exposed function", async () => { await first.exposeFunction("thrice", (n) => n * 3); return first.evaluate(() => window.thrice(4)); });
  await check("frames", async () => { await first.goto(site + "/frames", { waitUntil: "load" }); return sorted(first.frames().map((f) => new URL(f.url()).pathname)); });
  await check("in a frame of another site", async () => { const h = await first.$("#other"); const f = await h.contentFrame(); await f.type("#name", "far"); await f.click("#go"); return f.$eval("#out", (e) => e.textContent); });
  await check("worker", async () => { const made = new Promise((r) => first.once("workercreated", r)); await first.goto(site + "/worker"); const w = await made; return until(() => w.evaluate(() => self.answer)); });
  await check("interception", async () => {
    await first.setRequestInterception(true);
    const answer = (r) => (r.url().endsWith("/api") ? r.respond({ body: '{"made":"up"}', contentType: "application/json" }) : r.continue());
    first.on("request", answer);
    await first.goto(site + "/page");
    const got = await first.evaluate(async () => (await (await fetch("/api")).json()).made);
    first.off("request", answer);
    await first.setRequestInterception(false);
    return got;
  });
  await check("dialog", async () => { first.once("dialog", (d) => d.accept("typed")); return first.evaluate(() => prompt("name?")); });
  await check("popup", async () => { const opened = new Promise((r) => first.once("popup", r)); await first.evaluate(() => { window.open("/page"); }); const p = await opened; await p.waitForSelector("#go"); const title = await p.title(); await p.close(); return title; });
  await check("new page", async () => { const p = await browser.newPage(); await p.goto(site + "/page"); const title = await p.title(); await p.close(); return title; });
  await check("a context of one's own", async () => { const c = await browser.createBrowserContext(); const p = await c.newPage(); await p.goto(site + "/page"); const n = (await c.pages()).length; await c.close(); return n; });
  await check("viewport", async () => { await first.setViewport({ width: 500, height: 400 }); return first.evaluate(() => [innerWidth, innerHeight]); });
  await check("emulated timezone", async () => { await first.emulateTimezone("Asia/Tokyo"); return first.evaluate(() => Intl.DateTimeFormat().resolvedOptions().timeZone); });
  await check("cookies", async () => { await browser.setCookie({ name: "a", value: "1", domain: new URL(site).hostname }); const got = (await browser.cookies()).map((c) => c.name); await browser.deleteCookie(...(await browser.cookies())); return got; });
  await check("pdf", async () => Buffer.from(await first.pdf()).subarray(0, 4).toString());
  await check("a raw session", async () => { const s = await first.createCDPSession(); const got = await s.send("Runtime.evaluate", { expression: "6 * 7" }); await s.detach(); return got.result.value; });
  await check("an unknown method", async () => { const s = await first.createCDPSession(); await s.send("No.such"); });
  await check("targets", async () => sorted(new Set(browser.targets().map((t) => t.type()))).includes("page"));
  await check("10 MB", async () => (await first.evaluate(() => "x".repeat(10_000_000))).length);
  await check("metrics", async () => (await first.metrics()).Documents > 0);
  await check("coverage", async () => { await first.coverage.startJSCoverage(); await first.goto(site + "/page"); return (await first.coverage.stopJSCoverage()).length > 0; });
  await check("accessibility", async () => (await first.accessibility.snapshot()).role);
  await check("leaving leaves the page", async () => { await browser.disconnect(); return browser.connected; });
}

await (client === "playwright" ? asPlaywright() : asPuppeteer());
console.log(JSON.stringify(outcomes));
process.exit(0);
