// Reads deliveries, [{headers, body, secret}, …], from standard input and
// verifies each with the official libraries; then breaks each in every way and
// expects that to be refused. Prints "ok N".
import { Webhook as Standard } from "standardwebhooks";
import { Webhook as Svix } from "svix";
import { readFileSync } from "node:fs";

const deliveries = JSON.parse(readFileSync(0, "utf8"));
const other = "whsec_" + Buffer.alloc(32, 7).toString("base64");

const refused = (lib, secret, body, headers) => {
  try {
    new lib(secret).verify(body, headers);
  } catch {
    return true;
  }
  return false;
};

for (const { headers, body, secret } of deliveries) {
  for (const lib of [Standard, Svix]) {
    new lib(secret).verify(body, headers);
    const broken = {
      body: [secret, body.slice(0, -1) + " ", headers],
      id: [secret, body, { ...headers, "webhook-id": headers["webhook-id"] + "x" }],
      timestamp: [secret, body, { ...headers, "webhook-timestamp": String(+headers["webhook-timestamp"] + 1) }],
      secret: [other, body, headers],
    };
    for (const [what, args] of Object.entries(broken))
      if (!refused(lib, ...args)) throw new Error(`a changed ${what} was accepted`);
  }
}
if (deliveries.length === 0) throw new Error("nothing to verify");
console.log("ok", deliveries.length);
