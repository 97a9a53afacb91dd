// Workers: of a page, shared by pages, and of a service.
import { alone, once, path, sorted, until, within } from "./mark.mjs";

export const playwright = {
  "a worker": async ({ page, site }) => { const [w] = await Promise.all([page.waitForEvent("worker"), page.goto(site + "/worker")]); return [path(w.url()), await until(() => w.evaluate(() => self.answer)), page.workers().length]; },
  "a worker's handle": async ({ page, site }) => { const [w] = await Promise.all([page.waitForEvent("worker"), page.goto(site + "/worker")]); const h = await w.evaluateHandle(() => ({ of: "the worker" })); return h.jsonValue(); },
  "a worker that ends": async ({ page, site }) => { const [w] = await Promise.all([page.waitForEvent("worker"), page.goto(site + "/worker")]); await Promise.all([w.waitForEvent("close"), page.evaluate(() => made.terminate())]); return page.workers().length; },
  "a worker that goes with its page": async ({ page, site }) => { const [w] = await Promise.all([page.waitForEvent("worker"), page.goto(site + "/worker")]); await Promise.all([w.waitForEvent("close"), page.goto(site + "/empty")]); return page.workers().length; },
  "what a worker writes": async ({ page, site }) => { await page.goto(site + "/empty"); const [m] = await Promise.all([page.waitForEvent("console"), page.evaluate(() => { new Worker(URL.createObjectURL(new Blob(["console.log('from', 'a worker')"]))); })]); return m.text(); },
  "what a worker throws": async ({ page, site }) => { await page.goto(site + "/empty"); const [e] = await Promise.all([page.waitForEvent("pageerror"), page.evaluate(() => { new Worker(URL.createObjectURL(new Blob(["setTimeout(() => { throw new Error('in a worker') })"]))); })]); return e.message; },
  "a worker's requests": async ({ page, site }) => { await page.goto(site + "/worker"); const [r] = await Promise.all([page.waitForResponse("**/api"), page.evaluate(() => made.postMessage("/api"))]); return r.status(); },
  "a worker's requests are answered": async ({ page, site }) => { await page.route("**/api", (r) => r.fulfill({ body: "made up" })); await page.goto(site + "/worker"); return page.evaluate(() => new Promise((r) => { made.onmessage = (e) => r(e.data); made.postMessage("/api"); })); },
  "a worker's script is answered": async ({ page, site }) => { await page.route("**/worker.js", (r) => r.fulfill({ contentType: "text/javascript", body: "self.answer = 'other'; setInterval(() => {}, 1000)" })); const [w] = await Promise.all([page.waitForEvent("worker"), page.goto(site + "/worker")]); return until(() => w.evaluate(() => self.answer)); },
  "a worker in a frame of another site": async ({ page, site, other }) => { await page.goto(site + "/empty"); const [w] = await Promise.all([page.waitForEvent("worker"), page.evaluate((url) => { document.body.innerHTML = `<iframe src="${url}"></iframe>`; }, other + "/worker")]); return until(() => w.evaluate(() => self.answer)); },
  "a shared worker": async ({ page, site }) => { await page.goto(site + "/shared"); return page.evaluate(() => answered); },
  "a service worker": async ({ page, context, site }) => {
    const [w] = await Promise.all([context.waitForEvent("serviceworker"), page.goto(site + "/service")]);
    await page.evaluate(() => ready);
    return [path(w.url()), await w.evaluate(() => typeof skipWaiting), context.serviceWorkers().length, await page.evaluate(async () => (await fetch("/made-up")).text())];
  },
  "what a service worker fetches": async ({ page, context, site }) => { await page.goto(site + "/service"); await page.evaluate(() => ready); const [r] = await Promise.all([page.waitForResponse("**/made-up"), page.evaluate(() => fetch("/made-up"))]); return [r.fromServiceWorker(), await r.text(), context.serviceWorkers().length]; },
  "no service workers": within({ serviceWorkers: "block" }, async ({ page, context, site }) => { await page.goto(site + "/service"); return context.serviceWorkers().length; }),
  "a service worker that was there": alone(async ({ page, context, again, site }) => {
    if (context.serviceWorkers().length === 0) await Promise.all([context.waitForEvent("serviceworker"), page.goto(site + "/service")]);
    await page.evaluate(() => ready);
    const b = await again();
    const n = b.contexts()[0].serviceWorkers().length;
    await page.evaluate(async () => { for (const r of await navigator.serviceWorker.getRegistrations()) await r.unregister(); });
    await page.goto("about:blank");
    return n;
  }),
};

export const puppeteer = {
  "a worker": async ({ page, site }) => { const made = once(page, "workercreated"); await page.goto(site + "/worker"); const w = await made; return [path(w.url()), await until(() => w.evaluate(() => self.answer)), page.workers().length]; },
  "a worker that ends": async ({ page, site }) => { const made = once(page, "workercreated"); await page.goto(site + "/worker"); await made; const gone = once(page, "workerdestroyed"); await page.evaluate(() => window.made.terminate()); await gone; return page.workers().length; },
  "a worker that is closed": async ({ page, site }) => { const made = once(page, "workercreated"); await page.goto(site + "/worker"); const w = await made; const gone = once(page, "workerdestroyed"); await w.close(); await gone; return page.workers().length; },
  "what a worker writes": async ({ page, site }) => { await page.goto(site + "/empty"); const said = once(page, "console"); await page.evaluate(() => { new Worker(URL.createObjectURL(new Blob(["console.log('from', 'a worker')"]))); }); return (await said).text(); },
  "a shared worker": async ({ page, browser, context, site }) => { await page.goto(site + "/shared"); const t = await browser.waitForTarget((t) => t.type() === "shared_worker" && t.browserContext() === context); return [path(t.url()), await page.evaluate(() => answered), await (await t.worker()).evaluate(() => typeof onconnect)]; },
  "a service worker": async ({ page, browser, context, site }) => { await page.goto(site + "/service"); await page.evaluate(() => ready); const t = await browser.waitForTarget((t) => t.type() === "service_worker" && t.browserContext() === context); const w = await t.worker(); return [path(w.url()), await w.evaluate(() => typeof skipWaiting), await page.evaluate(async () => (await fetch("/made-up")).text())]; },
  // The whole Chromium loads surfaces of its own (chrome://) when it has time: no program's matter.
  "targets of workers": async ({ page, browser, context, site }) => { await page.goto(site + "/service"); await browser.waitForTarget((t) => t.type() === "service_worker" && t.browserContext() === context); return sorted(browser.targets().filter((t) => t.browserContext() === context && t.type() !== "other").map((t) => t.type())); },
};
