// Judges what waitFor and assert ask of a target.

const quoted = (s) => JSON.stringify(s.length > 200 ? s.slice(0, 200) + "…" : s);

// What was seen in one step of what it waits for, each as often as it was in turn.
let looks = { step: 0, list: [] };

const noting = (step, look) => () => {
  if (looks.step !== step) looks = { step, list: [] };
  const r = look();
  if (r.ok || r.fatal) return r;
  const last = looks.list.at(-1);
  if (last?.seen === r.seen) last.times++;
  else looks.list.push({ seen: r.seen, times: 1 });
  if (looks.list.length > 5) looks.list.shift();
  return { ...r, log: looks.list };
};

function isFocused(el) {
  return own(own(el).getRootNode()).activeElement === el && own(document).hasFocus();
}

const uncheckable = (el) => no("target_not_checkable", describe(el) + " is not a checkbox or radio button", { fatal: true });

// What is about to be clicked, to be checked or unchecked.
let ticked = null;

// isReplaced says whether the page has had another element in the place of what was
// clicked, for so long: that one may not know of the click.
function isReplaced(ms) {
  if (!ticked || own(ticked.el).isConnected) return false;
  ticked.gone ??= performance.now();
  return performance.now() - ticked.gone >= ms;
}

// states says of each state what an element is instead, if it isn't in it.
const states = {
  attached: () => "",
  visible: (el) => (visible(el) ? "" : "not visible"),
  enabled: (el, control) => (disabled(control) ? "disabled" : ""),
  disabled: (el, control) => (disabled(control) ? "" : "enabled"),
  checked: (el, control) => (isChecked(control) ? "" : "not checked"),
  unchecked: (el, control) => (isChecked(control) ? "checked" : ""),
  focused: (el) => (isFocused(el) ? "" : "not focused"),
  editable: (el, control) => (disabled(control) ? "disabled" : isReadOnly(control) ? "read-only" : ""),
};

// inState judges the state of one element.
function inState(el, state) {
  const control = controlOf(el);
  if ((state === "checked" || state === "unchecked") && isChecked(control) === undefined) return uncheckable(control);
  if (state === "editable" && isReadOnly(control) === undefined)
    return no("target_not_editable", describe(control) + " is not a text field", { fatal: true });
  const is = states[state](el, control);
  return is ? no("state", `${describe(el)} is ${is}`) : { ok: true };
}

function hasValue(el, value) {
  const control = controlOf(el);
  if (!["input", "textarea", "select"].includes(tagOf(control)))
    return no("target_not_editable", describe(control) + " has no value", { fatal: true });
  if (own(control).value === value) return { ok: true };
  return no("value", own(control).type === "password" ? "it has another value" : "the value is " + quoted(own(control).value));
}

function hasAttribute(el, attribute, value) {
  const has = own(el).getAttribute(attribute);
  if (has === null) return no("attribute", `${describe(el)} has no attribute ${attribute}`);
  return value === undefined || has === value ? { ok: true } : no("attribute", `${attribute} is ${quoted(has)}`);
}

function hasText(el, text, exact) {
  const has = squash(textOf(el)), want = squash(text);
  return (exact ? has === want : has.includes(want)) ? { ok: true } : no("text", "the text is " + quoted(has));
}

function hasClass(el, wanted) {
  const has = own(el).classList;
  if (wanted.split(/\s+/).every((one) => !one || has.contains(one))) return { ok: true };
  return no("class", has.length ? `the class is ${quoted([...has].join(" "))}` : "it has no class");
}

// state judges a target. Where it is right that nothing matches, it is so only
// when no frame has a match: none says that this one hasn't.
bh.state = ({ target, state, count, text, exact, value, attribute, className, replaced, ms, step }) => poll(ms, noting(step, () => {
  let found;
  try {
    found = bh.query(target);
  } catch (e) {
    return no("target_invalid", e.message, { fatal: true });
  }
  const none = found.length === 0;
  if (count !== undefined && found.length !== count) return none ? no("target_not_found", "no element matches") : no("count", `${found.length} elements match`);
  if (none && (count === 0 || state === "detached" || state === "hidden")) return { ok: true, none };
  const asked = [state, text, value, attribute, className].some((one) => one !== undefined);
  if (!asked) return { ok: true };
  const r = only(found, target);
  if (!r.ok) return r;
  if (state === "detached") return no("state", describe(r.el) + " is attached");
  if (state === "hidden") return visible(r.el) ? no("state", describe(r.el) + " is visible") : { ok: true };
  const judged = [
    state !== undefined && (() => inState(r.el, state)),
    text !== undefined && (() => hasText(r.el, text, exact)),
    attribute !== undefined && (() => hasAttribute(r.el, attribute, value)),
    attribute === undefined && value !== undefined && (() => hasValue(r.el, value)),
    className !== undefined && (() => hasClass(r.el, className)),
  ];
  for (const judge of judged) {
    const said = judge ? judge() : { ok: true };
    if (!said.ok) return replaced !== undefined && isReplaced(replaced) ? { ok: true, again: true } : said;
  }
  return { ok: true };
}));

bh.pageHas = ({ text, ms, step }) => poll(ms, noting(step, () =>
  squash(own(document).body?.innerText).toLowerCase().includes(squash(text).toLowerCase()) ? { ok: true } : no("text", "the page does not hold it")));

bh.page = () => ({
  url: location.href, title: own(document).title.slice(0, 4096),
  status: performance.getEntriesByType("navigation")[0]?.responseStatus || 0,
});
