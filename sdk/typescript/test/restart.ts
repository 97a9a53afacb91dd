// A program whose server is killed and started again meanwhile. It says what it has seen.
import { Browserhook, evaluate, goto, waitFor, type Event } from "browserhook";

const client = new Browserhook();
await using session = await client.sessions.create({ url: process.env.SITE! });
const seen: Event[] = [];
let recover = () => {};
const recovered = new Promise<void>((resolve) => (recover = resolve));
const following = (async () => {
  for await (const e of session.events()) {
    seen.push(e);
    if (e.data.eventType === "browser_recovered") recover();
  }
})();
await session.run(evaluate("globalThis.before = 1"));
const waiting = session.run([waitFor({ target: "#never" }), goto(process.env.SITE!)], { onError: "continue" }).catch((e) => e.code);
for await (const e of session.events({ types: ["step_started"] })) if (e.data.eventType === "step_started" && e.data.action === "waitFor") break;
console.log("kill it");
await recovered;
console.log(await waiting, (await session.run(evaluate<string>("document.title"))));
await session.close();
await following;
console.log(seen.every((e, i) => e.sequence === i + 1), seen.at(-1)!.data.eventType);
