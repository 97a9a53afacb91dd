/**
 * Takes webhooks in Express, or as a handler of `node:http`:
 * `app.post("/hook", webhookHandler(secret, take))`, before `express.json()`.
 *
 * @packageDocumentation
 */
import { join } from "./fetch.js";
import { Receiver, TooLong, type ReceiverOptions, type SecretSource, type Take } from "./receiver.js";

/** As much of Node.js' request as is needed; `body` is what a parser before has made. */
interface Request extends AsyncIterable<Uint8Array> {
  method?: string | undefined;
  headers: Record<string, string | string[] | undefined>;
  body?: unknown;
}

/** As much of Node.js' response as is needed. */
interface Response {
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  end(): unknown;
}

/** Makes a handler that verifies each webhook, has each event taken once, and answers. */
export function webhookHandler(secrets: SecretSource, take: Take, options?: ReceiverOptions): (request: Request, response: Response) => Promise<void> {
  const receiver = new Receiver(secrets, take, options);
  return async (request, response) => {
    response.statusCode = await receiver.receive(request.method, request.headers, () => bytes(request, receiver.maxBody));
    if (response.statusCode === 405) response.setHeader("Allow", "POST");
    if (response.statusCode === 413) response.setHeader("Connection", "close");
    response.end();
  };
}

async function bytes(request: Request, max: number): Promise<string | Uint8Array> {
  const { body } = request;
  if (body instanceof Uint8Array || typeof body === "string") return body; // express.raw, express.text
  if (body !== undefined) throw new TypeError("the body was parsed before the webhook's handler: what is signed is its bytes, so mount the handler before express.json()");
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of request) {
    length += part.length;
    if (length > max) throw new TooLong(`the body is longer than ${max} bytes`);
    parts.push(part);
  }
  return join(parts, length);
}
