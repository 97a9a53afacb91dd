// Uses a session that others use at the same time, on a page of its own.
//
// usage: beside.mjs playwright|puppeteer <connectUrl> <site>
import { chromium } from "playwright-core";
import puppeteer from "puppeteer-core";

const [client, address, site] = process.argv.slice(2);
const asPlaywright = client === "playwright";
const browser = asPlaywright ? await chromium.connectOverCDP(address) : await puppeteer.connect({ browserWSEndpoint: address, defaultViewport: null });
const page = await (asPlaywright ? browser.contexts()[0] : browser).newPage();
for (let i = 0; i < 20; i++) {
  await page.goto(site + "/page");
  await page.evaluate((i) => { document.querySelector("#name").value = "at " + i; }, i);
  await page.evaluate(() => document.querySelector("#go").click());
  const got = await page.evaluate(() => document.querySelector("#out").textContent);
  if (got !== "Hello at " + i) throw new Error("read " + got);
}
await page.close();
await (asPlaywright ? browser.close() : browser.disconnect());
console.log("done");
process.exit(0);
