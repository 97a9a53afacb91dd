/**
 * Verifies webhooks, by Web Crypto.
 *
 * @packageDocumentation
 */
export { verify, WebhookError, type HeadersLike, type Secrets, type VerifyOptions } from "./verify.js";
export { Receiver, type Memory, type ReceiverOptions, type SecretSource, type Status, type Take } from "./receiver.js";
