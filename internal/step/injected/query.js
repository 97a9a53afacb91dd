// Finds elements. It runs in a world of its own, so what a page does to its
// own Array or querySelector changes nothing here.
"use strict";

const bh = (globalThis.bh = {});

// own is an element or a document by its own members. A form's fields shadow
// those that they are called like, <input name="children">, also in a world of
// its own, and so do some elements those of the document. The prototype's can't be.
const own = (o) => (o instanceof HTMLFormElement || o instanceof Document ? new Proxy(o, members) : o);

const members = {
  get(o, name) {
    const member = Reflect.get(Object.getPrototypeOf(o), name, o);
    return typeof member === "function" ? member.bind(o) : member;
  },
};

const squash = (s) => (s || "").replace(/\s+/g, " ").trim();

// Every open shadow root below a root, and the root itself.
function* roots(root) {
  yield root;
  for (const el of own(root).querySelectorAll("*")) if (own(el).shadowRoot) yield* roots(own(el).shadowRoot);
}

const skipped = new Set(["SCRIPT", "STYLE", "NOSCRIPT", "HEAD", "TITLE", "META", "LINK", "TEMPLATE"]);

function textOf(el) {
  if (own(el).tagName === "INPUT" && ["submit", "button", "reset"].includes(el.type)) return el.value;
  let text = "";
  for (const node of own(own(el).shadowRoot || el).childNodes) {
    const { nodeType, tagName } = own(node);
    if (nodeType === 3) text += node.data;
    else if (nodeType === 1 && !skipped.has(tagName)) {
      const block = !getComputedStyle(node).display.startsWith("inline");
      text += (block ? " " : "") + textOf(node) + (block ? " " : "");
    }
  }
  return text;
}

const matches = (text, { body, exact }) => {
  const have = squash(text), want = squash(body);
  return exact ? have === want : have.toLowerCase().includes(want.toLowerCase());
};

// The smallest elements whose text matches.
function byText(root, target) {
  const found = [];
  const visit = (el) => {
    if (skipped.has(own(el).tagName) || !matches(textOf(el), target)) return false;
    let inner = false;
    for (const kid of [...(own(el).shadowRoot?.children || []), ...own(el).children]) inner = visit(kid) || inner;
    if (!inner) found.push(el);
    return true;
  };
  for (const kid of own(root).children || []) visit(kid);
  return found;
}

const implicit = {
  A: (e) => (e.hasAttribute("href") ? "link" : ""), AREA: (e) => (e.hasAttribute("href") ? "link" : ""),
  ARTICLE: () => "article", ASIDE: () => "complementary", BUTTON: () => "button", DATALIST: () => "listbox",
  DETAILS: () => "group", DIALOG: () => "dialog", FIELDSET: () => "group", FIGURE: () => "figure",
  FOOTER: () => "contentinfo", FORM: () => "form", H1: () => "heading", H2: () => "heading", H3: () => "heading",
  H4: () => "heading", H5: () => "heading", H6: () => "heading", HEADER: () => "banner", HR: () => "separator",
  IMG: (e) => (e.getAttribute("alt") === "" ? "presentation" : "img"), LI: () => "listitem", MAIN: () => "main",
  MENU: () => "list", METER: () => "meter", NAV: () => "navigation", OL: () => "list",
  OPTION: () => "option", OUTPUT: () => "status", P: () => "paragraph", PROGRESS: () => "progressbar",
  SEARCH: () => "search", SECTION: () => "region",
  SELECT: (e) => (e.multiple || e.size > 1 ? "listbox" : "combobox"), SUMMARY: () => "button",
  TABLE: () => "table", TBODY: () => "rowgroup", TD: () => "cell", TEXTAREA: () => "textbox",
  TFOOT: () => "rowgroup", TH: () => "columnheader", THEAD: () => "rowgroup", TR: () => "row", UL: () => "list",
  INPUT: (e) => ({
    button: "button", image: "button", reset: "button", submit: "button", checkbox: "checkbox", radio: "radio",
    range: "slider", number: "spinbutton", search: e.list ? "combobox" : "searchbox", hidden: "", file: "", color: "",
    password: "",
  })[e.type] ?? (e.list ? "combobox" : "textbox"),
};

const roleOf = (el) => squash(own(el).getAttribute("role")).split(" ")[0] || (implicit[own(el).tagName]?.(el) ?? "");

// The accessible name, as far as pages use it: labelledby, label, the
// element's own labels, alternatives, content, title.
function nameOf(element) {
  const el = own(element);
  const by = squash(el.getAttribute("aria-labelledby"));
  if (by) {
    const root = own(el.getRootNode());
    const text = squash(by.split(" ").map((id) => textOf(root.getElementById?.(id) || own(document).createElement("i"))).join(" "));
    if (text) return text;
  }
  const label = squash(el.getAttribute("aria-label"));
  if (label) return label;
  if (el.labels?.length) return squash([...el.labels].map((l) => labelText(l, element)).join(" "));
  if (el.tagName === "INPUT" && ["submit", "reset", "button"].includes(el.type))
    return squash(el.value) || { submit: "Submit", reset: "Reset" }[el.type] || "";
  if (el.tagName === "IMG" || el.type === "image") return squash(el.getAttribute("alt")) || squash(el.title);
  if (["INPUT", "TEXTAREA", "SELECT"].includes(el.tagName)) return squash(el.title) || squash(el.placeholder);
  const inside = [...el.querySelectorAll("img[alt]")].map((i) => i.alt).join(" ");
  return squash(textOf(element) + " " + inside) || squash(el.title);
}

// A label's text without that of the field inside it.
function labelText(label, field) {
  let text = "";
  for (const node of own(label).childNodes) {
    if (node === field) continue;
    const { nodeType, tagName } = own(node);
    if (nodeType === 3) text += node.data;
    else if (nodeType === 1 && !skipped.has(tagName) && tagName !== "SELECT") text += " " + labelText(node, field);
  }
  return text;
}

function all(root, selector) {
  const found = [];
  for (const r of roots(root)) found.push(...own(r).querySelectorAll(selector));
  return found;
}

// query lists what a target matches below a root, in the order of the page.
bh.query = (target, root = document) => {
  switch (target.kind) {
    case "css": return all(root, target.body);
    case "testid": return all(root, `[data-testid="${CSS.escape(target.body)}"]`);
    case "text": return byText(root, target);
    case "placeholder": return all(root, "[placeholder]").filter((e) => matches(own(e).placeholder, target));
    case "label":
      return all(root, "input,textarea,select,button,meter,output,progress,[aria-label],[aria-labelledby]").filter((e) => {
        const { labels } = own(e);
        if (labels?.length && [...labels].some((l) => matches(labelText(l, e), target))) return true;
        return (own(e).hasAttribute("aria-label") || own(e).hasAttribute("aria-labelledby")) && matches(nameOf(e), target);
      });
    case "role":
      return all(root, "*").filter((e) =>
        roleOf(e) === target.body && (!target.named || nameOf(e).toLowerCase() === squash(target.name).toLowerCase()) &&
        !own(e).closest('[aria-hidden="true"]') && visible(e));
    case "xpath": {
      const found = [], r = own(document).evaluate(target.body, root, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE, null);
      for (let i = 0; i < r.snapshotLength; i++) if (own(r.snapshotItem(i)).nodeType === 1) found.push(r.snapshotItem(i));
      return found;
    }
  }
  return [];
};

// describe is how an element is named in an error: its tag as it is written,
// without values.
function describe(el) {
  let s = "<" + own(el).tagName.toLowerCase();
  for (const name of ["id", "class", "name", "type", "role"]) {
    const v = own(el).getAttribute(name);
    if (v) s += ` ${name}="${v.length > 40 ? v.slice(0, 40) + "…" : v}"`;
  }
  const text = squash(own(el).children.length > 20 ? "" : textOf(el));
  return s + ">" + (text.length > 40 ? text.slice(0, 40) + "…" : text);
}
