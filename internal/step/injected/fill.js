// Writes into fields.

const isTyped = new Set(["text", "email", "number", "password", "search", "tel", "url"]);
const isSet = new Set(["color", "date", "time", "datetime-local", "month", "range", "week"]);

const formats = {
  color: "#rrggbb", date: "2026-01-31", time: "13:30", "datetime-local": "2026-01-31T13:30", month: "2026-01", week: "2026-W05",
  range: "a number between its min and max",
};

// HTML's valid floating-point number that a double can hold: of another the
// field would keep other digits, or nothing.
const isNumber = (s) => /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(s) && Number.isFinite(Number(s));

// tookSet says whether a field took the value that it was set to, which the browser
// writes in its own way: a time without seconds that are none, a colour by its
// numbers. Of a date that is none it takes nothing.
function tookSet(el, want) {
  if (el.type === "color") return CSS.supports("color", want) && el.value === inNumbers(want);
  if (el.type === "range") return isNumber(want) && Number(el.value) === Number(want);
  return el.value !== "" || want === "";
}

// inNumbers is a colour by its numbers.
function inNumbers(color) {
  const brush = new OffscreenCanvas(1, 1).getContext("2d");
  brush.fillStyle = color;
  return brush.fillStyle;
}

function changed(el) {
  el.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
  el.dispatchEvent(new Event("change", { bubbles: true }));
}

// fill makes a field ready to be typed into, all that it holds selected, or
// sets the value of one that takes no typing.
function fill(field, value) {
  const el = own(field);
  written = field;
  const refuse = (why) => no("value_invalid", `${describe(field)} ${why}`, { fatal: true });
  if (tagOf(field) === "input") {
    if (!isTyped.has(el.type) && !isSet.has(el.type)) return no("target_not_editable", `${describe(field)} takes no text`, { fatal: true });
    if (isSet.has(el.type)) {
      const want = value.trim(), had = el.value;
      el.focus();
      el.value = want;
      if (!tookSet(el, want)) {
        el.value = had;
        return refuse(`can't hold ${JSON.stringify(value)}: it takes ${formats[el.type]}`);
      }
      changed(el);
      return {};
    }
    if (el.type === "number") {
      const want = value.trim();
      if (want !== "" && !isNumber(want)) return refuse(`can't hold ${JSON.stringify(value)}: it takes a number such as -1.5 or 2e3`);
    }
    el.select();
    el.focus();
    return { type: value };
  }
  if (tagOf(field) === "textarea") {
    el.setSelectionRange(0, el.value.length);
    el.focus();
    return { type: value };
  }
  if (!el.isContentEditable) return no("target_not_editable", describe(field) + " is not a text field", { fatal: true });
  el.focus();
  getSelection().selectAllChildren(field);
  return { type: value };
}

// focusOn puts the focus on an element. One that had none is written into from
// its beginning.
function focusOn(el) {
  const had = own(own(el).getRootNode()).activeElement === el && own(document).hasFocus();
  own(el).focus();
  own(el).focus(); // a page may pass the first one on, once
  if (!had && own(el).matches("input,textarea")) {
    try { el.setSelectionRange(0, 0); } catch { /* a number has no selection */ }
  }
}

function choose(el, wants) {
  if (tagOf(el) !== "select") return no("target_not_editable", describe(el) + " is not a select", { fatal: true });
  const chosen = [];
  if (wants.length > 1 && !el.multiple) return no("target_not_editable", "the select takes one option", { fatal: true });
  for (const { value, label, index } of wants) {
    const option = index !== undefined ? el.options[index]
      : [...el.options].find((o) => (label === undefined && o.value === (value ?? "")) || squash(o.label) === squash(label ?? value));
    if (!option && index !== undefined) return no("option_not_found", `no option ${index}: there are ${el.options.length}`);
    if (!option) return no("option_not_found", `no option ${JSON.stringify(label ?? value ?? "")}`);
    chosen.push(option);
  }
  const off = chosen.find(disabled);
  if (off) return no("target_disabled", describe(off) + " is disabled");
  if (!chosen.length) el.selectedIndex = -1;
  for (const o of el.options) o.selected = chosen.includes(o);
  changed(el);
  return { values: [...el.options].filter((o) => chosen.includes(o)).map((o) => o.value) };
}
