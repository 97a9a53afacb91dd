// Waits for elements and works with them. Every function answers an object:
// {ok: true, …} or {ok: false, why, seen, fatal?}.

const frame = () => new Promise((done) => {
  // A page that isn't drawn gets no frames; it must not hang its steps.
  const timer = setTimeout(done, 100);
  requestAnimationFrame(() => { clearTimeout(timer); done(); });
});

const sameBox = (a, b) => a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height;

const disabled = (el) => el.matches(":disabled") || !!el.closest('[aria-disabled="true"]');

const editable = (el) =>
  (["INPUT", "TEXTAREA", "SELECT"].includes(el.tagName) && !el.readOnly) || el.isContentEditable;

const no = (why, seen, more) => ({ ok: false, why, seen, ...more });

// one is the only match, or why there is none.
function one(target) {
  let found;
  try {
    found = bh.query(target);
  } catch (e) {
    return no("target_invalid", e.message, { fatal: true });
  }
  if (found.length === 0) return no("target_not_found", "no element matches");
  if (found.length > 1) {
    const shown = found.slice(0, 3).map(describe).join(", ") + (found.length > 3 ? ", …" : "");
    return no("target_ambiguous", `${found.length} elements match: ${shown}`, { fatal: true });
  }
  return { ok: true, el: found[0] };
}

// The element that a click at a point would reach, through shadow roots.
function at(x, y) {
  let root = document, hit = null;
  for (;;) {
    const next = root.elementFromPoint(x, y);
    if (!next || next === hit) return hit;
    hit = next;
    if (!hit.shadowRoot) return hit;
    root = hit.shadowRoot;
  }
}

function within(el, hit) {
  for (let n = hit; n; n = n.assignedSlot || n.parentElement || n.getRootNode().host) {
    if (n === el) return true;
    if (n.tagName === "LABEL" && n.control === el) return true;
  }
  return false;
}

// The middle of the part of an element that is in view.
function middle(el) {
  for (const r of el.getClientRects()) {
    const left = Math.max(r.left, 0), top = Math.max(r.top, 0);
    const right = Math.min(r.right, innerWidth), bottom = Math.min(r.bottom, innerHeight);
    if (right - left >= 1 && bottom - top >= 1) return { x: (left + right) / 2, y: (top + bottom) / 2 };
  }
  return null;
}

// ready checks once what an action needs of its target.
async function ready(target, needs) {
  const r = one(target);
  if (!r.ok) return r;
  const el = r.el;
  if (needs.visible && !visible(el)) return no("target_hidden", describe(el) + " is not visible");
  if (needs.enabled && disabled(el)) return no("target_disabled", describe(el) + " is disabled");
  if (needs.editable && !editable(el))
    return no("target_not_editable", describe(el) + (el.readOnly ? " is read-only" : " is not a text field"), { fatal: !el.readOnly });
  if (!needs.point) return { ok: true, el };
  if (!middle(el)) el.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
  const before = el.getBoundingClientRect();
  await frame();
  if (!el.isConnected) return no("target_not_found", "the element was removed");
  if (!sameBox(before, el.getBoundingClientRect())) return no("target_moving", describe(el) + " is moving");
  const p = middle(el);
  if (!p) return no("target_out_of_view", describe(el) + " can't be scrolled into view");
  const hit = at(p.x, p.y);
  if (needs.hit && hit && !within(el, hit)) {
    el.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
    return no("target_covered", "covered by " + describe(hit));
  }
  return { ok: true, el, ...p };
}

// What can be done with the element at once, in the same call.
const work = {
  none: () => ({}),
  focus: (el) => { el.focus(); return {}; },
  fill: (el, { value }) => {
    el.focus();
    if (el.isContentEditable) {
      getSelection().selectAllChildren(el);
    } else if (el.tagName === "SELECT") {
      return choose(el, [value]);
    } else if (typeof el.select === "function") {
      el.select();
    }
    document.execCommand(value === "" ? "delete" : "insertText", false, value);
    const have = el.isContentEditable ? el.innerText : el.value;
    if (have !== value && !el.isContentEditable) {
      // Dates, colours and the like take no typing.
      const proto = el.tagName === "TEXTAREA" ? HTMLTextAreaElement.prototype : HTMLInputElement.prototype;
      Object.getOwnPropertyDescriptor(proto, "value").set.call(el, value);
      el.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
      el.dispatchEvent(new Event("change", { bubbles: true }));
    }
    return {};
  },
  select: (el, { values }) => choose(el, values),
  checked: (el) => ({ checked: !!el.checked || el.getAttribute("aria-checked") === "true" }),
  scroll: (el, { x, y }) => {
    if (x === 0 && y === 0) el.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
    else el.scrollBy({ left: x, top: y, behavior: "instant" });
    return {};
  },
  box: (el) => {
    el.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
    const r = el.getBoundingClientRect();
    return { box: { x: r.x + scrollX, y: r.y + scrollY, width: r.width, height: r.height } };
  },
};

function choose(el, values) {
  if (el.tagName !== "SELECT") return no("target_not_editable", describe(el) + " is not a select", { fatal: true });
  if (values.length > 1 && !el.multiple) return no("target_not_editable", "the select takes one option", { fatal: true });
  const options = values.map((v) => [...el.options].find((o) => o.value === v) || [...el.options].find((o) => squash(o.label) === squash(v)));
  const missing = options.findIndex((o) => !o);
  if (missing >= 0) return no("option_not_found", `no option ${JSON.stringify(values[missing])}`);
  if (options.some((o) => o.disabled)) return no("target_disabled", "the option is disabled");
  for (const o of el.options) o.selected = options.includes(o);
  el.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
  el.dispatchEvent(new Event("change", { bubbles: true }));
  return { values: options.map((o) => o.value) };
}

// Counts the steps that were given up in this document: what still waits for
// one of them must not act any more.
let abandoned = 0;
bh.abandon = () => { abandoned++; };

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

// act waits until the target has what the action needs, and does the work.
bh.act = ({ target, needs, op, args, ms }) => poll(ms, async (over) => {
  const r = await ready(target, needs);
  if (!r.ok || over()) return r;
  const { el, ...rest } = r;
  const did = work[op](el, args || {});
  return did.ok === false ? did : { ...rest, ...did };
});
