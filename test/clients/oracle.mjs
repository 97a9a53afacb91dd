// The other half of test/oracle: reads cases as JSON from standard input, does
// each with Playwright and prints its outcome, one line of JSON each.
import { chromium } from "playwright-core";
import { text } from "node:stream/consumers";

const { executablePath, args, workers, cases } = JSON.parse(await text(process.stdin));
const browser = await chromium.launch({ executablePath, args });
const AsyncFunction = (async () => {}).constructor;

// A mistake in a case's own code must not pass for a refusal.
const mistake = (e) => e instanceof SyntaxError || e instanceof ReferenceError || e instanceof TypeError;

async function run(page, c) {
  page.setDefaultTimeout(30_000);
  await page.mouse.move(0, 0);
  await page.goto(c.url);
  page.setDefaultTimeout(c.timeout);
  const outcome = { id: c.id, done: true };
  try {
    await new AsyncFunction("page", c.playwright)(page);
  } catch (e) {
    outcome.done = false;
    outcome.why = String(e.message).split("\n").slice(0, 2).join(" ");
    if (mistake(e)) outcome.broken = String(e.stack);
  }
  page.setDefaultTimeout(30_000);
  try {
    outcome.read = JSON.stringify(await page.evaluate(c.read));
  } catch (e) {
    outcome.broken = "read: " + e.message;
  }
  return outcome;
}

const queue = [...cases];
await Promise.all(Array.from({ length: workers }, async () => {
  let page, touch;
  for (let c; (c = queue.shift()); ) {
    if (page && touch !== c.touch) {
      await page.close();
      page = undefined;
    }
    touch = c.touch;
    page ??= await browser.newPage({ viewport: { width: 1280, height: 720 }, hasTouch: touch });
    const outcome = await run(page, c);
    console.log(JSON.stringify(outcome));
    if (!outcome.done || outcome.broken) {
      await page.close();
      page = undefined;
    }
  }
}));
await browser.close();
