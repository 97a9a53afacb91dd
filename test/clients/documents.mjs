// TestDocumentsForEverybody's side: reads the documents with Playwright, in a session, as
// people do: light and dark, wide and narrow, by keyboard, and with axe.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const [, , connectUrl, base, apiKey] = process.argv;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const wrong = [];
const expect = (ok, what) => ok || wrong.push(what);

process.on("exit", () => {
  if (wrong.length) console.log(wrong.join("\n"));
  process.exitCode ||= wrong.length ? 1 : 0;
});

const browser = await chromium.connectOverCDP(connectUrl);
const context = browser.contexts()[0];
const page = context.pages()[0];
page.setDefaultTimeout(30_000);
page.on("console", (m) => m.type() === "error" && !/404|401/.test(m.text()) && wrong.push(`${page.url()} says: ${m.text()}`));
page.on("pageerror", (e) => wrong.push(`${page.url()} throws ${e.message}`));

// Every kind of page, each way.
const kinds = ["", "/quickstart", "/states", "/steps/click", "/events/step_failed", "/api/sessions", "/errors", "/benchmarks", "/nothing"];
for (const [width, height] of [[1280, 800], [390, 800]]) {
  for (const colorScheme of ["light", "dark"]) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    for (const kind of kinds) {
      await page.goto(base + "/docs" + kind);
      expect((await page.evaluate(() => scrollY)) === 0, `${kind} doesn't begin at its beginning`);
      await page.evaluate(axe);
      // What is folded is looked at too.
      await page.evaluate(() => document.querySelectorAll("details").forEach((d) => (d.open = true)));
      const found = await page.evaluate(() => axe.run({ resultTypes: ["violations"] }));
      for (const v of found.violations) wrong.push(`${kind} ${colorScheme} ${width}: ${v.id}: ${v.nodes.slice(0, 1).map((n) => n.html + " " + n.failureSummary).join("; ")}`);
    }
  }
}

// Nothing is wider than a narrow window.
const list = await (await fetch(base + "/llms.txt")).text();
const pages = [...list.matchAll(/\((\S+)\.md\)/g)].map((m) => m[1].replace(/\/index$/, ""));
expect(pages.length >= 70, `there are only ${pages.length} pages`);
for (const at of pages) {
  await page.goto(at, { waitUntil: "domcontentloaded" });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(wide <= 0, `${at} is ${wide} pixels too wide`);
}

// The menu of a narrow window.
await page.goto(base + "/docs/states");
expect(!(await page.locator("#nav").isVisible()), "the menu is open at first");
await page.getByRole("button", { name: "Documents" }).click();
expect(await page.locator("#nav").isVisible(), "the menu doesn't open");
await page.keyboard.press("Escape");
expect(!(await page.locator("#nav").isVisible()), "Escape doesn't close the menu");

// By keyboard alone.
await page.setViewportSize({ width: 1280, height: 800 });
await page.goto(base + "/docs/quickstart");
await page.keyboard.press("Tab");
expect((await page.evaluate(() => document.activeElement.textContent)) === "Skip to the text", "Tab doesn't begin with the way to the text");
await page.keyboard.press("Enter");
expect((await page.evaluate(() => document.activeElement.id)) === "content", "the way to the text doesn't lead there");
for (const [question, first, address] of [
  ["click", "click", "/docs/steps/click"],
  ["queue_full", "queue_full", "/docs/errors#queue_full"],
  ["step_failed", "step_failed", "/docs/events/step_failed"],
  ["max-sessions", "max-sessions", "/docs/settings#max-sessions"],
  ["create session", "Create a session", "/docs/api/sessions#create-session"],
]) {
  await page.keyboard.press("/");
  const field = page.getByRole("combobox");
  await field.fill(question);
  await page.locator("#found li").first().waitFor();
  const title = await page.locator("#found [aria-selected=true] b").textContent();
  expect(title === first, `${question} finds ${title} first`);
  const named = await field.getAttribute("aria-activedescendant");
  await page.keyboard.press("ArrowDown");
  const other = await field.getAttribute("aria-activedescendant");
  expect((await page.locator("#found li").count()) === 1 || named !== other, "ArrowDown chooses no other");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await page.waitForURL(base + address).catch(() => wrong.push(`${question} leads to ${page.url()}`));
}
await page.keyboard.press("Control+k");
await page.getByRole("combobox").fill("zebrafish");
await page.getByText("Nothing has all of").waitFor();
await page.keyboard.press("Escape");
expect(!(await page.locator("dialog").isVisible()), "Escape doesn't close the search");

// One language for all samples, which is remembered.
await page.goto(base + "/docs/quickstart");
const tabs = page.getByRole("tab");
const names = await tabs.allTextContents();
if (names.length > 1) {
  await tabs.first().focus();
  await page.keyboard.press("ArrowRight");
  await page.reload();
  expect((await page.locator("[role=tab][aria-selected=true]").first().textContent()) === names[1], "the language isn't remembered");
}

// The theme that is chosen stays.
const back = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
const before = await back();
await page.getByRole("button", { name: "Theme" }).click();
const after = await back();
await page.reload();
expect(before !== after && (await back()) === after, `the theme was ${before}, then ${after}, then ${await back()}`);

// An operation is tried, with a key that no other tab and nothing on the disk gets.
await page.goto(base + "/docs/api/sessions#list-sessions");
const form = page.locator("#list-sessions + .beside .try");
await form.getByText("Try it").click();
await form.getByLabel("limit").fill("1");
await form.getByLabel("API key").fill(apiKey);
await form.getByRole("button").click();
await form.locator("output pre").waitFor();
expect((await form.locator("output b").textContent()).startsWith("200 "), "the operation is refused");
expect((await form.locator("output pre").textContent()).includes('"sessionId"'), "the operation's answer isn't shown");
const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, document.cookie]));
expect(!kept.includes(apiKey), "the key is kept");
await form.getByLabel("API key").fill("bh_wrong");
await form.getByRole("button").click();
await form.getByText("401 Unauthorized").waitFor();

await browser.close();
