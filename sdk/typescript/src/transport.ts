import { crypto } from "#crypto";
import { BrowserhookError, refusal } from "./errors.js";
import { operations, type Operations } from "./generated/operations.js";

export type OperationId = keyof Operations;
/** What an operation takes: its `path`, `query` and `body`. */
export type Input<K extends OperationId> = Omit<Operations[K], "answer">;
/** What an operation answers. */
export type Answer<K extends OperationId> = Operations[K]["answer"];

/** How one call is made. */
export interface CallOptions {
  /** Ends the call. */
  signal?: AbortSignal | undefined;
  /** Milliseconds until an answer must be there, of each try; by default the client's. */
  timeout?: number | undefined;
  /** How often a call that fails is tried again; by default the client's. */
  retries?: number | undefined;
  /**
   * Of a call that makes something: calls with the same key, within 24 hours, make it once. By
   * default each call has a key of its own, over all its tries.
   */
  idempotencyKey?: string | undefined;
  headers?: Record<string, string> | undefined;
}

export interface TransportOptions {
  url: string;
  key: string;
  fetch: typeof fetch;
  timeout: number;
  retries: number;
  headers: Record<string, string>;
}

/** Statuses of what is to be tried again: of the server, or of a proxy in front of it. */
const passing = new Set([429, 502, 503, 504]);

/** A server that wants to be left alone for longer is not waited for. */
const longestWait = 60;

const firstPause = 250;
const longestPause = 15_000;

/** How long to wait after so many failures in a row, in milliseconds: it doubles, with a random part. */
export function pause(failures: number): number {
  return Math.min(longestPause, firstPause * 2 ** Math.min(failures, 10)) * (0.75 + Math.random() / 2);
}

/** Waits, or throws when the signal is aborted before. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** Sends requests, again if need be, and reads answers. */
export class Transport {
  readonly #options: TransportOptions; // the key is in no text that is made of a client

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /** Milliseconds until an answer must be there, of each try. */
  get timeout(): number {
    return this.#options.timeout;
  }

  /** Calls an operation and reads its answer. */
  call<K extends OperationId>(id: K, input: Input<K>, options: CallOptions = {}): Promise<Answer<K>> {
    return this.send(id, input, options, async (res) => {
      if (res.status === 204) return undefined as Answer<K>;
      const text = await res.text();
      try {
        return JSON.parse(text) as Answer<K>;
      } catch {
        throw new BrowserhookError({ status: res.status, code: "not_browserhook", detail: "the answer is not JSON: is url the address of a browserhook server?" });
      }
    });
  }

  /**
   * Sends a request until there is an answer that read takes. What makes something has an
   * idempotency key, the same in each try; all else can be repeated as it is. The signal ends the
   * answer of a stream too.
   */
  async send<K extends OperationId, T>(id: K, input: Input<K>, options: CallOptions & { stream?: boolean }, read: (res: Response) => T | Promise<T>): Promise<T> {
    const { method, creates } = operations[id];
    const { path, query, body } = input as { path?: Record<string, string>; query?: Record<string, unknown>; body?: unknown };
    const url = this.#options.url + place(operations[id].path, path) + search(query);
    const headers = new Headers({ Accept: "application/json" });
    for (const [name, value] of Object.entries({ ...this.#options.headers, ...options.headers })) headers.set(name, value);
    headers.set("Authorization", `Bearer ${this.#options.key}`);
    if (body !== undefined) headers.set("Content-Type", "application/json");
    if (creates) headers.set("Idempotency-Key", options.idempotencyKey ?? crypto.randomUUID());
    const init = { method, headers, body: body === undefined ? null : JSON.stringify(body) };
    const retries = options.retries ?? this.#options.retries;
    let done = false; // perhaps: a try had no answer
    for (let failures = 0; ; failures++) {
      const tried = await this.#attempt(url, init, options, read);
      if ("value" in tried) return tried.value;
      const { error } = tried;
      if (done && method === "DELETE" && error.status === 404) return undefined as T; // by the try before
      if (error.status !== 429 && error.status !== 503) done = true;
      const again = error.status === undefined ? error.code !== "not_browserhook" : passing.has(error.status);
      const wait = error.retryAfter === undefined ? pause(failures) : error.retryAfter * 1000;
      if (!again || failures >= retries || wait > longestWait * 1000) throw error;
      await sleep(wait, options.signal);
    }
  }

  /** Tries once. What isn't an error of the call is thrown: a signal's reason, what read throws. */
  async #attempt<T>(url: string, init: RequestInit, options: CallOptions & { stream?: boolean }, read: (res: Response) => T | Promise<T>): Promise<{ value: T } | { error: BrowserhookError }> {
    options.signal?.throwIfAborted();
    const ends = new AbortController();
    const abort = () => ends.abort(options.signal?.reason);
    options.signal?.addEventListener("abort", abort, { once: true });
    const limit = options.timeout ?? this.#options.timeout;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      ends.abort();
    }, limit);
    try {
      const res = await this.#options.fetch.call(undefined, url, { ...init, redirect: "manual", signal: ends.signal });
      if (res.type === "opaqueredirect" || (res.status >= 300 && res.status < 400)) {
        void res.body?.cancel();
        return { error: new BrowserhookError({ code: "not_browserhook", detail: `${new URL(url).origin} redirects${res.headers.get("location") ? ` to ${res.headers.get("location")}` : ""}: url is to be the server's own address` }) };
      }
      if (!res.ok) return { error: await refusal(res) };
      return { value: await read(res) };
    } catch (cause) {
      if (options.signal?.aborted) throw options.signal.reason;
      if (cause instanceof BrowserhookError) return { error: cause };
      const detail = late ? `no answer within ${limit} ms` : `no answer: ${reason(cause)}`;
      return { error: new BrowserhookError({ code: late ? "timeout" : "unreachable", detail, cause }) };
    } finally {
      clearTimeout(timer);
      if (!options.stream) options.signal?.removeEventListener("abort", abort);
    }
  }
}

/** What an error says, with what is behind it: fetch's own words are few. */
function reason(e: unknown): string {
  if (!(e instanceof Error)) return String(e);
  return e.cause instanceof Error ? `${e.message}: ${e.cause.message || e.cause.name}` : e.message;
}

/** Puts ids into a path. One that would make it another path is refused. */
function place(template: string, ids: Record<string, string> = {}): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const id = ids[name];
    if (typeof id !== "string" || id === "" || id === "." || id === "..") throw new TypeError(`${name} is to be an id, not ${JSON.stringify(id)}`);
    return encodeURIComponent(id);
  });
}

function search(query: Record<string, unknown> = {}): string {
  const q = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) q.append(name, one instanceof Date ? one.toISOString() : String(one));
    }
  }
  const text = q.toString();
  return text && `?${text}`;
}
