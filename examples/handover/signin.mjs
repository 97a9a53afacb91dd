// Signs in with a code that only a person has: on their phone.
import { Browserhook, click, extract, fill, waitFor } from "browserhook";

const shop = process.env.SHOP ?? "http://127.0.0.1:8081";
const password = process.env.SHOP_PASSWORD ?? "correct horse";

const client = new Browserhook();
const session = await client.sessions.create({ url: `${shop}/login` });
try {
  await session.run([
    fill("label=E-mail", "grace@example.org"),
    fill("label=Password", password, { secret: true }),
    click('role=button[name="Sign in"]'),
  ]);

  // From here on a person. In life the link goes to them by mail or chat.
  const link = await session.live({ mode: "control", expiresIn: "10m" });
  console.log("Type your code here:", link.streamingUrl);
  await session.run(waitFor({ url: "*/orders", timeout: "10m" }));
  await session.revokeLive(link.streamId);

  const orders = await session.run(extract({ each: "#orders li", fields: { number: "b", item: ".item" } }));
  for (const { number, item } of orders) console.log(`- ${number} ${item}`);
} finally {
  await session.close();
}
