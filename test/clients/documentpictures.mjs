// TestPicturesOfDocuments' side: takes pictures of the first page of the documents, a step,
// an event, the reference and the search, light and dark, wide and narrow.
import { mkdirSync } from "node:fs";
import { chromium } from "playwright-core";

const [, , connectUrl, base, folder] = process.argv;
mkdirSync(folder, { recursive: true });
const browser = await chromium.connectOverCDP(connectUrl);
const page = browser.contexts()[0].pages()[0];
page.setDefaultTimeout(120_000); // it may be a busy machine

const pages = { home: "", step: "/steps/click", event: "/events/step_failed", reference: "/api/sessions#create-session", search: "/quickstart" };
for (const [width, height] of [[1280, 800], [390, 800]]) {
  for (const colorScheme of ["light", "dark"]) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    for (const [name, path] of Object.entries(pages)) {
      await page.goto("about:blank"); // an address with a place in the page is opened anew
      await page.goto(base + "/docs" + path);
      if (name === "search") {
        await page.getByRole("button", { name: "Search" }).first().click();
        await page.getByRole("combobox").fill("retry");
        await page.locator("#found li").first().waitFor();
      }
      await page.screenshot({ path: `${folder}/${name}-${colorScheme}-${width}.png` });
    }
  }
}
await browser.close();
