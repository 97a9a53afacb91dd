import { BrowserhookError } from "./errors.js";
import type { Operations } from "./generated/operations.js";
import type { Event } from "./generated/schemas.js";
import { Pages } from "./pages.js";
import { messages } from "./sse.js";
import { pause, sleep, type CallOptions, type Transport } from "./transport.js";

/** Which events, from where on. */
export interface FollowParams {
  /** Only events of this session. */
  sessionId?: string | undefined;
  /** Only these types. */
  types?: string[] | undefined;
  /** What comes after this cursor: an event's id, a page's `nextCursor`, or `beginning`. By default: now. */
  after?: string | undefined;
}

/** The server says every 15 seconds that it is there. */
const silence = 45_000;

/** A stream that is lost is asked for so often, which is for some minutes. */
const reconnects = 25;

/**
 * Follows the log: events as they are committed. A stream that is lost goes on where it was.
 * over is asked whenever a stream has begun: when it says so, the events that there are come, and
 * the end.
 */
export async function* follow(t: Transport, params: FollowParams, options: CallOptions = {}, over?: () => Promise<boolean>): AsyncGenerator<Event, void, undefined> {
  const query = { sessionId: params.sessionId, types: params.types } as NonNullable<Operations["list-events"]["query"]>;
  let cursor = params.after;
  let failures = 0;
  for (;;) {
    const ends = new AbortController();
    const abort = () => ends.abort(options.signal?.reason);
    options.signal?.addEventListener("abort", abort, { once: true });
    let watch: ReturnType<typeof setTimeout> | undefined;
    const heard = () => {
      clearTimeout(watch);
      watch = setTimeout(() => ends.abort(), silence);
    };
    try {
      const headers = { ...options.headers, Accept: "text/event-stream", ...(cursor !== undefined && { "Last-Event-ID": cursor }) };
      const body = await t.send("list-events", { query }, { retries: reconnects, ...options, headers, signal: ends.signal, stream: true }, stream);
      heard();
      let begun = false;
      for await (const { id, data } of messages(body, heard, ends.signal)) {
        if (id) cursor = id;
        if (!begun && over && (await over())) {
          yield* new Pages((next) => t.call("list-events", { query: { ...query, cursor: next ?? cursor ?? "beginning", limit: 1000 } }, options), true);
          return;
        }
        if (begun) failures = 0; // it lived
        begun = true;
        if (data !== undefined) yield JSON.parse(data) as Event;
      }
    } catch (e) {
      if (options.signal?.aborted) throw options.signal.reason;
      if (e instanceof BrowserhookError) throw e;
      // The stream was lost, or nothing came of it for too long.
    } finally {
      clearTimeout(watch);
      options.signal?.removeEventListener("abort", abort);
      ends.abort();
    }
    if (failures >= (options.retries ?? reconnects)) throw new BrowserhookError({ code: "unreachable", detail: "the stream of events is lost again and again" });
    await sleep(failures === 0 ? 0 : pause(failures - 1), options.signal);
    failures++;
  }
}

function stream(res: Response): ReadableStream<Uint8Array> {
  if (!res.body || !res.headers.get("content-type")?.startsWith("text/event-stream")) {
    throw new BrowserhookError({ status: res.status, code: "not_browserhook", detail: "the answer is not a stream of events: is url the address of a browserhook server?" });
  }
  return res.body;
}
