// Pages: where they go, what they open, how they end.
import { alone, once, path, sorted, thrown } from "./mark.mjs";

export const playwright = {
  "connected": ({ browser }) => browser.isConnected(),
  "version": ({ browser }) => /^\d+\.\d+\.\d+\.\d+$/.test(browser.version()),
  "a context knows its browser": ({ browser, context }) => context.browser() === browser,
  "the default context and its page": alone(({ browser, page }) => [browser.contexts().length, browser.contexts()[0].pages().length, page.isClosed()]),
  "the first page goes somewhere": alone(async ({ page, site }) => [(await page.goto(site + "/page")).status(), await page.title()]),
  "a missing page": async ({ page, site }) => (await page.goto(site + "/missing")).status(),
  "nobody answers": ({ page }) => thrown(page.goto("http://127.0.0.1:1/")),
  "too late": ({ page, site }) => thrown(page.goto(site + "/never", { timeout: 300 })),
  "a referrer": async ({ page, site }) => { await page.goto(site + "/empty", { referer: site + "/page" }); return path(await page.evaluate(() => document.referrer)); },
  "an anchor": async ({ page, site }) => { await page.goto(site + "/page"); return await page.goto(site + "/page#there"); },
  "a data address": async ({ page }) => { const r = await page.goto("data:text/html,<title>data</title>"); return [r === null, await page.title()]; },
  "a redirect": async ({ page, site }) => { const r = await page.goto(site + "/redirect"); return [path(r.url()), path(r.request().redirectedFrom().url())]; },
  "a navigation that another one ends": async ({ page, site }) => { const first = thrown(page.goto(site + "/never")); await page.goto(site + "/page"); return (await first).includes("interrupted") || (await first).includes("ERR_ABORTED"); },
  "history": async ({ page, site }) => {
    await page.goto(site + "/page");
    await page.goto(site + "/empty");
    await page.goBack();
    const back = path(page.url());
    await page.goForward();
    return [back, path(page.url()), await page.goForward()];
  },
  "reload": async ({ page, site }) => { await page.goto(site + "/page"); await page.evaluate(() => { window.old = 1; }); return [(await page.reload()).status(), await page.evaluate(() => window.old ?? null)]; },
  "content": async ({ page }) => { await page.setContent("<title>set</title><p>there"); return [await page.title(), (await page.content()).includes("there")]; },
  "an address without loading": async ({ page, site }) => { await page.goto(site + "/empty"); await Promise.all([page.waitForURL("**/pushed"), page.evaluate(() => history.pushState({}, "", "/pushed"))]); return path(page.url()); },
  "load states": async ({ page, site }) => { await page.goto(site + "/frames", { waitUntil: "commit" }); for (const s of ["domcontentloaded", "load", "networkidle"]) await page.waitForLoadState(s); return page.evaluate(() => document.readyState); },
  "events of a load": async ({ page, site }) => { const told = []; for (const e of ["domcontentloaded", "load"]) page.on(e, () => told.push(e)); await page.goto(site + "/page"); return told; },
  "a popup": async ({ page, site }) => {
    await page.goto(site + "/page");
    const [p] = await Promise.all([page.waitForEvent("popup"), page.evaluate(() => { window.open("/empty"); })]);
    await p.waitForLoadState();
    return [await p.title(), await p.opener() === page];
  },
  "a popup without an opener": async ({ page, site }) => { await page.goto(site + "/page"); const [p] = await Promise.all([page.waitForEvent("popup"), page.evaluate(() => { window.open("/empty", "_blank", "noopener"); })]); await p.waitForLoadState(); return [await p.evaluate(() => window.opener), await p.title()]; },
  "a popup's size": async ({ page, site }) => { await page.goto(site + "/page"); const [p] = await Promise.all([page.waitForEvent("popup"), page.evaluate(() => { window.open("/empty", "_blank", "width=400,height=300"); })]); await p.waitForLoadState(); return p.viewportSize(); },
  "a popup of another site": async ({ page, site, other }) => { await page.goto(site + "/page"); const [p] = await Promise.all([page.waitForEvent("popup"), page.evaluate((url) => { window.open(url); }, other + "/page")]); await p.waitForLoadState(); return p.title(); },
  "a link to another window": async ({ page, context, site }) => {
    await page.goto(site + "/empty");
    await page.evaluate(() => { document.body.innerHTML = "<a target=_blank href=/page>go</a>"; });
    const [p] = await Promise.all([context.waitForEvent("page"), page.click("a")]);
    await p.waitForLoadState();
    return [await p.title(), context.pages().length];
  },
  "a page that closes itself": async ({ page, site }) => { await page.goto(site + "/page"); const [p] = await Promise.all([page.waitForEvent("popup"), page.evaluate(() => { window.open("/empty"); })]); await p.waitForLoadState(); await Promise.all([p.waitForEvent("close"), p.evaluate(() => window.close()).catch(() => {})]); return p.isClosed(); },
  "closing": async ({ page, context }) => { const p = await context.newPage(); const [closed] = await Promise.all([p.waitForEvent("close"), p.close()]); return [closed === p, context.pages().length, context.pages()[0] === page]; },
  "closing with a question": async ({ page, site }) => {
    await page.goto(site + "/stays");
    await page.fill("#name", "typed");
    const [d] = await Promise.all([page.waitForEvent("dialog"), page.close({ runBeforeUnload: true })]);
    await Promise.all([page.waitForEvent("close"), d.accept()]);
    return d.type();
  },
  "closing while it evaluates": async ({ page }) => { const waits = thrown(page.evaluate(() => new Promise(() => {}))); await page.close(); return waits; },
  "a page that crashes": async ({ page, context, site }) => {
    await page.goto(site + "/page");
    const raw = await context.newCDPSession(page);
    const waits = thrown(page.evaluate(() => new Promise(() => {})));
    const crashed = page.waitForEvent("crash");
    raw.send("Page.crash").catch(() => {}); // is never answered
    await crashed;
    return waits;
  },
  "many pages": async ({ context, site }) => { const pages = await Promise.all(Array.from({ length: 5 }, () => context.newPage())); await Promise.all(pages.map((p, i) => p.goto(site + "/page#" + i))); return pages.map((p) => new URL(p.url()).hash); },
  "in front": async ({ page, context, site }) => { await page.goto(site + "/page"); const p = await context.newPage(); await p.goto(site + "/empty"); await page.bringToFront(); return page.evaluate(() => document.visibilityState); },
  "a frozen clock": async ({ page, site }) => { await page.clock.install({ time: 0 }); await page.goto(site + "/empty"); await page.evaluate(() => { setTimeout(() => { window.rang = Date.now(); }, 60_000); }); await page.clock.runFor(60_000); return page.evaluate(() => window.rang >= 60_000 && window.rang < 70_000); },
};

export const puppeteer = {
  "connected": ({ browser }) => browser.connected,
  "version": async ({ browser }) => /Chrome\//.test(await browser.version()),
  "user agent": async ({ browser }) => /Chrome\//.test(await browser.userAgent()),
  "the first page is there": alone(async ({ browser, page }) => [(await browser.pages()).length, page.isClosed()]),
  "the first page goes somewhere": alone(async ({ page, site }) => [(await page.goto(site + "/page")).status(), await page.title()]),
  "a missing page": async ({ page, site }) => (await page.goto(site + "/missing")).status(),
  "nobody answers": ({ page }) => thrown(page.goto("http://127.0.0.1:1/")),
  "too late": ({ page, site }) => thrown(page.goto(site + "/never", { timeout: 300 })),
  "a referrer": async ({ page, site }) => { await page.goto(site + "/empty", { referer: site + "/page" }); return path(await page.evaluate(() => document.referrer)); },
  "an anchor": async ({ page, site }) => { await page.goto(site + "/page"); return await page.goto(site + "/page#there"); },
  "a redirect": async ({ page, site }) => { const answered = once(page, "response", (r) => path(r.url()) === "/page"); await page.goto(site + "/redirect"); return (await answered).request().redirectChain().map((q) => path(q.url())); },
  "history": async ({ page, site }) => { await page.goto(site + "/page"); await page.goto(site + "/empty"); await page.goBack(); const back = path(page.url()); await page.goForward(); return [back, path(page.url())]; },
  "reload": async ({ page, site }) => { await page.goto(site + "/page"); return (await page.reload()).status(); },
  "content": async ({ page }) => { await page.setContent("<title>set</title><p>there"); return [await page.title(), (await page.content()).includes("there")]; },
  "waiting for a navigation": async ({ page, site }) => { await page.goto(site + "/empty"); const [r] = await Promise.all([page.waitForNavigation(), page.evaluate(() => { location.href = "/page"; })]); return [r.status(), await page.title()]; },
  "an idle network": async ({ page, site }) => { await page.goto(site + "/frames", { waitUntil: "networkidle0" }); return page.frames().length; },
  "a popup": async ({ page, site }) => {
    await page.goto(site + "/page");
    const opened = once(page, "popup");
    await page.evaluate(() => { window.open("/empty"); });
    const p = await opened;
    await p.waitForFunction(() => document.title === "empty");
    return [await p.title(), await p.target().opener() === page.target()];
  },
  "new page": async ({ browser, site }) => { const p = await browser.newPage(); await p.goto(site + "/page"); const title = await p.title(); await p.close(); return title; },
  "targets": async ({ browser, page, site }) => { await page.goto(site + "/page"); const t = page.target(); return [t.type(), path(t.url()), browser.targets().includes(t)]; },
  "events of targets": async ({ browser, context, site }) => {
    const told = [];
    const mine = (t) => t.browserContext() === context && t.type() === "page";
    for (const e of ["targetcreated", "targetchanged", "targetdestroyed"]) browser.on(e, (t) => mine(t) && !told.includes(e) && told.push(e));
    const p = await context.newPage();
    await p.goto(site + "/empty");
    const gone = once(browser, "targetdestroyed", mine);
    await p.close();
    await gone;
    return told;
  },
  "waiting for a target": async ({ browser, page, site }) => { await page.goto(site + "/page"); const [t] = await Promise.all([browser.waitForTarget((t) => t.url() === site + "/empty?waited"), page.evaluate(() => { window.open("/empty?waited"); })]); return t.type(); },
  "closing": async ({ context }) => { const p = await context.newPage(); const closed = once(p, "close"); await p.close(); await closed; return [p.isClosed(), (await context.pages()).length]; },
  "closing while it evaluates": async ({ page }) => { const waits = thrown(page.evaluate(() => new Promise(() => {}))); await page.close(); return waits; },
  "closing with a question": async ({ page, site }) => {
    await page.goto(site + "/stays");
    await page.type("#name", "typed");
    const asked = once(page, "dialog"), closed = once(page, "close");
    await page.close({ runBeforeUnload: true });
    const d = await asked;
    await d.accept();
    await closed;
    return d.type();
  },
  "a page that crashes": async ({ page, site }) => { await page.goto(site + "/page"); const crashed = once(page, "error"); const raw = await page.createCDPSession(); raw.send("Page.crash").catch(() => {}); return (await crashed).message; },
  "in front": async ({ page, context, site }) => { await page.goto(site + "/page"); await context.newPage(); await page.bringToFront(); return page.evaluate(() => document.visibilityState); },
  "metrics": async ({ page, site }) => { await page.goto(site + "/page"); return sorted(Object.keys(await page.metrics())); },
};
