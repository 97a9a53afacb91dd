import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { chromium } from "playwright-core";
import { Browserhook, BrowserhookError, StepFailed, click, evaluate, extract, fill, goto, screenshot, storage, waitFor, type Event, type Session } from "browserhook";
import { lossy } from "./proxy.js";

const site = process.env.SITE!;
const server = process.env.BROWSERHOOK_URL!;
const client = new Browserhook();

/** Has a session, and ends it whatever becomes of it. */
async function withSession(use: (session: Session) => Promise<void>, of = client): Promise<void> {
  const session = await of.sessions.create({ metadata: { by: "typescript" } });
  try {
    await use(session);
  } finally {
    await client.sessions.get(session.id).then((s) => s.close());
  }
}

await test("a session", { concurrency: true }, async (t) => {
  const subtests = [
    t.test("steps answer what they answer, in order", () =>
      withSession(async (session) => {
        const [page, , , shop, sum] = await session.run([
          goto(site),
          fill("#q", "green"),
          click("role=button[name=Search]"),
          extract({ fields: { title: "h1", said: "#said", price: { target: "#products i", type: "number" }, links: { target: "nav", type: "links" } } }),
          evaluate<number>("20 + 22"),
        ]);
        assert.deepEqual({ title: page.title, status: page.status }, { title: "Tea shop", status: 200 });
        assert.deepEqual(shop, { title: "Tea", said: "green", price: 4.5, links: [{ text: "Help", url: `${site}help` }] });
        assert.equal(sum, 42);
        assert.equal((await session.run(goto(site))).title, "Tea shop");
        assert.deepEqual(await session.run([]), []);
        assert.deepEqual(await session.run(extract({ each: "#products li", fields: { name: "b", none: "u" } })), [
          { name: "Green tea", none: null },
          { name: "Cups", none: null },
        ]);
        assert.match((await session.run(screenshot({ target: "h1", dryRun: true }))).found!, /h1/);
        const all = await session.steps({ limit: 2 }).toArray();
        assert.deepEqual(all.map((s) => s.index), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert.equal((await session.step(all[0]!.stepId)).status, "COMPLETED");
      }),
    ),

    t.test("a step that fails is thrown, an optional one isn't", () =>
      withSession(async (session) => {
        await assert.rejects(session.run([goto(site), click("#none", { timeout: "2s" }), goto(site)]), (e) => {
          assert(e instanceof StepFailed && e instanceof BrowserhookError);
          assert.equal(e.code, "target_not_found");
          assert.equal(e.step.action, "click");
          assert.match(e.detail, /^click, step 1: Timed out after 2s\.; waited for: #none to be attached.*; seen: no element matches$/);
          assert.deepEqual(e.steps.map((s) => s.status), ["COMPLETED", "FAILED", "CANCELED"]);
          return true;
        });
        const [none, page] = await session.run([click("#none", { timeout: "50ms", optional: true }), goto(site)]);
        assert.equal(none, undefined);
        assert.equal(page.title, "Tea shop");
        await assert.rejects(session.run([click("#none", { timeout: "50ms" }), goto(site)], { onError: "continue" }), (e) => {
          assert(e instanceof StepFailed);
          assert.deepEqual(e.steps.map((s) => s.status), ["FAILED", "COMPLETED"]);
          return true;
        });
      }),
    ),

    t.test("what has not ended in time is canceled", () =>
      withSession(async (session) => {
        await session.run(goto(site));
        const never = [waitFor({ target: "#never" }), goto(site)];
        await assert.rejects(session.run(never, { timeout: 2000 }), { code: "timeout" });
        assert.deepEqual((await session.steps().toArray()).map((s) => s.status), ["COMPLETED", "CANCELED", "CANCELED"]);
        const why = new Error("changed my mind");
        const ends = new AbortController();
        const running = session.run(never, { signal: ends.signal });
        for await (const e of session.events({ types: ["step_started"] })) if (e.data.eventType === "step_started" && e.data.index === 3) break;
        ends.abort(why);
        await assert.rejects(running, why);
        assert.deepEqual((await session.steps().toArray()).slice(3).map((s) => s.status), ["CANCELED", "CANCELED"]);
        await assert.rejects(session.run(never, { signal: ends.signal }), why);
        assert.equal((await session.steps().toArray()).length, 5);
        const [added] = await session.add(never);
        assert.equal((await session.cancel(added!.stepId)).stepId, added!.stepId);
      }),
    ),

    t.test("nothing is done twice when answers get lost", async () => {
      const lost = new Set<string>();
      // The first answer to each kind of call.
      const proxy = await lossy(server, (req) => {
        const what = `${req.method} ${req.url!.replace(/browser_\w+/, "").replace(/\?.*/, "")}`;
        return lost.has(what) ? undefined : (lost.add(what), "answer");
      });
      const shaky = new Browserhook({ url: proxy.url });
      const before = (await client.sessions.list().toArray()).length;
      const session = await shaky.sessions.create({ metadata: { by: "lossy" } });
      assert.equal((await session.run(evaluate<number>("globalThis.n = (globalThis.n ?? 0) + 1"))), 1);
      assert.equal((await session.run(evaluate<number>("globalThis.n"))), 1);
      await session.live({ expiresIn: "1m" });
      await session.close();
      await session.forget();
      assert.deepEqual([...lost].sort(), ["DELETE /v1/sessions/", "DELETE /v1/sessions//data", "POST /v1/sessions", "POST /v1/sessions//steps", "POST /v1/sessions//streams"]);
      const after = await client.sessions.list().toArray();
      assert.equal(after.filter((s) => s.data.metadata?.by === "lossy").length, 0);
      assert(after.length >= before);
      const keys = proxy.seen.filter((r) => r.method === "POST" && r.url === "/v1/sessions").map((r) => r.headers["idempotency-key"]);
      assert.equal(keys.length, 2);
      assert.equal(new Set(keys).size, 1);
      await proxy.close();
    }),

    t.test("events come once and to the end, though the stream breaks", async () => {
      let n = 0;
      // Each stream of events breaks a little later.
      const proxy = await lossy(server, (req) => (req.headers.accept === "text/event-stream" ? { bytes: 150 + 350 * n++ } : undefined));
      const shaky = new Browserhook({ url: proxy.url });
      await withSession(async (session) => {
        const seen: Event[] = [];
        const following = (async () => {
          for await (const e of session.events()) seen.push(e);
        })();
        const completed: number[] = [];
        const choosing = (async () => {
          const own = await client.sessions.get(session.id);
          for await (const e of own.events({ types: ["step_completed"] })) if (e.data.eventType === "step_completed") completed.push(e.data.index);
        })();
        await session.run([goto(site), evaluate("1"), evaluate("2")]);
        await client.sessions.get(session.id).then((s) => s.close());
        await Promise.all([following, choosing]);
        assert.deepEqual(completed, [0, 1, 2]);
        assert.deepEqual(seen.map((e) => e.sequence), seen.map((_, i) => i + 1));
        assert.equal(seen.at(-1)!.data.eventType, "browser_closed");
        assert(seen.length >= 8 && n > 2, `${seen.length} events by ${n} streams`);
        // It has ended: whoever comes late gets the same, and the end.
        const late: Event[] = [];
        for await (const e of session.events()) late.push(e);
        assert.deepEqual(late, seen);
        const some: string[] = [];
        for await (const e of session.events({ types: ["step_completed"], after: seen.at(-3)!.id })) some.push(e.id);
        assert.deepEqual(some, seen.slice(-2).filter((e) => e.data.eventType === "step_completed").map((e) => e.id));
        for await (const e of session.events({ after: seen.at(-1)!.id })) assert.fail(`after the end: ${e.id}`);
        await session.forget();
        for await (const e of session.events()) assert.fail(`of what is forgotten: ${e.id}`);
      }, shaky).catch((e) => {
        if (!(e instanceof BrowserhookError && e.status === 404)) throw e; // closed: it is forgotten
      });
      await proxy.close();
    }),

    t.test("files, logs and the live page", () =>
      withSession(async (session) => {
        await session.ready();
        assert.equal(session.status, "READY");
        const [, picture] = await session.run([goto(site), screenshot(), storage("get")]);
        const file = await session.artifact(picture.artifactId);
        const bytes = await file.bytes();
        assert.equal(file.contentType, "image/png");
        assert.equal(bytes.length, picture.size);
        assert.equal(Buffer.from(bytes.subarray(1, 4)).toString(), "PNG");
        const part = await session.artifact(picture.artifactId, { range: "bytes=1-3" });
        assert.equal(await part.text(), "PNG");
        const hash = createHash("sha256");
        for await (const chunk of (await session.artifact(picture.artifactId)).stream) hash.update(chunk);
        assert.equal(hash.digest("hex"), createHash("sha256").update(bytes).digest("hex"));
        assert.deepEqual((await session.artifacts({ limit: 1 }).toArray()).map((a) => a.kind).sort(), ["screenshot", "storage"]);
        const logs = await session.logs({ kinds: "console", limit: 1 }).toArray();
        assert.deepEqual(logs.map((l) => l.text), ["tea", "cups"]);
        assert.equal(JSON.parse(await (await session.har()).text()).log.version, "1.2");
        const live = await session.live({ mode: "view" });
        assert.equal((await fetch(live.streamingUrl)).status, 200);
        await session.revokeLive(live.streamId);
        assert.notEqual((await session.getLive(live.streamId)).revokedAt, undefined);
        assert.notEqual((await fetch(live.streamingUrl)).status, 200);
      }),
    ),

    t.test("a program uses connectUrl", () =>
      withSession(async (session) => {
        await session.run(goto(site));
        const browser = await chromium.connectOverCDP(session.connectUrl);
        assert.equal(await browser.contexts()[0]!.pages()[0]!.title(), "Tea shop");
        const before = session.connectUrl;
        assert.notEqual(await session.rotateConnectUrl(), before);
        await browser.close().catch(() => {});
        await session.close();
        assert.equal(session.status === "CLOSING" || session.status === "CLOSED", true);
        for await (const _ of session.events());
        await session.refresh();
        assert.throws(() => session.connectUrl, { code: "no_connect_url" });
        await assert.rejects(session.run(goto(site)), { status: 409, code: "session_ended" });
        await assert.rejects(session.ready(), { code: "session_ended" });
      }),
    ),

    t.test("lists go over all pages", async () => {
      const made = await Promise.all([1, 2, 3].map(() => client.sessions.create({ metadata: { by: "lists" } })));
      const ids = new Set<string>();
      for await (const session of client.sessions.list({ limit: 1 })) ids.add(session.id);
      assert(made.every((s) => ids.has(s.id)));
      const page = await client.sessions.list({ limit: 1 }).page();
      assert.equal(page.data.length, 1);
      assert(page.nextCursor);
      assert.equal((await client.sessions.list({ limit: 1 }).toArray(2)).length, 2);
      assert.deepEqual(await client.sessions.list().toArray(0), []);
      const log = await client.events.list({ limit: 5 }).toArray();
      assert.equal(new Set(log.map((e) => e.id)).size, log.length);
      await Promise.all(made.map((s) => s.close()));
    }),

    t.test("errors say what is wrong", async () => {
      await assert.rejects(client.sessions.create({ viewport: { width: -1, height: 720 } }), (e) => {
        assert(e instanceof BrowserhookError);
        assert.equal(e.status, 422);
        assert.equal(e.code, "invalid_request");
        assert.match(e.requestId!, /^req_/);
        assert.equal(e.fields[0]!.field, "viewport.width");
        assert.match(e.message, /viewport.width.*invalid_request, 422, req_/);
        return true;
      });
      await assert.rejects(client.sessions.get("browser_none"), { status: 404, code: "not_found" });
      await assert.rejects(new Browserhook({ key: "bh_none" }).sessions.list().page(), { status: 401, code: "unauthorized" });
      await assert.rejects(new Browserhook({ url: process.env.SITE! }).sessions.list().page(), { code: "not_browserhook" });
      await assert.rejects(client.events.follow({ after: "nowhere" }).next(), { status: 422 });
      await assert.rejects(new Browserhook({ url: process.env.SITE! }).events.follow().next(), { code: "not_browserhook" });
      await assert.rejects(new Browserhook({ url: "http://127.0.0.1:1", retries: 0 }).sessions.list().page(), { code: "unreachable", status: undefined });
    }),
  ];
  await Promise.all(subtests);
});
