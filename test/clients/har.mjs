// Loads a page in a session, recorded by Playwright, and compares that with the
// session's own archive.
//
// usage: har.mjs record <connectUrl> <page> <file>
//        har.mjs compare <file> <file of the session's>
import { readFile } from "node:fs/promises";
import validator from "har-validator/lib/promise.js";
import { chromium } from "playwright-core";

const [command, ...args] = process.argv.slice(2);
const read = async (file) => JSON.parse(await readFile(file, "utf8"));

if (command === "record") {
  const [address, page, file] = args;
  const browser = await chromium.connectOverCDP(address);
  const context = await browser.newContext({ recordHar: { path: file, content: "omit" } });
  const tab = await context.newPage();
  await tab.goto(page);
  await tab.waitForFunction(() => document.title === "done");
  await context.close();
  await browser.close();
} else {
  const [theirs, ours] = await Promise.all(args.map(read));
  await validator.har(ours);
  const told = (har) => har.log.entries.filter((e) => !e.request.url.startsWith("ws") && !e._serviceWorkerRequest).map((e) =>
    [e.request.method, e.request.url, Math.max(e.response.status, 0), e.response.redirectURL && new URL(e.response.redirectURL, e.request.url).href].join(" ")).sort();
  const [a, b] = [told(theirs), told(ours)];
  // What Playwright has no end of, such as a service worker's script, has status 0 there.
  const missing = a.filter((one) => !b.includes(one) && !(/ 0 $/.test(one) && b.some((other) => other.startsWith(one.slice(0, -2)))));
  for (const one of missing) console.log("only theirs: " + one);
  for (const e of ours.log.entries) {
    const parts = ["blocked", "dns", "connect", "send", "wait", "receive"].reduce((sum, part) => sum + Math.max(e.timings[part], 0), 0);
    if (Math.abs(parts - e.time) > 0.01) console.log("its parts are not its time: " + JSON.stringify(e));
  }
  console.log(`${a.length} of theirs, ${b.length} of ours`);
  process.exit(missing.length ? 1 : 0);
}
process.exit(0);
