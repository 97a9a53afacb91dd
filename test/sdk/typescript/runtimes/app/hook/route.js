import { webhookHandler } from "browserhook/webhooks/next";

export const POST = webhookHandler(() => process.env.SECRET, (event) => console.log("took " + event.data.eventType));
