// Drives a session's browser through a server of the Model Context Protocol that
// uses it over its connectUrl: goes to a page, types, clicks, reads what came of it
// and takes a picture. It prints what it read.
//
// usage: mcp.mjs @playwright/mcp|chrome-devtools-mcp <its option> <connectUrl> <site> <folder for its files>
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const [name, option, address, site, folder] = process.argv.slice(2);
const bin = (file) => fileURLToPath(new URL("node_modules/.bin/" + file, import.meta.url));

// What a server is asked for by its own names: nothing else tells them apart.
const servers = {
  "@playwright/mcp": {
    args: [bin("playwright-mcp"), option, address, "--output-dir", folder],
    page: async () => {},
    goto: (url) => ["browser_navigate", { url }],
    look: () => ["browser_snapshot", {}],
    ref: (tree, role) => new RegExp(`- ${role}[^\n]*\\[ref=(\\w+)\\]`).exec(tree)[1],
    type: (ref, text) => ["browser_type", { element: "the name", target: ref, text }],
    click: (ref) => ["browser_click", { element: "the button", target: ref }],
    picture: () => ["browser_take_screenshot", { type: "png" }],
  },
  "chrome-devtools-mcp": {
    args: [bin("chrome-devtools-mcp"), option, address, "--no-usage-statistics", "--no-performance-crux"],
    page: async () => ({ pageId: Number(/^(\d+): /m.exec((await use(["list_pages", {}])).said)[1]) }),
    goto: (url) => ["navigate_page", { type: "url", url }],
    look: () => ["take_snapshot", {}],
    ref: (tree, role) => new RegExp(`uid=(\\w+) ${role}`).exec(tree)[1],
    type: (uid, value) => ["fill", { uid, value }],
    click: (uid) => ["click", { uid }],
    picture: () => ["take_screenshot", { format: "png" }],
  },
};
const server = servers[name];

const mcp = spawn(process.execPath, server.args, { stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, CI: "1" } });
const waiting = new Map();
createInterface({ input: mcp.stdout }).on("line", (line) => {
  const m = JSON.parse(line);
  waiting.get(m.id)?.(m);
});
mcp.on("exit", (code) => { console.error(`${name} ended: ${code}`); process.exit(1); });

let last = 0;
let page;
const tell = (message) => mcp.stdin.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\n");
const ask = (method, params) => new Promise((answered) => {
  waiting.set(++last, answered);
  tell({ id: last, method, params });
});

// use has the server use a tool, and returns what it says, and its picture.
async function use([tool, args]) {
  const { result, error } = await ask("tools/call", { name: tool, arguments: { ...args, ...page } });
  const said = (result?.content ?? []).map((c) => c.text ?? "").join("\n");
  if (error || result.isError) throw new Error(`${tool}: ${error?.message ?? said}`);
  return { said, picture: result.content.find((c) => c.type === "image")?.data };
}

await ask("initialize", { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "test", version: "1" } });
tell({ method: "notifications/initialized" });
page = await server.page();
await use(server.goto(site + "/page"));
const tree = (await use(server.look())).said;
await use(server.type(server.ref(tree, "textbox"), "the model"));
await use(server.click(server.ref(tree, "button")));
const after = (await use(server.look())).said;
const { picture } = await use(server.picture());
console.log(/Hello the model/.exec(after)?.[0], Buffer.from(picture ?? "", "base64").subarray(1, 4).toString());
mcp.removeAllListeners("exit");
mcp.kill();
