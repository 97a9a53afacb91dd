// Names, as Chromium computes them: https://w3c.github.io/accname and
// https://w3c.github.io/html-aam, where these leave a choice as it does.

const fromContent = new Set(("button cell checkbox columnheader gridcell heading link math menuitem menuitemcheckbox menuitemradio option radio " +
  "rowheader switch tab term tooltip treeitem").split(" "));

// The roles of words within a text: a title is no name for them.
const words = new Set(("caption code definition deletion emphasis generic insertion mark none paragraph strong subscript suggestion superscript term time").split(" "));

// nameOf is an element's name, folded.
const nameOf = (el, hidden) => (hidden ? nameFor(el, { hidden }) : shownName(el));

const shownName = memo((el) => nameFor(el, {}));

const nameFor = (el, how) => squash(alternative(el, { ...how, seen: new Set(), self: true }).text);

const descriptionOf = (el) => {
  const by = refersTo(el, "aria-describedby");
  if (by.length) return squash(by.map((n) => alternative(n, { seen: new Set([el]), referred: true, root: true, open: !isTold(n) }).text).join(" "));
  return squash(attr(el, "aria-description") ?? attr(el, "title"));
};

const titleOf = (el) => (squash(attr(el, "title")) ? attr(el, "title") : "");

const nothing = { text: "", said: false };

// alternative is the text that stands for an element, and whether that was said
// of it rather than read in it. how says why it is asked: for the element's own
// name (self), for one that it is in, or as what another refers to (referred,
// root); and whether what is hidden counts (open, hidden).
function alternative(el, how) {
  if (how.seen.has(el) || silent.has(tagOf(el))) return nothing;
  if (isLost(el, how)) return { text: aria(el, "hidden") === "true" ? reachable(el, how) : "", said: false };
  const seen = new Set(how.seen).add(el), inner = { ...how, seen, self: false, root: false };
  const said = (text) => ({ text, said: true });
  // What isn't drawn itself may hold what is.
  if (!how.self && !how.open && !how.hidden && styleOf(el).visibility !== "visible" && tagOf(el) !== "option")
    return { text: contentOf(el, inner), said: false };
  const role = roleOf(el);
  if (!how.self) {
    const value = embedded(el, role, inner);
    if (value !== undefined) return said(value);
  }
  if (!how.referred) {
    const text = refersTo(el, "aria-labelledby").map((n) =>
      alternative(n, { hidden: how.hidden, seen: new Set(n === el ? [] : [el]), referred: true, root: true, open: !isTold(n) }).text).join(" ");
    if (squash(text)) return said(text);
  }
  const label = attr(el, "aria-label");
  if (label?.trim()) return said(label);
  if (el.labels?.length && (how.self || !how.referred)) {
    const text = labelName(el, inner);
    if (text || how.self) return said(text);
  }
  const native = nativeName(el, inner);
  if (native || (native === "" && how.self)) return said(native);
  const editor = hasAttr(el, "contenteditable") && own(el).isContentEditable;
  if (how.self ? !editor && (fromContent.has(role) || tagOf(el) === "summary" || (role === "row" && inGrid(el))) : how.root || !speaksFor(el, role)) {
    const text = contentOf(el, inner);
    if (how.self ? text.trim() : text) return { text, said: false };
  }
  if (how.self ? words.has(role) && !focusable(el) : !how.root && (!role || words.has(role)) && tagOf(el) !== "iframe") return nothing;
  return said(titleOf(el) || attr(el, "aria-placeholder") || "");
}

const silent = new Set(["br", "wbr", "style", "script", "noscript", "template", "rt", "rp"]);

// isLost says whether nothing in an element counts, however visible.
const isLost = (el, how) => !how.hidden && !how.open && tagOf(el) !== "option" && (isShut(el) || (styleOf(el).display !== "contents" && !own(el).checkVisibility() && !isTold(el)));

// reachable is the text of what can have the focus in an element that is hidden
// from everybody: it isn't hidden so well.
const reachable = (el, how) => (own(el).checkVisibility() ? [...own(el).querySelectorAll("a[href],button,[tabindex]")] : [])
  .filter((n) => aria(n, "hidden") !== "true").map((n) => contentOf(n, how)).join(" ");

// What has a matter of its own, and no part in the name of what it is in.
const alone = new Set(("alert alertdialog application article banner complementary contentinfo dialog document feed figure form grid group img log main " +
  "marquee menu menubar navigation note radiogroup search separator status tablist tabpanel timer toolbar tree treegrid").split(" "));

// Whether a table is one of data, and not there for the layout.
const isData = (el) => hasAttr(el, "role") || !!own(el).querySelector("caption,thead,tfoot,th,col,colgroup") || parseInt(attr(el, "border")) > 0 || ["rules", "summary"].some((n) => attr(el, n));

const speaksFor = (el, role) => (role === "table" && isData(el)) || alone.has(role) && !["address", "details", "hgroup"].includes(tagOf(el));

// refersTo is what an attribute names by id, as often as it does, or a script has
// named in its place, which leaves it empty.
const reflected = { "aria-labelledby": "ariaLabelledByElements", "aria-describedby": "ariaDescribedByElements" };
const refersTo = (el, attribute) => {
  if (attr(el, attribute) === "") return own(el)[reflected[attribute]] || [];
  const root = own(own(el).getRootNode());
  return (attr(el, attribute) || "").split(/\s+/).map((id) => id && root.querySelector("#" + CSS.escape(id))).filter(Boolean);
};

function inGrid(el) {
  for (let n = parentOf(el); n; n = parentOf(n)) {
    const role = roleOf(n);
    if (role === "grid" || role === "treegrid") return true;
    if (role === "table") return false;
  }
  return false;
}

// embedded is the value of a control inside what names something.
function embedded(el, role, how) {
  if (el instanceof HTMLInputElement) {
    if (pickers.has(el.type)) return undefined;
    if (el.type === "file") return squash(alternative(el, { ...how, seen: new Set([...how.seen].filter((n) => n !== el)), self: true }).text) + ": " + ([...el.files].map((f) => f.name).join(", ") || "No file chosen");
  }
  if (role === "textbox" || role === "searchbox") {
    if (!("value" in own(el))) return own(el).textContent;
    return (el.type === "password" ? "•".repeat(el.value.length) : el.value) || undefined;
  }
  if (role === "combobox" || role === "listbox") {
    if (el instanceof HTMLSelectElement) {
      const chosen = [...el.selectedOptions].map((o) => alternative(o, how).text).join(" ");
      return chosen || role === "combobox" ? chosen : undefined;
    }
    if (el instanceof HTMLInputElement) return el.value || undefined;
    const list = role === "listbox" ? el : [...own(el).querySelectorAll("*"), ...idRefs(el, "aria-owns"), ...idRefs(el, "aria-controls")].find((n) => roleOf(n) === "listbox");
    return list ? [...own(list).querySelectorAll('[aria-selected="true" i]')].map((o) => alternative(o, how).text).join(" ") : "";
  }
  if (["progressbar", "scrollbar", "slider", "spinbutton", "meter"].includes(role)) {
    const value = attr(el, "aria-valuetext") ?? attr(el, "aria-valuenow") ?? el.value;
    return value === undefined ? { slider: "50", scrollbar: "50", spinbutton: "0", meter: "0" }[role] || "" : String(value) || undefined;
  }
  if (own(el).isContentEditable && hasAttr(el, "contenteditable")) return contentOf(el, how);
}

const pickers = new Set(["date", "datetime-local", "month", "time", "week", "color"]);

const childOf = (el, tag) => [...own(el).children].find((n) => tagOf(n) === tag);

const labelName = (el, how) => [...el.labels].map((l) => alternative(l, { ...how, root: true }).text).join(" ");

// nativeName is what HTML itself says that an element is called, undefined where
// it says nothing.
function nativeName(el, how) {
  const tag = el instanceof HTMLElement ? tagOf(el) : "";
  switch (tag) {
    case "input": return inputName(el);
    case "textarea": return titleOf(el) || attr(el, "placeholder") || undefined;
    case "fieldset": case "table": {
      const child = childOf(el, { fieldset: "legend", table: "caption" }[tag]);
      if (child && isTold(child)) return alternative(child, { ...how, root: true }).text;
      return (tag === "table" && attr(el, "summary")) || undefined;
    }
    case "option": return attr(el, "label") || undefined;
    case "optgroup": return attr(el, "label") || "";
    case "img": case "area": return attr(el, "alt") ?? titleOf(el);
  }
  if (el instanceof SVGElement) {
    const title = [...own(el).children].find((n) => tagOf(n) === "title" && n instanceof SVGElement);
    if (title) return own(title).textContent;
  }
}

function inputName(el) {
  const value = attr(el, "value");
  switch (el.type) {
    case "button": return value ?? undefined;
    case "submit": return value ?? "Submit";
    case "reset": return value ?? "Reset";
    case "image": return attr(el, "alt") || (value ?? (titleOf(el) || "Submit"));
    case "file": return "Choose File";
    case "text": case "email": case "number": case "password": case "search": case "tel": case "url":
      return titleOf(el) || attr(el, "placeholder") || undefined;
  }
}

// What holds no elements of the page, or none that are drawn.
const hollow = new Set(["br", "wbr", "hr", "input", "textarea", "select", "img", "iframe", "meter", "progress", "option"]);

// contentOf is the text of what is in an element, as it is drawn.
function contentOf(el, how) {
  if (tagOf(el) === "option") return own(el).textContent;
  if (hollow.has(tagOf(el))) return "";
  const drawn = how.open || how.hidden || styleOf(el).visibility === "visible";
  const undrawn = styleOf(el).display !== "contents" && !own(el).checkVisibility(); // where there are no boxes, words stand apart
  let text = "", before = null, saidBefore = false;
  // Words stand apart where boxes do, and where what was said of an element ends.
  const add = (part, said, isApart) => {
    if (part && text && (saidBefore || said || isApart || before)) text += " ";
    text += part;
    before = isApart;
    if (part) saidBefore = said;
  };
  const visit = (n) => {
    if (isElement(n)) {
      if (styleOf(n).display === "none" && !how.open && !how.hidden) return;
      if (tagOf(n) === "br") return add("\n", false, false);
      const part = alternative(n, how);
      if (part.text || isTold(n)) add(part.text, part.said, undrawn || standsApart(n));
    } else if (own(n).nodeType === 3 && drawn) add(transformed(n.data, styleOf(el)), false, false);
  };
  const generated = (which) => {
    const part = drawn && pseudo(el, which);
    if (part) add(part.text, part.said, part.apart);
  };
  generated("::before");
  const { shadowRoot } = own(el), slotted = el instanceof HTMLSlotElement ? el.assignedNodes() : [];
  if (el instanceof HTMLDetailsElement && !el.open) [childOf(el, "summary")].filter(Boolean).forEach(visit);
  else for (const n of slotted.length ? slotted : own(shadowRoot || el).childNodes) visit(n);
  for (const n of idRefs(el, "aria-owns")) visit(n);
  generated("::after");
  return text;
}

const controls = new Set("button checkbox listbox radio scrollbar searchbox slider spinbutton switch textbox tree".split(" "));

const standsApart = (el) => {
  const { display } = styleOf(el);
  return apart.has(tagOf(el)) || controls.has(roleOf(el)) || !(display === "inline" || display.startsWith("ruby"));
};

// transformed is text as CSS has it drawn.
const transformed = (text, { textTransform: as }) =>
  as === "uppercase" ? text.toUpperCase() : as === "lowercase" ? text.toLowerCase()
    : as === "capitalize" ? text.replace(/(^|[^\p{L}\p{N}'’])(\p{L})/gu, (_, before, c) => before + c.toUpperCase()) : text;

// What stands apart from the text around it, though it is in its line.
const apart = new Set(["wbr", "input", "select", "textarea", "button", "meter", "progress", "img", "svg", "iframe", "canvas", "video", "audio", "object", "embed", "output"]);

// pseudo is the text that CSS puts before or after what is in an element.
function pseudo(el, which) {
  const style = getComputedStyle(el, which), { content } = style;
  if (!content || content === "none" || content === "normal" || style.display === "none" || style.visibility !== "visible") return null;
  const slash = content.lastIndexOf('" / "');
  const said = content.slice(slash < 0 ? 0 : slash + 3);
  const text = [...said.matchAll(/"((?:[^"\\]|\\.)*)"|(open|close)-quote/g)].map((m) => (m[2] ? quote(el, m[2]) : transformed(m[1].replace(/\\(.)/g, "$1"), slash < 0 ? style : {}))).join("");
  return { text, said: slash >= 0, apart: style.display !== "inline" };
}

function quote(el, which) {
  let inner = false;
  for (let n = parentOf(el); n; n = parentOf(n)) if (tagOf(n) === "q") inner = !inner;
  return (inner ? { open: "‘", close: "’" } : { open: "“", close: "”" })[which];
}
