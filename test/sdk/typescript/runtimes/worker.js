// A worker: its secrets are in an environment of the platform's own.
import { env } from "cloudflare:workers";
import { webhookHandler } from "browserhook/webhooks/fetch";
import { run } from "./program.js";

const hook = webhookHandler(env.SECRET, (event) => console.log("took " + event.data.eventType));

export default {
  fetch: (request) => (new URL(request.url).pathname === "/hook" ? hook(request) : run(env)),
};
