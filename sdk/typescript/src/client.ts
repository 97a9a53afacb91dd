import { version } from "./generated/operations.js";
import { Deliveries, Endpoints, Events, Keys, Nodes, Projects, Sessions } from "./resources.js";
import { Transport, type Answer, type CallOptions, type Input, type OperationId } from "./transport.js";

export interface BrowserhookOptions {
  /** The server's address; by default `BROWSERHOOK_URL` of the environment, or http://127.0.0.1:8080. */
  url?: string | undefined;
  /** An API key; by default `BROWSERHOOK_KEY` of the environment. */
  key?: string | undefined;
  /** Milliseconds until an answer must be there, of each try; 60 seconds by default. */
  timeout?: number | undefined;
  /**
   * How often a call is tried again when there was no answer, or 429, 502, 503 or 504; 5 by
   * default, which is about eight seconds.
   */
  retries?: number | undefined;
  /** Sent with each request. */
  headers?: Record<string, string> | undefined;
  /** Sends the requests, instead of the global one. */
  fetch?: typeof fetch | undefined;
}

/** A client of a browserhook server. */
export class Browserhook {
  readonly sessions: Sessions;
  readonly events: Events;
  readonly endpoints: Endpoints;
  readonly deliveries: Deliveries;
  readonly keys: Keys;
  readonly projects: Projects;
  readonly nodes: Nodes;
  readonly #t: Transport;

  constructor(options: BrowserhookOptions = {}) {
    const url = options.url ?? environment("BROWSERHOOK_URL") ?? "http://127.0.0.1:8080";
    const key = options.key ?? environment("BROWSERHOOK_KEY");
    if (!/^https?:\/\/./.test(url)) throw new TypeError(`url is to be an http or https address, not ${JSON.stringify(url)}`);
    if (!key) throw new TypeError("there is no API key: give one as key, or in the environment as BROWSERHOOK_KEY");
    this.#t = new Transport({
      url: url.replace(/\/+$/, ""),
      key,
      timeout: options.timeout ?? 60_000,
      retries: options.retries ?? 5,
      headers: options.headers ?? {},
      fetch: options.fetch ?? globalThis.fetch,
    });
    this.sessions = new Sessions(this.#t);
    this.events = new Events(this.#t);
    this.endpoints = new Endpoints(this.#t);
    this.deliveries = new Deliveries(this.#t);
    this.keys = new Keys(this.#t);
    this.projects = new Projects(this.#t);
    this.nodes = new Nodes(this.#t);
  }

  /** Calls any operation of the API by its operationId. */
  call<K extends OperationId>(id: K, input: Input<K>, options?: CallOptions): Promise<Answer<K>> {
    return this.#t.call(id, input, options);
  }

  /** The server's metrics, in Prometheus' text form; an operator's. */
  metrics(options: CallOptions = {}): Promise<string> {
    return this.#t.send("read-metrics", {}, { ...options, headers: { Accept: "text/plain", ...options.headers } }, (res) => res.text());
  }
}

/** The version of this client, and of the API that it was made for. */
export { version };

function environment(name: string): string | undefined {
  try {
    const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
    return process?.env?.[name] || undefined;
  } catch {
    return undefined; // Deno was not allowed to read it
  }
}
