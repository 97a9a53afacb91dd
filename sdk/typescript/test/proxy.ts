// A proxy in front of the server, for answers that get lost.
import { createServer, request, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

export interface Lossy {
  url: string;
  seen: IncomingMessage[];
  close(): Promise<void>;
}

/**
 * Passes requests on to the server. lose says of each request, with its number, what becomes of its
 * answer: "answer": the request is done and nothing comes back; a number: the connection ends after
 * so many bytes of the body; a status: it isn't passed on, and answered so.
 */
export async function lossy(server: string, lose: (req: IncomingMessage, n: number) => "answer" | { bytes: number } | { status: number; headers?: Record<string, string> } | undefined): Promise<Lossy> {
  const seen: IncomingMessage[] = [];
  const proxy = createServer((req, res) => {
    const n = seen.push(req);
    const what = lose(req, n);
    if (typeof what === "object" && "status" in what) {
      req.resume();
      res.writeHead(what.status, what.headers).end();
      return;
    }
    const on = request(server + req.url, { method: req.method, headers: { ...req.headers, host: new URL(server).host } }, (answer) => {
      if (what === "answer") {
        answer.resume().on("end", () => res.destroy());
        return;
      }
      res.writeHead(answer.statusCode!, answer.headers);
      res.flushHeaders();
      let left = what ? what.bytes : Infinity;
      answer.on("data", (chunk: Buffer) => {
        res.write(chunk.subarray(0, left), () => left <= 0 && res.destroy());
        left -= chunk.length;
      });
      answer.on("end", () => res.end());
      answer.on("error", () => res.destroy());
    });
    on.on("error", () => res.destroy());
    res.on("close", () => on.destroy());
    req.pipe(on);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  proxy.unref(); // a test that fails may not close it
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        proxy.close(() => resolve());
        proxy.closeAllConnections();
      }),
  };
}
