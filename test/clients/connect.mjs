// Runs the checks in checks/ against a browser at an address, as Playwright or as
// Puppeteer, and prints one JSON object: the outcome of each check by its name, and
// why it may be another over connectUrl than over Chromium's own port. It says how
// long each took on standard error.
//
// usage: connect.mjs playwright|puppeteer [<address> <site> <other site> [<part>/<of> | <words>]]
//
// Without an address it runs none.
import { readdirSync } from "node:fs";
import { chromium } from "playwright-core";
import puppeteer from "puppeteer-core";

const [client, address, site, other, which = ""] = process.argv.slice(2);
const atOnce = 4;
const checkWithin = 60_000;

const clients = {
  playwright: {
    connect: () => chromium.connectOverCDP(address),
    leave: (browser) => browser.close(),
    newContext: (browser, options) => browser.newContext(options),
    firstPage: (browser) => browser.contexts()[0].pages()[0],
  },
  puppeteer: {
    connect: () => puppeteer.connect({ browserWSEndpoint: address, defaultViewport: null, protocolTimeout: checkWithin }),
    leave: (browser) => browser.disconnect(),
    newContext: (browser) => browser.createBrowserContext(),
    firstPage: async (browser) => (await browser.pages())[0],
  },
};
const { connect, leave, newContext, firstPage } = clients[client];

let all = [];
for (const file of readdirSync(new URL("checks/", import.meta.url)).filter((f) => f !== "mark.mjs").sort()) {
  const theme = await import("./checks/" + file);
  for (const [name, run] of Object.entries(theme[client] ?? {})) all.push({ name: file.replace(".mjs", "") + ": " + name, run });
}
const part = /^(\d+)\/(\d+)$/.exec(which);
if (part) all = all.filter((_, i) => i % part[2] === part[1] % part[2]);
else if (which) all = all.filter(({ name }) => name.includes(which));

const outcomes = {};
const differs = Object.fromEntries(all.filter(({ run }) => run.reason).map(({ name, run }) => [name, run.reason]));
if (!address) {
  console.log(JSON.stringify({ outcomes, differs }));
  process.exit(0);
}
// What a check leaves behind may fail when its page goes.
process.on("unhandledRejection", (err) => console.error(err));
const browser = await connect();

// check keeps what a check returns, or that it failed and with what.
async function check({ name, run }) {
  const began = performance.now();
  const undo = [];
  const at = {
    browser, site, other,
    // Another program at the same browser, which leaves when the check is over.
    again: async () => { const b = await connect(); undo.push(() => leave(b)); return b; },
    context: undefined, page: undefined,
  };
  let timer;
  const late = new Promise((_, no) => { timer = setTimeout(() => no(new Error("it took too long")), checkWithin); });
  const doing = (async () => {
    if (run.alone) {
      at.page = await firstPage(browser);
      at.context = client === "playwright" ? at.page.context() : at.page.browserContext();
    } else {
      at.context = await newContext(browser, run.options);
      undo.push(() => at.context.close());
      at.page = await at.context.newPage();
    }
    return run(at);
  })();
  try {
    outcomes[name] = (await Promise.race([doing, late])) ?? null;
  } catch (err) {
    outcomes[name] = "failed: " + String(err?.message ?? err).split("\n").slice(0, 3).join(" ");
  }
  clearTimeout(timer);
  await Promise.race([Promise.allSettled(undo.map((u) => u())), new Promise((r) => setTimeout(r, 5000).unref())]);
  console.error(String(Math.round(performance.now() - began)).padStart(6) + " ms  " + name);
}

const queue = all.filter(({ run }) => !run.alone && !run.apart);
await Promise.all(Array.from({ length: atOnce }, async () => {
  for (let next; (next = queue.shift()); ) await check(next);
}));
for (const c of all.filter(({ run }) => run.alone || run.apart)) await check(c);
process.stdout.write(JSON.stringify({ outcomes, differs }), () => process.exit(0));
