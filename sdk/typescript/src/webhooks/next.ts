/**
 * Takes webhooks in Next.js, as a route handler of the App Router:
 * `export const POST = webhookHandler(secret, take)` in `app/hook/route.ts`.
 *
 * @packageDocumentation
 */
export { webhookHandler } from "./fetch.js";
