// What was recorded, on the page where it is seen live: a time line to move on, with what
// happened beside the pictures, while the session runs and afterwards.
import { segments } from "./segments.js";

const $ = (id) => document.getElementById(id);
const lookEvery = 5000, still = 2000, jump = 5000;

const clock = (ms) => {
  const s = Math.max(Math.floor(ms / 1000), 0), two = (n) => String(n).padStart(2, "0");
  return s < 3600 ? `${Math.floor(s / 60)}:${two(s % 60)}` : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
};
const spoken = (ms) => {
  const s = Math.max(Math.round(ms / 1000), 0);
  return s < 60 ? `${s} seconds` : `${Math.floor(s / 60)} minutes ${s % 60} seconds`;
};
const words = (type) => type.replace(/^(browser|step)_/, "").replaceAll("_", " ");

// replay takes what the page has: draw shows a JPEG or null for nothing, live the picture
// of now, say lays a card over it, me is the resume token of this tab.
export function replay({ draw, live, say, me }) {
  const address = (path) => `/streams/${path}${location.search}&viewer=${me}`;
  const parts = segments((id) => address("recording/" + id));
  let from = 0, to = 0, ahead = 0, pos = 0, runs = true, past = false, playing = false, before = 0, shown, view = "steps", line = { steps: [], events: [], log: [], files: [] };
  let looking, ended = () => {};

  const now = () => (runs ? Date.now() + ahead : to);
  const end = () => Math.max(now(), from + 1);

  const ask = async (what) => {
    const answer = await fetch(address(what), { cache: "no-store" });
    if (!answer.ok) throw new Error("the recording can't be read");
    return answer.json();
  };

  // look asks what there is by now, with all that happened beside it if that is looked at.
  async function look(all = true) {
    const [recording, timeline] = await Promise.all([ask("recording"), all ? ask("timeline") : line]);
    ahead = Date.parse(recording.now) - Date.now();
    parts.told(recording.segments);
    from = parts.begins() ?? 0;
    if (recording.endedAt) {
      to = Date.parse(recording.endedAt);
      runs = false;
    }
    line = timeline;
    $("replay").hidden = !from;
    marks();
    list();
    tick();
    return !!from;
  }

  // again looks as long as it may be other by then.
  function again() {
    clearTimeout(looking);
    looking = setTimeout(() => look(past || view !== "steps").catch(() => {}).finally(() => { if (runs) again(); }), lookEvery);
  }

  const share = (time) => Math.min(Math.max((time - from) / (end() - from), 0), 1);

  // tick has the bar say where one is.
  function tick() {
    if (!past && runs) pos = now();
    const seek = $("seek");
    seek.value = Math.round(share(pos) * seek.max);
    seek.style.setProperty("--at", share(pos) * 100 + "%");
    seek.setAttribute("aria-valuetext", `${spoken(pos - from)} of ${spoken(end() - from)}`);
    $("clock").textContent = `${clock(pos - from)} / ${clock(end() - from)}`;
    $("tolive").hidden = !runs;
    $("tolive").setAttribute("aria-pressed", !past);
    $("play").setAttribute("aria-label", playing ? "Pause" : "Play");
    $("play").dataset.playing = playing;
    document.body.toggleAttribute("data-past", past);
    const step = line.steps.findLast((s) => s.at && Date.parse(s.at) <= pos);
    $("doing").textContent = past && step ? [step.action, step.target].filter(Boolean).join(" ") : "";
    current();
  }

  // show draws what was to be seen then.
  function show() {
    const { picture, wait } = parts.seen(pos, () => past && show());
    wait?.then(() => past && show(), () => past && say("The recording can't be read right now", { detail: "Choose the place again." }));
    if (!picture || picture === shown) return;
    shown = picture;
    if (picture.jpeg) {
      say("");
      draw(new Blob([picture.jpeg], { type: "image/jpeg" }));
    } else {
      draw(null);
      say("Not recorded", { detail: "A field showed a secret." });
    }
  }

  function seek(time) {
    if (!from) return;
    past = true;
    pos = Math.min(Math.max(time, from), end());
    show();
    tick();
  }

  function back() {
    pause();
    if (!past) return;
    past = false;
    shown = undefined;
    if (runs) live();
    tick();
  }

  function play() {
    if (!from) return;
    if (!past || pos >= end() - 50) seek(past && !runs ? from : past ? from : Math.max(from, now() - 10_000));
    playing = true;
    before = performance.now();
    requestAnimationFrame(frame);
    tick();
  }

  function pause() {
    playing = false;
    tick();
  }

  function frame(at) {
    if (!playing) return;
    pos += (at - before) * Number($("speed").value);
    before = at;
    const next = parts.after(pos);
    if ($("skip").checked && next === undefined && !runs && end() - pos > still) pos = end();
    if ($("skip").checked && next - pos > still) pos = next - 300;
    if (pos >= end() - (runs ? 500 : 0)) {
      pos = end();
      if (runs) return back();
      playing = false;
    }
    show();
    tick();
    if (playing) requestAnimationFrame(frame);
  }

  // stepTo goes to the step before or after.
  function stepTo(way) {
    const times = line.steps.filter((s) => s.at).map((s) => Date.parse(s.at));
    const time = way > 0 ? times.find((t) => t > pos + 20) : times.findLast((t) => t < pos - 500);
    if (time !== undefined) seek(Math.max(time, from));
    else if (way < 0) seek(from);
    else if (runs) back();
  }

  // marks draws what happened above the bar.
  function marks() {
    const mark = (kind, time, title) => {
      const el = document.createElement("i");
      el.dataset.kind = kind;
      el.style.left = share(Date.parse(time)) * 100 + "%";
      el.title = title;
      return el;
    };
    $("marks").replaceChildren(
      ...line.steps.filter((s) => s.at).map((s) => mark(["FAILED", "INTERRUPTED"].includes(s.status) ? "failed" : "step", s.at, [s.action, s.target].filter(Boolean).join(" "))),
      ...line.events.filter((e) => e.type.startsWith("browser_")).map((e) => mark("event", e.at, words(e.type))),
      ...line.log.filter((e) => e.kind === "error").map((e) => mark("error", e.at, e.text ?? "")),
    );
  }

  const moments = {
    events: () => line.events.map((e) => ({ at: e.at, title: words(e.type), what: [e.index !== undefined && `step ${e.index}`, e.says].filter(Boolean).join(" · "), bad: /failed|crashed/.test(e.type) })),
    console: () => line.log.filter((e) => e.kind === "console" || e.kind === "error").map((e) => ({ at: e.at, title: e.text || e.type, what: e.url, bad: e.kind === "error" || e.type === "error" })),
    network: () => line.log.filter((e) => e.kind === "request" || e.kind === "refused").map((e) => ({
      at: e.at, title: e.kind === "refused" ? "refused" : `${e.method ?? ""} ${e.status || e.failure || "…"}`, what: e.url || e.text, bad: e.kind === "refused" || !!e.failure || e.status >= 400,
    })),
  };
  const size = (n) => (n < 1e6 ? `${Math.ceil(n / 1000)} kB` : `${(n / 1e6).toFixed(1)} MB`);
  moments.files = () => line.files.map((f) => ({ at: f.at, title: f.name || f.kind, what: size(f.size), file: f }));
  const none = { events: "No events yet.", console: "Nothing was written to the console.", network: "Nothing was asked for.", files: "No files." };

  // list shows what happened beside the pictures, of the kind that was chosen.
  function list() {
    for (const button of $("views").children) button.setAttribute("aria-pressed", button.dataset.view === view);
    document.body.dataset.view = view;
    if (!moments[view]) return;
    const all = moments[view]();
    $("moments").replaceChildren(...all.map((m) => {
      const li = document.createElement("li"), row = li.appendChild(document.createElement("button"));
      const part = (tag, text) => { row.appendChild(document.createElement(tag)).textContent = text; };
      li.dataset.at = m.at;
      li.dataset.bad = m.bad;
      row.type = "button";
      row.className = "row";
      part("i", "");
      part("b", m.title.slice(0, 300));
      part("time", clock(Date.parse(m.at) - (from || Date.parse(m.at))));
      if (m.what) part("small", m.what.slice(0, 500));
      if (m.file) {
        const link = li.appendChild(document.createElement("a"));
        link.href = address("files/" + m.file.id);
        link.className = "file";
        if (m.file.kind === "screenshot") {
          const img = link.appendChild(document.createElement("img"));
          img.loading = "lazy";
          img.src = link.href;
          img.alt = "Screenshot, " + clock(Date.parse(m.at) - from);
          link.target = "_blank";
        } else link.textContent = "Download";
      }
      return li;
    }));
    $("nothing").textContent = line.gone && /console|network/.test(view) ? "The log is not kept any more." : all.length ? "" : none[view];
  }

  // current marks the entry at the place that is seen.
  let marked;
  function current() {
    const rows = [...$(moments[view] ? "moments" : "steps").children];
    const li = past ? rows.findLast((row) => row.dataset.at && Date.parse(row.dataset.at) <= pos) : undefined;
    if (li === marked) return;
    marked?.removeAttribute("aria-current");
    marked = li;
    li?.setAttribute("aria-current", "true");
    if (playing) li?.scrollIntoView({ block: "nearest" });
  }

  // free has the keys be the player's again after a button was pressed with the mouse.
  const free = (e) => { if (e.detail) e.target.closest("button")?.blur(); };

  $("replay").onclick = (e) => {
    free(e);
    const does = { play: () => (playing ? pause() : play()), before: () => stepTo(-1), after: () => stepTo(1), tolive: back }[e.target.closest("button")?.id];
    does?.();
  };
  $("seek").oninput = (e) => {
    playing = false;
    seek(from + (end() - from) * e.target.value / e.target.max);
  };
  $("views").onclick = (e) => {
    view = e.target.closest("button")?.dataset.view ?? view;
    free(e);
    marked = undefined;
    list();
    current();
  };
  for (const rows of [$("moments"), $("steps")]) {
    rows.addEventListener("click", (e) => {
      const at = e.target.closest("li")?.dataset.at;
      free(e);
      if (at && !e.target.closest(".result, a")) seek(Date.parse(at));
    });
  }
  addEventListener("keydown", (e) => {
    const typing = e.target.matches?.("textarea, select, input:not([type=range], [type=checkbox])");
    if (typing || e.defaultPrevented || e.ctrlKey || e.altKey || e.metaKey || $("replay").hidden || document.body.hasAttribute("data-mine") && !past) return;
    if (e.key === " " && e.target.matches?.("button, summary, [type=checkbox]")) return; // it presses that
    const does = {
      " ": () => (playing ? pause() : play()), ArrowLeft: () => seek(pos - jump), ArrowRight: () => (pos + jump >= end() && runs ? back() : seek(pos + jump)),
      "[": () => stepTo(-1), "]": () => stepTo(1), Home: () => seek(from), End: () => (runs ? back() : seek(to)), l: () => runs && back(),
      ",": () => { pause(); seek(parts.before(pos) ?? from); }, ".": () => { pause(); seek(parts.after(pos) ?? pos); },
    }[e.key];
    if (!does || e.target.matches?.("ol button") && e.key.startsWith("Arrow")) return;
    e.preventDefault();
    does();
  });
  setInterval(() => { if (runs && !past && from) tick(); }, 1000);

  return {
    // showing says that it isn't the picture of now that is seen.
    showing: () => past,
    seek: (at) => { if (Date.parse(at)) seek(Date.parse(at)); },
    back,
    // result is what a step answered, when there is no socket any more.
    result: (number) => ask("results/" + number),
    // state hears how the session is; over is called when it has ended and there is nothing
    // to be seen again.
    state(state, over) {
      const end = state.status === "CLOSED" || state.status === "FAILED";
      if (!end) {
        if (!looking) look().catch(() => {}).finally(again);
        return;
      }
      clearTimeout(looking);
      ended = () => look().then((any) => {
        if (!any) return over();
        $("reason").textContent = state.error || "";
        if (!past) seek(to);
      }, () => say("The recording can't be read right now", { busy: true, detail: "Trying again" }) ?? setTimeout(ended, lookEvery));
      ended();
    },
  };
}
