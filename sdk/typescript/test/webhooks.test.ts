import assert from "node:assert/strict";
import { generateKeyPairSync, sign as signEd25519 } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { Webhook } from "standardwebhooks";
import { Browserhook, goto, webhooks, type Event } from "browserhook";
import { webhookHandler as forExpress } from "browserhook/webhooks/express";
import { webhookPlugin } from "browserhook/webhooks/fastify";
import { webhookHandler as forFetch } from "browserhook/webhooks/fetch";
import { webhookHandler as forHono } from "browserhook/webhooks/hono";
import { webhookHandler as forNext } from "browserhook/webhooks/next";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwzJGRsFSY4Us=";
const other = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDAAAAAAAAAAA=";
const body = '{"sessionId":"browser_1","type":"browser","data":{"eventType":"browser_ready","status":"READY"},"id":"evt_1"}';

type Signed = Record<"webhook-id" | "webhook-timestamp" | "webhook-signature", string>;

/** Headers as the official library makes them. */
function signed({ id = "evt_1", at = new Date(), text = body, by = secret } = {}): Signed {
  return { "webhook-id": id, "webhook-timestamp": String(Math.floor(at.getTime() / 1000)), "webhook-signature": new Webhook(by).sign(id, at, text) };
}

const ago = (seconds: number) => new Date(Date.now() - seconds * 1000);

test("verify accepts and refuses as the official library, and a little more", async (t) => {
  const good = signed();
  const v1 = good["webhook-signature"];
  const cases: [name: string, headers: Partial<Signed>, code: string | undefined, text?: string, secrets?: string | string[], stricter?: boolean][] = [
    ["as it is signed", good, undefined],
    ["another body", good, "signature", body + " "],
    ["another secret", good, "signature", body, other],
    ["one of two secrets", good, undefined, body, [other, secret]],
    ["another id", { ...good, "webhook-id": "evt_2" }, "signature"],
    ["another time", { ...good, "webhook-timestamp": String(+good["webhook-timestamp"] - 1) }, "signature"],
    ["no id", { ...good, "webhook-id": "" }, "header"],
    ["no time", { ...good, "webhook-timestamp": "" }, "header"],
    ["no signature", { ...good, "webhook-signature": "" }, "header"],
    ["a dot in the id", signed({ id: "evt.1" }), "header", body, secret, true],
    ["a time that is none", { ...good, "webhook-timestamp": "now" }, "header"],
    ["a time with a sign", { ...good, "webhook-timestamp": "+" + good["webhook-timestamp"] }, "header", body, secret, true],
    ["a time with more behind", { ...good, "webhook-timestamp": good["webhook-timestamp"] + "x" }, "header", body, secret, true],
    ["a negative time", { ...good, "webhook-timestamp": "-1" }, "header"],
    ["a time beyond all", { ...good, "webhook-timestamp": "999999999999999" }, "too_new"],
    ["the first time there is", { ...good, "webhook-timestamp": "0" }, "too_old"],
    ["almost too old", signed({ at: ago(290) }), undefined],
    ["too old", signed({ at: ago(310) }), "too_old"],
    ["almost too new", signed({ at: ago(-290) }), undefined],
    ["too new", signed({ at: ago(-310) }), "too_new"],
    ["another version", { ...good, "webhook-signature": v1.replace("v1,", "v2,") }, "signature"],
    ["no version", { ...good, "webhook-signature": v1.slice(3) }, "signature"],
    ["the right one as v1a", { ...good, "webhook-signature": v1.replace("v1,", "v1a,") }, "signature"],
    ["an empty signature", { ...good, "webhook-signature": "v1," }, "signature"],
    ["a part of it", { ...good, "webhook-signature": v1.slice(0, 23) }, "signature"],
    ["the right one after others", { ...good, "webhook-signature": `v1,AAAA v2,? v1a,AAAA , v1 ${v1}` }, undefined],
    ["very many", { ...good, "webhook-signature": "v1a,AAAA ".repeat(100) + v1 }, "header", body, secret, true],
    ["no event", signed({ text: '{"type":"browser"}' }), "body", '{"type":"browser"}', secret, true],
    ["no JSON", signed({ text: "hello" }), "body", "hello"],
  ];
  for (const [name, headers, code, text = body, secrets = secret, stricter] of cases) {
    await t.test(name, async () => {
      const verified = webhooks.verify(text, headers, secrets);
      if (code === undefined) assert.equal((await verified).data.eventType, "browser_ready");
      else await assert.rejects(verified, (e) => e instanceof webhooks.WebhookError && e.code === code);
      if (stricter) return;
      const official = [secrets].flat().some((one) => {
        try {
          new Webhook(one).verify(text, headers as Signed);
          return true;
        } catch {
          return false;
        }
      });
      assert.equal(official, code === undefined, "the official library");
    });
  }
  for (const form of [new TextEncoder().encode(body), new TextEncoder().encode(body).buffer, Buffer.from(body)]) await webhooks.verify(form as Uint8Array, good, secret);
  for (const form of [new Headers(good), { "Webhook-Id": good["webhook-id"], "WEBHOOK-TIMESTAMP": good["webhook-timestamp"], "webhook-signature": [v1] }]) await webhooks.verify(body, form, secret);
  await webhooks.verify(body, signed({ at: ago(3000) }), secret, { tolerance: 3600 });
  await assert.rejects(webhooks.verify(body, signed({ at: ago(90) }), secret, { tolerance: 60 }), { code: "too_old" });
});

test("verify by a public key", async () => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const key = "whpk_" + publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("base64");
  const headers = signed();
  const v1 = headers["webhook-signature"];
  const v1a = "v1a," + signEd25519(null, Buffer.from(`evt_1.${headers["webhook-timestamp"]}.${body}`), privateKey).toString("base64");
  const by = (signature: string, secrets: string | string[], text = body) => webhooks.verify(text, { ...headers, "webhook-signature": signature }, secrets);
  await by(`${v1} ${v1a}`, key);
  await by(`${v1a} ${v1}`, secret);
  await by(v1a, [secret, key]);
  await assert.rejects(by(v1, key), { code: "signature" });
  await assert.rejects(by("v1," + v1a.slice(4), key), { code: "signature" });
  await assert.rejects(by(v1a.slice(0, 44), key), { code: "signature" });
  await assert.rejects(by(v1a, key, body + " "), { code: "signature" });
  await assert.rejects(by(v1a, secret), { code: "signature" });
});

test("secrets that are none", async () => {
  const none: [string | string[], RegExp][] = [
    ["", /secret 1 is empty/],
    ["whsec_", /has 0 bytes/],
    ["whsec_AAAA", /has 3 bytes/],
    ["whsec_?", /is not whsec_ and base64/],
    ["whpk_AAAA", /is not whpk_ and the base64/],
    ["whsk_AAAA", /is a private key/],
    [[], /there is no secret/],
    [[secret, ""], /secret 2 is empty/],
  ];
  for (const [secrets, said] of none) await assert.rejects(webhooks.verify(body, signed(), secrets), (e) => e instanceof TypeError && said.test(e.message));
  await webhooks.verify(body, signed(), secret.slice("whsec_".length) + "\n");
});

/** Listens on a free port until the test has ended. */
function listening(t: { after(f: () => void): void }, server: Server): Promise<string> {
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)));
}

test("adapters verify, take once and answer", async (t) => {
  type Made = { take: webhooks.Take; options: webhooks.ReceiverOptions };
  type Send = (init: RequestInit) => Promise<Response>;
  const adapters: Record<string, (t: { after(f: () => void): void }, made: Made) => Promise<Send>> = {
    "node:http": async (t, { take, options }) => {
      const url = await listening(t, createServer(forExpress(secret, take, options)));
      return (init) => fetch(url, init);
    },
    express: async (t, { take, options }) => {
      const app = express();
      app.all("/hook", forExpress(secret, take, options));
      app.use(express.json());
      const url = await listening(t, createServer(app));
      return (init) => fetch(url + "/hook", init);
    },
    "express.raw": async (t, { take, options }) => {
      const app = express();
      app.all("/hook", express.raw({ type: "*/*", limit: options.maxBody! }), forExpress(secret, take, options));
      const url = await listening(t, createServer(app));
      return (init) => fetch(url + "/hook", init);
    },
    fastify: async (t, { take, options }) => {
      const app = fastify();
      await app.register(webhookPlugin(secret, take, options), { prefix: "/hook" });
      app.post("/else", async (request) => request.body);
      const url = await app.listen({ port: 0, host: "127.0.0.1" });
      t.after(() => void app.close());
      const answer = await fetch(url + "/else", { method: "POST", headers: { "content-type": "application/json" }, body: '{"parsed":true}' });
      assert.deepEqual(await answer.json(), { parsed: true });
      return (init) => fetch(url + "/hook", init);
    },
    hono: async (_, { take, options }) => {
      const app = new Hono();
      app.all("/hook", forHono(secret, take, options));
      return async (init) => app.request("/hook", init);
    },
    next: async (_, { take, options }) => {
      const handle = forNext(secret, take, options);
      return (init) => handle(new Request("https://shop.example/hook", init));
    },
    fetch: async (_, { take, options }) => {
      const handle = forFetch(secret, take, options);
      return (init) => handle(new Request("https://shop.example/hook", init));
    },
  };
  for (const [name, make] of Object.entries(adapters)) {
    await t.test(name, async (t) => {
      const taken: Event[] = [];
      const told: unknown[] = [];
      let fails = false;
      const send = await make(t, {
        take: async (event) => {
          if (fails) throw new Error("the queue is full");
          taken.push(event);
        },
        options: { maxBody: 1000, onError: (e) => told.push(e) },
      });
      const post = async (headers: Partial<Signed>, text = body) => (await send({ method: "POST", headers: { "content-type": "application/json", ...headers }, body: text })).status;
      assert.equal(await post(signed()), 204);
      assert.equal(await post(signed()), 204);
      assert.deepEqual(taken.map((e) => e.data.eventType), ["browser_ready"]);
      assert.equal(await post({}), 401);
      assert.equal(await post(signed({ by: other })), 401);
      const none = '{"type":"browser"}';
      assert.equal(await post(signed({ text: none }), none), 400);
      assert.equal(await post(signed(), body + " ".repeat(1000)), 413);
      const got = await send({ method: "GET" });
      assert([404, 405].includes(got.status), `GET: ${got.status}`);
      fails = true;
      assert.equal(await post(signed({ id: "evt_2" })), 500);
      fails = false;
      assert.equal(await post(signed({ id: "evt_2" })), 204);
      assert.equal(taken.length, 2);
      assert(told.length >= 4, "what is refused is told");
    });
  }
});

test("a parser before the handler is an error that says so", async (t) => {
  const told: unknown[] = [];
  const app = express();
  app.use(express.json());
  app.post("/hook", forExpress(secret, () => {}, { onError: (e) => told.push(e) }));
  const url = await listening(t, createServer(app));
  const answer = await fetch(url + "/hook", { method: "POST", headers: { "content-type": "application/json", ...signed() }, body });
  assert.equal(answer.status, 500);
  assert.match(String(told[0]), /before express\.json/);
});

test("the same event twice at once is taken once, and again only if that failed", async () => {
  for (const fails of [false, true]) {
    let calls = 0;
    let go = () => {};
    const may = new Promise<void>((resolve) => (go = resolve));
    const handle = forFetch(
      secret,
      async () => {
        calls++;
        await may;
        if (fails && calls === 1) throw new Error("no");
      },
      { onError: () => {} },
    );
    const post = () => handle(new Request("https://shop.example/hook", { method: "POST", headers: signed(), body })).then((r) => r.status);
    const both = [post(), post()];
    setTimeout(go, 20);
    assert.deepEqual((await Promise.all(both)).sort(), fails ? [204, 500] : [204, 204]);
    assert.equal(calls, fails ? 2 : 1);
  }
});

test("secrets that are found when a webhook comes", async () => {
  let found: string | string[] = "";
  const told: unknown[] = [];
  const handle = forFetch(async () => found, () => {}, { onError: (e) => told.push(e) });
  const post = async () => (await handle(new Request("https://shop.example/hook", { method: "POST", headers: signed(), body }))).status;
  assert.equal(await post(), 500);
  assert.match(String(told[0]), /the secret is empty/);
  found = [other, secret];
  assert.equal(await post(), 204);
  assert.throws(() => forFetch([], () => {}), /there is no secret/);
});

test("a memory of one's own is asked and told", async () => {
  const ids = new Set(["evt_0"]);
  let calls = 0;
  const handle = forFetch(secret, () => void calls++, { memory: { has: async (id) => ids.has(id), add: async (id) => ids.add(id) } });
  for (const id of ["evt_0", "evt_1", "evt_1"]) {
    assert.equal((await handle(new Request("https://shop.example/hook", { method: "POST", headers: signed({ id }), body }))).status, 204);
  }
  assert.equal(calls, 1);
  assert(ids.has("evt_1"));
});

test("what a server sends: v1, v1a, and while secrets rotate", async (t) => {
  const client = new Browserhook();
  const secrets: string[] = [];
  const taken: string[] = [];
  const waiting = new Map<string, () => void>();
  const receive = async (name: string, list: () => string[]) =>
    listening(
      t,
      createServer((req, res) =>
        forExpress(list(), (event) => {
          taken.push(`${name} ${event.data.eventType}`);
          waiting.get(`${name} ${event.data.eventType}`)?.();
        })(req, res),
      ),
    );
  const comes = (what: string) => new Promise<void>((resolve) => waiting.set(what, resolve));
  const symmetric = await client.endpoints.create({ url: await receive("v1", () => secrets), events: ["webhook_test", "browser_closed"] });
  let publicKey = "";
  const asymmetric = await client.endpoints.create({ url: await receive("v1a", () => [publicKey]), events: ["webhook_test"], keyPair: true });
  secrets.push(symmetric.secret!);
  publicKey = asymmetric.publicKey!;
  let all = [comes("v1 webhook_test"), comes("v1a webhook_test")];
  await client.endpoints.test(symmetric.endpointId);
  await client.endpoints.test(asymmetric.endpointId);
  await Promise.all(all);
  // The new secret alone, and the old one alone, while both sign.
  const rotated = await client.endpoints.rotateSecret(symmetric.endpointId, { overlap: "1h" });
  assert.notEqual(rotated.secret, symmetric.secret);
  for (const one of [rotated.secret!, symmetric.secret!]) {
    secrets.splice(0, 9, one);
    all = [comes("v1 webhook_test")];
    const delivery = await client.endpoints.test(symmetric.endpointId);
    await all[0];
    assert.match((await client.deliveries.explain(delivery.deliveryId)).code, /./);
  }
  all = [comes("v1 browser_closed")];
  const session = await client.sessions.create();
  await session.run(goto(process.env.SITE!));
  await session.close();
  await all[0];
  for await (const one of client.deliveries.list({ endpointId: symmetric.endpointId, limit: 1 })) assert.equal(one.endpointId, symmetric.endpointId);
  for (const one of [symmetric, asymmetric]) await client.endpoints.delete(one.endpointId);
  await assert.rejects(client.endpoints.get(symmetric.endpointId), { status: 404 });
});
