/**
 * Takes webhooks in Hono: `app.post("/hook", webhookHandler(secret, take))`.
 *
 * @packageDocumentation
 */
import { webhookHandler as handler } from "./fetch.js";
import type { ReceiverOptions, SecretSource, Take } from "./receiver.js";

/** Makes a handler that verifies each webhook, has each event taken once, and answers. */
export function webhookHandler(secrets: SecretSource, take: Take, options?: ReceiverOptions): (context: { req: { raw: Request } }) => Promise<Response> {
  const handle = handler(secrets, take, options);
  return (context) => handle(context.req.raw);
}
