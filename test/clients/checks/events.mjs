// What a page says: its console, errors, dialogs.
import { once } from "./mark.mjs";

export const playwright = {
  "console": async ({ page }) => { const [m] = await Promise.all([page.waitForEvent("console"), page.evaluate(() => console.warn("said", 1, { a: 2 }))]); return [m.type(), m.text(), m.args().length, await m.args()[2].jsonValue()]; },
  "console of a context": async ({ page, context }) => { const [m] = await Promise.all([context.waitForEvent("console"), page.evaluate(() => console.error("said"))]); return [m.page() === page, m.type()]; },
  "console kinds": async ({ page }) => { const told = []; page.on("console", (m) => told.push(m.type())); await page.evaluate(() => { console.log(1); console.info(1); console.debug(1); console.table([1]); console.assert(false); console.dir({}); console.count(); }); return told; },
  "console of a frame of another site": async ({ page, site }) => { await page.goto(site + "/frames"); const [m] = await Promise.all([page.waitForEvent("console"), page.frame("far").evaluate(() => console.log("far away"))]); return m.text(); },
  "an error": async ({ page }) => { const [e] = await Promise.all([page.waitForEvent("pageerror"), page.evaluate(() => { setTimeout(() => { throw new RangeError("later"); }); })]); return [e.name, e.message]; },
  "a promise that fails": async ({ page, context }) => { const [e] = await Promise.all([context.waitForEvent("weberror"), page.evaluate(() => { Promise.reject(new Error("unhandled")); })]); return e.error().message; },
  "alert": async ({ page }) => { const told = []; page.once("dialog", (d) => { told.push(d.type(), d.message()); d.accept(); }); await page.evaluate(() => alert("look")); return told; },
  "confirm": async ({ page }) => { page.once("dialog", (d) => d.accept()); const yes = await page.evaluate(() => confirm("sure?")); page.once("dialog", (d) => d.dismiss()); return [yes, await page.evaluate(() => confirm("sure?"))]; },
  "prompt": async ({ page }) => { let given; page.once("dialog", (d) => { given = d.defaultValue(); d.accept("typed"); }); return [await page.evaluate(() => prompt("name?", "given")), given]; },
  "a dialog that nobody listens to": async ({ page }) => page.evaluate(() => confirm("sure?")),
  "a dialog in a frame of another site": async ({ page, site }) => { await page.goto(site + "/frames"); page.once("dialog", (d) => d.accept("far")); return page.frame("far").evaluate(() => prompt("name?")); },
  "a dialog in a popup": async ({ page, context, site }) => { await page.goto(site + "/page"); const [d] = await Promise.all([context.waitForEvent("dialog"), page.evaluate(() => { window.open("/empty").eval("setTimeout(() => alert('in the popup'))"); })]); await d.accept(); return [d.message(), d.page() !== page]; },
};

export const puppeteer = {
  "console": async ({ page }) => { const said = once(page, "console"); await page.evaluate(() => console.warn("said", 1, { a: 2 })); const m = await said; return [m.type(), m.args().length, await m.args()[2].jsonValue()]; },
  "console of a frame of another site": async ({ page, site }) => { await page.goto(site + "/frames"); const said = once(page, "console"); await page.frames().find((f) => f.name() === "far").evaluate(() => console.log("far away")); return (await said).text(); },
  "alert": async ({ page }) => { const told = []; page.once("dialog", (d) => { told.push(d.type(), d.message()); d.accept(); }); await page.evaluate(() => alert("look")); return told; },
  "confirm": async ({ page }) => { page.once("dialog", (d) => d.accept()); const yes = await page.evaluate(() => confirm("sure?")); page.once("dialog", (d) => d.dismiss()); return [yes, await page.evaluate(() => confirm("sure?"))]; },
  "prompt": async ({ page }) => { let given; page.once("dialog", (d) => { given = d.defaultValue(); d.accept("typed"); }); return [await page.evaluate(() => prompt("name?", "given")), given]; },
};
