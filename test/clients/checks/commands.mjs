// Every command of the protocol, without parameters and with those of another kind: what
// is answered, and what is refused in which words.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { sorted } from "./mark.mjs";

const read = (name) => JSON.parse(readFileSync(createRequire(import.meta.url).resolve("devtools-protocol/json/" + name), "utf8"));
const domains = [...read("browser_protocol.json").domains, ...read("js_protocol.json").domains];

// What ends the page or the browser, stops it, waits for what doesn't come, or concerns
// the contexts of others; and what a session refuses, which docs/connect.md lists.
const left = new Set([
  "Browser.close", "Browser.crash", "Browser.crashGpuProcess", "Browser.executeBrowserCommand", "Browser.getBrowserCommandLine", "Browser.resetPermissions",
  "SystemInfo.getInfo", "SystemInfo.getProcessInfo", "Target.autoAttachRelated", "Target.exposeDevToolsProtocol", "Target.openDevTools", "Target.getDevToolsTarget",
  "Target.sendMessageToTarget", "Target.setRemoteLocations", "Target.attachToTarget", "Target.setAutoAttach",
  "Memory.prepareForLeakDetection", "Memory.getDOMCountersForLeakDetection", "Page.close", "Page.crash", "Page.waitForDebugger", "Debugger.pause", "Storage.clearCookies", "Storage.getCookies", "Storage.setCookies",
]);
const skipped = new Set(["Cast", "Extensions", "PWA", "Tethering", "Schema", "Console"]);

const within = (promise) => Promise.race([promise, new Promise((r) => { setTimeout(() => r("no answer"), 20_000).unref(); })]);

async function outcomes(page, session, { domain, commands }) {
  const all = {};
  const names = commands.map((c) => `${domain}.${c.name}`).filter((name) => !left.has(name));
  // What turns a domain on first, what turns it off last.
  const turn = (name) => (name.endsWith(".enable") ? 0 : name.endsWith(".disable") ? 2 : 1);
  for (const name of names.sort((a, b) => turn(a) - turn(b))) {
    for (const params of [{}, { url: 7, objectId: {}, nodeId: "x", frameId: [], enabled: "yes" }]) {
      // The next one is for the document that comes, whenever that is.
      const loaded = name === "Page.reload" && page.waitForEvent("load").catch(() => 0);
      const got = await within(session.send(name, params).then((r) => sorted(Object.keys(r ?? {})), (e) => String(e.message)));
      if (typeof got !== "string") await loaded;
      (all[name] ??= []).push(typeof got === "string" ? got.replaceAll(/[0-9A-F]{32}/g, "…") : got);
    }
  }
  return all;
}

export const playwright = {};
for (const d of domains.filter(({ domain }) => !skipped.has(domain))) {
  playwright[`those of ${d.domain}`] = async ({ page, context, site }) => {
    await page.goto(site + "/empty");
    return outcomes(page, await context.newCDPSession(page), d);
  };
}
