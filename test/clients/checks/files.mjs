// Files that come and go.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { alone, differs, path, thrown, within } from "./mark.mjs";

const ownFolder = "downloads are in the session's own folder, on the server's machine";
const keptOn = "a program that leaves ends no other's downloads: they are the session's own again";
const onlyContents = "a program sends a file's contents: paths are those of the server's machine";

// file is one of this machine.
async function file(use) {
  const dir = await mkdtemp(join(tmpdir(), "in"));
  await writeFile(join(dir, "a.txt"), "of the program");
  try { return await use(join(dir, "a.txt")); } finally { await rm(dir, { recursive: true }); }
}

async function load(page, site) {
  await page.goto(site + "/page");
  const [d] = await Promise.all([page.waitForEvent("download"), page.click("#load")]);
  return d;
}

export const playwright = {
  "a download": async ({ page, site }) => { const d = await load(page, site); return [d.suggestedFilename(), path(d.url()), await d.failure(), d.page() === page]; },
  "a download of the first page": alone(async ({ again, site }) => { const b = await again(); const d = await load(b.contexts()[0].pages()[0], site); return [d.suggestedFilename(), await d.failure()]; }),
  "a download when another program has left": alone(differs(keptOn, async ({ again, site }) => { const b = await again(); await (await again()).close(); const d = await load(b.contexts()[0].pages()[0], site); return d.failure(); })),
  "a download of a blob": async ({ page, site }) => { await page.goto(site + "/empty"); const [d] = await Promise.all([page.waitForEvent("download"), page.evaluate(() => { const a = document.createElement("a"); a.href = URL.createObjectURL(new Blob(["made"])); a.download = "made.txt"; a.click(); })]); return [d.suggestedFilename(), await d.failure()]; },
  "a download in a popup": async ({ page, site }) => { await page.goto(site + "/page"); const [p] = await Promise.all([page.waitForEvent("popup"), page.evaluate(() => { window.open("/empty"); })]); await p.waitForLoadState(); const [d] = await Promise.all([p.waitForEvent("download"), p.evaluate(() => { const a = document.createElement("a"); a.href = "/file"; a.download = ""; a.click(); })]); return [d.suggestedFilename(), await d.failure()]; },
  "a download that is canceled": async ({ page, site }) => { await page.goto(site + "/empty"); const [d] = await Promise.all([page.waitForEvent("download"), page.goto(site + "/endless").catch(() => {})]); await d.cancel(); return d.failure(); },
  "no downloads": within({ acceptDownloads: false }, async ({ page, site }) => { const d = await load(page, site); return (await d.failure()).includes("acceptDownloads"); }),
  "a download is read": differs(ownFolder, async ({ page, site }) => { const d = await load(page, site); return (await readFile(await d.path().catch(() => "/nowhere"), "utf8").catch((e) => e.code)); }),
  "a file by its path": ({ page, site }) => file(async (name) => { await page.goto(site + "/page"); await page.setInputFiles("#file", name); return page.evaluate(() => document.querySelector("#file").files[0].text()); }),
  "no such file": async ({ page, site }) => { await page.goto(site + "/page"); return (await thrown(page.setInputFiles("#file", "/no/such/file"))).includes("ENOENT"); },
};

export const puppeteer = {
  "a file by its path": differs(onlyContents, ({ page, site }) => file(async (name) => { await page.goto(site + "/page"); const failed = await (await page.$("#file")).uploadFile(name).then(() => null, (e) => String(e.message).includes("send the file's contents")); return failed ?? page.evaluate(() => document.querySelector("#file").files[0].text()); })),
  "a file of a chooser": differs(onlyContents, ({ page, site }) => file(async (name) => { await page.goto(site + "/page"); const [c] = await Promise.all([page.waitForFileChooser(), page.click("#file")]); const failed = await c.accept([name]).then(() => null, (e) => String(e.message).includes("send the file's contents")); return failed ?? page.evaluate(() => document.querySelector("#file").files[0].text()); })),
  "no downloads": async ({ context, page, site }) => { await context.setDownloadBehavior?.({ policy: "deny" }); const raw = await page.createCDPSession(); await raw.send("Browser.setDownloadBehavior", { behavior: "deny", eventsEnabled: true, browserContextId: context.id }).catch(() => {}); await page.goto(site + "/page"); await page.click("#load"); return page.title(); },
};
