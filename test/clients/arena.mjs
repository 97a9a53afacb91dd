// Uses browsers from their creation to their end: for each line of input, 0 for one
// that Playwright launches or n for a session on the nth server, it prints the
// milliseconds of the four stages.
//
// usage: arena.mjs <page> <program> <key> <server>…
import { chromium } from "playwright-core";
import { createInterface } from "node:readline";

const [page, executablePath, key, ...servers] = process.argv.slice(2);

async function ask(url, method) {
  const answer = await fetch(url, { method, headers: { authorization: "Bearer " + key, "content-type": "application/json" }, body: method === "POST" ? "{}" : undefined });
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

const stages = {
  launched: () => {
    let browser;
    return [
      async () => { browser = await chromium.launch({ executablePath }); },
      async () => {},
      async () => { await (await browser.newPage()).goto(page, { waitUntil: "domcontentloaded" }); },
      () => browser.close(),
    ];
  },
  session: (server) => {
    let made, browser;
    return [
      async () => { made = await ask(server + "/v1/sessions", "POST"); },
      async () => { browser = await chromium.connectOverCDP(made.connectUrl); },
      async () => { await browser.contexts()[0].pages()[0].goto(page, { waitUntil: "domcontentloaded" }); },
      () => ask(server + "/v1/sessions/" + made.sessionId, "DELETE"),
    ];
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const took = [];
  for (const stage of +line === 0 ? stages.launched() : stages.session(servers[line - 1])) {
    const began = performance.now();
    await stage();
    took.push(performance.now() - began);
  }
  console.log(JSON.stringify(took));
}
process.exit(0);
