// What each runtime serves: at /run a session whose result it answers, at /hook webhooks.
import { Browserhook, extract, goto } from "browserhook";

export async function run({ BROWSERHOOK_URL, BROWSERHOOK_KEY, SITE }) {
  const client = new Browserhook({ url: BROWSERHOOK_URL, key: BROWSERHOOK_KEY });
  const session = await client.sessions.create();
  const seen = [];
  const following = (async () => {
    for await (const e of session.events()) seen.push(e.data.eventType);
  })();
  const [page, heading] = await session.run([goto(SITE), extract({ target: "h1" })]);
  await session.close();
  await following;
  return Response.json({ status: page.status, heading, seen });
}
