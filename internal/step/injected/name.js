// Names, as Chromium computes them: https://w3c.github.io/accname and
// https://w3c.github.io/html-aam, where these leave a choice as it does.

const fromContent = new Set(("button cell checkbox columnheader gridcell heading link menuitem menuitemcheckbox menuitemradio option radio row " +
  "rowheader switch tab tooltip treeitem").split(" "));

const unnamed = new Set(("caption code definition deletion emphasis generic insertion mark none paragraph strong subscript suggestion superscript term time").split(" "));

// nameOf is an element's name, folded.
const nameOf = (el, hidden) => (hidden ? squash(nameFor(el, { hidden })) : shownName(el));

const shownName = memo((el) => squash(nameFor(el, {})));

const descriptionOf = (el) => {
  const by = idRefs(el, "aria-describedby");
  if (by.length) return squash(by.map((n) => alternative(n, { seen: new Set([el]), referred: true, open: !isTold(n) })).join(" "));
  return squash(attr(el, "aria-description") ?? attr(el, "title"));
};

const nameFor = (el, how) => (unnamed.has(roleOf(el)) ? "" : alternative(el, { ...how, seen: new Set(), self: true }));

const titleOf = (el) => attr(el, "title") || "";

// alternative is the text that stands for an element. how says why it is asked:
// for the element's own name (self), for that of one which it is in, for one
// which refers to it or is labelled by it (referred, label), and whether what
// is hidden counts (open, hidden).
function alternative(el, how) {
  if (how.seen.has(el)) return "";
  if (!how.hidden && (["style", "script", "noscript", "template"].includes(tagOf(el)) || (!how.open && !isTold(el)))) return "";
  const seen = new Set(how.seen).add(el), inner = { ...how, seen, self: false };
  if (!how.referred) {
    const by = idRefs(el, "aria-labelledby");
    const text = by.map((n) => alternative(n, { hidden: how.hidden, seen: new Set(n === el ? [] : [el]), referred: true, open: !isTold(n) })).join(" ");
    if (squash(text)) return text;
  }
  const role = roleOf(el);
  if (!how.self) {
    const value = embedded(el, role, inner);
    if (value !== undefined) return value;
  }
  const label = attr(el, "aria-label");
  if (label?.trim()) return label;
  if (role !== "none") {
    const native = nativeName(el, inner);
    if (native !== undefined) return native;
  }
  if (!how.self || fromContent.has(role) || tagOf(el) === "summary") {
    const text = contentOf(el, inner);
    if (how.self ? text.trim() : text) return text;
  }
  return role === "none" ? "" : titleOf(el);
}

// embedded is the value of a control inside what names something.
function embedded(el, role, how) {
  if (role === "textbox" || role === "searchbox") {
    if (!("value" in own(el))) return own(el).textContent;
    return el.type === "password" ? "•".repeat(el.value.length) : el.value;
  }
  if (role === "combobox" || role === "listbox") {
    if (el instanceof HTMLSelectElement) return [...el.selectedOptions].map((o) => alternative(o, how)).join(" ");
    if (el instanceof HTMLInputElement) return el.value;
    const list = role === "listbox" ? el : [...own(el).querySelectorAll("*"), ...idRefs(el, "aria-owns"), ...idRefs(el, "aria-controls")].find((n) => roleOf(n) === "listbox");
    return list ? [...own(list).querySelectorAll('[aria-selected="true"]')].map((o) => alternative(o, how)).join(" ") : undefined;
  }
  if (["progressbar", "scrollbar", "slider", "spinbutton", "meter"].includes(role))
    return attr(el, "aria-valuetext") ?? attr(el, "aria-valuenow") ?? String(el.value ?? "");
}

const childOf = (el, tag) => [...own(el).children].find((n) => tagOf(n) === tag);

const within_ = (child, how) => alternative(child, { ...how, open: how.open || !isTold(child) });

const labelName = (el, how) => [...(el.labels || [])].map((l) => alternative(l, { ...how, label: true, open: how.open || !isTold(l) })).join(" ");

// nativeName is what HTML itself says that an element is called, undefined where
// it says nothing.
function nativeName(el, how) {
  const tag = el instanceof HTMLElement ? tagOf(el) : "";
  if (el.labels?.length && !how.referred) {
    const text = labelName(el, how);
    if (squash(text)) return text;
  }
  switch (tag) {
    case "input":
      switch (el.type) {
        case "button": case "submit": case "reset":
          return el.value.trim() ? el.value : { submit: "Submit", reset: "Reset" }[el.type] ?? titleOf(el);
        case "image": return attr(el, "alt")?.trim() ? attr(el, "alt") : titleOf(el) || "Submit";
        case "file": return "Choose File";
      }
      return titleOf(el) || attr(el, "placeholder") || "";
    case "textarea": return titleOf(el) || attr(el, "placeholder") || "";
    case "select": case "meter": case "progress": case "output": return titleOf(el);
    case "fieldset": case "figure": case "table": {
      const child = childOf(el, { fieldset: "legend", figure: "figcaption", table: "caption" }[tag]);
      const text = child && within_(child, how);
      if (text?.trim()) return text;
      return (tag === "table" && attr(el, "summary")) || titleOf(el);
    }
    case "img": case "area": return attr(el, "alt")?.trim() ? attr(el, "alt") : titleOf(el);
  }
  if (el instanceof SVGElement) {
    const title = [...own(el).children].find((n) => tagOf(n) === "title" && n instanceof SVGElement);
    if (title) return own(title).textContent;
  }
}

// contentOf is the text of what is in an element, as it is drawn.
function contentOf(el, how) {
  let text = pseudo(el, "::before");
  const add = (n) => {
    if (isElement(n)) {
      const part = alternative(n, how);
      text += styleOf(n).display === "inline" && tagOf(n) !== "br" ? part : " " + part + " ";
    } else if (own(n).nodeType === 3) text += n.data;
  };
  const { shadowRoot } = own(el);
  const slotted = el instanceof HTMLSlotElement ? el.assignedNodes() : [];
  for (const n of slotted.length ? slotted : own(shadowRoot || el).childNodes) add(n);
  for (const n of idRefs(el, "aria-owns")) add(n);
  return text + pseudo(el, "::after");
}

// pseudo is the text that CSS puts before or after what is in an element.
function pseudo(el, which) {
  const style = getComputedStyle(el, which), { content } = style;
  if (!content || content === "none" || content === "normal" || style.display === "none" || style.visibility !== "visible") return "";
  const said = content.includes(" / ") ? content.slice(content.lastIndexOf(" / ") + 3) : content;
  const text = [...said.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((m) => m[1].replace(/\\(.)/g, "$1")).join("");
  return style.display === "inline" ? text : " " + text + " ";
}
