// TestDashboardForEverybody's side: uses the dashboard with Playwright, in a session, as
// people do: by keyboard alone, light and dark, wide and narrow, and with axe.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const [, , connectUrl, base, apiKey, unused] = process.argv;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const wrong = [];
const expect = (ok, what) => ok || wrong.push(what);
process.on("exit", () => {
  if (wrong.length) console.log(wrong.join("\n"));
  process.exitCode ||= wrong.length ? 1 : 0;
});

const browser = await chromium.connectOverCDP(connectUrl);
const context = browser.contexts()[0];
const page = await context.newPage();
page.setDefaultTimeout(30_000);
page.on("console", (m) => m.type() === "error" && !/status of 4[0-9][0-9] /.test(m.text()) && wrong.push(`${page.url()} says: ${m.text()}`));
page.on("pageerror", (e) => wrong.push(`${page.url()} throws ${e.message}`));
const press = (...keys) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
const api = async (method, path, body, at = base) => {
  const answer = await fetch(at + "/v1" + path, { method, headers: { Authorization: "Bearer " + apiKey, ...(body && { "Content-Type": "application/json" }) }, body: body && JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text && JSON.parse(text);
};

// look has axe and a ruler look at the page as it is, in every shape.
const shapes = [[1440, 900], [768, 1024], [390, 844]].flatMap(([width, height]) => ["light", "dark"].map((colorScheme) => ({ width, height, colorScheme })));
async function look(state, some = shapes) {
  for (const { width, height, colorScheme } of some) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.evaluate(axe);
    const found = await page.evaluate(() => axe.run({ resultTypes: ["violations"], iframes: false }));
    for (const v of found.violations) wrong.push(`${state} ${colorScheme} ${width}: ${v.id}: ${v.nodes.slice(0, 1).map((n) => n.html + " " + n.failureSummary).join("; ")}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(wide <= 0, `${state} is ${wide} pixels too wide at ${width}`);
  }
  await page.setViewportSize({ width: 1440, height: 900 });
}
const few = [shapes[0], shapes[5]];

// Signing in leads to where one was going.
await page.goto(base + "/sessions/nothing?a=b");
await look("sign-in", few);
await page.keyboard.type("bh_wrong");
await press("Enter");
await page.getByRole("alert").waitFor();
await look("sign-in-wrong", few);
await page.getByLabel("API key").focus();
await page.keyboard.type(apiKey);
await press("Enter");
await page.waitForURL(base + "/sessions/nothing?a=b");
expect((await page.title()) === "Not found · browserhook", `what isn't there is ${await page.title()}`);
await look("missing", few);
const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
expect(!kept.includes("bh_"), `scripts see ${kept}`);

// The wall has the sessions, with pictures, and a new one by itself.
await press("g", "s");
await page.waitForURL(base + "/");
const made = await api("POST", "/sessions", { url: base + "/docs/quickstart", record: "all", metadata: { order: "16", team: "a & b" } });
const card = page.locator("#" + made.sessionId);
await card.waitFor();
while ((await api("GET", `/sessions/${made.sessionId}/steps`)).data[0]?.status !== "COMPLETED");
const opened = Date.now(); // pictures from now on show the page
await page.waitForFunction(([id, at]) => {
  const img = document.querySelector(`#${id} img`);
  return img?.naturalWidth > 0 && Number(new URL(img.src).searchParams.get("at")) > at && img.complete;
}, [made.sessionId, opened]);
await look("wall");

// j and Enter open it; what happens there is seen as it happens.
await page.locator("h1").click();
await press("j");
const first = await page.evaluate(() => document.activeElement.getAttribute("href"));
expect(first === "/sessions/" + made.sessionId, `j leads to ${first}`);
await press("Enter");
await page.waitForURL(base + "/sessions/" + made.sessionId);
const live = page.frameLocator("#live");
await live.locator("#screen").waitFor({ state: "visible" });
await page.locator('.steps i[data-status="COMPLETED"]').first().waitFor();
const frame = await page.locator("#live").evaluate((f) => (f.contentWindow.mark = Math.random()));

// A step is run by keyboard: the action completes, and has fields.
await page.getByLabel("Action", { exact: true }).focus();
await page.keyboard.type("extract");
await page.getByLabel("target", { exact: true }).waitFor();
await press("Tab");
await page.keyboard.type("h1");
await press("Enter");
await page.locator("#step-result").filter({ hasText: "Quick start" }).waitFor();
await page.waitForURL(/step=step_/);
await page.locator("[aria-busy]").waitFor({ state: "detached" });
await look("session");
await page.getByLabel("Action", { exact: true }).fill("click");
await page.getByLabel("target", { exact: true }).fill("#nothing");
await page.getByText("More", { exact: true }).click();
await page.getByLabel("timeout", { exact: true }).fill("100ms");
await page.getByRole("button", { name: "Run", exact: true }).focus();
await press("Enter");
await page.locator(".panel .wrong").first().waitFor();
await page.getByLabel("Action", { exact: true }).fill("click");
await page.getByLabel("target", { exact: true }).fill("");
await page.locator("form[data-run]").evaluate((f) => (f.noValidate = true));
await press("Enter");
await page.locator(".run .said").filter({ hasText: "target" }).waitFor();

// Every tab, in place: what is in the frame goes on.
for (const tab of ["Events", "Console", "Network", "Files", "Viewers", "Settings", "Code"]) {
  await page.getByRole("navigation", { name: "About the session" }).getByRole("link", { name: tab }).focus();
  await press("Enter");
  await page.locator(`[aria-current=page]`).filter({ hasText: tab }).waitFor();
  await page.locator("#tab-" + tab.toLowerCase()).waitFor();
  await look("session-" + tab.toLowerCase(), few);
}
for (const sample of ["curl", "go", "ts", "python", "playwright"]) {
  const text = await page.locator("#sample-" + sample).textContent();
  expect(text.includes("quickstart") && text.includes("16"), `the sample for ${sample} is ${text}`);
}
expect((await page.locator("#live").evaluate((f) => f.contentWindow.mark)) === frame, "the frame was opened again");

// One that there is no room for waits.
const waits = await api("POST", "/sessions", { url: base + "/docs" });
await page.goto(base + "/sessions/" + waits.sessionId);
await page.locator('.head .status[data-status="QUEUED"]').waitFor();
await page.frameLocator("#live").locator('body[data-phase="waiting"]').waitFor();
await look("session-queued", few);
await api("DELETE", "/sessions/" + waits.sessionId);
await page.locator('.head .status[data-status="CLOSED"]').waitFor();
await look("session-never-begun", few);
await page.goto(base + "/sessions/" + made.sessionId);
await live.locator("#screen").waitFor({ state: "visible" });

// Control, in the frame.
await page.getByRole("button", { name: "Take control" }).focus();
await press("Enter");
await live.getByRole("button", { name: "Take control" }).waitFor();
expect(page.url().startsWith(base + "/sessions/"), "taking control leaves the page");

// Closed, and seen to be. What was seen last is recorded a moment later.
const paint = "(() => { const painted = document.body.appendChild(document.createElement('div')); painted.style.cssText = 'position:fixed;inset:0;z-index:9;background:red' })()";
await api("POST", `/sessions/${made.sessionId}/steps`, { steps: [{ action: "evaluate", expression: paint }, { action: "evaluate", expression: "new Promise((done) => setTimeout(done, 500))" }] });
await page.locator('.steps i[data-status="COMPLETED"]').nth(3).waitFor();
await page.getByRole("button", { name: "Close", exact: true }).first().focus();
await press("Enter");
await page.getByRole("dialog").waitFor();
await press("Tab", "Enter");
await page.locator('.head .status[data-status="CLOSED"]').waitFor();
await page.goto(base + "/sessions/" + made.sessionId);
await look("ended", few);

// Its recording is seen again: from its end, by a step that is chosen, and played.
const frameOf = async () => (await page.locator("#live").elementHandle()).contentFrame();
const red = async (is) => (await frameOf()).waitForFunction((is) => {
  const c = document.querySelector("#screen"), [r, g] = c.getContext("2d").getImageData(c.width / 2, c.height / 2, 1, 1).data;
  return document.body.hasAttribute("data-past") && document.body.hasAttribute("data-drawn") && (r > 200 && g < 60) === is;
}, is);
await live.locator("#replay").waitFor();
await red(true);
await page.locator(".steps a").filter({ hasText: "painted" }).focus();
await press("Enter");
await page.locator("#step-given").filter({ hasText: "painted" }).waitFor();
await red(false);
await live.getByRole("button", { name: "Play" }).focus();
await press("Space");
await red(true);
await page.getByRole("button", { name: "Open again" }).focus();
await press("Enter");
await page.waitForURL((u) => u.pathname.startsWith("/sessions/browser_") && !u.pathname.endsWith(made.sessionId));
const again = await api("GET", "/sessions/" + new URL(page.url()).pathname.split("/").pop());
expect(again.metadata.order === "16" && again.url === base + "/docs/quickstart", "the other session is another");
await api("DELETE", "/sessions/" + again.sessionId);

// The table, by its filter.
await page.goto(base + "/sessions");
await look("table");
await press("/");
await page.getByLabel("Metadata").fill("order=17");
await press("Enter");
await page.getByText("None is like that").waitFor();
await look("table-none", few);
await page.goto(base + "/sessions?status=ended&metadata=team%3Da+%26+b&since=1h");
await page.locator("tbody tr").nth(1).waitFor(); // it may be closing still
expect((await page.locator("tbody tr").count()) === 2, "the filter finds others");

// A viewer is offered nothing, and is away when the key is.
const key = await api("POST", "/keys", { role: "viewer", name: "looks" });
await page.getByRole("button", { name: "Sign out" }).click();
await page.waitForURL(base + "/sign-in");
await page.getByLabel("API key").fill(key.key);
await press("Enter");
await page.waitForURL(base + "/");
await page.locator("[data-row]").first().click();
await live.locator("body[data-phase=live]").waitFor(); // a link that is over before it is connected is told of as an error
expect((await page.locator("main button:not([data-copy])").count()) === 0, "a viewer is offered something");
await api("DELETE", "/keys/" + key.keyId);
await page.waitForURL(/sign-in/);

// A server that nobody has used says what to do next, and one without a browser what is
// wrong.
await page.goto(unused + "/");
await page.getByLabel("API key").fill(apiKey);
await press("Enter");
await page.getByText("No session yet").waitFor();
await look("wall-empty", few);
for (const path of ["sessions", "webhooks"]) {
  await page.goto(unused + "/" + path);
  await page.locator(".empty").waitFor();
  await look(path + "-empty", few);
}
const failed = await api("POST", "/sessions", {}, unused);
await page.goto(unused + "/sessions/" + failed.sessionId);
await page.locator('.head .status[data-status="FAILED"]').waitFor();
await page.locator(".wrong").waitFor();
await look("session-failed", few);

await page.close();
await browser.close();
