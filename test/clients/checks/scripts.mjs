// Scripts in pages: values, handles, functions of the program's, scripts that come
// first.
import { once, thrown } from "./mark.mjs";

const values = () => ({ nan: Number.isNaN(NaN), list: [1, "two", null], date: new Date(0).toISOString(), deep: { er: { est: true } } });

export const playwright = {
  "values": ({ page }) => page.evaluate(values),
  "values that JSON has not": async ({ page }) => { const got = await page.evaluate(() => [NaN, -0, Infinity, undefined, 10n ** 20n, new Date(0), /a/g, new URL("http://x/")]); return got.map(String).concat(String(Object.is(got[1], -0))); },
  "arguments": ({ page }) => page.evaluate(([a, b]) => [a.getTime(), String(b)], [new Date(7), 5n]),
  "a promise": ({ page }) => page.evaluate(async (n) => { await null; return n * 2; }, 21),
  "what is thrown": ({ page }) => thrown(page.evaluate(() => { throw new TypeError("on purpose"); })),
  "a string that is thrown": ({ page }) => thrown(page.evaluate(() => { throw "a string"; })),
  "a script that navigates": async ({ page, site }) => { await page.goto(site + "/empty"); const [gone] = await Promise.all([thrown(page.evaluate(() => { location.href = "/page"; return new Promise(() => {}); })), page.waitForURL("**/page")]); return gone; },
  "a handle": async ({ page }) => { const h = await page.evaluateHandle(() => document.body); return [await h.evaluate((b) => b.tagName), String(h), h.asElement() !== null]; },
  "a handle's properties": async ({ page }) => { const h = await page.evaluateHandle(() => ({ a: 1, b: [2] })); const all = await h.getProperties(); return [[...all.keys()], await h.jsonValue()]; },
  "a handle that is given back": async ({ page }) => { const h = await page.evaluateHandle(() => ({})); await h.dispose(); return thrown(h.jsonValue()); },
  "a function of the program's": async ({ page, site }) => { await page.exposeFunction("twice", async (n) => n * 2); await page.goto(site + "/empty"); return page.evaluate(() => window.twice(4)); },
  "a function of the program's that throws": async ({ page }) => { await page.exposeFunction("fails", () => { throw new Error("in the program"); }); return page.evaluate(() => window.fails().catch((e) => e.message)); },
  "a binding's source": async ({ page, context }) => { await context.exposeBinding("who", (source) => [source.page === page, source.frame === page.mainFrame()]); return page.evaluate(() => window.who()); },
  "a binding in a frame of another site": async ({ page, site }) => { await page.exposeBinding("who", ({ frame }) => frame.name()); await page.goto(site + "/frames"); return page.frame("far").evaluate(() => window.who()); },
  "a script that comes first": async ({ page, site }) => { await page.addInitScript((n) => { window.early = n; }, 7); await page.goto(site + "/page"); return page.evaluate(() => window.early); },
  "scripts of the context come before the page's": async ({ page, context, site }) => { await context.addInitScript(() => { window.order = ["context"]; }); await page.addInitScript(() => { window.order.push("page"); }); await page.goto(site + "/page"); return page.evaluate(() => window.order); },
  "a script that comes first in frames of other sites": async ({ page, site }) => { await page.addInitScript(() => { window.early = location.pathname; }); await page.goto(site + "/frames"); return page.frame("far").evaluate(() => window.early); },
  "a script that comes first in popups": async ({ page, context, site }) => { await context.addInitScript(() => { window.early = 1; }); await page.goto(site + "/page"); const [p] = await Promise.all([page.waitForEvent("popup"), page.evaluate(() => { window.open("/empty"); })]); await p.waitForLoadState(); return p.evaluate(() => window.early); },
  "tags": async ({ page, site }) => { await page.goto(site + "/empty"); await page.addScriptTag({ content: "window.tagged = 1" }); await page.addScriptTag({ url: site + "/script.js" }); await page.addStyleTag({ content: "body { color: rgb(9, 9, 9) }" }); return page.evaluate(() => [window.tagged, typeof used, getComputedStyle(document.body).color]); },
  "a tag past the page's policy": async ({ page, site }) => { await page.goto(site + "/strict"); return (await thrown(page.addScriptTag({ content: "1" }))).includes("Content Security Policy"); },
  "waiting for a function": async ({ page }) => { await page.evaluate(() => { setTimeout(() => { window.done = 5; }, 50); }); return (await page.waitForFunction(() => window.done)).jsonValue(); },
  "all that match": async ({ page, site }) => { await page.goto(site + "/page"); return page.locator("option").evaluateAll((all) => all.map((o) => o.value)); },
  "10 MB": async ({ page }) => (await page.evaluate(() => "x".repeat(10_000_000))).length,
  "10 MB to the page": async ({ page }) => page.evaluate((s) => s.length, "y".repeat(10_000_000)),
  "many at once": async ({ page }) => (await Promise.all(Array.from({ length: 200 }, (_, i) => page.evaluate((i) => i, i)))).reduce((a, b) => a + b),
};

export const puppeteer = {
  "values": ({ page }) => page.evaluate(values),
  "values that JSON has not": async ({ page }) => [await page.evaluate(() => NaN), await page.evaluate(() => -0), await page.evaluate(() => Infinity), await page.evaluate(() => 10n ** 20n)].map((v) => Object.is(v, -0) ? "-0" : String(v)),
  "a promise": ({ page }) => page.evaluate(async (n) => { await null; return n * 2; }, 21),
  "what is thrown": ({ page }) => thrown(page.evaluate(() => { throw new TypeError("on purpose"); })),
  "a script that navigates": async ({ page, site }) => { await page.goto(site + "/empty"); return thrown(page.evaluate(() => { location.href = "/page"; return new Promise(() => {}); })); },
  "a handle": async ({ page }) => { const h = await page.evaluateHandle(() => document.body); return [await h.evaluate((b) => b.tagName), h.asElement() !== null]; },
  "a handle's properties": async ({ page }) => { const h = await page.evaluateHandle(() => ({ a: 1, b: [2] })); return [[...(await h.getProperties()).keys()], await h.jsonValue()]; },
  "objects of a kind": async ({ page }) => { const kind = await page.evaluateHandle(() => { window.Kind = class {}; window.kept = [new window.Kind(), new window.Kind()]; return window.Kind.prototype; }); const all = await page.queryObjects(kind); return page.evaluate((l) => l.length, all); },
  "a function of the program's": async ({ page, site }) => { await page.exposeFunction("thrice", (n) => n * 3); await page.goto(site + "/empty"); return page.evaluate(() => window.thrice(4)); },
  "a function of the program's that throws": async ({ page }) => { await page.exposeFunction("fails", () => { throw new Error("in the program"); }); return page.evaluate(() => window.fails().catch((e) => e.message)); },
  "a function of the program's in a frame of another site": async ({ page, site }) => { await page.exposeFunction("thrice", (n) => n * 3); await page.goto(site + "/frames"); const f = page.frames().find((f) => f.name() === "far"); return f.evaluate(() => window.thrice(5)); },
  "a function that is taken away": async ({ page }) => { await page.exposeFunction("gone", () => 1); await page.removeExposedFunction("gone"); return page.evaluate(() => typeof window.gone); },
  "a script that comes first": async ({ page, site }) => { const { identifier } = await page.evaluateOnNewDocument((n) => { window.early = n; }, 7); await page.goto(site + "/page"); const with_ = await page.evaluate(() => window.early); await page.removeScriptToEvaluateOnNewDocument(identifier); await page.goto(site + "/page"); return [with_, await page.evaluate(() => typeof window.early)]; },
  "a script that comes first in frames of other sites": async ({ page, site }) => { await page.evaluateOnNewDocument(() => { window.early = location.pathname; }); await page.goto(site + "/frames"); return page.frames().find((f) => f.name() === "far").evaluate(() => window.early); },
  "tags": async ({ page, site }) => { await page.goto(site + "/empty"); await page.addScriptTag({ url: site + "/script.js" }); await page.addStyleTag({ content: "body { color: rgb(9, 9, 9) }" }); return page.evaluate(() => [typeof used, getComputedStyle(document.body).color]); },
  "waiting for a function": async ({ page }) => { await page.evaluate(() => { setTimeout(() => { window.done = 5; }, 50); }); return (await page.waitForFunction(() => window.done)).jsonValue(); },
  "queries": async ({ page, site }) => { await page.goto(site + "/page"); return [await page.$$eval("option", (all) => all.map((o) => o.value)), (await page.$$("::-p-aria(Go)")).length, (await page.$$("::-p-xpath(//button)")).length, (await page.$$("::-p-text(Go)")).length]; },
  "waiting for an element": async ({ page, site }) => { await page.goto(site + "/empty"); const waits = page.waitForSelector("#late", { visible: true }); await page.evaluate(() => { document.body.innerHTML = "<p id=late>late"; }); return (await waits).evaluate((e) => e.textContent); },
  "10 MB": async ({ page }) => (await page.evaluate(() => "x".repeat(10_000_000))).length,
  "many at once": async ({ page }) => (await Promise.all(Array.from({ length: 200 }, (_, i) => page.evaluate((i) => i, i)))).reduce((a, b) => a + b),
  "a script's end": async ({ page }) => { const ended = once(page, "pageerror"); await page.evaluate(() => { setTimeout(() => { throw new Error("later"); }); }); return (await ended).message; },
};
