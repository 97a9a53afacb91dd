// Every operation of the description has a method, which asks for it and nothing else.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Browserhook, goto, type OperationId } from "browserhook";

const server = process.env.BROWSERHOOK_URL!;

const id = "x_1";
const methods: Record<OperationId, (c: Browserhook) => unknown> = {
  "add-steps": async (c) => (await c.sessions.get(id)).add(goto("https://shop.example/")),
  "cancel-deliveries": (c) => c.deliveries.cancelMany({ endpointId: id }),
  "cancel-delivery": (c) => c.deliveries.cancel(id),
  "cancel-step": async (c) => (await c.sessions.get(id)).cancel(id),
  "close-session": async (c) => (await c.sessions.get(id)).close(),
  "create-endpoint": (c) => c.endpoints.create({ url: "https://shop.example/hook", events: ["*"] }),
  "create-key": (c) => c.keys.create({ name: "x" }),
  "create-project": (c) => c.projects.create({ name: "x" }),
  "create-session": (c) => c.sessions.create(),
  "create-stream": async (c) => (await c.sessions.get(id)).live(),
  "delete-endpoint": (c) => c.endpoints.delete(id),
  "disable-endpoint": (c) => c.endpoints.disable(id),
  "drain-node": (c) => c.nodes.drain(id),
  "enable-endpoint": (c) => c.endpoints.enable(id),
  "explain-delivery": (c) => c.deliveries.explain(id),
  "get-event": (c) => c.events.get(id),
  "get-endpoint-stats": (c) => c.endpoints.stats(id, { period: "1h" }),
  "send-example": (c) => c.endpoints.sendExample(id, { eventType: "step_completed" }),
  "explain-event": (c) => c.events.explain(id).page(),
  "export-recording": async (c) => (await c.sessions.get(id)).video(),
  "forget-session": async (c) => (await c.sessions.get(id)).forget(),
  "get-artifact": async (c) => (await c.sessions.get(id)).artifact(id),
  "get-delivery": (c) => c.deliveries.get(id),
  "get-endpoint": (c) => c.endpoints.get(id),
  "get-key": (c) => c.keys.get(id),
  "get-project": (c) => c.projects.get(id),
  "get-recording": async (c) => (await c.sessions.get(id)).recording(),
  "get-session": (c) => c.sessions.get(id),
  "get-stream": async (c) => (await c.sessions.get(id)).getLive(id),
  "get-step": async (c) => (await c.sessions.get(id)).step(id),
  "list-artifacts": async (c) => (await c.sessions.get(id)).artifacts().page(),
  "list-attempts": (c) => c.deliveries.attempts(id).page(),
  "list-deliveries": (c) => c.deliveries.list().page(),
  "list-endpoints": (c) => c.endpoints.list().page(),
  "list-event-types": (c) => c.events.types().page(),
  "list-events": (c) => c.events.list().page(),
  "list-keys": (c) => c.keys.list().page(),
  "list-nodes": (c) => c.nodes.list().page(),
  "list-projects": (c) => c.projects.list().page(),
  "list-sessions": (c) => c.sessions.list().page(),
  "list-steps": async (c) => (await c.sessions.get(id)).steps().page(),
  "list-viewers": async (c) => (await c.sessions.get(id)).viewers().page(),
  "pause-endpoint": (c) => c.endpoints.pause(id),
  "read-logs": async (c) => (await c.sessions.get(id)).logs().page(),
  "read-metrics": (c) => c.metrics(),
  "recover-endpoint": (c) => c.endpoints.recover(id, { since: "2026-11-24T11:00:00Z" }),
  "resume-endpoint": (c) => c.endpoints.resume(id),
  "retry-deliveries": (c) => c.deliveries.retryMany({ endpointId: id }),
  "retry-delivery": (c) => c.deliveries.retry(id),
  "revoke-key": (c) => c.keys.revoke(id),
  "revoke-stream": async (c) => (await c.sessions.get(id)).revokeLive(id),
  "rotate-connect-url": async (c) => (await c.sessions.get(id)).rotateConnectUrl(),
  "rotate-secret": (c) => c.endpoints.rotateSecret(id),
  "test-endpoint": (c) => c.endpoints.test(id),
  "update-endpoint": (c) => c.endpoints.update(id, { rateLimit: 1 }),
  "update-project": (c) => c.projects.update(id, { sessions: 1 }),
};

test("every operation of the description has a method", async () => {
  const description = (await (await fetch(`${server}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { operationId: string; parameters?: { name: string }[] }>>;
  };
  const found: string[] = [];
  for (const [path, all] of Object.entries(description.paths)) {
    for (const [method, operation] of Object.entries(all)) {
      const name = operation.operationId;
      found.push(name);
      const calls: Request[] = [];
      const client = new Browserhook({
        fetch: async (url, init) => {
          calls.push(new Request(url as string, init as RequestInit));
          return Response.json({ sessionId: id, connectUrl: "ws://shop.example/", data: [] });
        },
      });
      await methods[name as OperationId]?.(client);
      // Methods of a session read it first.
      const call = calls.at(-1);
      assert.equal(call && `${call.method} ${new URL(call.url).pathname}`, `${method.toUpperCase()} ${path.replace(/\{\w+\}/g, id)}`, name);
      const creates = operation.parameters?.some((p) => p.name === "Idempotency-Key") ?? false;
      assert.equal(call!.headers.has("idempotency-key"), creates, `${name} has a key`);
    }
  }
  assert.deepEqual(found.sort(), Object.keys(methods).sort());
});
