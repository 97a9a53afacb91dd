// How steps are waited for, by a server that answers as it is told.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Browserhook, StepFailed, evaluate, goto, type StepRun } from "browserhook";

interface Asked {
  what: string;
  key: string | null;
  prefer: string | null;
  body: string;
}

const step = (index: number, status: string, more = {}) => ({ stepId: `step_${index}`, index, action: "evaluate", status, createdAt: "", ...more }) as StepRun;

/** A session of a server that gives these answers in turn. */
async function session(...answers: object[]) {
  const asked: Asked[] = [];
  const client = new Browserhook({
    fetch: async (url, init) => {
      const { pathname, search } = new URL(url as string);
      const headers = new Headers(init!.headers);
      if (init!.method === "GET" && pathname === "/v1/sessions/browser_1") return Response.json({ sessionId: "browser_1", status: "READY" });
      asked.push({ what: `${init!.method} ${pathname.slice("/v1/sessions/browser_1".length)}${search}`, key: headers.get("idempotency-key"), prefer: headers.get("prefer"), body: String(init!.body) });
      const answer = pathname.endsWith("/cancel") ? {} : answers[asked.length - 1];
      if (answer) return Response.json(answer);
      return new Promise((_, reject) => init!.signal!.addEventListener("abort", () => reject(init!.signal!.reason)));
    },
  });
  return { session: await client.sessions.get("browser_1"), asked };
}

test("steps are waited for by the same call", async () => {
  const { session: s, asked } = await session({ data: [step(4, "PENDING")] }, { data: [step(4, "RUNNING")] }, { data: [step(4, "COMPLETED", { result: 7 })] });
  assert.equal(await s.run(evaluate<number>("7")), 7);
  assert.deepEqual(asked.map((a) => [a.what, a.prefer, a.body]), Array(3).fill(["POST /steps", "wait=30", '{"steps":[{"action":"evaluate","expression":"7"}]}']));
  assert.equal(new Set(asked.map((a) => a.key)).size, 1);
  assert(asked[0]!.key);
});

test("what an answer leaves out is read", async () => {
  const done = (i: number) => step(i, "COMPLETED", { result: i });
  const { session: s, asked } = await session({ data: [done(0)], nextCursor: "0" }, { data: [done(1)], nextCursor: "1" }, { data: [done(2)], nextCursor: "2" });
  assert.deepEqual(await s.run([evaluate("0"), evaluate("1"), evaluate("2")]), [0, 1, 2]);
  assert.deepEqual(asked.map((a) => a.what), ["POST /steps", "GET /steps?cursor=0&limit=2", "GET /steps?cursor=1&limit=1"]);
});

test("what is given up is canceled, the last first", async () => {
  const all = [step(0, "COMPLETED"), step(1, "RUNNING"), step(2, "PENDING")];
  // The second call, which waits, has no answer.
  const { session: s, asked } = await session({ data: all });
  const cancels = ["POST /steps/step_2/cancel", "POST /steps/step_1/cancel"];
  await assert.rejects(s.run([evaluate("0"), evaluate("1"), goto("https://shop.example/")], { timeout: 1500 }), { code: "timeout", status: undefined });
  assert.equal(asked[0]!.prefer, "wait=2");
  assert.equal(asked[1]!.what, "POST /steps");
  assert.deepEqual(asked.slice(2).map((a) => a.what), cancels);
});

test("steps that never ran, or were interrupted, are thrown", async () => {
  for (const status of ["CANCELED", "INTERRUPTED"]) {
    const { session: s } = await session({ data: [step(0, "COMPLETED"), step(1, status)] });
    await assert.rejects(s.run([evaluate("0"), evaluate("1", { optional: true })]), (e) => e instanceof StepFailed && e.code === status.toLowerCase() && e.step.index === 1);
  }
});

test("await using closes the session", async () => {
  const { session: s, asked } = await session({ sessionId: "browser_1", status: "CLOSING" });
  {
    await using used = s;
    assert.equal(used.status, "READY");
  }
  assert.equal(s.status, "CLOSING");
  assert.deepEqual(asked.map((a) => a.what), ["DELETE "]);
});
