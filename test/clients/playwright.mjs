// Runs the benchmark's script once for each line of input and prints the
// milliseconds that it took. A line that isn't empty is a target instead: it is
// waited for on the page that is there.
import { chromium } from "playwright-core";
import { createInterface } from "node:readline";

const [executablePath, url] = process.argv.slice(2);
const args = ["--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
if (process.getuid() === 0) args.push("--no-sandbox");
const browser = await chromium.launch({ executablePath, args: ["--headless=new", ...args] });
const page = await browser.newPage();
let there = false;
for await (const target of createInterface({ input: process.stdin })) {
  if (target && !there) there = !!await page.goto(url);
  const began = performance.now();
  if (target) {
    await page.locator(target).waitFor({ state: "attached" });
    console.log(performance.now() - began);
    continue;
  }
  await page.goto(url);
  await page.fill("#a", "one");
  await page.fill("#b", "two");
  await page.click("text=Go");
  const got = await page.innerText("h1");
  const took = performance.now() - began;
  if (got !== "one two") throw new Error("read " + got);
  console.log(took);
}
await browser.close();
