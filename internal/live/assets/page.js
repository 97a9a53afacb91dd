// The live page: draws pictures, shows state, tabs and steps, and reconnects.
import { copied, takeInput } from "./input.js";
import { steps as listOf } from "./steps.js";
import { hearParent, tellParent } from "./embed.js";
import { asks } from "./asks.js";
import { replay } from "./replay.js";
import { showActions } from "./actions.js";

const $ = (id) => document.getElementById(id);
const screen = $("screen"), ink = screen.getContext("2d", { alpha: false });
const control = document.body.dataset.control === "true";
const names = {
  QUEUED: "Waiting", STARTING: "Starting", READY: "Live", CLOSING: "Closing", CLOSED: "Closed",
  FAILED: "Failed", CONNECTING: "Connecting", LOST: "Connection lost", AWAY: "Server unavailable", OVER: "Link is over",
};
const reasons = {
  requested: "The session was closed.", timeout: "The session's time was up.", idle: "The session was idle for too long.",
  crashed: "The browser crashed.", node_lost: "The browser was lost with its server.", shutdown: "The server was stopped.",
};
const over = {
  "the link was used": "This link was used by somebody else", "the link has expired": "This link has expired", "the link was revoked": "This link was revoked", "the session was forgotten": "This session was deleted",
};

let mine = false, reclaim = false, socket, ended = false, live = false, wait = 500, newest = 0, drawn = 0, again;
const send = (message) => { if (socket?.readyState === 1) socket.send(JSON.stringify(message)); };
const asked = asks($("ask"), { send, socket: () => socket, has: () => mine, hint: (text) => hint(text), back: () => $("field").focus({ preventScroll: true }) });
const recorded = document.body.dataset.replay === "true";
const steps = listOf($("steps"), (number) => {
  if (socket?.readyState === 1 || !past) return send({ type: "result", number });
  past.result(number).then(steps.result, () => hint("The answer can't be read right now"));
}, recorded);

// say lays a card over the picture: what is the matter, and what comes of it.
function say(text, { detail = "", busy = false, retry = false } = {}) {
  $("overlay").hidden = !text;
  $("message").textContent = text || "";
  $("detail").textContent = detail;
  $("overlay").dataset.busy = busy;
  $("retry").hidden = !retry;
  $("signin").hidden = true;
}

// phase is what the page is like: waiting, live, lost, ended or over.
const phase = (name) => { document.body.dataset.phase = name; };

// me tells this tab from others, for a link that only one may use.
const me = (() => {
  const fresh = crypto.randomUUID();
  try {
    return sessionStorage.viewer ??= fresh;
  } catch { // in a frame that may keep nothing
    return fresh;
  }
})();

function status(name) {
  if ($("status").dataset.status !== name) tellParent("status", { status: name });
  $("status").dataset.status = name;
  $("status").textContent = names[name] || name;
  document.title = (names[name] || name) + ($("host").textContent ? " · " + $("host").textContent : "");
}

// came takes a picture of now.
let latest;
async function came(blob) {
  latest = blob;
  if (!past?.showing()) await draw(blob);
  send({ type: "drawn" });
}

// past is what was recorded, for a link that shows it.
const past = recorded ? replay({
  draw: (blob) => {
    document.body.toggleAttribute("data-hidden", !blob);
    if (blob) draw(blob);
  },
  live: () => {
    document.body.removeAttribute("data-hidden");
    say("");
    if (latest) draw(latest);
  },
  say, me,
}) : null;

// draw decodes a picture; when a newer one was faster, it is left out.
async function draw(blob) {
  const mine = ++newest;
  const image = await createImageBitmap(blob).catch(() => null);
  if (!image) return;
  if (mine > drawn) {
    drawn = mine;
    if (screen.width !== image.width || screen.height !== image.height) {
      screen.width = image.width;
      screen.height = image.height;
      document.documentElement.style.setProperty("--ratio", image.width / image.height);
    }
    ink.drawImage(image, 0, 0);
    document.body.dataset.drawn = "";
    if (live && !past?.showing()) say(""); // a picture decoded late must not hide why there are no more
  }
  image.close();
}

function parts(raw) {
  if (raw.startsWith("data:")) return [raw.slice(0, raw.indexOf(",") + 1) + "…", ""];
  try {
    const u = new URL(raw);
    if (u.host) return [u.host, (u.pathname + u.search + u.hash).replaceAll("%E2%80%A6", "…")]; // of what the link hides
  } catch { /* not an address: shown as it is */ }
  return [raw, ""];
}

function address(raw) {
  const [host, path] = parts(raw);
  $("host").textContent = host.slice(0, 200);
  $("path").textContent = path === "/" ? "" : path.slice(0, 500);
}

let shownTabs = "[]";
function tabs(all = []) {
  if (JSON.stringify(all) === shownTabs) return; // whoever is at one by keyboard stays there
  shownTabs = JSON.stringify(all);
  $("tabs").hidden = all.length < 2;
  $("tabs").replaceChildren(...all.map((tab) => {
    const button = document.createElement("button");
    const [host, path] = parts(tab.url);
    button.type = "button";
    button.textContent = ((host || "New tab") + (path === "/" ? "" : path)).slice(0, 80);
    button.title = (tab.popup ? "Opened by another tab. " : "") + (tab.current ? "Steps run here." : "");
    button.dataset.current = !!tab.current;
    button.dataset.asks = !!tab.asks;
    if (tab.shown) button.setAttribute("aria-current", "true");
    button.onclick = () => send(mine ? { type: "use", number: tab.number } : { type: "tab", number: tab.current ? 0 : tab.number });
    return button;
  }));
}

// drives tells who has control.
function drives(by) {
  const had = mine;
  mine = !!by?.mine;
  document.body.toggleAttribute("data-mine", mine);
  $("driver").hidden = !by;
  $("driver").textContent = !by ? "" : mine ? "You have control. No step begins until you give it back." : `${by.name || "Somebody"} has control. No step begins meanwhile.`;
  if (!control) return;
  $("control").disabled = !live || by && !mine;
  $("control").textContent = mine ? "Give back" : "Take control";
  $("control").setAttribute("aria-pressed", mine);
  $("keyboard").hidden = !mine || !matchMedia("(pointer: coarse)").matches;
  $("field").tabIndex = mine ? 0 : -1;
  if (mine && !had) $("field").focus({ preventScroll: true });
  if (!mine && had) $("field").blur();
  if (mine === had) return;
  screen.style.cursor = "";
  asked.again();
  tellParent("control", { has: mine });
}

// hint says something for a moment.
let hinting;
function hint(text) {
  $("toast").textContent = text;
  $("toast").hidden = false;
  clearTimeout(hinting);
  hinting = setTimeout(() => { $("toast").hidden = true; }, 3000);
}

const between = (a, b) => {
  const s = Math.round((new Date(b) - new Date(a)) / 1000);
  return s < 60 ? `${s} s` : s < 3600 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${Math.floor(s / 3600)} h ${Math.floor(s / 60) % 60} min`;
};

function show(state) {
  const end = state.status === "CLOSED" || state.status === "FAILED";
  if (state.url) address(state.url);
  status(state.status);
  tabs(end ? [] : state.tabs);
  live = state.status === "READY";
  $("viewers").textContent = state.viewers > 1 ? state.viewers + " viewers" : "";
  drives(end ? undefined : state.driver);
  steps.show(state.steps);
  $("none").hidden = steps.count() > 0;
  $("count").textContent = steps.count() || "";
  if (end) {
    ended = true;
    phase("ended");
    if (state.late) { // the link has ended with the session
      phase("over");
      const when = state.endedAt && `It ended on ${new Date(state.endedAt).toLocaleString(undefined, { dateStyle: "long", timeStyle: "short" })}.`;
      say(state.status === "FAILED" ? "The browser could not be started." : reasons[state.reason] || "The session has ended.", { detail: when });
      $("signin").hidden = window.parent !== window;
      return;
    }
    const took = state.readyAt && state.endedAt ? "It ran for " + between(state.readyAt, state.endedAt) + "." : "";
    const sum = steps.sum();
    const tell = () => say(state.status === "FAILED" ? "The browser could not be started." : reasons[state.reason] || "The session has ended.",
      { detail: [state.error, took, sum && "Steps: " + sum + "."].filter(Boolean).join(" ") });
    if (past) past.state(state, tell);
    else tell();
  } else if (live) {
    phase("live");
    past?.state(state);
    if (!past?.showing()) say(drawn ? "" : "Waiting for the first picture", { busy: true });
    if (reclaim) { // it was only the connection that was lost
      reclaim = false;
      take();
    }
  } else {
    phase("waiting");
    const place = state.place > 1 ? `${state.place - 1} before it. ` : state.place === 1 ? "It is next. " : "";
    say({ QUEUED: "Waiting for room", STARTING: "The browser starts", CLOSING: "The session is closing" }[state.status] || names[state.status],
      { busy: true, detail: state.status === "QUEUED" ? place + "It starts by itself." : "" });
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
async function lost(code, reason) {
  live = false;
  asked.show();
  reclaim ||= mine;
  drives(undefined);
  if (ended) return;
  if (code === 4002) { // another server has the session by now
    later(100);
    return;
  }
  const answer = code === 4001 ? 410 : await ask();
  if (answer === 404 || answer === 410) {
    ended = true;
    phase("over");
    $("host").textContent = $("path").textContent = "";
    $("steps").replaceChildren();
    tabs();
    status("OVER");
    say(over[reason] || "This link is over", { detail: "Ask for a new one." });
    return;
  }
  phase("lost");
  status(answer === 503 ? "AWAY" : "LOST");
  later(wait + Math.random() * wait / 4, answer === 503 ? "The server is not available" : "The connection is lost");
  wait = Math.min(wait * 2, 10_000);
}

// later connects after a while, and says so if there is anything to say.
function later(ms, why) {
  const at = Date.now() + ms;
  clearInterval(again);
  const tick = () => {
    const left = Math.ceil((at - Date.now()) / 1000);
    if (why) say(why, { busy: true, retry: left > 1, detail: left > 1 ? `Trying again in ${left} s` : "Trying again" });
    if (Date.now() >= at) connect();
  };
  again = setInterval(tick, Math.min(ms, 250));
  tick();
}

function connect() {
  clearInterval(again);
  const url = new URL("/streams/ws", location);
  url.protocol = url.protocol.replace("http", "ws");
  url.search = location.search + "&viewer=" + me;
  socket = new WebSocket(url);
  socket.binaryType = "blob";
  const opening = socket, late = setTimeout(() => opening.close(), 10_000); // a handshake ends by itself only when the other side is gone
  socket.onopen = () => {
    clearTimeout(late);
    wait = 500;
    fitted = "";
    steps.clear();
    fit();
  };
  socket.onmessage = (m) => {
    if (typeof m.data !== "string") return came(m.data);
    const said = JSON.parse(m.data);
    ({ state: show, result: steps.result, refused, copied: put, ask: ({ ask }) => asked.show(ask), ready: asked.ready, actions: (all) => showActions($("actions"), all, put), cursor: point })[said.type]?.(said);
  };
  socket.onclose = (e) => { clearTimeout(late); lost(e.code, e.reason); };
}

// fit tells how many pixels there are for the picture, for it to be no larger.
let fitted = "", fitting;
function fit() {
  const r = getComputedStyle($("stage")), px = (n) => Math.min(Math.max(Math.ceil(n * devicePixelRatio / 32) * 32, 64), 8192);
  const width = px($("stage").clientWidth - parseFloat(r.paddingLeft) * 2), height = px($("stage").clientHeight - parseFloat(r.paddingTop) * 2);
  if (fitted === width + "x" + height) return;
  fitted = width + "x" + height;
  send({ type: "fit", width, height });
}
new ResizeObserver(() => { clearTimeout(fitting); fitting = setTimeout(fit, 150); }).observe($("stage"));

const take = () => {
  past?.back();
  if (live && !mine) send({ type: "take" });
};
const refused = ({ message }) => { hint(message); asked.refused(); };
const point = ({ cursor }) => { if (mine) screen.style.cursor = cursor; };
const put = async ({ text }) => hint(await copied(text) ? "Copied" : "This browser does not let the page copy");

$("retry").onclick = connect;
if (control) {
  $("control").onclick = () => (mine ? send({ type: "release" }) : take());
  $("keyboard").onclick = () => $("field").focus();
  takeInput(screen, $("field"), { send, has: () => mine && !past?.showing(), take });
}
hearParent({
  takeControl: take,
  giveBack: () => { if (mine) send({ type: "release" }); },
  seek: ({ at }) => past?.seek(at),
  tab: (asked) => { if (Number.isInteger(asked.number)) send({ type: "tab", number: asked.number }); },
});
connect();
