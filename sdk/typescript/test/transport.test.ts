import assert from "node:assert/strict";
import { test } from "node:test";
import { Browserhook, BrowserhookError } from "browserhook";

const page = () => Response.json({ data: [] });
const problem = (status: number, headers?: Record<string, string>) => Response.json({ code: "unavailable", detail: "No.", status }, { status, ...(headers && { headers }) });

/** A client whose tries are answered in turn, the last answer for all further ones. */
function answered(...answers: (() => Response | Promise<Response>)[]): { client: Browserhook; keys: (string | null)[] } {
  const keys: (string | null)[] = [];
  const client = new Browserhook({
    fetch: async (_, init) => {
      const n = keys.push(new Headers(init?.headers).get("idempotency-key"));
      return (answers[n - 1] ?? answers.at(-1)!)();
    },
  });
  return { client, keys };
}

const down = () => Promise.reject(new TypeError("fetch failed"));

test("what may pass is tried again", { concurrency: true }, async (t) => {
  const all = [
    [() => problem(429), 2],
    [() => problem(502), 2],
    [() => problem(503), 2],
    [() => problem(504), 2],
    [() => problem(503, { "retry-after": "0" }), 2],
    [() => problem(503, { "retry-after": new Date().toUTCString() }), 2],
    [down, 2],
    [() => new Response("<html>", { status: 502 }), 2],
    [() => new Response(new ReadableStream({ pull: (c) => c.error(new Error("cut")) })), 2],
    [() => problem(400), 1],
    [() => problem(401), 1],
    [() => problem(404), 1],
    [() => problem(409), 1],
    [() => problem(500), 1],
    [() => problem(503, { "retry-after": "3600" }), 1],
    [() => new Response("<html>"), 1],
    [() => new Response(null, { status: 302, headers: { location: "https://shop.example/" } }), 1],
  ] as const;
  await Promise.all(
    all.map(([answer, tries], i) =>
      t.test(`case ${i}: ${tries}`, async () => {
        const { client, keys } = answered(answer, page);
        const call = client.sessions.list().page();
        if (tries === 1) await assert.rejects(call, BrowserhookError);
        else await call;
        assert.equal(keys.length, tries);
      }),
    ),
  );
});

test("one key over all tries, another for another call", async () => {
  const { client, keys } = answered(down, () => problem(503), () => Response.json({ sessionId: "browser_1" }));
  await client.sessions.create();
  await client.sessions.create();
  await client.sessions.create({}, { idempotencyKey: "mine" });
  assert.equal(keys.length, 5);
  assert.equal(new Set(keys.slice(0, 3)).size, 1);
  assert.notEqual(keys[3], keys[0]);
  assert.equal(keys[4], "mine");
});

test("Retry-After is waited for", async () => {
  const { client } = answered(() => problem(429, { "retry-after": "1" }), page);
  const began = Date.now();
  await client.sessions.list().page();
  assert(Date.now() - began >= 990);
});

test("retries end, and the last error is told", async () => {
  const { client, keys } = answered(() => problem(503, { "retry-after": "0" }));
  await assert.rejects(client.sessions.list({}, { retries: 3 }).page(), { status: 503, code: "unavailable", detail: "No.", retryAfter: 0 });
  assert.equal(keys.length, 4);
});

test("a DELETE whose answer got lost finds nothing the second time", async () => {
  assert.equal(await answered(down, () => problem(404)).client.endpoints.delete("we_1"), undefined);
  await assert.rejects(answered(() => problem(404)).client.endpoints.delete("we_1"), { status: 404 });
  await assert.rejects(answered(() => problem(503, { "retry-after": "0" }), () => problem(404)).client.endpoints.delete("we_1"), { status: 404 });
});

test("a call has a time and a signal", async () => {
  const hangs: typeof fetch = (_, init) => new Promise((_, reject) => init!.signal!.addEventListener("abort", () => reject(init!.signal!.reason)));
  const client = new Browserhook({ fetch: hangs });
  await assert.rejects(client.sessions.list({}, { timeout: 20, retries: 0 }).page(), { code: "timeout" });
  const why = new Error("enough");
  await assert.rejects(client.sessions.list({}, { signal: AbortSignal.abort(why) }).page(), why);
  const ends = new AbortController();
  const call = client.sessions.list({}, { signal: ends.signal }).page();
  ends.abort(why);
  await assert.rejects(call, why);
  // While it waits for the next try.
  const other = new AbortController();
  const waiting = answered(() => (setTimeout(() => other.abort(why)), problem(503, { "retry-after": "50" }))).client.sessions.list({}, { signal: other.signal }).page();
  await assert.rejects(waiting, why);
});

test("an id never makes another path", async () => {
  const paths: string[] = [];
  const client = new Browserhook({ fetch: async (url) => (paths.push(new URL(url as string).pathname), Response.json({})) });
  for (const id of ["", ".", "..", undefined as unknown as string]) await assert.rejects(client.deliveries.get(id), TypeError);
  await client.deliveries.get("a/../b?c#d");
  assert.deepEqual(paths, ["/v1/deliveries/a%2F..%2Fb%3Fc%23d"]);
});

test("a client needs an address and a key", () => {
  assert.throws(() => new Browserhook({ url: "shop.example" }), /url is to be/);
  assert.throws(() => new Browserhook({ key: "" }), /no API key/);
  assert.equal(JSON.stringify(new Browserhook()).includes(process.env.BROWSERHOOK_KEY!), false);
});
