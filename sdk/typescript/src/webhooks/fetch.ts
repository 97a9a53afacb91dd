/**
 * Takes webhooks where a handler gets a `Request` and answers a `Response`: Deno, Bun, workers, and
 * frameworks that are made so.
 *
 * @packageDocumentation
 */
import { Receiver, TooLong, type ReceiverOptions, type SecretSource, type Take } from "./receiver.js";

/** Makes a handler that verifies each webhook, has each event taken once, and answers. */
export function webhookHandler(secrets: SecretSource, take: Take, options?: ReceiverOptions): (request: Request) => Promise<Response> {
  const receiver = new Receiver(secrets, take, options);
  return async (request) => {
    const status = await receiver.receive(request.method, request.headers, () => bytes(request, receiver.maxBody));
    return new Response(null, { status, ...(status === 405 && { headers: { Allow: "POST" } }) });
  };
}

/** A request's body, unless it is too long. */
async function bytes(request: Request, max: number): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length")) > max) throw new TooLong(`the body is longer than ${max} bytes`);
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = request.body?.getReader();
  for (let part; reader && !(part = await reader.read()).done; ) {
    length += part.value.length;
    if (length > max) {
      void reader.cancel();
      throw new TooLong(`the body is longer than ${max} bytes`);
    }
    parts.push(part.value);
  }
  return join(parts, length);
}

/** @internal */
export function join(parts: Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
