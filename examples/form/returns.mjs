// Sends something back: fills in a form with files and reads what the shop answers.
//   node form/returns.mjs 1042 form/lid.svg form/note.txt
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { Browserhook, check, click, extract, fill, select, upload } from "browserhook";

const shop = process.env.SHOP ?? "http://127.0.0.1:8081";
const [order, ...paths] = process.argv.slice(2);

const photos = await Promise.all(
  paths.map(async (path) => ({ name: basename(path), content: (await readFile(path)).toString("base64") })));

const client = new Browserhook();
const session = await client.sessions.create({ url: `${shop}/returns`, metadata: { name: `return of ${order}` } });
try {
  await session.run([
    fill("label=Order number", order),
    select("label=Reason", { label: "It came broken" }),
    upload("label=Photos", photos),
    check("label=I have read the terms"),
    click('role=button[name="Send"]'),
  ]);
  const { number, reason, files } = await session.run(extract({
    fields: {
      number: "#number",
      reason: "#reason",
      files: { each: "#files li", fields: { name: "b", size: { target: ".size", type: "number" }, sha256: "code" } },
    },
  }));
  console.log(`Return ${number}: ${reason}`);
  for (const { name, size, sha256 } of files) console.log(`- ${name}, ${size} bytes, SHA-256 ${sha256}`);
} finally {
  await session.close();
}
