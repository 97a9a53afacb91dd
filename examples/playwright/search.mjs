// Searches the shop with Playwright, in a browser that the server runs.
import { Browserhook } from "browserhook";
import { chromium } from "playwright-core";

const shop = process.env.SHOP ?? "http://127.0.0.1:8081";

const client = new Browserhook();
const session = await client.sessions.create({ metadata: { name: "search" } });
console.log("Watch it at", session.streamingUrl);
try {
  const browser = await chromium.connectOverCDP(session.connectUrl);
  // The page that steps and the live page show. browser.newContext() would be
  // another profile in the same browser.
  const page = browser.contexts()[0].pages()[0];
  await page.goto(shop);
  await page.getByPlaceholder("Search the shop").fill("tea");
  await page.getByPlaceholder("Search the shop").press("Enter");
  for (const found of await page.locator("#products li").all()) {
    console.log("-", await found.getByRole("link").innerText(), await found.locator(".price").innerText());
  }
  await page.screenshot({ path: "search.png" });
  await browser.close(); // leaves; the session goes on
} finally {
  await session.close();
}
