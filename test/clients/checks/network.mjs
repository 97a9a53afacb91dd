// The network: what is told of it, and what a program answers itself.
import { once, path, sorted, thrown, within } from "./mark.mjs";

// Each is done in the page.
const echo = (init) => fetch("/echo", init).then((r) => r.json());

export const playwright = {
  "what a request and its answer are": async ({ page, site }) => {
    await page.goto(site + "/page");
    const [r] = await Promise.all([page.waitForResponse("**/echo"), page.evaluate(() => fetch("/echo", { method: "POST", body: JSON.stringify({ a: 1 }), headers: { "x-one": "1" } }))]);
    const q = r.request();
    return [r.status(), r.ok(), q.method(), q.resourceType(), q.postDataJSON(), (await q.allHeaders())["x-one"], (await r.json()).method, await r.headerValue("content-type"), q.frame() === page.mainFrame(), q.isNavigationRequest()];
  },
  "the order of events": async ({ page, site }) => { await page.goto(site + "/page"); const told = []; for (const e of ["request", "response", "requestfinished", "requestfailed"]) page.on(e, () => told.push(e)); await Promise.all([page.waitForEvent("requestfinished"), page.evaluate(() => fetch("/api").then((r) => r.text()))]); await Promise.all([page.waitForEvent("requestfailed"), page.evaluate(() => fetch("http://127.0.0.1:1/").catch(() => {}))]); return told; },
  "a request that fails": async ({ page, site }) => { await page.goto(site + "/page"); const [q] = await Promise.all([page.waitForEvent("requestfailed"), page.evaluate(() => fetch("http://127.0.0.1:1/").catch(() => {}))]); return q.failure().errorText; },
  "sizes and times": async ({ page, site }) => { const r = await page.goto(site + "/page"); await r.finished(); const s = await r.request().sizes(); return [s.responseBodySize > 100, r.request().timing().responseEnd >= 0, (await r.serverAddr()).ipAddress, await r.securityDetails()]; },
  "requests of frames of other sites": async ({ page, site }) => { const urls = []; page.on("request", (q) => q.frame().name() === "far" && urls.push(path(q.url()))); await page.goto(site + "/frames"); return urls; },
  "fulfilling": async ({ page, site }) => { await page.route("**/api", (r) => r.fulfill({ status: 201, headers: { "x-made": "up" }, json: { made: "up" } })); await page.goto(site + "/page"); return page.evaluate(async () => { const r = await fetch("/api"); return [r.status, r.headers.get("x-made"), await r.json()]; }); },
  "fulfilling a page": async ({ page, site }) => { await page.route("**/nowhere", (r) => r.fulfill({ contentType: "text/html", body: "<title>made up</title>" })); await page.goto(site + "/nowhere"); return page.title(); },
  "fulfilling a picture": async ({ page, site }) => {
    const dot = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");
    await page.route("**/dot.gif", (r) => r.fulfill({ contentType: "image/gif", body: dot }));
    await page.goto(site + "/empty");
    return page.evaluate(async () => { const i = new Image(); i.src = "/dot.gif"; await i.decode(); return i.naturalWidth; });
  },
  "aborting": async ({ page, site }) => { await page.route("**/api", (r) => r.abort("connectionrefused")); await page.goto(site + "/page"); const [q, name] = await Promise.all([page.waitForEvent("requestfailed"), page.evaluate(() => fetch("/api").catch((e) => e.name))]); return [name, q.failure().errorText]; },
  "aborting a navigation": async ({ page, site }) => { await page.route("**/page", (r) => r.abort()); return thrown(page.goto(site + "/page")); },
  "continuing with other headers": async ({ page, site }) => { await page.route("**/echo", (r) => r.continue({ headers: { ...r.request().headers(), "x-added": "yes" } })); await page.goto(site + "/page"); return (await page.evaluate(echo)).headers["X-Added"]; },
  "continuing with another method and body": async ({ page, site }) => { await page.route("**/echo", (r) => r.continue({ method: "POST", postData: "changed" })); await page.goto(site + "/page"); const got = await page.evaluate(echo); return [got.method, got.body]; },
  "continuing elsewhere": async ({ page, site }) => { await page.route("**/api", (r) => r.continue({ url: site + "/echo?instead" })); await page.goto(site + "/page"); return page.evaluate(async () => (await (await fetch("/api")).json()).path); },
  "changing the answer": async ({ page, site }) => { await page.route("**/api", async (r) => { const got = await r.fetch(); await r.fulfill({ response: got, json: { ...await got.json(), and: "more" } }); }); await page.goto(site + "/page"); return page.evaluate(async () => (await fetch("/api")).json()); },
  "one route after another": async ({ page, site }) => { const told = []; await page.route("**/api", (r) => { told.push("first"); r.continue(); }); await page.route("**/api", (r) => { told.push("second"); r.fallback(); }); await page.goto(site + "/page"); await page.evaluate(() => fetch("/api")); return told; },
  "a route for some times": async ({ page, site }) => { await page.route("**/api", (r) => r.fulfill({ body: "once" }), { times: 1 }); await page.goto(site + "/page"); return page.evaluate(async () => [await (await fetch("/api")).text(), await (await fetch("/api")).text()]); },
  "a route of the context": async ({ page, context, site }) => { await context.route("**/api", (r) => r.fulfill({ body: "of the context" })); await page.goto(site + "/page"); return page.evaluate(async () => (await fetch("/api")).text()); },
  "a route in a popup": async ({ page, context, site }) => { await context.route("**/empty", (r) => r.fulfill({ contentType: "text/html", body: "<title>made up</title>" })); await page.goto(site + "/page"); const [p] = await Promise.all([page.waitForEvent("popup"), page.evaluate(() => { window.open("/empty"); })]); await p.waitForLoadState(); return p.title(); },
  "a route in a frame of another site": async ({ page, site }) => { await page.route("**/api", (r) => r.fulfill({ body: "in the frame" })); await page.goto(site + "/frames"); return page.frame("far").evaluate(async () => (await fetch("/api")).text()); },
  "a route that ends": async ({ page, site }) => { await page.route("**/api", (r) => r.fulfill({ body: "up" })); await page.goto(site + "/page"); await page.unroute("**/api"); return page.evaluate(async () => (await fetch("/api")).json()); },
  "a redirect that is routed": async ({ page, site }) => { const seen = []; await page.route("**/*", (r) => { seen.push(path(r.request().url())); r.continue(); }); await page.goto(site + "/redirect"); return [seen, path(page.url())]; },
  "another site's answer": async ({ page, site, other }) => { await page.route("**/far", (r) => r.fulfill({ headers: { "access-control-allow-origin": "*" }, body: "let in" })); await page.goto(site + "/page"); return page.evaluate(async (url) => (await fetch(url)).text(), other + "/far"); },
  "headers of the page": async ({ page, site }) => { await page.setExtraHTTPHeaders({ "x-page": "1" }); await page.goto(site + "/page"); return (await page.evaluate(echo)).headers["X-Page"]; },
  "headers of the context": within({ extraHTTPHeaders: { "x-context": "1" } }, async ({ page, site }) => { await page.goto(site + "/page"); return (await page.evaluate(echo)).headers["X-Context"]; }),
  "credentials": within({ httpCredentials: { username: "me", password: "mine" } }, async ({ page, site }) => { const r = await page.goto(site + "/login"); return [r.status(), await page.title()]; }),
  "no credentials": async ({ page, site }) => { const r = await page.goto(site + "/login").catch((e) => e.message); return typeof r === "string" ? r.split("\n")[0].replace(/http.*/, "") : r.status(); },
  "offline": async ({ page, context, site }) => { await page.goto(site + "/page"); await context.setOffline(true); const off = await page.evaluate(() => [navigator.onLine, fetch("/api").then(() => "came", (e) => e.name)][0]); const failed = await page.evaluate(() => fetch("/api").catch((e) => e.name)); await context.setOffline(false); return [off, failed, await page.evaluate(async () => (await fetch("/api")).status)]; },
  "a socket": async ({ page, site }) => {
    await page.goto(site + "/page");
    const told = [];
    page.on("websocket", (ws) => { told.push(path(ws.url())); ws.on("framesent", (f) => told.push("sent " + f.payload)); ws.on("framereceived", (f) => told.push("came " + f.payload)); });
    const got = await page.evaluate(() => new Promise((r) => { const ws = new WebSocket(location.origin.replace("http", "ws") + "/socket"); ws.onopen = () => ws.send("hello"); ws.onmessage = (e) => r(e.data); }));
    return [got, told];
  },
  "a socket that is routed": async ({ page, site }) => { await page.routeWebSocket("**/socket", (ws) => ws.onMessage((m) => ws.send("made up for " + m))); await page.goto(site + "/page"); return page.evaluate(() => new Promise((r) => { const ws = new WebSocket(location.origin.replace("http", "ws") + "/socket"); ws.onopen = () => ws.send("hello"); ws.onmessage = (e) => r(e.data); })); },
  "events of a server": async ({ page, site }) => { await page.goto(site + "/page"); return page.evaluate(() => new Promise((r) => { const s = new EventSource("/told"); s.onmessage = (e) => { s.close(); r(e.data); }; })); },
  "requests of the program itself": async ({ page, context, site }) => { await page.goto(site + "/cookie"); const r = await context.request.get(site + "/echo"); return (await r.json()).headers.Cookie; },
};

// intercepted has the page's requests go through a function.
async function intercepted(page, answer) {
  await page.setRequestInterception(true);
  const told = (r) => { if (!answer(r)) r.continue(); };
  page.on("request", told);
  return async () => { page.off("request", told); await page.setRequestInterception(false); };
}

export const puppeteer = {
  "what a request and its answer are": async ({ page, site }) => {
    await page.goto(site + "/page");
    const [r] = await Promise.all([page.waitForResponse((r) => r.url().endsWith("/echo")), page.evaluate(() => fetch("/echo", { method: "POST", body: "sent" }))]);
    const q = r.request();
    return [r.status(), r.ok(), q.method(), q.resourceType(), q.postData(), (await r.json()).body, q.frame() === page.mainFrame(), r.remoteAddress().ip];
  },
  "the order of events": async ({ page, site }) => { await page.goto(site + "/page"); const told = []; for (const e of ["request", "response", "requestfinished", "requestfailed"]) page.on(e, () => told.push(e)); const ended = once(page, "requestfailed"); await page.evaluate(() => fetch("/api").then((r) => r.text())); await page.evaluate(() => fetch("http://127.0.0.1:1/").catch(() => {})); await ended; return told; },
  "a body": async ({ page, site }) => { const r = await page.goto(site + "/page"); return [(await r.text()).includes("<button"), (await r.buffer()).length > 100, r.fromCache(), r.fromServiceWorker()]; },
  "responding": async ({ page, site }) => { await intercepted(page, (r) => r.url().endsWith("/api") && (r.respond({ status: 201, body: '{"made":"up"}', contentType: "application/json" }), true)); await page.goto(site + "/page"); return page.evaluate(async () => { const r = await fetch("/api"); return [r.status, await r.json()]; }); },
  "aborting": async ({ page, site }) => { await intercepted(page, (r) => r.url().endsWith("/api") && (r.abort("connectionrefused"), true)); await page.goto(site + "/page"); const failed = once(page, "requestfailed"); const name = await page.evaluate(() => fetch("/api").catch((e) => e.name)); return [name, (await failed).failure().errorText]; },
  "continuing with other headers": async ({ page, site }) => { await intercepted(page, (r) => r.url().endsWith("/echo") && (r.continue({ headers: { ...r.headers(), "x-added": "yes" } }), true)); await page.goto(site + "/page"); return (await page.evaluate(echo)).headers["X-Added"]; },
  "continuing with another method and body": async ({ page, site }) => { await intercepted(page, (r) => r.url().endsWith("/echo") && (r.continue({ method: "POST", postData: "changed" }), true)); await page.goto(site + "/page"); const got = await page.evaluate(echo); return [got.method, got.body]; },
  "interception of a redirect": async ({ page, site }) => { const seen = []; await intercepted(page, (r) => { seen.push(path(r.url())); }); await page.goto(site + "/redirect"); return seen.filter((p) => p !== "/favicon.ico"); },
  "interception in a frame of another site": async ({ page, site }) => { await intercepted(page, (r) => r.url().endsWith("/api") && (r.respond({ body: "in the frame" }), true)); await page.goto(site + "/frames"); return page.frames().find((f) => f.name() === "far").evaluate(async () => (await fetch("/api")).text()); },
  "interception that is turned off": async ({ page, site }) => { const end = await intercepted(page, (r) => r.url().endsWith("/api") && (r.respond({ body: "up" }), true)); await page.goto(site + "/page"); await end(); return page.evaluate(async () => (await fetch("/api")).json()); },
  "handlers that agree": async ({ page, site }) => { await page.setRequestInterception(true); page.on("request", (r) => r.continue({}, 0)); page.on("request", (r) => r.url().endsWith("/api") ? r.respond({ body: "agreed" }, 1) : r.continue({}, 0)); await page.goto(site + "/page"); return page.evaluate(async () => (await fetch("/api")).text()); },
  "headers of the page": async ({ page, site }) => { await page.setExtraHTTPHeaders({ "x-page": "1" }); await page.goto(site + "/page"); return (await page.evaluate(echo)).headers["X-Page"]; },
  "credentials": async ({ page, site }) => { await page.authenticate({ username: "me", password: "mine" }); const r = await page.goto(site + "/login"); return [r.status(), await page.title()]; },
  "offline": async ({ page, site }) => { await page.goto(site + "/page"); await page.setOfflineMode(true); const failed = await page.evaluate(() => fetch("/api").catch((e) => e.name)); await page.setOfflineMode(false); return [failed, await page.evaluate(async () => (await fetch("/api")).status)]; },
  "a slow network": async ({ page, site }) => { await page.emulateNetworkConditions({ download: -1, upload: -1, latency: 200 }); const began = Date.now(); await page.goto(site + "/empty"); return Date.now() - began >= 190; },
  "no cache": async ({ page, site }) => { await page.setCacheEnabled(false); await page.goto(site + "/scripts"); return (await page.reload()).status(); },
  "past the page's policy": async ({ page, site }) => { await page.setBypassCSP(true); await page.goto(site + "/strict"); await page.addScriptTag({ content: "window.in = 1" }); return page.evaluate(() => window.in); },
  "idle": async ({ page, site }) => { await page.goto(site + "/page"); const waits = page.waitForNetworkIdle({ idleTime: 50 }); await page.evaluate(() => { fetch("/api"); }); await waits; return true; },
  "who began a request": async ({ page, site }) => { const began = once(page, "request", (q) => q.url().endsWith("/script.js")); await page.goto(site + "/scripts"); const q = await began; return [q.initiator().type, q.isNavigationRequest(), sorted(Object.keys(q.headers())).includes("referer")]; },
};
