// Where an element is, whether a mouse there would reach it, and whether it did.

// What of an element with display: contents has a box: something in it, or
// for text alone what is around it.
function boxed(el) {
  if (getComputedStyle(el).display !== "contents") return el;
  const inside = [...own(el).querySelectorAll("*")].find(visible);
  if (inside) return inside;
  for (let n = el; n; n = parentOf(n)) if (getComputedStyle(n).display !== "contents") return n;
  return el;
}

// The boxes of an element, in its order. One in a line that draws nothing of
// its own has those of what is in it: a label, those of its box and its words.
function rectsOf(el) {
  const style = getComputedStyle(el);
  if (el instanceof SVGElement || (style.display !== "contents" && !drawsNothing(style))) return own(el).getClientRects();
  const range = own(document).createRange();
  range.selectNodeContents(el);
  const inside = [...range.getClientRects()].filter((r) => r.width > 0 && r.height > 0);
  return inside.length ? inside : own(el).getClientRects();
}

const drawsNothing = (style) =>
  style.display === "inline" && style.position === "static" && style.backgroundColor === "rgba(0, 0, 0, 0)" && style.backgroundImage === "none" &&
  style.boxShadow === "none" && style.outlineStyle === "none" && style.transform === "none" &&
  ["Top", "Right", "Bottom", "Left"].every((side) =>
    [style["padding" + side], style["border" + side + "Width"], style["margin" + side]].every((n) => parseFloat(n) === 0));

// How an element is scrolled into view: gently first, then to each edge.
const alignments = [null, "end", "center", "start"];

function scrollTo(target, tries) {
  const el = boxed(target);
  const edge = alignments[tries % alignments.length];
  if (edge) own(el).scrollIntoView({ block: edge, inline: edge, behavior: "instant" });
  else own(el).scrollIntoViewIfNeeded(true);
}

// The part of an element that can be seen through all the frames around this one.
const through = (el) => new Promise((done) => {
  const observer = new IntersectionObserver(([entry]) => done(entry.intersectionRect));
  observer.observe(el);
  pause(200).then(() => { observer.disconnect(); done(null); });
});

// The middle of the part of an element that is in view.
async function middle(el) {
  let view = { left: 0, top: 0, right: innerWidth, bottom: innerHeight };
  if (top !== window && getComputedStyle(el).display !== "contents") view = (await through(el)) || view;
  for (const r of rectsOf(el)) {
    const left = Math.max(r.left, view.left), top = Math.max(r.top, view.top);
    const right = Math.min(r.right, view.right), bottom = Math.min(r.bottom, view.bottom);
    if (right > left && bottom > top && (right - left) * (bottom - top) > 0.99) return { x: (left + right) / 2, y: (top + bottom) / 2 };
  }
  return null;
}

// A point of an element, counted from its top left corner within its border,
// scrolled into view: the element may be larger than what is around it. Nothing
// when it is out of view all the same.
function pointIn(el, position) {
  const box = boxed(el);
  const point = () => {
    const r = own(box).getBoundingClientRect(), style = getComputedStyle(box);
    return { x: r.left + parseInt(style.borderLeftWidth) + position.x, y: r.top + parseInt(style.borderTopWidth) + position.y };
  };
  const hidden = (p, r) => p.x < r.left || p.x >= r.right || p.y < r.top || p.y >= r.bottom;
  for (const n of upwards(parentOf(box) || box)) {
    const r = n === own(document).scrollingElement ? { left: 0, top: 0, right: innerWidth, bottom: innerHeight } : own(n).getBoundingClientRect();
    const p = point();
    const scrolls = n === own(document).scrollingElement || /auto|scroll|hidden/.test(getComputedStyle(n).overflow);
    if (scrolls && hidden(p, r)) own(n).scrollBy({ left: p.x - (r.left + r.right) / 2, top: p.y - (r.top + r.bottom) / 2, behavior: "instant" });
  }
  const p = point();
  return hidden(p, { left: 0, top: 0, right: innerWidth, bottom: innerHeight }) ? null : p;
}

// The element that a click at a point would reach, through shadow roots.
function at(x, y) {
  let root = document, hit = null;
  for (;;) {
    let next = own(root).elementFromPoint(x, y);
    // Text in a slot belongs to the host, which is all that its root is told;
    // what is drawn around the slot is among the elements below.
    if (hit && (!next || next === hit)) next = own(root).elementsFromPoint(x, y).find((el) => own(el).getRootNode() === root);
    if (!next) return hit;
    hit = next;
    const { shadowRoot } = own(hit);
    if (!shadowRoot) return hit;
    root = shadowRoot;
  }
}

// What reaches any part of a button or a link reaches all of it.
const whole = (el) =>
  own(el).matches("input,textarea,select") || own(el).isContentEditable ? el : own(el).closest("button,[role=button],a,[role=link]") || el;

function within(el, hit) {
  const wanted = whole(el);
  for (let n = hit; n; n = own(n).assignedSlot || parentOf(n)) {
    if (n === wanted) return true;
    if (tagOf(n) === "label" && n.control === el) return true; // it passes a click on
    if (tagOf(n) === "area" && wanted.useMap && wanted.useMap === "#" + n.closest("map")?.name) return true; // a part of the image
  }
  return false;
}

// Between the look and the mouse's coming the page may change, and by its
// coming too. So the mouse is watched on its way: if the first of its events
// goes to another element, no element hears of any.
const mouseEvents = ["pointerdown", "mousedown", "pointerup", "mouseup", "click", "auxclick", "dblclick", "contextmenu"];
const events = {
  mouse: new Set(mouseEvents),
  grab: new Set(mouseEvents),
  wheel: new Set(["wheel"]),
  hover: new Set(["mousemove"]),
  tap: new Set(["pointerdown", "touchstart", "pointerup", "touchend", "touchcancel", "mousedown", "mouseup", "click"]),
};

// presses says whether a use of the mouse begins with its button, or a finger, going down.
const presses = (kind) => kind === "mouse" || kind === "grab" || kind === "tap";

let watched = null;

// When a button was pressed whose click is nobody's: it took hold of something,
// and is let go where it did.
let muted = 0;

function intercept(e) {
  if (muted && e.type === "pointerdown" && e.isTrusted && e.timeStamp > muted) muted = 0;
  if (muted && e.type === "click" && e.isTrusted && e.detail > 0) { // not of a key
    muted = 0;
    e.preventDefault();
    e.stopImmediatePropagation();
    return;
  }
  // What a page makes up itself is its own matter.
  if (!watched || !e.isTrusted || !events[watched.kind].has(e.type)) return;
  if (watched.reached === undefined) {
    if (!watched.el && watched.kind !== "hover" && e.type !== "pointerdown") {
      watched = null; // it went down in the frame, which is gone since
      return;
    }
    const path = e.composedPath();
    // Its end alone is no press: the button went down where nobody hears, such as in a
    // frame that was elsewhere still when the browser asked who is under the mouse.
    const begins = !presses(watched.kind) || e.type === "pointerdown";
    watched.reached = begins && !!watched.el && (path.includes(whole(watched.el)) || within(watched.el, path[0]));
    if (!begins) watched.lost = true;
    else if (!watched.reached) watched.by = describe(path[0] === document || path[0] === window ? own(document).documentElement : path[0]);
    if (e.type === "wheel") wheeled.event = e;
    if (watched.kind === "grab" && watched.reached) muted = e.timeStamp;
    browserhookWord(watched.reached ? "reached" : "missed"); // who is asked may be gone
  }
  if (watched.kind === "mouse" && watched.reached) press(e);
  if (!watched.reached) {
    e.preventDefault();
    e.stopImmediatePropagation();
  }
}

// press follows the button while it is down. A page may answer it by moving or
// hiding the target; but a target that stays where it is until the page has dealt
// with that, and is elsewhere when the button comes up, was moved by something
// else: it gets no click.
function press(e) {
  const { el } = watched, down = watched;
  const box = () => own(el).getBoundingClientRect();
  if (e.type === "pointerdown") down.at = box(); // a page may answer this one already
  if (e.type === "mousedown") {
    down.at ??= box();
    // Its focus comes after the event, and what pages put off for a moment too.
    pause(0).then(() => { down.stayed = sameBox(down.at, box()); });
  }
  if (e.type !== "mouseup") return;
  const path = e.composedPath(), now = box();
  const away = e.clientX < now.left || e.clientX >= now.right || e.clientY < now.top || e.clientY >= now.bottom;
  // The button may come up before anything else is done: then what moves is the frame.
  const stayed = down.stayed ?? sameBox(down.at, now);
  if (stayed && away && now.width > 0 && now.height > 0 && !path.includes(whole(el)) && !within(el, path[0]) &&
    !own(document).getAnimations().some((a) => a.playState === "running"))
    down.slipped = describe(path[0]);
  browserhookWord(down.slipped ? "slipped" : "released");
}

// What the mouse is aimed at, from the look until it comes.
let aimed = null;

function disarm() {
  removeEventListener("wheel", bh.ear, true);
  aimed = watched = null;
}

// watch is told right before the mouse comes. A document around the target's
// frame aims at nothing: no event of the mouse should be seen there.
bh.watch = (how) => {
  listen();
  begun = null;
  if (how.kind === "wheel") {
    // Not listened to always: a page whose wheel is scrolls less smoothly.
    addEventListener("wheel", bh.ear, { capture: true, passive: false });
    if (aimed) wheelAt(aimed.el);
  }
  watched = { ...(how.aimed && aimed), kind: how.kind };
  return { ok: true };
};

// What its document may hear nothing of: a disabled control, and what has a document
// of its own.
const deaf = (el) => own(el).matches(":disabled, :disabled *, iframe, frame, object, embed, fencedframe");

// reached says, after the mouse came, whether the target got it. What nobody heard of
// was lost on its way, and can be made again.
bh.reached = () => {
  const { el, kind, x, y, reached, by, slipped, lost } = watched || {};
  if (kind !== "grab" || reached) disarm(); // what was grabbed is let go of yet
  if (el && reached === undefined) {
    const hit = at(x, y), covered = hit && !within(el, hit);
    // Where the mouse only comes, the target may answer by covering itself.
    if (covered && kind !== "hover") return no("target_covered", "covered by " + describe(hit) + " when the mouse came");
    if (hit && !covered && !deaf(hit)) return no("input_unheard", "the page heard nothing of the mouse");
  }
  if (slipped) return no("click_missed", slipped);
  if (lost) return no("input_unheard", "the page heard of the button only when it came up");
  if (reached === false) return no("target_covered", "covered by " + by + (el ? " when the mouse came" : ", in the page around its frame"));
  return { ok: true, hit: reached === true };
};

// What the page drags by HTML's drag and drop, and whether something took it.
let begun = null, taken = false;

function dragged(e) {
  if (e.isTrusted && e.type === "dragstart") begun = e;
  if (e.isTrusted && e.type === "dragend") begun = null;
  if (e.isTrusted && e.type === "drop") taken = true;
}

bh.hear = (e) => {
  follows(e);
  if (e instanceof DragEvent) dragged(e);
  else intercept(e);
};

// One listener is there for all scripts that ever run in the document, with its
// place before the page's own: the last of them hears.
bh.ear = before?.ear ?? ((e) => globalThis.bh.hear(e));

function listen() {
  // Before the page's own: those that it adds to the window after document.open()
  // come before ours.
  const before = [...new Set(Object.values(events).flatMap((types) => [...types]))].filter((type) => type !== "wheel");
  const beside = ["dragstart", "dragend", "drop", "keydown", "keyup", "beforeinput", "input", "pagehide"];
  for (const type of before) addEventListener(type, bh.ear, { capture: true, passive: false });
  for (const type of beside) addEventListener(type, bh.ear, true);
  // A popup that its opener writes has the window of the empty document before it, and
  // the browser doesn't look in a new document for the listeners that its window had.
  for (const type of before.concat(beside)) own(document).addEventListener(type, noop, { capture: true, passive: true });
}
const noop = () => {};
listen();
// document.open() takes all listeners away, but no observers.
new MutationObserver(listen).observe(document, { childList: true });

// dragging says whether the page drags something. It is asked after each move of
// the mouse; after the last one a click is as it comes.
bh.dragging = ({ last }) => {
  if (last) muted = 0;
  return { ok: true, dragged: !!begun && !begun.defaultPrevented };
};

bh.dropped = () => (taken ? { ok: true } : no("drop_refused", "the page took no drop there", { fatal: true }));
