import assert from "node:assert/strict";
import { test } from "node:test";
import { Browserhook } from "browserhook";

const event = (n: number, more = {}) => ({ id: `evt_${n}`, sequence: n, data: { eventType: "step_started" }, ...more });
const message = (n: number, more?: object) => `id: evt_${n}\nevent: step_started\ndata: ${JSON.stringify(event(n, more))}\n\n`;

/** A client that gets these streams, each in chunks, and what it has asked for. */
function streams(...all: (string | Uint8Array)[][]): { client: Browserhook; asked: (string | null)[]; canceled: () => number } {
  const asked: (string | null)[] = [];
  let canceled = 0;
  const client = new Browserhook({
    fetch: async (_, init) => {
      asked.push(new Headers(init!.headers).get("last-event-id"));
      const chunks = all[asked.length - 1] ?? [];
      const body = new ReadableStream({
        pull(c) {
          const chunk = chunks.shift();
          if (chunk === undefined) asked.length < all.length ? c.error(new Error("cut")) : new Promise(() => {});
          else c.enqueue(typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk);
        },
        cancel: () => void canceled++,
      });
      init!.signal!.addEventListener("abort", () => canceled++);
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    },
  });
  return { client, asked, canceled: () => canceled };
}

async function take(client: Browserhook, n: number, after?: string): Promise<{ id: string; text?: string }[]> {
  const got: { id: string; text?: string }[] = [];
  for await (const e of client.events.follow(after === undefined ? {} : { after })) if (got.push(e as never) === n) break;
  return got;
}

test("however it comes in pieces", async () => {
  const text = `: follows\nid: cur_0\n\n${message(1, { text: "Tee für 4 € 🍵" })}: alive\n\n${message(2)}`;
  const bytes = new TextEncoder().encode(text);
  for (const size of [1, 2, 3, 7, bytes.length]) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.slice(i * size, (i + 1) * size));
    const got = await take(streams(chunks).client, 2);
    assert.deepEqual(got.map((e) => e.id), ["evt_1", "evt_2"]);
    assert.equal(got[0]!.text, "Tee für 4 € 🍵");
  }
});

test("as the standard has it", async () => {
  for (const end of ["\r\n", "\r", "\n"]) {
    const text = ["\uFEFF: a comment", "data: {", 'data:"id":"evt_1",', 'data: "data":{}}', "ignored: x", "retry: 1", "id", "", "data: {}", ""].join("\n");
    const got = await take(streams([text.replaceAll("\n", end)]).client, 1);
    assert.equal(got[0]!.id, "evt_1");
  }
});

test("a line's end in two pieces is one", async () => {
  const got = await take(streams(['data: {"id":"evt_1",\r', '\ndata: "data":{}}\r', "\n\r", "\n"]).client, 1);
  assert.equal(got[0]!.id, "evt_1");
});

test("a stream that breaks goes on behind the last event, or cursor", async () => {
  const { client, asked } = streams(["id: cur_0\n\n", message(1), message(2), "id: evt_3\ndata: {"], ["id: evt_2\n\n", ": alive\nid: cur_7\n\n"], ["id: cur_7\n\n", message(8)]);
  assert.deepEqual((await take(client, 3)).map((e) => e.id), ["evt_1", "evt_2", "evt_8"]);
  assert.deepEqual(asked, [null, "evt_2", "cur_7"]);
});

test("it begins where it is told to, and ends when it is left", async () => {
  const { client, asked, canceled } = streams(["id: evt_4\n\n", message(5)]);
  await take(client, 1, "evt_4");
  assert.deepEqual(asked, ["evt_4"]);
  assert(canceled() > 0);
});

test("a signal ends it", async () => {
  const { client } = streams(["id: evt_4\n\n"]);
  const ends = new AbortController();
  const next = client.events.follow({}, { signal: ends.signal }).next();
  const why = new Error("enough");
  setTimeout(() => ends.abort(why));
  await assert.rejects(next, why);
});

test("long events are read in time that is in step with their length", async () => {
  const long = "x".repeat(8 << 20);
  const chunks = [message(1, { text: long })].flatMap((text) => text.match(/[^]{1,16384}/g)!);
  const began = Date.now();
  assert.equal((await take(streams(["id: cur_0\n\n", ...chunks]).client, 1))[0]!.text, long);
  assert(Date.now() - began < 5000);
});
