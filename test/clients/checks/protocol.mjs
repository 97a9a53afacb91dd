// The protocol itself: raw sessions, what is refused, who comes and goes.
import { alone, apart, differs, once, sorted, thrown } from "./mark.mjs";

const reaches = "it reaches outside the session";

export const playwright = {
  "a raw session": async ({ page, context }) => { const s = await context.newCDPSession(page); const got = await s.send("Runtime.evaluate", { expression: "6 * 7" }); await s.detach(); return [got.result.value, await thrown(s.send("Runtime.evaluate", { expression: "1" }))]; },
  "events of a raw session": async ({ page, context, site }) => { const s = await context.newCDPSession(page); await s.send("Network.enable"); const told = once(s, "Network.requestWillBeSent"); await page.goto(site + "/empty"); return (await told).documentURL.endsWith("/empty"); },
  "a raw session of a frame": async ({ page, context, site }) => { await page.goto(site + "/frames"); const s = await context.newCDPSession(page.frame("far")); return (await s.send("Runtime.evaluate", { expression: "location.hostname" })).result.value; },
  "a raw session of the browser": async ({ browser }) => { const s = await browser.newBrowserCDPSession(); return sorted(Object.keys(await s.send("Browser.getVersion"))); },
  "an unknown method": async ({ page, context }) => { const s = await context.newCDPSession(page); return thrown(s.send("No.such")); },
  "parameters that aren't": async ({ page, context }) => { const s = await context.newCDPSession(page); return thrown(s.send("Runtime.evaluate", { expression: 7 })); },
  "two raw sessions of one page": async ({ page, context }) => { const [a, b] = [await context.newCDPSession(page), await context.newCDPSession(page)]; let heard = 0; b.on("Runtime.executionContextCreated", () => heard++); await a.send("Runtime.enable"); await a.send("Runtime.evaluate", { expression: "1" }); return heard; },
  "a debugger": async ({ page, context }) => { const s = await context.newCDPSession(page); await s.send("Debugger.enable"); const paused = once(s, "Debugger.paused"); const ran = page.evaluate(() => { debugger; return "went on"; }); const { reason, callFrames } = await paused; await s.send("Debugger.resume"); return [reason, callFrames.length > 0, await ran]; },
  "a heap": async ({ page, context }) => { const s = await context.newCDPSession(page); let size = 0; s.on("HeapProfiler.addHeapSnapshotChunk", (e) => { size += e.chunk.length; }); await s.send("HeapProfiler.takeHeapSnapshot"); return size > 100_000; },
  "a profile": async ({ page, context }) => { const s = await context.newCDPSession(page); await s.send("Profiler.enable"); await s.send("Profiler.start"); await page.evaluate(() => { for (let i = 0; i < 1e5; i++) Math.sqrt(i); }); return (await s.send("Profiler.stop")).profile.nodes.length > 0; },
  "a body as a stream": async ({ page, context, site }) => {
    const s = await context.newCDPSession(page);
    await s.send("Fetch.enable", { patterns: [{ urlPattern: "*/api", requestStage: "Response" }] });
    await page.goto(site + "/empty");
    const paused = once(s, "Fetch.requestPaused");
    const got = page.evaluate(async () => (await fetch("/api")).text());
    const { requestId } = await paused;
    const { stream } = await s.send("Fetch.takeResponseBodyAsStream", { requestId });
    const read = await s.send("IO.read", { handle: stream });
    await s.send("IO.close", { handle: stream });
    await s.send("Fetch.fulfillRequest", { requestId, responseCode: 200, body: Buffer.from("other").toString("base64") });
    return [read.base64Encoded ? Buffer.from(read.data, "base64").toString() : read.data, await got];
  },
  "a snapshot": async ({ page, context, site }) => { await page.goto(site + "/frames"); const s = await context.newCDPSession(page); return (await s.send("Page.captureSnapshot")).data.includes("multipart/related"); },
  "the DOM": async ({ page, context, site }) => { await page.goto(site + "/page"); const s = await context.newCDPSession(page); const { root } = await s.send("DOM.getDocument"); const { nodeId } = await s.send("DOM.querySelector", { nodeId: root.nodeId, selector: "#go" }); return (await s.send("DOM.getOuterHTML", { nodeId })).outerHTML.startsWith("<button"); },
  "storage": async ({ page, context, site }) => { await page.goto(site + "/page"); await page.evaluate(() => new Promise((r) => { indexedDB.open("kept").onsuccess = r; })); const s = await context.newCDPSession(page); return (await s.send("IndexedDB.requestDatabaseNames", { securityOrigin: site })).databaseNames; },
  "a screencast": async ({ page, context, site }) => { await page.goto(site + "/page"); const s = await context.newCDPSession(page); const frame = once(s, "Page.screencastFrame"); await s.send("Page.startScreencast", { format: "jpeg" }); await page.evaluate(() => { document.body.style.background = "red"; }); const { data, sessionId } = await frame; await s.send("Page.screencastFrameAck", { sessionId }); return data.length > 100; },

  "pages stay when a program leaves": apart(async ({ again, site }) => { const b = await again(); const p = await b.contexts()[0].newPage(); await p.goto(site + "/empty?stays"); await b.close(); const c = await again(); const kept = c.contexts()[0].pages().find((p) => p.url().endsWith("?stays")); const title = await kept?.title(); await kept?.close(); return title; }),
  "contexts go when a program leaves": apart(async ({ again, browser, site }) => { const b = await again(); const p = await (await b.newContext()).newPage(); await p.goto(site + "/empty?goes"); await b.close(); const c = await again(); return c.contexts().flatMap((c) => c.pages()).some((p) => p.url().endsWith("?goes")) || browser.contexts().flatMap((c) => c.pages()).some((p) => p.url().endsWith("?goes")); }),
  "a program that leaves disturbs no other": apart(async ({ again, page, site }) => { const b = await again(); await b.contexts()[0].newPage().then((p) => p.close()); await b.close(); await page.goto(site + "/page"); return [b.isConnected(), await page.title()]; }),
  "a program that leaves is told": apart(async ({ again }) => { const b = await again(); const told = once(b, "disconnected"); await b.close(); await told; return [b.isConnected(), b.contexts().length, await thrown(b.newContext())]; }),
  "pages of another program are seen": alone(async ({ again, context, site }) => { const b = await again(); const [p] = await Promise.all([b.contexts()[0].waitForEvent("page"), context.newPage()]); const mine = context.pages().at(-1); await mine.goto(site + "/empty"); await p.waitForURL("**/empty"); const title = await p.title(); await mine.close(); return title; }),
  "two programs on one page": alone(async ({ again, page, site }) => { await page.goto(site + "/page"); const b = await again(); const theirs = b.contexts()[0].pages()[0]; await theirs.fill("#name", "theirs"); await page.click("#go"); return [await theirs.textContent("#out"), await page.inputValue("#name")]; }),
  "what one program routes another sees": alone(async ({ again, page, site }) => { await page.goto(site + "/page"); const b = await again(); const theirs = b.contexts()[0].pages()[0]; await theirs.route("**/api", (r) => r.fulfill({ body: "theirs" })); const routed = await page.evaluate(async () => (await fetch("/api")).text()); await b.close(); return [routed, await page.evaluate(async () => (await fetch("/api")).text())]; }),
  "what a program held goes on when it leaves": alone(async ({ again, page, site }) => { await page.goto(site + "/page"); const b = await again(); const theirs = b.contexts()[0].pages()[0]; let held; const holds = new Promise((r) => { held = r; }); await theirs.route("**/api", () => held()); const got = page.evaluate(async () => (await fetch("/api")).text()); await holds; await b.close(); return got; }),
  "a page that another program closes": alone(async ({ again, context, site }) => { const mine = await context.newPage(); await mine.goto(site + "/empty?closed"); const b = await again(); const theirs = b.contexts()[0].pages().find((p) => p.url().endsWith("?closed")); const waits = thrown(mine.evaluate(() => new Promise(() => {}))); await Promise.all([mine.waitForEvent("close"), theirs.close()]); return waits; }),
  "what is emulated ends with its program": alone(async ({ again, page, site }) => { await page.goto(site + "/page"); const b = await again(); const theirs = b.contexts()[0].pages()[0]; const before = await page.evaluate(() => matchMedia("print").matches); await theirs.emulateMedia({ media: "print" }); const during = await page.evaluate(() => matchMedia("print").matches); await b.close(); return [before, during, await page.evaluate(() => matchMedia("print").matches)]; }),

  "a file's address": differs(reaches, async ({ page }) => { const r = await page.goto("file:///etc/hostname").catch((e) => String(e.message).includes("pages are of the web")); return r === true ? "refused" : "shown"; }),
  "the program's own address": differs(reaches, async ({ page }) => { const r = await page.goto("chrome://version/").catch((e) => String(e.message).includes("pages are of the web")); return r === true ? "refused" : "shown"; }),
  "the machine's processes": differs(reaches, async ({ browser }) => { const s = await browser.newBrowserCDPSession(); return s.send("SystemInfo.getProcessInfo").then(() => "told", () => "refused"); }),
  "a page that would rule the browser": differs(reaches, async ({ browser, context, page }) => { const s = await browser.newBrowserCDPSession(); const { targetInfo } = await (await context.newCDPSession(page)).send("Target.getTargetInfo"); return s.send("Target.exposeDevToolsProtocol", { targetId: targetInfo.targetId }).then(() => "allowed", () => "refused"); }),
  "the program's command line": differs(reaches, async ({ browser }) => { const s = await browser.newBrowserCDPSession(); return s.send("Browser.getBrowserCommandLine").then(() => "told", (e) => e.message.includes("not for a client") ? "refused by the session" : "refused by Chromium"); }),
};

// at is a page by how its address ends. Those of other checks are in the midst of
// something: what asks each for its frames fails when one has none just then.
const at = async (browser, end) => (await browser.waitForTarget((t) => t.type() === "page" && t.url().endsWith(end))).page();

export const puppeteer = {
  "a raw session": async ({ page }) => { const s = await page.createCDPSession(); const got = await s.send("Runtime.evaluate", { expression: "6 * 7" }); await s.detach(); return [got.result.value, await thrown(s.send("Runtime.evaluate", { expression: "1" }))]; },
  "events of a raw session": async ({ page, site }) => { const s = await page.createCDPSession(); await s.send("Network.enable"); const told = once(s, "Network.requestWillBeSent"); await page.goto(site + "/empty"); return (await told).documentURL.endsWith("/empty"); },
  "an unknown method": async ({ page }) => { const s = await page.createCDPSession(); return thrown(s.send("No.such")); },
  "a target's session": async ({ page }) => { const s = await page.target().createCDPSession(); return (await s.send("Target.getTargetInfo")).targetInfo.type; },
  "a session's own connection": async ({ page }) => { const s = await page.createCDPSession(); return s.connection().session(s.id()) === s; },
  "auto-attach by hand": async ({ page, site }) => { const s = await page.createCDPSession(); const told = once(s, "Target.attachedToTarget", (e) => e.targetInfo.type === "iframe"); await s.send("Target.setAutoAttach", { autoAttach: true, waitForDebuggerOnStart: false, flatten: true }); await page.goto(site + "/frames"); return (await told).targetInfo.url.endsWith("/page"); },
  "a screencast": async ({ page, site }) => { await page.goto(site + "/page"); const s = await page.createCDPSession(); const frame = once(s, "Page.screencastFrame"); await s.send("Page.startScreencast", { format: "jpeg" }); await page.evaluate(() => { document.body.style.background = "red"; }); return (await frame).data.length > 100; },
  "pages stay when a program leaves": apart(async ({ again, site }) => { const b = await again(); const p = await b.newPage(); await p.goto(site + "/empty?stays"); await b.disconnect(); const c = await again(); const kept = await at(c, "?stays"); const title = await kept?.title(); await kept?.close(); return title; }),
  "contexts of another program are seen": apart(async ({ again, context, page, site }) => { await page.goto(site + "/empty?seen"); const b = await again(); const c = b.browserContexts().find((c) => c.id === context.id); return [(await c.pages()).length, await (await c.pages())[0].title()]; }),
  "two programs on one page": apart(async ({ again, page, site }) => { await page.goto(site + "/page?both"); const b = await again(); const theirs = await at(b, "?both"); await theirs.type("#name", "theirs"); await page.click("#go"); return theirs.$eval("#out", (e) => e.textContent); }),
  "a program that leaves disturbs no other": apart(async ({ again, page, site }) => { const b = await again(); await b.disconnect(); await page.goto(site + "/page"); return [b.connected, await page.title()]; }),
  "a file's address": differs(reaches, async ({ page }) => { const r = await page.goto("file:///etc/hostname").catch((e) => String(e.message).includes("pages are of the web")); return r === true ? "refused" : "shown"; }),
};
