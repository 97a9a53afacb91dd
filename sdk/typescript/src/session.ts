/// <reference lib="esnext.disposable" preserve="true" />
import { crypto } from "#crypto";
import { BrowserhookError, StepFailed } from "./errors.js";
import { follow } from "./follow.js";
import type * as api from "./generated/schemas.js";
import type { Operations } from "./generated/operations.js";
import { Pages } from "./pages.js";
import type { ResultOf, ResultsOf } from "./step.js";
import { pause, sleep, type CallOptions, type Input, type Transport } from "./transport.js";

/** What the steps of a call have in common. */
export interface AddOptions extends CallOptions {
  /** What a step that fails does to those after it; `stop` is the default. */
  onError?: "stop" | "continue";
  /** Targets are looked for, and nothing is done. */
  dryRun?: boolean;
}

/** How steps are run. */
export interface RunOptions extends Omit<AddOptions, "timeout" | "dryRun"> {
  /**
   * Milliseconds until all steps must have ended; by default as long as they take. Then, and when
   * the signal is aborted, those that have not ended are canceled.
   */
  timeout?: number | undefined;
}

/** The seconds that one request waits for steps: less than proxies do. */
const waitFor = 30;

/** The server knows an idempotency key for a day, and no session lives longer. */
const longestRun = 23 * 60 * 60 * 1000;

/** How long what is given up is canceled for, in milliseconds. */
const patience = 5000;

/** The types of events after which a session has no more. */
const last = ["browser_closed", "browser_failed"];

// Node.js 18 has none at first.
const asyncDispose: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");

/** A session: a browser of its own. `await using` closes it at the end of its block. */
export class Session {
  readonly #t: Transport;
  #data: api.Session;

  /** @internal */
  constructor(t: Transport, data: api.Session) {
    this.#t = t;
    this.#data = data;
  }

  /** What the server said of the session last; {@link refresh} asks again. */
  get data(): Readonly<api.Session> {
    return this.#data;
  }

  get id(): string {
    return this.#data.sessionId;
  }

  get status(): api.Session["status"] {
    return this.#data.status;
  }

  /** The live page, to look at. */
  get streamingUrl(): string {
    return this.#data.streamingUrl;
  }

  /**
   * Where Playwright, Puppeteer and other programs use the browser by the DevTools protocol. Whoever
   * has it can do all that the session can.
   *
   * @throws BrowserhookError `no_connect_url`: the session has ended, or the key may only read.
   */
  get connectUrl(): string {
    const url = this.#data.connectUrl;
    if (url === undefined) throw new BrowserhookError({ code: "no_connect_url", detail: `${this.id} has no connectUrl: it has ended, or the key may only read` });
    return url;
  }

  /** Asks how the session is. */
  async refresh(options?: CallOptions): Promise<this> {
    this.#data = await this.#t.call("get-session", this.#input, options);
    return this;
  }

  /**
   * Runs steps, one after the other, and answers what each answers. What is called again because an
   * answer got lost runs nothing twice.
   *
   * @throws StepFailed when one doesn't complete that isn't `optional`, once all have ended.
   */
  run<S extends api.Step>(step: S, options?: RunOptions): Promise<ResultOf<S>>;
  run<S extends readonly [] | readonly api.Step[]>(steps: S, options?: RunOptions): Promise<ResultsOf<S>>;
  async run(given: api.Step | readonly api.Step[], options: RunOptions = {}): Promise<unknown> {
    const steps = isList(given) ? given : [given];
    if (steps.length === 0) return [];
    const ended = await this.#wait(steps, options);
    const failed = ended.find((run, i) => run.status !== "COMPLETED" && !(run.status === "FAILED" && steps[i]!.optional));
    if (failed) throw new StepFailed(failed, ended);
    const results = ended.map((run) => run.result);
    return isList(given) ? results : results[0];
  }

  /** Adds steps and waits until all of them have ended. */
  async #wait(steps: readonly api.Step[], options: RunOptions): Promise<api.StepRun[]> {
    const { timeout = longestRun, signal, onError, ...call } = options;
    const ends = new AbortController();
    const abort = () => ends.abort(signal?.reason);
    signal?.throwIfAborted();
    signal?.addEventListener("abort", abort, { once: true });
    const late = new BrowserhookError({ code: "timeout", detail: `the steps have not ended within ${timeout} ms` });
    const timer = setTimeout(() => ends.abort(late), Math.min(timeout, longestRun));
    const until = Date.now() + timeout;
    // The same key each time: the steps are added once, and the answer is how far they are.
    const idempotencyKey = call.idempotencyKey ?? crypto.randomUUID();
    const input = { ...this.#input, body: { steps: [...steps], ...(onError && { onError }) } };
    let runs: api.StepRun[] = [];
    try {
      for (let rounds = 0; ; rounds++) {
        const wait = Math.max(1, Math.min(waitFor, Math.ceil((until - Date.now()) / 1000)));
        const headers = { ...call.headers, Prefer: `wait=${wait}` };
        const began = Date.now();
        const page = await this.#t.call("add-steps", input, { ...call, idempotencyKey, headers, timeout: this.#t.timeout + wait * 1000, signal: ends.signal });
        runs = page.data;
        for (let cursor = page.nextCursor; cursor && runs.length < steps.length; ) {
          const more = await this.#t.call("list-steps", { ...this.#input, query: { cursor, limit: steps.length - runs.length } }, { ...call, signal: ends.signal });
          runs.push(...more.data);
          cursor = more.data.length > 0 ? more.nextCursor : undefined;
        }
        if (runs.every(ended)) return runs;
        // A server that stops answers at once.
        if (Date.now() - began < 1000) await sleep(pause(Math.min(rounds, 3)), ends.signal);
      }
    } catch (e) {
      if (ends.signal.aborted) await this.#cancel(input, idempotencyKey, runs);
      throw e;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Cancels what has not ended of steps that nobody waits for any more, the last first. */
  async #cancel(input: Input<"add-steps">, idempotencyKey: string, runs: api.StepRun[]): Promise<void> {
    const call = { signal: AbortSignal.timeout(patience) };
    // Without an answer it isn't known which they are: that call's own answer says it, again.
    const known = runs.length > 0 ? runs : await this.#t.call("add-steps", input, { ...call, idempotencyKey }).then((page) => page.data, () => []);
    for (const run of known.filter((run) => !ended(run)).reverse()) {
      await this.cancel(run.stepId, call).catch(() => {}); // it has ended meanwhile
    }
  }

  /** Adds steps and doesn't wait for them. */
  async add(steps: api.Step | readonly api.Step[], options: AddOptions = {}): Promise<api.StepRun[]> {
    const { onError, dryRun, ...call } = options;
    const body = { steps: isList(steps) ? [...steps] : [steps], ...(onError && { onError }), ...(dryRun && { dryRun }) };
    return (await this.#t.call("add-steps", { ...this.#input, body }, call)).data;
  }

  /** The session's steps, in order. */
  steps(query?: Operations["list-steps"]["query"], options?: CallOptions): Pages<api.StepRun> {
    return new Pages((cursor) => this.#t.call("list-steps", { ...this.#input, query: { ...query, ...(cursor && { cursor }) } }, options));
  }

  /** One of its steps, as it is now. */
  step(stepId: string, options?: CallOptions): Promise<api.StepRun> {
    return this.#t.call("get-step", { path: { sessionId: this.id, stepId } }, options);
  }

  /** Cancels a step that waits, or stops the one that runs. */
  cancel(stepId: string, options?: CallOptions): Promise<api.StepRun> {
    return this.#t.call("cancel-step", { path: { sessionId: this.id, stepId } }, options);
  }

  /**
   * What happens in the session, from its beginning, or after a cursor, until its end. A stream
   * that is lost goes on where it was: each event comes once.
   */
  async *events(params: { types?: string[]; after?: string } = {}, options: CallOptions = {}): AsyncGenerator<api.Event, void, undefined> {
    const { types, after = "beginning" } = params;
    // Its end is to be heard, whoever asks for what.
    const asked = types && [...types, ...last.filter((t) => !types.includes(t))];
    for await (const e of follow(this.#t, { sessionId: this.id, types: asked, after }, options, () => this.#over(options))) {
      if (!types || types.includes(e.data.eventType)) yield e;
      if (last.includes(e.data.eventType)) return;
    }
  }

  /** Whether the session has ended, or is no more. */
  async #over(options: CallOptions): Promise<boolean> {
    try {
      await this.refresh(options);
    } catch (e) {
      if (e instanceof BrowserhookError && e.status === 404) return true;
      throw e;
    }
    return this.status === "CLOSED" || this.status === "FAILED";
  }

  /**
   * Waits until the browser is there. Steps and programs wait for it by themselves.
   *
   * @throws BrowserhookError when there will be none: the session has failed, or ended before.
   */
  async ready(options?: CallOptions): Promise<this> {
    for await (const e of this.events({ types: ["browser_ready", "browser_recovered", ...last] }, options)) {
      if (!last.includes(e.data.eventType)) break;
    }
    await this.refresh(options);
    if (this.status !== "READY") {
      const { code = "session_ended", message = `the session is ${this.status}` } = this.data.error ?? {};
      throw new BrowserhookError({ code, detail: `${this.id}: ${message}` });
    }
    return this;
  }

  /** What its pages wrote to the console, didn't catch and asked for. */
  logs(query?: Omit<NonNullable<Operations["read-logs"]["query"]>, "format">, options?: CallOptions): Pages<api.LogEntry> {
    return new Pages((cursor) => this.#t.call("read-logs", { ...this.#input, query: { ...query, ...(cursor && { cursor }) } }, options));
  }

  /** All requests of its pages, as an HTTP archive (HAR 1.2). */
  har(options?: CallOptions): Promise<Download> {
    return this.#t.send("read-logs", { ...this.#input, query: { format: "har" } }, { ...options, stream: true }, download);
  }

  /** The files that steps made and pages downloaded. */
  artifacts(query?: Operations["list-artifacts"]["query"], options?: CallOptions): Pages<api.Artifact> {
    return new Pages((cursor) => this.#t.call("list-artifacts", { ...this.#input, query: { ...query, ...(cursor && { cursor }) } }, options));
  }

  /** A file; `range` is as HTTP spells it: `bytes=0-99`. */
  artifact(artifactId: string, options: CallOptions & { range?: string } = {}): Promise<Download> {
    const { range, ...call } = options;
    const headers = { ...call.headers, Accept: "*/*", ...(range !== undefined && { Range: range }) };
    return this.#t.send("get-artifact", { path: { sessionId: this.id, artifactId } }, { ...call, headers, stream: true }, download);
  }

  /** Makes a link to the live page, to look at or (`mode: "control"`) to control. */
  live(params: api.CreateStreamRequest = {}, options?: CallOptions): Promise<api.Stream> {
    return this.#t.call("create-stream", { ...this.#input, body: params }, options);
  }

  /** Reads a link to the live page that was made. */
  getLive(streamId: string, options?: CallOptions): Promise<api.Stream> {
    return this.#t.call("get-stream", { path: { sessionId: this.id, streamId } }, options);
  }

  /** Ends a link to the live page, and sends away who came by it. */
  revokeLive(streamId: string, options?: CallOptions): Promise<void> {
    return this.#t.call("revoke-stream", { path: { sessionId: this.id, streamId } }, options);
  }

  /** Who looks at the live page, or has. */
  viewers(query?: Operations["list-viewers"]["query"], options?: CallOptions): Pages<api.Viewer> {
    return new Pages((cursor) => this.#t.call("list-viewers", { ...this.#input, query: { ...query, ...(cursor && { cursor }) } }, options));
  }

  /** What there is of the session's recording. */
  recording(options?: CallOptions): Promise<api.Recording> {
    return this.#t.call("get-recording", this.#input, options);
  }

  /** The recording as a video, which the server makes if it has ffmpeg. */
  video(query?: Operations["export-recording"]["query"], options?: CallOptions): Promise<Download> {
    return this.#t.send("export-recording", { ...this.#input, query: { ...query } }, { ...options, headers: { ...options?.headers, Accept: "*/*" }, stream: true }, download);
  }

  /** Gives the session another connectUrl, and sends away who came by the one before. */
  async rotateConnectUrl(options?: CallOptions): Promise<string> {
    this.#data = await this.#t.call("rotate-connect-url", this.#input, options);
    return this.connectUrl;
  }

  /** Ends the session, and doesn't wait until its browser has gone. One that has ended stays as it is. */
  async close(options?: CallOptions): Promise<this> {
    this.#data = (await this.#t.call("close-session", this.#input, options)) ?? this.#data;
    return this;
  }

  async [asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Deletes all that is kept of a session that has ended; one that was closed is waited for until its browser has gone. */
  forget(options?: CallOptions): Promise<void> {
    return this.#t.call("forget-session", this.#input, options);
  }

  get #input() {
    return { path: { sessionId: this.id } };
  }
}

/** A file that comes: as a stream or, once all of it is there, as bytes or text. */
export class Download {
  /** @internal */
  constructor(readonly response: Response) {}

  get contentType(): string {
    return this.response.headers.get("content-type") ?? "application/octet-stream";
  }

  get stream(): ReadableStream<Uint8Array> {
    return this.response.body!;
  }

  async bytes(): Promise<Uint8Array> {
    return new Uint8Array(await this.response.arrayBuffer());
  }

  text(): Promise<string> {
    return this.response.text();
  }
}

function download(res: Response): Download {
  return new Download(res);
}

function ended(run: api.StepRun): boolean {
  return run.status !== "PENDING" && run.status !== "RUNNING" && run.status !== "WAITING";
}

function isList<T>(one: T | readonly T[]): one is readonly T[] {
  return Array.isArray(one);
}
