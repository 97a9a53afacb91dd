// Playwright's side of TestStorageState: prints what the page has stored, and
// what it reads back of a state that it is given.
import { chromium } from "playwright-core";
import { text } from "node:stream/consumers";

const { executablePath, args, urls, storageState } = JSON.parse(await text(process.stdin));
const browser = await chromium.launch({ executablePath, args });
const context = await browser.newContext({ storageState });
const page = await context.newPage();
for (const url of urls) {
  await page.goto(url);
  await page.waitForFunction("window.ready");
}
console.log(JSON.stringify({ read: await page.evaluate("read()"), state: await context.storageState({ indexedDB: true }) }));
await browser.close();
