// Frames: of the same site, of another, within others, that come, move and go.
import { apart, once, path, sorted, thrown, until } from "./mark.mjs";

const paths = (frames) => sorted(frames.map((f) => path(f.url())));

export const playwright = {
  "frames": async ({ page, site }) => { await page.goto(site + "/frames"); return [paths(page.frames()), page.mainFrame().childFrames().length]; },
  "by name": async ({ page, site }) => { await page.goto(site + "/frames"); return [page.frame("near").parentFrame() === page.mainFrame(), page.frame({ url: /localhost/ }).name()]; },
  "in a frame of the same site": async ({ page, site }) => { await page.goto(site + "/frames"); const f = page.frameLocator("#same"); await f.locator("#name").fill("near"); await f.locator("#go").click(); return f.locator("#out").textContent(); },
  "in a frame of another site": async ({ page, site }) => { await page.goto(site + "/frames"); const f = page.frameLocator("#other"); await f.locator("#name").fill("far"); await f.locator("#go").click(); return f.locator("#out").textContent(); },
  "keys in a frame of another site": async ({ page, site }) => { await page.goto(site + "/frames"); const f = page.frame("far"); await f.focus("#name"); await page.keyboard.type("typed"); return f.inputValue("#name"); },
  "frames within frames": async ({ page, site }) => { await page.goto(site + "/nested"); await page.waitForLoadState(); const deepest = page.frames().filter((f) => f.parentFrame()?.parentFrame()); return [page.frames().length, deepest.length, await deepest[0].title()]; },
  "a frame's element": async ({ page, site }) => { await page.goto(site + "/frames"); const e = await page.frame("far").frameElement(); return [await e.getAttribute("id"), await e.contentFrame() === page.frame("far")]; },
  "a frame that comes and goes": async ({ page, site }) => {
    await page.goto(site + "/empty");
    const [f] = await Promise.all([page.waitForEvent("frameattached"), page.evaluate(() => { document.body.innerHTML = "<iframe src=/page></iframe>"; })]);
    await f.waitForURL("**/page");
    await Promise.all([page.waitForEvent("framedetached"), page.evaluate(() => document.querySelector("iframe").remove())]);
    return [path(f.url()), f.isDetached(), page.frames().length];
  },
  "a frame of another site that goes": async ({ page, site }) => { await page.goto(site + "/frames"); const f = page.frame("far"); const waits = thrown(f.evaluate(() => new Promise(() => {}))); await Promise.all([page.waitForEvent("framedetached"), page.evaluate(() => document.querySelector("#other").remove())]); await waits; return [f.isDetached(), page.frames().length]; },
  "a frame that goes to another site": async ({ page, site, other }) => { await page.goto(site + "/frames"); const f = page.frame("near"); await f.goto(other + "/empty"); return [await f.title(), await f.evaluate(() => location.hostname)]; },
  "a frame that comes back": async ({ page, site }) => { await page.goto(site + "/frames"); const f = page.frame("far"); await Promise.all([f.waitForURL("**/empty"), page.evaluate(() => { document.querySelector("#other").src = "/empty"; })]); return [await f.title(), await f.evaluate(() => location.hostname)]; },
  "a frame's navigation is told": async ({ page, site }) => { await page.goto(site + "/frames"); const [f] = await Promise.all([page.waitForEvent("framenavigated"), page.frame("near").evaluate(() => { location.href = "/empty"; })]); return f.name(); },
  "a document in an attribute": async ({ page }) => { await page.setContent(`<iframe srcdoc="<p>inside</p>"></iframe>`); return page.frameLocator("iframe").locator("p").textContent(); },
  "a frame in a sandbox": async ({ page, site }) => { await page.goto(site + "/empty"); await page.evaluate(() => { document.body.innerHTML = "<iframe sandbox=allow-scripts src=/page></iframe>"; }); return page.frameLocator("iframe").locator("#go").textContent(); },
  "a frame in a shadow": async ({ page, site }) => { await page.goto(site + "/empty"); await page.evaluate(() => { const host = document.body.appendChild(document.createElement("div")); host.attachShadow({ mode: "open" }).innerHTML = "<iframe src=/page></iframe>"; }); return page.frameLocator("iframe").locator("#go").textContent(); },
  "where an element in a frame is": async ({ page, site }) => { await page.goto(site + "/frames"); const outer = await page.locator("#other").boundingBox(), inner = await page.frameLocator("#other").locator("#go").boundingBox(); return inner.x > outer.x && inner.y > outer.y; },
  "a page that was there with frames": apart(async ({ page, again, context, site }) => { await page.goto(site + "/frames"); const b = await again(); const seen = b.contexts().flatMap((c) => c.pages()).length > 0; return [seen, context.pages().length]; }),
};

export const puppeteer = {
  "frames": async ({ page, site }) => { await page.goto(site + "/frames"); return [paths(page.frames()), page.mainFrame().childFrames().length]; },
  "in a frame of the same site": async ({ page, site }) => { await page.goto(site + "/frames"); const f = await (await page.$("#same")).contentFrame(); await f.type("#name", "near"); await f.click("#go"); return f.$eval("#out", (e) => e.textContent); },
  "in a frame of another site": async ({ page, site }) => { await page.goto(site + "/frames"); const f = await (await page.$("#other")).contentFrame(); await f.type("#name", "far"); await f.click("#go"); return f.$eval("#out", (e) => e.textContent); },
  "frames within frames": async ({ page, site }) => { await page.goto(site + "/nested"); const all = page.frames(); return [all.length, all.filter((f) => f.parentFrame()?.parentFrame()).length]; },
  "a frame's element": async ({ page, site }) => { await page.goto(site + "/frames"); const f = page.frames().find((f) => f.name() === "far"); const e = await f.frameElement(); return e.evaluate((e) => e.id); },
  "a frame that comes and goes": async ({ page, site }) => {
    await page.goto(site + "/empty");
    const told = [];
    for (const e of ["frameattached", "framenavigated", "framedetached"]) page.on(e, (f) => f !== page.mainFrame() && told.push(e));
    const went = once(page, "framenavigated");
    await page.evaluate(() => { document.body.innerHTML = "<iframe src=/page></iframe>"; });
    await went;
    const left = once(page, "framedetached");
    await page.evaluate(() => document.querySelector("iframe").remove());
    await left;
    return told;
  },
  "a frame that goes to another site": async ({ page, site, other }) => { await page.goto(site + "/frames"); const f = page.frames().find((f) => f.name() === "near"); await f.goto(other + "/empty"); return until(() => f.evaluate(() => location.hostname + " " + document.title).catch(() => "")); },
  "waiting for a frame": async ({ page, site }) => { await page.goto(site + "/empty"); const waits = page.waitForFrame((f) => f.url().endsWith("/page")); await page.evaluate(() => { document.body.innerHTML = "<iframe src=/page></iframe>"; }); return path((await waits).url()); },
};
