// Uses the browsers of several sessions at once, and stays. For each line of input it
// does something with all of them, and prints what came of it:
//
//   connect <mark>  connects, leaves the mark in each page's script, and prints the
//                   marks that were there
//   gone            waits until every connection has ended, and prints how many had
//
// usage: stay.mjs <connectUrl>…
import { chromium } from "playwright-core";
import { createInterface } from "node:readline";

const addresses = process.argv.slice(2);
let ended = [];

const run = {
  async connect(mark) {
    const found = await Promise.all(addresses.map(async (address) => {
      const browser = await chromium.connectOverCDP(address);
      const over = new Promise((done) => browser.on("disconnected", done));
      const pages = browser.contexts().flatMap((c) => c.pages());
      if (pages.length !== 1) throw new Error(pages.length + " pages");
      const before = await pages[0].evaluate((mark) => { const before = window.mark; window.mark = mark; return before ?? ""; }, mark);
      return { before, over };
    }));
    ended = found.map((f) => f.over);
    return found.map((f) => f.before);
  },
  async gone() { return (await Promise.all(ended)).length; },
};
for await (const line of createInterface({ input: process.stdin })) {
  const [what, ...args] = line.split(" ");
  console.log(JSON.stringify(await run[what](...args)));
}
process.exit(0);
