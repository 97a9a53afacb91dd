import type { Event } from "../generated/schemas.js";
import { header, verify, WebhookError, type HeadersLike, type Secrets, type VerifyOptions } from "./verify.js";

/** What is done with an event. What it throws is answered 500, and the event comes again. */
export type Take = (event: Event) => void | Promise<void>;

/**
 * Secrets, or what finds them when a webhook comes: where there are none yet when the program is
 * loaded, as while Next.js builds it.
 */
export type SecretSource = Secrets | (() => Secrets | Promise<Secrets>);

/** Remembers the ids of webhooks that were taken, at least those of the last days. */
export interface Memory {
  has(id: string): boolean | Promise<boolean>;
  add(id: string): unknown;
}

export interface ReceiverOptions extends VerifyOptions {
  /** The last 10,000 in this process by default; one in a database knows them after a restart too. */
  memory?: Memory | undefined;
  /** How many bytes a body may have; 8 MiB by default. */
  maxBody?: number | undefined;
  /** Is told what was refused, and what was thrown. By default it goes to the console. */
  onError?: ((error: unknown, id: string | undefined) => void) | undefined;
}

/** What is answered: 204, 400, 401, 405, 413 or 500. */
export type Status = 204 | 400 | 401 | 405 | 413 | 500;

/** A body that is longer than it may be. */
export class TooLong extends Error {}

/** Secrets, if there are any. */
function some(secrets: Secrets): Secrets {
  if (typeof secrets !== "string" && !secrets?.length) throw new TypeError("webhooks: there is no secret");
  if (secrets === "") throw new TypeError("webhooks: the secret is empty");
  return secrets;
}

/**
 * Takes webhooks: verifies each, has each event taken once, and says what to answer. Two requests
 * with one id are never taken at the same time: the second waits for the first, and is taken only
 * if that failed.
 */
export class Receiver {
  readonly maxBody: number;
  readonly #take: Take;
  readonly #secrets: () => Secrets | Promise<Secrets>;
  readonly #options: ReceiverOptions;
  readonly #memory: Memory;
  readonly #underWay = new Map<string, Promise<unknown>>();

  constructor(secrets: SecretSource, take: Take, options: ReceiverOptions = {}) {
    if (typeof secrets !== "function") some(secrets);
    this.#secrets = typeof secrets === "function" ? secrets : () => secrets;
    this.#take = take;
    this.#options = options;
    this.#memory = options.memory ?? new Recent(10_000);
    this.maxBody = options.maxBody ?? 8 << 20;
  }

  /** Takes one request; body reads it, at most maxBody bytes of it. */
  async receive(method: string | undefined, headers: HeadersLike, body: () => Promise<string | Uint8Array | ArrayBuffer>): Promise<Status> {
    let id: string | undefined;
    try {
      if (method !== "POST") throw new Refused(405, "the method is not POST");
      const event = await verify(await body(), headers, some(await this.#secrets()), this.#options);
      id = header(headers, "webhook-id");
      await this.#once(id, event);
      return 204;
    } catch (e) {
      (this.#options.onError ?? report)(e, id);
      if (e instanceof Refused) return e.status;
      if (e instanceof TooLong) return 413;
      if (e instanceof WebhookError) return e.code === "body" ? 400 : 401;
      return 500;
    }
  }

  async #once(id: string, event: Event): Promise<void> {
    for (let other; (other = this.#underWay.get(id)); ) await other.catch(() => {});
    const taking = (async () => {
      if (await this.#memory.has(id)) return;
      await this.#take(event);
      await this.#memory.add(id);
    })();
    this.#underWay.set(id, taking);
    try {
      await taking;
    } finally {
      this.#underWay.delete(id);
    }
  }
}

class Refused extends Error {
  constructor(
    readonly status: Status,
    message: string,
  ) {
    super(message);
  }
}

function report(error: unknown, id: string | undefined): void {
  console.error(`webhook${id ? ` ${id}` : ""} not taken:`, error instanceof WebhookError || error instanceof Refused ? error.message : error);
}

/** The last ids. */
class Recent implements Memory {
  readonly #ids = new Set<string>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  add(id: string): void {
    this.#ids.add(id);
    if (this.#ids.size > this.#most) this.#ids.delete(this.#ids.values().next().value!);
  }
}
