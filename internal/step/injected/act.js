// Waits for elements and works with them. Every function answers an object:
// {ok: true, …} or {ok: false, why, seen, fatal?}.

// A page can end any timer by its number, ours too; a task has none.
const pause = (ms) => scheduler.postTask(() => {}, { delay: ms });

// frame waits until the page is drawn again, and says whether it was: one that
// isn't drawn gets no frames, and must not hang its steps.
const frame = () => new Promise((done) => {
  // A page can end any call before a frame by its number, ours too, but no observer.
  const observer = new IntersectionObserver(() => drawn(true));
  const drawn = (was) => { observer.disconnect(); done(was); };
  requestAnimationFrame(() => drawn(true));
  if (own(document).documentElement) observer.observe(own(document).documentElement);
  pause(1000).then(() => drawn(false));
});

const sameBox = (a, b) => a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height;

// moves says why an element isn't at rest: it must have the same box in frames
// that follow each other. While something is animated those frames count in
// which the animations' time went on: one that begins stays where it is for a
// frame, and on a busy machine all do. They must be two, since what turns back
// is at one place twice.
async function moves(el) {
  const doc = own(document), before = own(el).getBoundingClientRect();
  let time = doc.timeline.currentTime;
  for (let frames = 0, passed = 0; passed < 2 && frames < 8; frames++) {
    if (!await frame()) return "may be moving: its page was not drawn for a second";
    if (!sameBox(before, own(el).getBoundingClientRect())) return "is moving";
    const running = doc.getAnimations().filter((a) => a.playState === "running");
    if (!running.length) return;
    if (doc.timeline.currentTime !== time && !running.some((a) => a.pending)) passed++;
    time = doc.timeline.currentTime;
  }
}

// rests says whether the element of a frame is at rest in the document around it.
bh.rests = async (frame) => {
  const why = await moves(frame);
  return why ? no("target_moving", "its frame " + why) : { ok: true };
};

// shows says whether the element of a frame is visible in the document around it.
bh.shows = (frame) => (visible(frame) ? { ok: true } : no("target_hidden", "its frame is not visible"));

const no = (why, seen, more) => ({ ok: false, why, seen, ...more });

// one is the only match, or why there is none.
function one(target) {
  let found;
  try {
    found = bh.query(target);
  } catch (e) {
    return no("target_invalid", e.message, { fatal: true });
  }
  return only(found, target);
}

function only(found, target) {
  if (found.length === 0) return no("target_not_found", missing(target));
  if (found.length > 1) return no("target_ambiguous", listed(found, target), { fatal: true });
  return { ok: true, el: found[0] };
}

// ready checks once what an action needs of its target. tries counts the looks
// so far: each scrolls another way, to come out from under what sticks to an
// edge of the window.
async function ready(target, needs, tries, how = {}) {
  const r = one(target);
  if (!r.ok) return r;
  if (how.option) {
    const o = optionOf(r.el, how.option);
    if (!o.ok) return o;
    r.el = o.el;
  }
  const el = r.el, control = controlOf(el);
  if (needs.visible && !visible(needs.point ? el : pictureOf(el) || el)) return no("target_hidden", describe(el) + " is not visible");
  if (needs.enabled && disabled(control)) return no("target_disabled", describe(control) + " is disabled");
  if (needs.visible && needs.enabled && isInert(control)) return no("target_disabled", describe(control) + " is in an inert part of the page");
  const modal = needs.visible && needs.enabled && !needs.point && modalOver(control);
  if (modal) return no("target_covered", describe(control) + " is behind " + describe(modal) + ", which is modal");
  if (needs.editable) {
    const readOnly = isReadOnly(control);
    if (readOnly === undefined) return no("target_not_editable", describe(control) + " is not a text field", { fatal: true });
    if (readOnly) return no("target_not_editable", describe(control) + " is read-only");
  }
  if (!needs.point) return { ok: true, el };
  if (top !== window) scrollTo(el, tries); // a frame that is out of view is not drawn
  const why = await moves(buttonOf(el));
  if (!own(el).isConnected) return no("target_not_found", "the element was removed");
  if (why) return no("target_moving", describe(el) + " " + why);
  scrollTo(el, tries);
  const p = how.position ? pointIn(el, how.position) : await middle(el);
  if (!p) return no("target_out_of_view", describe(el) + " can't be scrolled into view");
  if (needs.hit) {
    const hit = at(p.x, p.y);
    if (!hit) return no("target_out_of_view", describe(el) + " can't be scrolled into view");
    if (!within(el, hit)) return no("target_covered", "covered by " + describe(hit), { ...p, width: innerWidth, height: innerHeight });
  }
  return { ok: true, el, ...p, width: innerWidth, height: innerHeight };
}

// What can be done with the element at once, in the same call.
const work = {
  none: () => ({}),
  aim: (el, { watch }, p) => {
    aimed = { el, x: p.x, y: p.y };
    if (watch && top === window) bh.watch({ kind: watch, aimed: true });
    return {};
  },
  files: (el) => filesFor(el),
  goal: () => { taken = false; return {}; },
  focus: (el) => { focusOn(el); return {}; },
  fill: (el, { value }) => fill(controlOf(el), value),
  select: (el, { wants }) => (customList(controlOf(el)) ? listState(controlOf(el)) : choose(controlOf(el), wants)),
  list: (el) => { const list = listState(controlOf(el)); return list.open ? list : no("option_not_found", "no list of options is shown"); },
  picked: (el) => pickOf(el),
  checked: (el, { want }) => {
    const control = controlOf(el), checked = isChecked(control);
    if (checked === undefined) return no("target_not_checkable", describe(control) + " is not a checkbox or radio button", { fatal: true });
    ticked = { el };
    if (want === false && checked && control.type === "radio")
      return no("target_not_checkable", describe(control) + " is a radio button: only another one of its group unchecks it", { fatal: true });
    return { checked };
  },
  scroll: (el) => { own(el).scrollIntoView({ block: "center", inline: "center", behavior: "instant" }); return {}; },
  box: (el) => {
    own(el).scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
    const r = own(el).getBoundingClientRect();
    return { box: { x: r.x + scrollX, y: r.y + scrollY, width: r.width, height: r.height, left: r.x, top: r.y } };
  },
};

// Counts the steps that were given up in this document: what still waits for
// one of them must not act any more.
let abandoned = 0;
bh.abandon = () => { abandoned++; disarm(); };

// poll asks check again at each frame until it is ok, it can't become ok, the
// time is over or the step is given up.
async function poll(ms, check) {
  const end = performance.now() + ms, began = abandoned, over = () => abandoned !== began;
  for (;;) {
    const r = await check(over);
    if (over()) return no("abandoned", "the step was given up", { fatal: true });
    if (r.ok || r.fatal || performance.now() >= end) return r;
    await frame();
  }
}

// act waits until the target has what the action needs, and does the work. A
// page that was busy hears of that only after the step may have ended: so what
// waits behind the look, such as the word that the step was given up, is heard
// before the work, and nothing is done after the time until, in ms since 1970.
bh.act = ({ target, needs, op, how, args, ms, tries, until, tell }) => {
  const look = async (over) => {
    await pause(0);
    if (over()) return no("abandoned", "the step was given up", { fatal: true });
    const r = await ready(target, needs, tries, how);
    if (!r.ok || over()) return r;
    if (until !== undefined && Date.now() >= until) return no("timeout", "the page was busy until the step's time was over");
    const { el, ...rest } = r;
    const did = work[op](el, args || {}, rest);
    return did.ok === false ? did : { ...rest, ...did, seen: tell && describe(el) };
  };
  return poll(ms, async (over) => {
    const r = await look(over);
    if (r.ok || r.why === "target_covered" || r.why === "target_out_of_view") {
      // A page that is scrolled to and fro at each frame would have no rest.
      if (!r.ok && ms > 0 && tries > 0) await pause(tries < 4 ? 20 : 100);
      tries++;
    }
    return { ...r, tries };
  });
};
