// Watches the prices of the shop with Puppeteer, in a browser that the server runs.
import puppeteer from "puppeteer-core";

const server = process.env.BROWSERHOOK_URL ?? "http://127.0.0.1:8080";
const shop = process.env.SHOP ?? "http://127.0.0.1:8081";

const answer = await fetch(`${server}/v1/sessions`, {
  method: "POST",
  headers: { Authorization: `Bearer ${process.env.BROWSERHOOK_KEY}`, "Content-Type": "application/json" },
  body: JSON.stringify({ url: shop, viewport: { width: 800, height: 600 } }),
});
if (!answer.ok) throw new Error(await answer.text());
const session = await answer.json();

// Without defaultViewport: null Puppeteer would make the page 800 × 600 itself.
const browser = await puppeteer.connect({ browserWSEndpoint: session.connectUrl, defaultViewport: null });
try {
  const [page] = await browser.pages();
  await page.locator("#products li").wait(); // the session opens its url by itself
  const prices = await page.$$eval("#products li", (all) =>
    all.map((li) => ({ name: li.querySelector("a")?.textContent, price: li.querySelector(".price")?.textContent })));
  console.table(prices);
  await page.screenshot({ path: "prices.png" });
} finally {
  await browser.close(); // ends the session too
}
