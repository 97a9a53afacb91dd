// Tells what is on a page, line by line, in the words with which a target names it.

// What a step does something with: these have a target each.
const usable = new Set(("button checkbox combobox link listbox menuitem menuitemcheckbox menuitemradio option radio searchbox slider spinbutton " +
  "switch tab textbox treeitem").split(" "));

// What holds other things, and says nothing by itself: it has a line if it has a
// name, or, of the second, if it keeps several things together.
const holders = new Set("cell columnheader document figure gridcell group list none rowgroup rowheader table tablist menu".split(" "));
const bundles = new Set("article form listitem region row section sectionfooter sectionheader".split(" "));

const cells = new Set("cell columnheader gridcell rowheader".split(" "));

const longest = { name: 80, text: 300, value: 100, options: 12, depth: 1000 };

const cutTo = (s, most) => (s.length > most ? s.slice(0, most) + "…" : s);

// A line, with those in it.
class Line {
  constructor(text, role = "") { this.text = text; this.role = role; this.inside = []; }
}

// outlineOf puts what is in an element, or a root, into a line.
function outlineOf(el, line, how) {
  const { shadowRoot } = own(el), slotted = el instanceof HTMLSlotElement ? el.assignedNodes() : [];
  const shut = el instanceof HTMLDetailsElement && !el.open && [childOf(el, "summary")].filter(Boolean);
  for (const n of shut || (slotted.length ? slotted : own(shadowRoot || el).childNodes)) {
    const type = typeOf(n);
    if (type === 3 && how.drawn && !how.heard) addText(line, n.data, how);
    if (type === 1) outlineIn(n, line, how);
  }
}

// Words that no box keeps apart are one text.
function addText(line, text, how) {
  const last = line.inside.at(-1);
  if (last?.role === "text" && !how.apart.here) last.said += text;
  else if (squash(text)) {
    const one = new Line("", "text");
    one.said = text;
    line.inside.push(one);
  }
  if (squash(text)) how.apart.here = false;
}

function outlineIn(el, line, how) {
  const tag = tagOf(el);
  if (silent.has(tag) && tag !== "br" || isShut(el) || how.depth > longest.depth) return;
  if (tag === "br") { how.apart.here = true; return; }
  const told = isTold(el), role = told ? roleOf(el) : "", apart = standsApart(el);
  if (apart) how.apart.here = true;
  const name = told ? nameOf(el) : "";
  const inside = { ...how, drawn: told, depth: how.depth + 1 };
  if (told && (tag === "iframe" || tag === "frame")) {
    line.inside.push(new Line("frame " + frameWay(el)));
  } else if (!told || !role || role === "generic" || role === "none" || words.has(role) && !usable.has(role)) {
    const clickable = told && !how.heard && how.clicks.left > 0 && styleOf(el).cursor === "pointer" && !how.pointed && !usesInside(el);
    const way = clickable && how.clicks.left-- && wayTo(el, how.testid), text = clickable && squash(seenText(el));
    if (way && text) line.inside.push(new Line(`clickable ${inQuotes(cutTo(text, longest.name))} → ${way}`));
    else outlineOf(el, line, { ...inside, heard: how.heard || names(el), pointed: how.pointed || told && styleOf(el).cursor === "pointer" });
  } else {
    const one = new Line(lineOf(el, role, name, how), role);
    const heard = how.heard || (!!name && fromContent.has(role) && !cells.has(role));
    if (!hollow.has(tag)) outlineOf(el, one, { ...inside, heard, pointed: how.pointed || usable.has(role) });
    keep(line, one, !!name || usable.has(role) || role === "img");
  }
  if (apart) how.apart.here = true;
}

// A label's words are told as the name of its control.
const names = (el) => el instanceof HTMLLabelElement && !!el.control && isTold(el.control) && usable.has(roleOf(el.control));

const usesInside = (el) => [...own(el).querySelectorAll("*")].some((n) => usable.has(roleOf(n)));

// keep adds a line to the one that it is in, or only what is in it.
function keep(line, one, says) {
  const { role, inside } = one;
  if (cells.has(role) || !says && (holders.has(role) || (bundles.has(role) && inside.length < 2))) line.inside.push(...inside);
  else line.inside.push(one);
}

function lineOf(el, role, name, how) {
  let text = role + (name ? " " + inQuotes(cutTo(name, longest.name)) : "");
  const states = [];
  if (role === "heading") states.push("level " + levelOf(el));
  if (canBeChecked.has(role) && checkedOf(el) !== "false") states.push(checkedOf(el) === "mixed" ? "partly checked" : "checked");
  if (statesOf.pressed(el) !== "false") states.push("pressed");
  if (statesOf.selected(el) === "true" && role !== "option") states.push("selected");
  const expanded = statesOf.expanded(el);
  if (expanded) states.push(expanded === "true" ? "expanded" : "collapsed");
  if (usable.has(role) && disabled(el)) states.push("disabled");
  if (["textbox", "searchbox", "spinbutton"].includes(role) && isReadOnly(el)) states.push("read-only");
  if (aria(el, "invalid") === "true") states.push("invalid");
  if (usable.has(role) && isFocused(el)) states.push("focused");
  if (states.length) text += ` (${states.join(", ")})`;
  const value = valueIn(el, role);
  if (value) text += ": " + value;
  return text + (usable.has(role) ? aim(el, role, name, how) : "");
}

// valueIn is what a field holds; of a password nothing is told.
function valueIn(el, role) {
  if (el instanceof HTMLSelectElement) {
    const options = [...el.options], chosen = [...el.selectedOptions].map((o) => squash(o.label)).join(", ");
    const shown = options.slice(0, longest.options).map((o) => inQuotes(cutTo(squash(o.label), longest.name)));
    return `${cutTo(chosen, longest.value)} [options: ${shown.join(", ")}${options.length > shown.length ? `, … ${options.length - shown.length} more` : ""}]`;
  }
  if (el instanceof HTMLInputElement && el.type === "password") return el.value && "•••";
  if (["textbox", "searchbox", "spinbutton", "slider", "combobox"].includes(role) && typeof own(el).value === "string") return cutTo(squash(own(el).value), longest.value);
  if (["slider", "spinbutton", "progressbar", "meter", "scrollbar"].includes(role)) return String(attr(el, "aria-valuetext") ?? attr(el, "aria-valuenow") ?? own(el).value ?? "");
  return "";
}

// aim is what of an element's target its line doesn't say: nothing, if it alone has
// this role and name.
function aim(el, role, name, how) {
  const same = how.same(role, name);
  if (name && same.length === 1 && name.length <= longest.name) return "";
  const id = attr(el, how.testid), shortId = attr(el, "id");
  if (id && /^[\w-]+$/.test(id) && all(document, `[${CSS.escape(how.testid)}=${inQuotes(id)}]`).length === 1) return " → testid=" + id;
  if (shortId && all(document, "#" + CSS.escape(shortId)).length === 1) return " → #" + CSS.escape(shortId);
  const placeholder = attr(el, "placeholder");
  if (placeholder && all(document, "[placeholder]").filter((n) => attr(n, "placeholder") === placeholder).length === 1) return " → placeholder=" + inQuotes(placeholder);
  const nth = same.length > 1 ? " >> nth=" + same.indexOf(el) : "";
  if (name) return ` → role=${role}[name=${inQuotes(name)}]${nth}`;
  const nameless = how.same(role);
  return ` → role=${role}` + (nameless.length > 1 ? " >> nth=" + nameless.indexOf(el) : "");
}

// frameWay is the part of a target that means a frame.
function frameWay(el) {
  for (const which of ["name", "id"]) {
    const said = attr(el, which);
    if (said && /^[\w-]+$/.test(said) && all(document, "iframe,frame").filter((n) => attr(n, "name") === said || attr(n, "id") === said).length === 1) return "frame=" + said;
  }
  return `frame="${tagOf(el)} >> nth=${all(document, tagOf(el)).indexOf(el)}"`;
}

bh.frameWay = (el) => knowing(() => ({ ok: true, value: "frame " + frameWay(el) }));

// flat is the lines with how deep each is.
function flat(line, depth, into) {
  for (const one of line.inside) {
    const texts = one.role === "text" ? [one] : one.role === "row" && one.inside.every((n) => n.role === "text") ? one.inside : null;
    const said = texts && cutTo(texts.map((n) => squash(n.said)).join(" | "), longest.text);
    into.push({ depth, text: texts ? (one.text || "text") + ": " + said : one.text });
    if (!texts) flat(one, depth + 1, into);
  }
  return into;
}

// outline tells what is in the document, or in the one element that a target means.
bh.outline = ({ target, testid, ms }) => poll(ms, () => {
  const r = target ? one(target) : { ok: true };
  if (!r.ok) return r;
  if (!target && !own(document).body) return no("target_not_found", "the page has nothing to show yet");
  return knowing(() => {
    const byRole = new Map();
    const listed = (key) => byRole.get(key) || [];
    const add = (key, el) => { if (!byRole.has(key)) byRole.set(key, []); byRole.get(key).push(el); };
    for (const el of all(document, "*")) {
      const role = roleOf(el);
      if (!usable.has(role) || !isTold(el)) continue;
      add(role, el);
      add(role + " " + nameOf(el), el);
    }
    const how = { testid, depth: 0, drawn: true, heard: false, pointed: false, apart: { here: true }, clicks: { left: 60 }, same: (role, name) => listed(name === undefined ? role : role + " " + name) };
    const root = new Line("");
    if (target) outlineIn(r.el, root, how);
    else outlineOf(own(document).body, root, how);
    return { ok: true, value: flat(root, 0, []) };
  });
});
