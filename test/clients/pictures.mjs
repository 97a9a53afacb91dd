// TestPictures' side: takes a picture of every page of a server in each of its states,
// light and dark, wide, middling and narrow, of real sessions that work in a shop. The
// browser that looks is of another server, for this one to be stopped in the end.
import { mkdirSync } from "node:fs";
import { chromium } from "playwright-core";

const [, , connectUrl, base, apiKey, shop, invoices, hook, failing, unused, folder, pid] = process.argv;
mkdirSync(folder, { recursive: true });
const browser = await chromium.connectOverCDP(connectUrl);
const context = browser.contexts()[0];
const newPage = async () => {
  const page = await context.newPage();
  page.setDefaultTimeout(120_000); // it may be a busy machine
  return page;
};
const shapes = [[1440, 900], [768, 1024], [390, 844]].flatMap(([width, height]) => ["light", "dark"].map((colorScheme) => ({ width, height, colorScheme })));

// look takes the page's pictures, with what is below the fold where that is asked for.
const names = [];
async function look(page, name, { fullPage = false, before = () => {} } = {}) {
  names.push(name);
  await page.bringToFront();
  for (const { width, height, colorScheme } of shapes) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.waitForTimeout(400); // a live picture is made to fit the window when that rests
    await before();
    await page.screenshot({ path: `${folder}/${name}-${width}-${colorScheme}.png`, fullPage });
  }
  await page.setViewportSize({ width: 1440, height: 900 });
}
async function api(method, path, body, headers = {}, at = base) {
  const answer = await fetch(at + "/v1" + path, { method, headers: { Authorization: "Bearer " + apiKey, ...(body && { "Content-Type": "application/json" }), ...headers }, body: body && JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text && JSON.parse(text);
}
const run = (id, ...steps) => api("POST", `/sessions/${id}/steps`, { steps, onError: "continue" }, { Prefer: "wait=60" });
const link = async (id, more) => (await api("POST", `/sessions/${id}/streams`, more)).streamingUrl;

const page = await newPage();
// Cookies know no ports: who signs in at the other server is signed out here.
const signIn = async () => {
  await page.goto(base + "/sign-in");
  await page.getByLabel("API key").fill(apiKey);
  await page.keyboard.press("Enter");
  await page.waitForURL(base + "/");
};
const open = async (path, ready) => {
  await page.goto(base + path);
  if (ready) await page.locator(ready).first().waitFor();
};

// Nobody is signed in.
await open("/sign-in");
await look(page, "sign-in");
await page.getByLabel("API key").fill("bh_wrong");
await page.keyboard.press("Enter");
await page.getByRole("alert").waitFor();
await look(page, "sign-in-wrong");
await page.getByLabel("API key").fill(apiKey);
await page.keyboard.press("Enter");
await page.waitForURL(base + "/");

// A server that nobody has used.
await look(page, "wall-empty");
for (const [path, name] of [["/sessions", "table-empty"], ["/webhooks", "webhooks-empty"], ["/event-types", "events"], ["/event-types/step_completed", "event-no-endpoint"], ["/keys", "keys-one"], ["/projects", "projects"], ["/nothing/here", "missing"]]) {
  await open(path);
  await look(page, name);
}

// One without a browser.
const { sessionId: without } = await api("POST", "/sessions", { url: shop }, {}, unused);
await page.goto(unused + "/sign-in?next=/sessions/" + without);
await page.getByLabel("API key").fill(apiKey);
await page.keyboard.press("Enter");
await page.locator('.head .status[data-status="FAILED"]').waitFor();
await look(page, "session-failed");
await page.goto(unused);
await look(page, "wall-none-open");
await signIn();

// Receivers: one takes what it gets, one fails, and one is paused.
const schedule = ["1s", "2s", "30m"];
const good = await api("POST", "/webhook-endpoints", { url: hook, events: ["*"], description: "Orders, in the shop’s backend", retrySchedule: schedule });
const bad = await api("POST", "/webhook-endpoints", { url: failing, events: ["browser_*", "step_failed"], description: "The old warehouse", retrySchedule: schedule });
const paused = await api("POST", "/webhook-endpoints", { url: hook + "/audit", events: ["browser_closed"], ordered: true });
await api("POST", `/webhook-endpoints/${paused.endpointId}/pause`);

// Sessions, as many as there is room for, and one more.
const make = (url, metadata, more = {}) => api("POST", "/sessions", { url, metadata, viewport: { width: 960, height: 540 }, idleTimeout: "1h", ...more });
const order = await make(shop + "/", { order: "1042", customer: "Ada" }, { record: "all" });
for (const step of [
  { action: "extract", target: "#products li >> nth=0" }, { action: "fill", target: "placeholder=Search the shop", value: "tea" }, { action: "press", key: "Enter" },
  { action: "click", target: "text=Glass teapot" }, { action: "evaluate", expression: "console.log('price', document.querySelector('.price').textContent); console.warn('prices are without tax'); fetch('/nothing').then(() => 1)" },
  { action: "assert", target: ".price", text: "34.50" }, { action: "back" }, { action: "screenshot" }, { action: "extract", target: "h1" },
]) {
  await run(order.sessionId, step);
  await page.waitForTimeout(500); // a program thinks
}
const login = await make(shop + "/login", { customer: "Grace" });
await run(login.sessionId, { action: "fill", target: "label=E-mail", value: "grace@example.org" }, { action: "fill", target: "label=Password", value: "not this one", secret: true });
const returns = await make(shop + "/returns", { order: "1038", reason: "broken" });
await run(returns.sessionId, { action: "fill", target: "label=\"Order number\"", value: "1038" }, { action: "select", target: "label=Reason", value: "It came broken" }, { action: "click", target: "text=Refund", timeout: "500ms" });
const asks = await make(invoices, { job: "invoices" });
const second = await make(base + "/docs/quickstart", { job: "crawl" }, { viewport: { width: 1280, height: 720 } });
const queued = await make(shop + "/?page=2", { order: "1044", customer: "Lin" });

await open("/", "#" + queued.sessionId);
await page.waitForFunction(() => [...document.querySelectorAll(".shot img")].filter((img) => img.complete && img.naturalWidth).length >= 5);
await page.waitForTimeout(4000); // and again, of what is there by now
await look(page, "wall");
await open("/sessions", "tbody tr");
await look(page, "table");

// The live page, looked at.
const live = await newPage();
await live.goto(queued.streamingUrl);
await live.locator("body[data-phase=waiting]").waitFor();
await look(live, "live-queued");
await live.goto(order.streamingUrl);
await live.locator("body[data-drawn][data-phase=live]").waitFor();
await live.locator("#steps li").first().waitFor();
await look(live, "live");
await live.goto(returns.streamingUrl);
await live.locator("body[data-drawn][data-phase=live]").waitFor();
await look(live, "live-failed-step");
await live.goto(await link(order.sessionId, { mode: "view", replay: true, name: "Ada" }));
await live.locator("#replay").waitFor();
await look(live, "live-replay");
await live.locator("#steps li").filter({ hasText: "Glass teapot" }).click();
await look(live, "live-moved-back");
await live.goto(await link(asks.sessionId, { mode: "control", name: "Ada" }));
await live.locator("body[data-drawn][data-phase=live]").waitFor();
await look(live, "live-may-control");
await live.locator("#control").click();
await live.locator("body[data-mine]").waitFor();
await look(live, "live-control");
await live.waitForFunction(() => document.querySelector("#screen").getBoundingClientRect().width > 900); // it is wide again
const { width, height } = await live.locator("#screen").boundingBox();
await live.locator("#screen").click({ position: { x: width / 2, y: height * 0.54 } }); // the button
await live.locator("#ask").waitFor();
await look(live, "live-asked");
await open("/sessions/" + asks.sessionId, ".trace");
await look(page, "session-asked");
await live.getByRole("button", { name: "Cancel" }).click();
await live.locator("#ask").waitFor({ state: "hidden" });

// A session in the dashboard.
await open("/sessions/" + queued.sessionId, ".trace");
await look(page, "session-queued");
await open("/sessions/" + returns.sessionId, ".trace");
await page.frameLocator("#live").locator("body[data-drawn]").waitFor();
await look(page, "session-failed-step");
await open("/sessions/" + order.sessionId, ".trace");
await page.frameLocator("#live").locator("body[data-drawn]").waitFor();
await page.locator(".steps a").filter({ hasText: "screenshot" }).click();
await page.locator("img.taken").waitFor();
await look(page, "session");
await look(page, "session-whole", { fullPage: true });
for (const tab of ["events", "console", "network", "files", "viewers", "settings", "code"]) {
  await open(`/sessions/${order.sessionId}?tab=${tab}`, "#tab-" + tab);
  await page.frameLocator("#live").locator("body[data-drawn]").waitFor();
  await look(page, "session-" + tab, { before: () => page.locator("#tab-" + tab).scrollIntoViewIfNeeded() });
}
await page.getByLabel("Action", { exact: true }).fill("click");
await look(page, "session-run", { before: () => page.locator("#run").scrollIntoViewIfNeeded() });

// Sessions that end: while somebody looks, and for who comes later, recorded or not.
const was = await newPage();
await was.goto(login.streamingUrl);
await was.locator("body[data-drawn]").waitFor();
for (const s of [order, login, returns]) {
  await api("DELETE", "/sessions/" + s.sessionId);
  while ((await api("GET", "/sessions/" + s.sessionId)).status !== "CLOSED") await page.waitForTimeout(100);
}
await was.locator("body[data-phase=ended]").waitFor();
await look(was, "live-ended");
await live.goto(order.streamingUrl);
await live.locator("body[data-phase=over]").waitFor();
await look(live, "live-ended-before");
await live.goto(await link(order.sessionId, { replay: true }));
await live.locator("#replay").waitFor();
await look(live, "live-ended-recorded");
for (const view of ["Events", "Console", "Network", "Files"]) {
  await live.getByRole("button", { name: view, exact: true }).click();
  await live.locator("#moments li").first().waitFor();
  await look(live, "live-ended-" + view.toLowerCase());
}
await live.goto(await link(returns.sessionId, { replay: true }));
await live.locator("body[data-phase=ended]").waitFor();
await look(live, "live-ended-not-recorded");
await open("/sessions/" + order.sessionId, ".trace");
await page.frameLocator("#live").locator("#replay").waitFor();
await look(page, "session-ended-recorded");
await open("/sessions/" + returns.sessionId, ".trace");
await look(page, "session-ended-not-recorded");
await open("/sessions?status=ended&metadata=order%3D1", "main");
await look(page, "table-none");

// A link that is over.
const once = await api("POST", `/sessions/${asks.sessionId}/streams`, { name: "Bob" });
await live.goto(once.streamingUrl);
await live.locator("body[data-drawn]").waitFor();
await api("DELETE", `/sessions/${asks.sessionId}/streams/${once.streamId}`);
await live.locator("body[data-phase=over]").waitFor();
await look(live, "live-revoked");
await live.reload();
await look(live, "live-over");
await live.goto(base + "/streams?id=nothing");
await look(live, "live-wrong");

// Webhooks.
await page.waitForTimeout(4000); // for the failing one's second and third try
await open("/webhooks", "tbody tr");
await look(page, "webhooks");
for (const [endpoint, name] of [[good, "webhook"], [bad, "webhook-failing"], [paused, "webhook-paused"]]) {
  await open(`/webhooks/${endpoint.endpointId}?period=1h`, ".charts");
  await look(page, name);
  await look(page, name + "-whole", { fullPage: true });
}
for (const [endpoint, name] of [[good, "delivery"], [bad, "delivery-failing"]]) {
  const { data } = await api("GET", "/deliveries?endpointId=" + endpoint.endpointId);
  await open("/deliveries/" + data[0].deliveryId, ".attempt");
  await look(page, name, { fullPage: true });
}
await open("/event-types/step_completed", "#to");
await look(page, "event");
await page.locator("#to").selectOption(good.endpointId);
await page.getByRole("button", { name: "Send", exact: true }).click();
await page.locator(".told").waitFor();
await look(page, "event-sent");

// Keys and nodes, and what a viewer may not see.
for (const [name, role] of [["CI", "project"], ["Support", "viewer"]]) await api("POST", "/keys", { name, role });
const viewer = await api("POST", "/keys", { name: "Grace", role: "viewer" });
await open("/keys", "tbody tr");
await look(page, "keys");
await open("/nodes", "main h1");
await look(page, "nodes");
await page.getByRole("button", { name: "Sign out" }).click();
await page.getByLabel("API key").fill(viewer.key);
await page.keyboard.press("Enter");
await page.waitForURL(base + "/");
await open("/keys");
await look(page, "forbidden");
await open("/sessions/" + second.sessionId, ".trace");
await page.frameLocator("#live").locator("body[data-drawn]").waitFor();
await look(page, "session-viewer");
await live.goto(base + "/docs");
await look(live, "docs");
await live.goto(base + "/docs/live");
await look(live, "docs-live");

// The server is gone.
await live.goto(second.streamingUrl);
await live.locator("body[data-drawn][data-phase=live]").waitFor();
process.kill(Number(pid), "SIGKILL");
await live.locator("body[data-phase=lost]").waitFor();
await look(live, "live-lost");
await page.locator("body[data-lost]").waitFor();
await look(page, "session-lost");

await browser.close();
console.log(names.join(" "));
