// Contexts: what is kept apart in them, and what they pretend to be.
import { alone, thrown, within } from "./mark.mjs";

export const playwright = {
  "a context of one's own": async ({ browser, context, page, site }) => { await page.goto(site + "/page"); return [browser.contexts().includes(context), context.pages().length]; },
  "a context that closes": async ({ browser, site }) => { const c = await browser.newContext(); const p = await c.newPage(); await p.goto(site + "/page"); const closed = p.waitForEvent("close"); await c.close(); await closed; return [browser.contexts().includes(c), p.isClosed(), await thrown(c.newPage())]; },
  "cookies are kept apart": async ({ browser, context, page, site }) => { await page.goto(site + "/cookie"); const c = await browser.newContext(); const n = (await c.cookies()).length; await c.close(); return [n, (await context.cookies()).map(({ name, value, httpOnly, sameSite }) => ({ name, value, httpOnly, sameSite }))]; },
  "cookies": async ({ context, page, site }) => { await context.addCookies([{ name: "a", value: "1", url: site }, { name: "b", value: "2", url: site, httpOnly: true }]); await page.goto(site + "/page"); const seen = await page.evaluate(() => document.cookie); await context.clearCookies({ name: "a" }); return [seen, (await context.cookies(site)).map((c) => c.name)]; },
  "a page's own cookies": async ({ context, page, site }) => { await page.goto(site + "/page"); await page.evaluate(() => { document.cookie = "own=yes"; }); return (await context.cookies()).map((c) => c.name + "=" + c.value); },
  "state is taken along": async ({ browser, context, page, site }) => {
    await page.goto(site + "/cookie");
    await page.evaluate(() => localStorage.setItem("kept", "here"));
    const c = await browser.newContext({ storageState: await context.storageState() });
    const p = await c.newPage();
    await p.goto(site + "/echo");
    const got = [JSON.parse(await p.textContent("body")).headers.Cookie, await p.evaluate(() => localStorage.getItem("kept"))];
    await c.close();
    return got;
  },
  "storage is kept apart": async ({ browser, page, site }) => { await page.goto(site + "/page"); await page.evaluate(() => localStorage.setItem("a", "1")); const c = await browser.newContext(); const p = await c.newPage(); await p.goto(site + "/page"); const got = await p.evaluate(() => localStorage.getItem("a")); await c.close(); return got; },
  "viewport": within({ viewport: { width: 500, height: 400 } }, async ({ page, site }) => { await page.goto(site + "/page"); const first = await page.evaluate(() => [innerWidth, innerHeight]); await page.setViewportSize({ width: 300, height: 200 }); return [first, await page.evaluate(() => [innerWidth, innerHeight]), page.viewportSize()]; }),
  "no viewport": within({ viewport: null }, async ({ page, site }) => { await page.goto(site + "/page"); return [page.viewportSize(), await page.evaluate(() => innerWidth > 0)]; }),
  "scale": within({ deviceScaleFactor: 2 }, async ({ page }) => page.evaluate(() => devicePixelRatio)),
  "a phone": within({ viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true, deviceScaleFactor: 3 }, async ({ page, site }) => { await page.goto(site + "/touch"); return page.evaluate(() => [innerWidth, "ontouchstart" in window, matchMedia("(pointer: coarse)").matches, screen.width]); }),
  "user agent": within({ userAgent: "mine/1.0" }, async ({ page, site }) => { await page.goto(site + "/echo"); return [await page.evaluate(() => navigator.userAgent), JSON.parse(await page.textContent("body")).headers["User-Agent"]]; }),
  "locale": within({ locale: "de-DE" }, async ({ page, site }) => { await page.goto(site + "/echo"); return [await page.evaluate(() => [navigator.language, (1234.5).toLocaleString()]), JSON.parse(await page.textContent("body")).headers["Accept-Language"]]; }),
  "timezone": within({ timezoneId: "Asia/Tokyo" }, async ({ page }) => page.evaluate(() => [Intl.DateTimeFormat().resolvedOptions().timeZone, new Date(0).getHours()])),
  "a timezone in a frame of another site": within({ timezoneId: "Asia/Tokyo", locale: "fr-FR" }, async ({ page, site }) => { await page.goto(site + "/frames"); return page.frame("far").evaluate(() => [Intl.DateTimeFormat().resolvedOptions().timeZone, navigator.language]); }),
  "where it is": within({ geolocation: { latitude: 10, longitude: 20 }, permissions: ["geolocation"] }, async ({ page, context, site }) => { await page.goto(site + "/page"); const at = () => page.evaluate(() => new Promise((r, no) => navigator.geolocation.getCurrentPosition((p) => r([p.coords.latitude, p.coords.longitude]), (e) => no(e)))); const first = await at(); await context.setGeolocation({ latitude: 30, longitude: 40 }); return [first, await at()]; }),
  "permissions": async ({ page, context, site }) => { await page.goto(site + "/page"); const state = () => page.evaluate(async () => (await navigator.permissions.query({ name: "geolocation" })).state); const before = await state(); await context.grantPermissions(["geolocation"], { origin: site }); const granted = await state(); await context.clearPermissions(); return [before, granted, await state()]; },
  "colours": within({ colorScheme: "dark", reducedMotion: "reduce", forcedColors: "active" }, async ({ page }) => page.evaluate(() => ["(prefers-color-scheme: dark)", "(prefers-reduced-motion: reduce)", "(forced-colors: active)"].map((q) => matchMedia(q).matches))),
  "print": async ({ page }) => { await page.emulateMedia({ media: "print" }); const on = await page.evaluate(() => matchMedia("print").matches); await page.emulateMedia({ media: null }); return [on, await page.evaluate(() => matchMedia("print").matches)]; },
  "no scripts": within({ javaScriptEnabled: false }, async ({ page, site }) => { await page.goto(site + "/scripts"); await page.setContent("<body><script>document.title = 'ran'</script>"); return page.title(); }),
  "past the page's policy": within({ bypassCSP: true }, async ({ page, site }) => { await page.goto(site + "/strict"); await page.addScriptTag({ content: "window.in = 1" }); return page.evaluate(() => window.in); }),
  "pages are told": async ({ context, site }) => { const told = []; context.on("page", (p) => told.push(p.url())); const p = await context.newPage(); await p.goto(site + "/page"); await Promise.all([context.waitForEvent("page"), p.evaluate(() => { window.open("/empty"); })]); return told.length >= 1; },
  "a context's own base": within({ baseURL: "http://127.0.0.1:1/" }, async ({ page }) => thrown(page.goto("/x"))),
  "cookies of the default context": alone(async ({ context, page, site }) => { await page.goto(site + "/cookie"); const got = (await context.cookies()).map((c) => c.name); await context.clearCookies(); return [got, (await context.cookies()).length]; }),
};

export const puppeteer = {
  "a context of one's own": async ({ browser, context, page, site }) => { await page.goto(site + "/page"); return [browser.browserContexts().includes(context), (await context.pages()).length, page.browserContext() === context]; },
  "a context that closes": async ({ browser, site }) => { const c = await browser.createBrowserContext(); const p = await c.newPage(); await p.goto(site + "/page"); await c.close(); return [browser.browserContexts().includes(c), p.isClosed()]; },
  "cookies": async ({ context, page, site }) => { await context.setCookie({ name: "a", value: "1", domain: new URL(site).hostname }); await page.goto(site + "/page"); const seen = await page.evaluate(() => document.cookie); const names = (await context.cookies()).map((c) => c.name); await context.deleteCookie(...await context.cookies()); return [seen, names, (await context.cookies()).length]; },
  "cookies are kept apart": async ({ browser, context, page, site }) => { await page.goto(site + "/cookie"); const c = await browser.createBrowserContext(); const n = (await c.cookies()).length; await c.close(); return [n, (await context.cookies()).map((c) => [c.name, c.httpOnly])]; },
  "storage is kept apart": async ({ browser, page, site }) => { await page.goto(site + "/page"); await page.evaluate(() => localStorage.setItem("a", "1")); const c = await browser.createBrowserContext(); const p = await c.newPage(); await p.goto(site + "/page"); const got = await p.evaluate(() => localStorage.getItem("a")); await c.close(); return got; },
  "viewport": async ({ page }) => { await page.setViewport({ width: 500, height: 400, deviceScaleFactor: 2 }); return page.evaluate(() => [innerWidth, innerHeight, devicePixelRatio]); },
  "a phone": async ({ page, site }) => { await page.setViewport({ width: 360, height: 640, isMobile: true, hasTouch: true }); await page.goto(site + "/touch"); return page.evaluate(() => [innerWidth, "ontouchstart" in window]); },
  "user agent": async ({ page, site }) => { await page.setUserAgent({ userAgent: "mine/1.0" }); await page.goto(site + "/echo"); return page.evaluate(() => [navigator.userAgent, JSON.parse(document.body.textContent).headers["User-Agent"]]); },
  "timezone": async ({ page }) => { await page.emulateTimezone("Asia/Tokyo"); return page.evaluate(() => Intl.DateTimeFormat().resolvedOptions().timeZone); },
  "a timezone that isn't": ({ page }) => thrown(page.emulateTimezone("No/Where")),
  "where it is": async ({ page, context, site }) => { await context.overridePermissions(site, ["geolocation"]); await page.goto(site + "/page"); await page.setGeolocation({ latitude: 10, longitude: 20 }); return page.evaluate(() => new Promise((r) => navigator.geolocation.getCurrentPosition((p) => r([p.coords.latitude, p.coords.longitude])))); },
  "colours": async ({ page }) => { await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]); return page.evaluate(() => matchMedia("(prefers-color-scheme: dark)").matches); },
  "print": async ({ page }) => { await page.emulateMediaType("print"); return page.evaluate(() => matchMedia("print").matches); },
  "eyes": async ({ page }) => { await page.emulateVisionDeficiency("achromatopsia"); return thrown(page.emulateVisionDeficiency("nothing")); },
  "a slow processor": async ({ page }) => { await page.emulateCPUThrottling(2); await page.emulateCPUThrottling(null); return true; },
  "idle": async ({ page, context, site }) => { await context.overridePermissions(site, ["idle-detection"]); await page.goto(site + "/page"); await page.emulateIdleState({ isUserActive: false, isScreenUnlocked: false }); return page.evaluate(async () => { const d = new IdleDetector(); await d.start(); return [d.userState, d.screenState]; }); },
  "no scripts": async ({ page, site }) => { await page.setJavaScriptEnabled(false); await page.goto(site + "/worker"); return page.title(); },
};
