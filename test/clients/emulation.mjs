// Playwright's side of TestEmulationEverywhere: opens the page with a context's
// options and leaves when everybody has reported.
import { chromium } from "playwright-core";
import { text } from "node:stream/consumers";

const { executablePath, args, url, options } = JSON.parse(await text(process.stdin));
const browser = await chromium.launch({ executablePath, args });
const page = await (await browser.newContext(options)).newPage();
await page.goto(url + "/page");
for (const button of ["left", "middle", "right"]) await page.mouse.click(700, 500, { button });
await fetch(url + "/all");
await browser.close();
