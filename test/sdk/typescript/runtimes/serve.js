// Deno and Bun serve what a module's default export has as fetch.
import { webhookHandler } from "browserhook/webhooks/fetch";
import { run } from "./program.js";

const env = globalThis.Deno?.env.toObject() ?? process.env;
const hook = webhookHandler(env.SECRET, (event) => console.log("took " + event.data.eventType));

export default {
  port: Number(env.PORT),
  hostname: "127.0.0.1",
  fetch: (request) => (new URL(request.url).pathname === "/hook" ? hook(request) : run(env)),
};
