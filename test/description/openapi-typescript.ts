// A session by openapi-typescript's types and openapi-fetch.
import createClient from "openapi-fetch";
import type { paths } from "./api";

declare const process: { argv: string[] };

async function main() {
  const [url, key, site] = process.argv.slice(2);
  const client = createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${key}` } });
  const made = await client.POST("/v1/sessions", { body: { metadata: { by: "openapi-typescript" } } });
  if (!made.data) throw new Error(made.error.detail);
  const { sessionId } = made.data;
  const ran = await client.POST("/v1/sessions/{sessionId}/steps", {
    params: { path: { sessionId }, header: { Prefer: "wait=60" } },
    body: { steps: [{ action: "goto", url: site }, { action: "extract", fields: { heading: "h1" } }] },
  });
  if (!ran.data) throw new Error(ran.error.detail);
  let title = "";
  for (const step of ran.data.data) {
    if (step.action === "goto" && step.result && "title" in step.result) title = step.result.title;
  }
  const log = await client.GET("/v1/events", { params: { query: { cursor: "beginning", sessionId } } });
  if (!log.data || typeof log.data === "string") throw new Error("no events");
  const took = log.data.data.map((e) => e.data).filter((d) => d.eventType === "step_completed");
  const closed = await client.DELETE("/v1/sessions/{sessionId}", { params: { path: { sessionId } } });
  const none = await client.GET("/v1/sessions/{sessionId}", { params: { path: { sessionId: "browser_none" } } });
  console.log(title, took.map((d) => d.action).join(","), closed.response.status, none.error?.code);
}

main();
