import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

const hook = new Webhook(process.env.SECRET);
createServer(async (req, res) => {
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  try {
    const event = hook.verify(Buffer.concat(chunks).toString(), req.headers);
    console.log(event.data.eventType, event.sequence);
    res.writeHead(204).end();
  } catch {
    res.writeHead(401).end();
  }
}).listen(36855, "127.0.0.1");
