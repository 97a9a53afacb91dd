/** A message of a stream of server-sent events. */
export interface Message {
  /** The last id that the stream has told, this message's or one before it. */
  id: string;
  event: string;
  /** `undefined`: the message told an id alone. */
  data: string | undefined;
}

/**
 * Reads server-sent events, as the HTML standard says, but that a message which tells an id alone
 * counts too. Comments are passed over; heard is called for all that comes. The signal ends it.
 */
export async function* messages(body: ReadableStream<Uint8Array>, heard: () => void, signal: AbortSignal): AsyncGenerator<Message, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = ""; // of a line that has not ended
  let id = "";
  let event = "";
  let data: string[] | undefined;
  let told = false;
  const stop = () => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", stop, { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return; // what has not ended is dropped
      heard();
      const text = decoder.decode(value, { stream: true });
      if (!/[\r\n]/.test(text)) {
        rest += text;
        continue;
      }
      rest += text;
      // A \r at the end may be the first half of \r\n.
      const lines = rest.split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop()!;
      for (const line of lines) {
        if (line === "") {
          if (data || told) yield { id, event: event || "message", data: data?.join("\n") };
          event = "";
          data = undefined;
          told = false;
          continue;
        }
        const colon = line.indexOf(":");
        const name = colon < 0 ? line : line.slice(0, colon);
        const value = colon < 0 ? "" : line.slice(colon + (line[colon + 1] === " " ? 2 : 1));
        if (name === "data") (data ??= []).push(value);
        else if (name === "event") event = value;
        else if (name === "id" && !value.includes("\0")) {
          id = value;
          told = true;
        }
      }
    }
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}
