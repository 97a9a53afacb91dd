// The live page: draws frames, shows state and steps, and reconnects.
import { takeInput } from "./input.js";

const $ = (id) => document.getElementById(id);
const screen = $("screen"), ink = screen.getContext("2d", { alpha: false });
const control = document.body.dataset.control === "true";
const names = {
  QUEUED: "Waiting for room", STARTING: "Starting", READY: "Live", CLOSING: "Closing", CLOSED: "Closed",
  FAILED: "Failed", CONNECTING: "Connecting", LOST: "Connection lost", AWAY: "Server unavailable", OVER: "Link is over",
};
const marks = { COMPLETED: "✓", FAILED: "✕", INTERRUPTED: "✕", CANCELED: "–", PENDING: "·", RUNNING: "", WAITING: "…" };
const reasons = {
  requested: "The session was closed.", timeout: "The session's time was up.", idle: "The session was idle for too long.",
  crashed: "The browser crashed.", node_lost: "The browser was lost with its server.", shutdown: "The server was stopped.",
};

let socket, ended = false, live = false, wait = 500, newest = 0, drawn = 0;

function say(text) {
  $("message").textContent = text || "";
  $("overlay").hidden = !text;
}

function status(name) {
  $("status").dataset.status = name;
  $("status").textContent = names[name] || name;
}

// draw decodes a frame; when a newer one was faster, it is left out.
async function draw(blob) {
  const mine = ++newest;
  const image = await createImageBitmap(blob);
  if (mine > drawn) {
    drawn = mine;
    if (screen.width !== image.width || screen.height !== image.height) {
      screen.width = image.width;
      screen.height = image.height;
    }
    ink.drawImage(image, 0, 0);
    if (live) say(""); // a frame decoded late must not hide why there are no more
  }
  image.close();
}

function address(raw) {
  let host = raw, path = "";
  try {
    const u = new URL(raw);
    if (u.host) [host, path] = [u.host, u.pathname + u.search + u.hash];
  } catch { /* not an address: shown as it is */ }
  $("host").textContent = host.slice(0, 200);
  $("path").textContent = path === "/" ? "" : path.slice(0, 500);
}

function row(step) {
  const li = document.createElement("li");
  li.dataset.status = step.status;
  const part = (tag, text, name) => {
    const el = li.appendChild(document.createElement(tag));
    el.textContent = text;
    if (name) el.className = name;
    return el;
  };
  part("i", marks[step.status] ?? "·").title = step.status.toLowerCase();
  part("b", step.action);
  part("time", step.ms ? (step.ms < 1000 ? step.ms + " ms" : (step.ms / 1000).toFixed(1) + " s") : "");
  if (step.target) part("small", step.target).title = step.target;
  if (step.error) part("small", step.error, "error");
  return li;
}

function show(state) {
  status(state.status);
  live = state.status === "READY";
  if (live && drawn) say("");
  address(state.url);
  $("viewers").textContent = state.viewers > 1 ? state.viewers + " viewers" : "";
  $("steps").replaceChildren(...state.steps.map(row));
  $("none").hidden = state.steps.length > 0;
  $("count").textContent = state.steps.length || "";
  const list = $("steps").parentElement;
  list.scrollTop = list.scrollHeight;
  if (state.status === "CLOSED" || state.status === "FAILED") {
    ended = true;
    say(state.status === "FAILED" ? "The browser could not be started." : reasons[state.reason] || "The session has ended.");
  } else if (state.status !== "READY") {
    say(names[state.status]);
  }
}

// ask is what the server says of this link now: an HTTP status, or 0 when it
// says nothing. A socket that could not be opened doesn't tell.
async function ask() {
  try {
    return (await fetch(location, { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(10_000) })).status;
  } catch {
    return 0;
  }
}

// lost says why there is no connection, and makes the next one unless the link
// is over.
async function lost(code) {
  live = false;
  if (ended) return;
  if (code === 4002) { // another server has the session by now
    setTimeout(connect, 100);
    return;
  }
  const answer = code === 4001 ? 410 : await ask();
  if (answer === 404 || answer === 410) {
    status("OVER");
    say("This link is over. Ask for a new one.");
    return;
  }
  status(answer === 503 ? "AWAY" : "LOST");
  say(answer === 503 ? "The server is not available. Trying again…" : "Connection lost. Trying again…");
  setTimeout(connect, wait);
  wait = Math.min(wait * 2, 10_000);
}

function connect() {
  const url = new URL("/streams/ws", location);
  url.protocol = url.protocol.replace("http", "ws");
  url.search = location.search;
  socket = new WebSocket(url);
  socket.binaryType = "blob";
  const opening = socket, late = setTimeout(() => opening.close(), 10_000); // a handshake ends by itself only when the other side is gone
  socket.onopen = () => { clearTimeout(late); wait = 500; };
  socket.onmessage = (m) => (typeof m.data === "string" ? show(JSON.parse(m.data)) : draw(m.data));
  socket.onclose = (e) => { clearTimeout(late); lost(e.code); };
}

if (control) takeInput(screen, (message) => { if (socket?.readyState === 1) socket.send(JSON.stringify(message)); });
connect();
