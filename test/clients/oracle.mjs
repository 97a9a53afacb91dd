// The other half of test/oracle: reads cases as JSON from standard input, does
// each with Playwright and prints its outcome, one line of JSON each.
import { chromium } from "playwright-core";
import { text } from "node:stream/consumers";
import { setTimeout as after } from "node:timers/promises";

const { executablePath, args, workers, cases, jitter, enough } = JSON.parse(await text(process.stdin));
const browser = await chromium.launch({ executablePath, args });
process.on("unhandledRejection", () => {}); // a wait of a case that was refused before it
const AsyncFunction = (async () => {}).constructor;
const dawdle = () => jitter && after(Math.random() * jitter);

// A mistake in a case's own code must not pass for a refusal.
const mistake = (e) => e instanceof SyntaxError || e instanceof ReferenceError || e instanceof TypeError;

async function run(page, c) {
  page.setDefaultTimeout(enough);
  await page.mouse.move(0, 0);
  await page.goto(c.url);
  page.setDefaultTimeout(c.timeout);
  const outcome = { id: c.id, done: true, said: "" };
  const say = (value) => outcome.said = JSON.stringify(value) ?? "";
  const crash = async () => (await page.context().newCDPSession(page)).send("Page.crash").catch(() => {});
  let crashed;
  const dead = new Promise((done) => page.once("crash", () => { crashed = true; done('"crashed"'); }));
  if (c.crash === "before") {
    crash(); // is never answered
    await dead;
  }
  if (c.crash === "during") setTimeout(crash, c.crashAfter);
  const first = page;
  try {
    page = (await new AsyncFunction("page", "say", "dawdle", c.playwright)(page, say, dawdle)) ?? page;
  } catch (e) {
    outcome.done = false;
    outcome.why = String(e.message).split("\n").slice(0, 15).join(" ");
    if (mistake(e)) outcome.broken = String(e.stack);
  }
  await dawdle();
  page.setDefaultTimeout(enough);
  const silent = new Promise((done) => c.hangs && setTimeout(done, 500, "hangs"));
  // A page that is on its way elsewhere is read where it arrives.
  const read = () => page.evaluate(c.read).catch((e) => {
    if (!e.message.includes("context was destroyed")) throw e;
    return page.waitForLoadState().then(() => page.evaluate(c.read));
  });
  try {
    outcome.read = crashed ? await dead : JSON.stringify(await Promise.race([read(), silent]));
  } catch (e) {
    outcome.broken = "read: " + e.message;
  }
  first.removeAllListeners();
  for (const other of first.context().pages()) if (other !== first) await other.close();
  return outcome;
}

const queue = [...cases];
await Promise.all(Array.from({ length: workers }, async () => {
  let page, touch;
  for (let c; (c = queue.shift()); ) {
    if (page && touch !== c.touch) {
      await page.context().close();
      page = undefined;
    }
    touch = c.touch;
    page ??= await browser.newPage({ viewport: { width: 1280, height: 720 }, hasTouch: touch });
    const began = Date.now();
    // Nothing that hangs holds up the cases after it.
    const limit = after(3 * enough, undefined, { ref: false }).then(() => { throw new Error("it hangs"); });
    const outcome = await Promise.race([run(page, c), limit]).catch((e) => ({ id: c.id, broken: String(e.message) }));
    outcome.took = Date.now() - began;
    console.log(JSON.stringify(outcome));
    if (!outcome.done || outcome.broken || c.crash || c.hangs || page.isClosed()) {
      await page.context().close();
      page = undefined;
    }
  }
}));
await browser.close();
