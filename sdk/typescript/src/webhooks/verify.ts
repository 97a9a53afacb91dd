import { crypto } from "#crypto";
import type { Event } from "../generated/schemas.js";

/** Headers as any framework has them. */
export type HeadersLike = { get(name: string): string | null } | Record<string, string | string[] | undefined>;

/** What an endpoint signs by: its secret (`whsec_…`), its public key (`whpk_…`), or several while they rotate. */
export type Secrets = string | readonly string[];

export interface VerifyOptions {
  /** Seconds that the webhook's timestamp may be from the clock here, either way; 300 by default. */
  tolerance?: number | undefined;
}

/** Why a request is not a webhook of the sender. */
export class WebhookError extends Error {
  constructor(
    /**
     * `header`: one is missing or can't be read; `too_old`, `too_new`: its timestamp; `signature`:
     * none matches; `body`: it is signed, and no event.
     */
    readonly code: "header" | "too_old" | "too_new" | "signature" | "body",
    message: string,
  ) {
    super(message);
    this.name = "WebhookError";
  }
}

/** A sender has a few live secrets, and a stranger is to cost little. */
const maxSignatures = 32;

const minSecretLength = 24; // bytes, by Standard Webhooks

interface Key {
  version: "v1" | "v1a";
  key: CryptoKey;
}

/**
 * Verifies a webhook and answers its event. The signatures are those of Standard Webhooks, `v1` and
 * `v1a`; one of any of the secrets is enough.
 *
 * @param body - As it came: the bytes or the text, not decoded and encoded again.
 * @throws WebhookError when it isn't verified; TypeError when a secret is none.
 */
export async function verify(body: string | Uint8Array | ArrayBuffer, headers: HeadersLike, secrets: Secrets, options: VerifyOptions = {}): Promise<Event> {
  const keys = await read(secrets);
  const id = header(headers, "webhook-id");
  const timestamp = header(headers, "webhook-timestamp");
  const signatures = header(headers, "webhook-signature");
  // A dot separates the signed parts: in an id it could move the border between them.
  if (id.includes(".")) throw new WebhookError("header", "webhook-id has a dot in it");
  fresh(timestamp, options.tolerance ?? 300);
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : new Uint8Array(body);
  const head = new TextEncoder().encode(`${id}.${timestamp}.`);
  const message = new Uint8Array(head.length + bytes.length);
  message.set(head);
  message.set(bytes, head.length);
  if (!(await signed(message, signatures, keys))) throw new WebhookError("signature", "no signature of the webhook matches");
  return parse(bytes);
}

function parse(bytes: Uint8Array): Event {
  let event: unknown;
  try {
    event = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // as nothing
  }
  if (typeof (event as Partial<Event> | undefined)?.data?.eventType !== "string") throw new WebhookError("body", "the webhook's body is no event");
  return event as Event;
}

/** @internal The one value of a header. */
export function header(headers: HeadersLike, name: string): string {
  let value: string | string[] | null | undefined;
  if (typeof headers.get === "function") value = (headers as { get(name: string): string | null }).get(name);
  else {
    const all = headers as Record<string, string | string[] | undefined>;
    value = all[name] ?? all[Object.keys(all).find((k) => k.toLowerCase() === name) ?? name];
  }
  if (Array.isArray(value)) value = value.length === 1 ? value[0] : undefined;
  if (!value) throw new WebhookError("header", `${name} is missing`);
  return value;
}

function fresh(timestamp: string, tolerance: number): void {
  // What is signed is this text, so a time has only one spelling.
  if (!/^(0|[1-9]\d{0,14})$/.test(timestamp)) throw new WebhookError("header", "webhook-timestamp is not a number of seconds");
  const age = Math.floor(Date.now() / 1000) - Number(timestamp);
  if (age > tolerance) throw new WebhookError("too_old", `the webhook's timestamp is too old: by ${age} s, and ${tolerance} s are allowed`);
  if (-age > tolerance) throw new WebhookError("too_new", `the webhook's timestamp is in the future: by ${-age} s, and ${tolerance} s are allowed`);
}

async function signed(message: Uint8Array<ArrayBuffer>, signatures: string, keys: Key[]): Promise<boolean> {
  const all = signatures.split(" ");
  if (all.length > maxSignatures) throw new WebhookError("header", `webhook-signature has more than ${maxSignatures} signatures`);
  for (const one of all) {
    const [version, text = ""] = one.split(",", 2);
    for (const key of keys) {
      if (key.version !== version) continue;
      const signature = decode(text);
      if (signature && (await crypto.subtle.verify(key.key.algorithm.name, key.key, signature, message))) return true;
    }
  }
  return false;
}

/** What was read of secrets, which are read again and again. */
const known = new Map<string, Key>();

async function read(secrets: Secrets): Promise<Key[]> {
  const list = typeof secrets === "string" ? [secrets] : secrets;
  if (list.length === 0) throw new TypeError("webhooks: there is no secret");
  return Promise.all(
    list.map(async (secret, i) => {
      const text = typeof secret === "string" ? secret.trim() : "";
      let key = known.get(text);
      if (!key) {
        try {
          key = await readOne(text);
        } catch (e) {
          throw new TypeError(`webhooks: secret ${i + 1} ${(e as Error).message}`);
        }
        if (known.size >= 1000) known.clear();
        known.set(text, key);
      }
      return key;
    }),
  );
}

async function readOne(secret: string): Promise<Key> {
  if (secret === "") throw new Error("is empty");
  if (secret.startsWith("whsk_")) throw new Error("is a private key, which only the sender may have; the receiver needs the public one (whpk_…)");
  if (secret.startsWith("whpk_")) {
    const bytes = decode(secret.slice(5));
    if (bytes?.length !== 32) throw new Error("is not whpk_ and the base64 of an ed25519 public key");
    return { version: "v1a", key: await crypto.subtle.importKey("raw", bytes, "Ed25519", false, ["verify"]) };
  }
  const bytes = decode(secret.replace(/^whsec_/, ""));
  if (!bytes) throw new Error("is not whsec_ and base64");
  if (bytes.length < minSecretLength) throw new Error(`has ${bytes.length} bytes; a secret has at least ${minSecretLength}`);
  return { version: "v1", key: await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]) };
}

/** Bytes of base64, in its one spelling; `undefined`: it is none. */
function decode(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  try {
    return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  } catch {
    return undefined;
  }
}
