/**
 * Takes webhooks in Next.js, as a route handler of the App Router:
 * `export const POST = webhookHandler(() => process.env.SECRET!, take)` in `app/hook/route.ts`. The
 * secret is asked for when a webhook comes: while the app is built there is none.
 *
 * @packageDocumentation
 */
export { webhookHandler } from "./fetch.js";
