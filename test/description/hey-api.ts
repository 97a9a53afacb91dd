// A session by @hey-api/openapi-ts.
import { client } from "./api/client.gen";
import { addSteps, closeSession, createSession, getSession, listSteps } from "./api";

declare const process: { argv: string[] };

async function main() {
  const [url, key, site] = process.argv.slice(2);
  client.setConfig({ baseUrl: url, auth: key });
  const made = await createSession({ body: { metadata: { by: "hey-api" } }, throwOnError: true });
  const { sessionId } = made.data;
  await addSteps({
    path: { sessionId },
    headers: { Prefer: "wait=60" },
    body: { steps: [{ action: "goto", url: site }, { action: "extract", fields: { heading: "h1" } }] },
    throwOnError: true,
  });
  const ran = await listSteps({ path: { sessionId }, throwOnError: true });
  let title = "";
  for (const step of ran.data.data) {
    if (step.action === "goto" && step.result && "title" in step.result) title = step.result.title;
  }
  const closed = await closeSession({ path: { sessionId }, throwOnError: true });
  const none = await getSession({ path: { sessionId: "browser_none" } });
  console.log(title, ran.data.data.map((s) => s.action).join(","), closed.response.status, none.error?.code);
}

main();
