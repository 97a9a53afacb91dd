// Input: keys, mouse, touch, files.
import { once, path, within } from "./mark.mjs";

export const playwright = {
  "fill and click": async ({ page, site }) => { await page.goto(site + "/page"); await page.fill("#name", "Zoë 😀"); await page.click("#go"); return page.textContent("#out"); },
  "roles": async ({ page, site }) => { await page.goto(site + "/page"); await page.getByRole("textbox").fill("by role"); await page.getByRole("button", { name: "Go" }).click(); return page.getByRole("status").textContent(); },
  "keys": async ({ page, site }) => { await page.goto(site + "/page"); await page.focus("#name"); await page.keyboard.type("abc"); await page.keyboard.press("ArrowLeft"); await page.keyboard.press("Backspace"); await page.keyboard.down("Shift"); await page.keyboard.press("KeyX"); await page.keyboard.up("Shift"); return page.inputValue("#name"); },
  "all selected": async ({ page, site }) => { await page.goto(site + "/page"); await page.fill("#name", "before"); await page.press("#name", "Control+a"); await page.keyboard.insertText("日本"); return page.inputValue("#name"); },
  "key by key": async ({ page, site }) => { await page.goto(site + "/page"); await page.locator("#name").pressSequentially("slow", { delay: 5 }); return page.inputValue("#name"); },
  "text that can be edited": async ({ page }) => { await page.setContent("<div contenteditable>old</div>"); await page.fill("div", "new"); return page.textContent("div"); },
  "choices": async ({ page, site }) => { await page.goto(site + "/page"); const chosen = await page.selectOption("#choice", { label: "B" }); await page.check("#box"); const on = await page.isChecked("#box"); await page.uncheck("#box"); return [chosen, on, await page.isChecked("#box")]; },
  "hover": async ({ page, site }) => { await page.goto(site + "/page"); await page.hover("#go"); return page.evaluate(() => document.querySelector("#go").matches(":hover")); },
  "mouse buttons": async ({ page, site }) => { await page.goto(site + "/mouse"); await page.click("#pad", { position: { x: 10, y: 20 }, modifiers: ["Shift"] }); await page.click("#pad", { button: "right", position: { x: 30, y: 40 } }); await page.click("#pad", { button: "middle", position: { x: 50, y: 60 } }); return page.evaluate(() => log); },
  "double click": async ({ page, site }) => { await page.goto(site + "/mouse"); await page.dblclick("#pad", { position: { x: 10, y: 20 } }); return page.evaluate(() => log.map((l) => l.split(" ")[0])); },
  "the mouse by hand": async ({ page, site }) => { await page.goto(site + "/mouse"); await page.mouse.move(10, 10); await page.mouse.down(); await page.mouse.move(100, 100, { steps: 3 }); await page.mouse.up(); return page.evaluate(() => log); },
  "wheel": async ({ page, site }) => { await page.goto(site + "/tall"); await page.mouse.move(50, 50); await page.mouse.wheel(0, 400); await page.waitForFunction(() => scrollY === 400); return page.evaluate(() => scrollY); },
  "scrolled to": async ({ page, site }) => { await page.goto(site + "/tall"); await page.locator("#end").scrollIntoViewIfNeeded(); return page.evaluate(() => scrollY > 1000); },
  "dragging": async ({ page, site }) => { await page.goto(site + "/drag"); await page.dragAndDrop("#from", "#to"); return page.textContent("#to"); },
  "touch": within({ hasTouch: true }, async ({ page, site }) => { await page.goto(site + "/mouse"); await page.tap("#pad", { position: { x: 10, y: 20 } }); return page.evaluate(() => log[0].split(" ")[0]); }),
  "events by hand": async ({ page, site }) => { await page.goto(site + "/page"); await page.dispatchEvent("#go", "click"); return page.textContent("#out"); },
  "files as contents": async ({ page, site }) => { await page.goto(site + "/page"); await page.setInputFiles("#file", { name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("hello") }); return page.evaluate(async () => { const f = document.querySelector("#file").files[0]; return [f.name, f.type, await f.text()]; }); },
  "files of a chooser": async ({ page, site }) => { await page.goto(site + "/page"); const [c] = await Promise.all([page.waitForEvent("filechooser"), page.click("#file")]); await c.setFiles({ name: "b.txt", mimeType: "text/plain", buffer: Buffer.from("chosen") }); return [c.isMultiple(), await page.evaluate(() => document.querySelector("#file").files[0].text())]; },
  "waiting to be enabled": async ({ page }) => { await page.setContent("<button disabled onclick='this.textContent=1'>x</button>"); await page.evaluate(() => { setTimeout(() => { document.querySelector("button").disabled = false; }, 50); }); await page.click("button"); return page.textContent("button"); },
  "a click that navigates": async ({ page, site }) => { await page.goto(site + "/empty"); await page.evaluate(() => { document.body.innerHTML = "<a href=/page>go</a>"; }); await page.click("a"); await page.waitForURL("**/page"); return path(page.url()); },
};

export const puppeteer = {
  "type and click": async ({ page, site }) => { await page.goto(site + "/page"); await page.type("#name", "Zoë"); await page.click("#go"); return page.$eval("#out", (e) => e.textContent); },
  "locators": async ({ page, site }) => { await page.goto(site + "/page"); await page.locator("#name").fill("by locator"); await page.locator("#go").click(); return page.locator("#out").map((e) => e.textContent).wait(); },
  "keys": async ({ page, site }) => { await page.goto(site + "/page"); await page.focus("#name"); await page.keyboard.type("abc"); await page.keyboard.press("ArrowLeft"); await page.keyboard.press("Backspace"); await page.keyboard.sendCharacter("日"); return page.$eval("#name", (e) => e.value); },
  "select": async ({ page, site }) => { await page.goto(site + "/page"); return page.select("#choice", "b"); },
  "hover": async ({ page, site }) => { await page.goto(site + "/page"); await page.hover("#go"); return page.evaluate(() => document.querySelector("#go").matches(":hover")); },
  "mouse buttons": async ({ page, site }) => { await page.goto(site + "/mouse"); await page.mouse.click(10, 20); await page.mouse.click(30, 40, { button: "right" }); return page.evaluate(() => log); },
  "double click": async ({ page, site }) => { await page.goto(site + "/mouse"); await page.mouse.click(10, 20, { count: 2 }); return page.evaluate(() => log.map((l) => l.split(" ")[0])); },
  "wheel": async ({ page, site }) => { await page.goto(site + "/tall"); await page.mouse.move(50, 50); await page.mouse.wheel({ deltaY: 400 }); await page.waitForFunction(() => scrollY === 400); return page.evaluate(() => scrollY); },
  "touch": async ({ page, site }) => { await page.goto(site + "/mouse"); await page.touchscreen.tap(10, 20); await page.waitForFunction(() => log.length > 0); return page.evaluate(() => log[0].split(" ")[0]); },
  "dragging": async ({ page, site }) => { await page.goto(site + "/drag"); const from = await page.$("#from"), to = await page.$("#to"); await to.drop(from); return page.$eval("#to", (e) => e.textContent); },
  "where an element is": async ({ page, site }) => { await page.goto(site + "/mouse"); const pad = await page.$("#pad"); return [await pad.boundingBox(), await pad.isIntersectingViewport()]; },
  "a chooser": async ({ page, site }) => { await page.goto(site + "/page"); const [c] = await Promise.all([page.waitForFileChooser(), page.click("#file")]); return c.isMultiple(); },
  "a chooser that is canceled": async ({ page, site }) => { await page.goto(site + "/page"); const canceled = page.evaluate(() => new Promise((r) => { document.querySelector("#file").addEventListener("cancel", () => r("canceled")); })); const [c] = await Promise.all([page.waitForFileChooser(), page.click("#file")]); await c.cancel(); return canceled; },
  "focus": async ({ page, site }) => { await page.goto(site + "/page"); const focused = once(page, "console"); await page.evaluate(() => document.querySelector("#name").addEventListener("focus", () => console.log("focused"))); await page.focus("#name"); return (await focused).text(); },
};
