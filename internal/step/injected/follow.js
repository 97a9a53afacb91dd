// Tells what a person does on the page, as steps, while somebody drives it by hand.
// Each is told before the page hears of it, as its target may be gone afterwards.

let followed = null; // by which attribute test ids are told, and what is under way

// Events that are made for a person, where they have nothing to press.
bh.manualEvents = new WeakSet();

bh.follow = ({ testid }) => {
  if (followed) followed.testid = testid;
  else {
    followed = { testid, down: null, key: null, run: null, ways: new WeakMap(), hidden: new WeakSet(), numbers: new WeakMap(), last: 0, late: new Set() };
    addEventListener("wheel", bh.rolled, { capture: true, passive: true });
  }
  return { ok: true };
};

bh.unfollow = () => {
  if (!followed) return { ok: true };
  settleKey();
  endRun();
  for (const el of followed.late) fills(el, true);
  removeEventListener("wheel", bh.rolled, true);
  followed = null;
  return { ok: true };
};

bh.rolled = (e) => { if (followed && e.isTrusted) rolled(e); };

// report tells of a step. Those of one element have its number.
function report(el, step, more) {
  if (!followed) return;
  if (el && !followed.numbers.has(el)) followed.numbers.set(el, ++followed.last);
  browserhookWord("action " + JSON.stringify({ el: el ? followed.numbers.get(el) : 0, step, ...more }));
}

// A name that a program made up is another one the next time.
const madeUp = (id) => /\d{3}|:|[0-9a-f]{8}/.test(id);

const isField = (el) => own(el).matches("input,textarea,select") || own(el).isContentEditable;

// wayHere is a target for an element that means it alone: by what it says, or by that
// within something around it that can be told so, or, if all fails, by its place.
function wayHere(el) {
  if (!followed.ways.has(el)) followed.ways.set(el, knowing(() => findWay(el)));
  return followed.ways.get(el);
}

function findWay(el) {
  const { testid } = followed;
  const alone = ({ parts }) => { const found = find({ parts }, document); return found.length === 1 && found[0] === el; };
  const says = (n) => [...waysTo(n, testid)].map(([text, target]) => ({ text, parts: target.parts }))
    .filter(({ text }) => !(text.startsWith("text=") && isField(n)));
  const weak = ({ text }, n) => text === tagOf(n) || text === "role=" + roleOf(n) || text.startsWith("#") && madeUp(attr(n, "id"));
  const ways = says(el), strong = ways.filter((w) => !weak(w, el));
  const plain = strong.find(alone);
  if (plain) return plain.text;
  let tries = 0;
  for (const around of upwards(parentOf(el))) {
    if (++tries > 12 || around === own(document).body) break;
    for (const outer of says(around).filter((w) => !weak(w, around) && !w.text.startsWith("text="))) {
      const found = find({ parts: outer.parts }, document);
      if (found.length !== 1 || found[0] !== around) continue;
      for (const inner of ways) if (alone({ parts: [...outer.parts, ...inner.parts] })) return `${outer.text} >> ${inner.text}`;
      break;
    }
  }
  const any = ways.find(alone);
  if (any) return any.text;
  const [first] = strong.length ? strong : ways, same = find({ parts: first.parts }, document);
  return `${first.text} >> nth=${same.indexOf(el)}`;
}

const elementOf = (e) => { const [n] = e.composedPath(); return n instanceof Element ? n : own(document).documentElement; };

const held = (e) => ["Alt", "Control", "Meta", "Shift"].filter((name) => e[{ Alt: "altKey", Control: "ctrlKey", Meta: "metaKey", Shift: "shiftKey" }[name]]);

const round = (n) => Math.round(n * 10) / 10;

// placeIn is where in an element something is, of one whose middle says too little.
function placeIn(el, x, y, always) {
  const r = own(el).getBoundingClientRect();
  const large = r.width * r.height > innerWidth * innerHeight / 4;
  if (!always && !large && !own(el).matches("canvas,svg,video,object,embed,img[usemap],img[ismap]")) return undefined;
  return { x: round(x - r.left - own(el).clientLeft), y: round(y - r.top - own(el).clientTop) };
}

// The mouse, and fingers.

const isCheck = (el) => tagOf(el) === "input" && (el.type === "checkbox" || el.type === "radio");
// What tells by its value what was done to it.
const tellsValue = (el) => own(el).matches("select,option,optgroup") || tagOf(el) === "input" && (isSet.has(el.type) || el.type === "file");

function pressed(e) {
  settleKey();
  const hit = elementOf(e), el = whole(hit), control = controlOf(hit);
  endRun(el);
  followed.ways = new WeakMap(); // what it was then may not be what it is
  followed.down = {
    el, control, x: e.clientX, y: e.clientY, way: wayHere(el), position: placeIn(el, e.clientX, e.clientY), grip: placeIn(el, e.clientX, e.clientY, true),
    target: isCheck(control) ? wayHere(control) : "", button: e.button, modifiers: held(e), done: false, covered: false, far: false, told: false,
  };
}

// clicked is told of a click once for each press: those that a key makes, and those that
// a label passes on, are others' doing.
function clicked(e) {
  const { down } = followed;
  if (!down || down.done || down.far && hasDragged(down)) return; // see lifted
  down.done = true;
  const hit = elementOf(e), { control } = down;
  if (tellsValue(control) || down.covered && control !== down.el) return;
  let { el, way, position } = down;
  if (!upwardsHas(hit, el)) { // the page put something else there
    el = whole(hit);
    way = wayHere(el);
    position = placeIn(el, e.clientX, e.clientY);
  }
  const step = { action: e.pointerType === "touch" ? "tap" : "click", target: way };
  if (step.action === "click" && e.button > 0) step.button = e.button === 1 ? "middle" : "right";
  if (down.modifiers.length) step.modifiers = down.modifiers;
  if (position) step.position = position;
  const tell = () => { down.told = true; report(el, step, { clicks: e.detail }); };
  if (!isCheck(control) || step.button) return tell();
  // It is checked, unless the page refuses.
  pause(0).then(() => { if (!down.covered && followed) tell(); });
}

const upwardsHas = (n, el) => [...upwards(n)].includes(el);

function lifted(e) {
  const { down } = followed;
  if (!down) return;
  const to = at(e.clientX, e.clientY);
  down.far = Math.hypot(e.clientX - down.x, e.clientY - down.y) >= 6 && down.button === 0 && e.pointerType !== "touch";
  if (!down.far) return;
  pause(0).then(() => {
    if (!followed || down.done || !hasDragged(down)) return;
    down.done = true;
    drags(down, to, e);
  });
}

// hasDragged says whether a press that went far was to drag something: it may end with a click,
// where what is dragged follows the mouse or has captured it. Else it chose text, or a value.
function hasDragged(down) {
  const selects = !own(down.el).matches("canvas,svg") && !own(document).getSelection().isCollapsed;
  return !down.covered && !selects && !tellsValue(down.control) && !isField(down.el);
}

function drags(down, to, e) {
  const step = { action: "drag", target: down.way, position: down.grip, moves: 5 }; // pages may look at the way, or need a second one
  if (down.modifiers.length) step.modifiers = down.modifiers;
  if (!to || to === down.el || upwardsHas(to, down.el) || own(down.el).matches("canvas,svg")) {
    step.x = round(e.clientX - down.x);
    step.y = round(e.clientY - down.y);
  } else {
    step.to = wayHere(to);
    step.toPosition = placeIn(to, e.clientX, e.clientY, true);
  }
  report(down.el, step);
}

function dropped(e) {
  const { down } = followed;
  if (!down || down.done) return;
  down.done = true;
  drags(down, elementOf(e), e);
}

// The wheel. A step scrolls to its target by itself: what was scrolled counts when the
// target came only with it.

function rolled(e) {
  const el = elementOf(e), scroller = scrollersOf(el)[0];
  let { run } = followed;
  if (run && run.scroller !== scroller) {
    endRun();
    run = null;
  }
  if (!run) {
    run = followed.run = { scroller, turns: [], grew: true, added: new WeakSet() };
    const page = !scroller || scroller === own(document).scrollingElement;
    run.target = page ? undefined : wayHere(scroller);
    run.watch = new MutationObserver((all) => {
      for (const { addedNodes } of all) for (const n of addedNodes) if (isElement(n)) { run.added.add(n); run.grew = true; }
    });
    run.watch.observe(document, { childList: true, subtree: true });
  }
  if (run.grew) run.turns.push({ x: 0, y: 0 });
  run.grew = false;
  const turn = run.turns.at(-1), unit = e.deltaMode === 1 ? 16 : e.deltaMode === 2 ? innerHeight : 1;
  turn.x += e.deltaX * unit;
  turn.y += e.deltaY * unit;
}

function endRun(el) {
  const run = followed?.run;
  if (!run) return;
  followed.run = null;
  run.watch.disconnect();
  if (!el || ![...upwards(el)].some((n) => run.added.has(n))) return;
  for (const { x, y } of run.turns.slice(-50)) {
    const step = { action: "scroll" };
    if (run.target) step.target = run.target;
    if (x) step.x = round(x);
    if (y) step.y = round(y);
    report(null, step);
  }
}

// The keyboard.

const idle = new Set(["Alt", "AltGraph", "CapsLock", "Control", "Dead", "Fn", "Meta", "NumLock", "Process", "Shift", "Unidentified"]);
const moving = new Set(["ArrowLeft", "ArrowRight", "Backspace", "Delete", "End", "Home"]);
const inLines = new Set(["ArrowDown", "ArrowUp", "PageDown", "PageUp"]);

const hostOf = (el) => {
  let host = el;
  while (own(host).isContentEditable && aboveOf(host) && own(aboveOf(host)).isContentEditable) host = aboveOf(host);
  return host;
};

// kindOf is how an element takes keys: as a line or as lines of text, or to choose.
function kindOf(el) {
  if (own(el).isContentEditable) return "lines";
  const tag = tagOf(el);
  if (tag === "textarea") return "lines";
  if (tag === "select" || isCheck(el) || tellsValue(el)) return "choice";
  return tag === "input" && isTyped.has(el.type) ? "line" : "";
}

// went is a key that went down. What it does to a field is told by what the field holds
// then; so it is a step only where it does something else.
function went(e) {
  settleKey();
  if (followed.down) followed.down.told = false; // what comes now comes of this
  if (e.isComposing || e.keyCode === 229 || idle.has(e.key)) return;
  const el = hostOf(elementOf(e)), kind = kindOf(el);
  const letter = [...e.key].length === 1, held1 = held(e), chord = held1.some((m) => m !== "Shift");
  const command = (e.ctrlKey || e.metaKey) && !e.altKey;
  if (command && e.key.toLowerCase() === "c") return; // nothing comes of it
  const names = letter ? held1.filter((m) => m !== "Shift") : held1;
  const step = { action: "press", key: [...names, e.key === " " ? "Space" : e.key].join("+") };
  const alone = el === own(document).body || el === own(document).documentElement;
  if (!alone) step.target = wayHere(el);
  const tell = () => report(el, step, { letter: letter && !chord ? e.key : "" });
  const writes = letter && !chord || moving.has(e.key) || command && "avxyz".includes(e.key.toLowerCase());
  if (kind === "choice" && !chord && (letter || moving.has(e.key) || inLines.has(e.key) || tellsValue(el) && ["Enter", "Escape"].includes(e.key))) return;
  endRun(el);
  const breaks = kind === "lines" && e.key === "Enter";
  if (breaks || (kind === "line" || kind === "lines") && writes || kind === "lines" && inLines.has(e.key) || el.type === "number" && inLines.has(e.key)) {
    const key = followed.key = { el, e, tell, always: breaks };
    pause(100).then(() => { if (followed?.key === key) settleKey(); });
    return;
  }
  tell();
}

// settleKey tells of the last key, if it was none that wrote. A page that makes its text
// by itself stops the key, and writes.
function settleKey() {
  const key = followed?.key;
  if (!key) return;
  followed.key = null;
  if (key.always || key.e.defaultPrevented) key.tell();
}

// Fields.

const isHidden = (el) => {
  if (el.type === "password") followed.hidden.add(el);
  return followed.hidden.has(el) || /password|one-time-code|cc-(number|csc)/.test(attr(el, "autocomplete") || "") ||
    (getComputedStyle(el).webkitTextSecurity || "none") !== "none";
};

// wrote is told that a field holds something else.
function wrote(e) {
  const el = hostOf(elementOf(e)), { down, key } = followed;
  if (key?.el === el) followed.key = null;
  if (down && (down.control === el || down.el === el)) down.covered = true;
  endRun(el);
  if (tagOf(el) === "select") {
    const values = [...el.selectedOptions].map((o) => o.value);
    const step = { action: "select", target: wayHere(el) };
    if (el.multiple || values.length !== 1) step.values = values;
    else [step.value] = values;
    return report(el, step);
  }
  if (isCheck(el)) return report(el, { action: el.checked ? "check" : "uncheck", target: (down?.control === el && down.target) || wayHere(el) });
  if (tagOf(el) === "input" && el.type === "file") return void uploads(el);
  fills(el);
}

const longText = 10_000; // characters: all of them with each key would be a lot

function fills(el, late) {
  const text = typeof own(el).value === "string" ? own(el).value : el.innerText.replace(/\n$/, "");
  if (text.length > longText && !late) {
    if (followed.late.has(el)) return;
    followed.late.add(el);
    return void pause(300).then(() => { if (followed?.late.delete(el)) fills(el, true); });
  }
  const step = { action: "fill", target: wayHere(el), value: text };
  if (isHidden(el)) {
    step.value = "";
    step.secret = true;
  }
  report(el, step);
}

// writing is told before an editor writes. One that does so by itself stops the browser.
function writing(e) {
  const el = hostOf(elementOf(e));
  if (kindOf(el) !== "lines" || tagOf(el) === "textarea") return;
  const before = el.innerText;
  pause(0).then(() => {
    if (!followed || !e.defaultPrevented || !el.isConnected || el.innerText === before) return;
    if (followed.key?.el === el) followed.key = null;
    fills(el);
  });
}

const mostUploaded = 256 << 10; // bytes of all files of a step

async function uploads(el) {
  const all = [...el.files], target = wayHere(el), asked = !!followed.down?.told; // by a click on something else
  const small = all.reduce((sum, f) => sum + f.size, 0) <= mostUploaded;
  const files = await Promise.all(all.map(async (f) => {
    const bytes = small ? new Uint8Array(await f.arrayBuffer()) : [];
    let text = "";
    for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
    return { name: f.name, content: btoa(text) };
  })).catch(() => null);
  if (files) report(el, { action: "upload", target, files }, { large: !small, asked });
}

const deeds = {
  pointerdown: pressed, pointerup: lifted, click: clicked, auxclick: clicked, drop: dropped,
  dblclick: (e) => { if (followed.down) report(followed.down.el, { action: "doubleClick", target: followed.down.way }); },
  keydown: went, keyup: settleKey, beforeinput: writing, input: wrote, pagehide: settleKey,
};

// Those that other scripts make up are theirs, and while the mouse is a step's it is.
const ofMouse = new Set([...mouseEvents, "drop"]);

function follows(e) {
  if (!followed || !e.isTrusted && !bh.manualEvents.has(e) || watched && ofMouse.has(e.type)) return;
  deeds[e.type]?.(e);
}
