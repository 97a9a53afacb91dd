// Searches the shop with Playwright, in a browser that the server runs.
import { chromium } from "playwright-core";

const server = process.env.BROWSERHOOK_URL ?? "http://127.0.0.1:8080";
const shop = process.env.SHOP ?? "http://127.0.0.1:8081";

async function api(method, path, body) {
  const answer = await fetch(server + path, {
    method,
    headers: { Authorization: `Bearer ${process.env.BROWSERHOOK_KEY}`, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`);
  return answer.json();
}

const session = await api("POST", "/v1/sessions", { metadata: { recipe: "playwright" } });
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
  await api("DELETE", `/v1/sessions/${session.sessionId}`);
}
