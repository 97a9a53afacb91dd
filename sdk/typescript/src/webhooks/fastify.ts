/**
 * Takes webhooks in Fastify: `app.register(webhookPlugin(secret, take), { prefix: "/hook" })`.
 *
 * @packageDocumentation
 */
import { Receiver, type ReceiverOptions, type SecretSource, type Take } from "./receiver.js";

/** As much of Fastify as is needed. */
interface Instance {
  removeAllContentTypeParsers(): void;
  addContentTypeParser(type: string, options: { parseAs: "buffer"; bodyLimit: number }, parse: (request: unknown, body: Uint8Array, done: (error: null, body: Uint8Array) => void) => void): unknown;
  post(path: string, handle: (request: Request, reply: Reply) => Promise<unknown>): unknown;
}

interface Request {
  method: string;
  headers: Record<string, string | string[] | undefined>;
  body: unknown;
}

interface Reply {
  code(status: number): { send(): unknown };
}

/**
 * Makes a plugin with one route, that of its prefix: it verifies each webhook, has each event taken
 * once, and answers. The parsers of bodies that it needs are its own.
 */
export function webhookPlugin(secrets: SecretSource, take: Take, options?: ReceiverOptions): (app: Instance) => Promise<void> {
  const receiver = new Receiver(secrets, take, options);
  return async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: receiver.maxBody }, (_, body, done) => done(null, body));
    app.post("/", async (request, reply) => {
      const body = (request.body ?? "") as Uint8Array | string;
      const status = await receiver.receive(request.method, request.headers, async () => body);
      return reply.code(status).send();
    });
  };
}
