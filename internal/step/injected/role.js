// Roles and states, and who is told of an element at all: as Chromium's
// accessibility tree has them.

const hasAttr = (el, name) => own(el).hasAttribute(name);
const attr = (el, name) => own(el).getAttribute(name);

const roleNames = new Set(("alert alertdialog application article banner blockquote button caption cell checkbox code columnheader combobox " +
  "comment complementary contentinfo definition deletion dialog directory document emphasis feed figure form generic grid gridcell group heading " +
  "image img insertion link list listbox listitem log main mark marquee math menu menubar menuitem menuitemcheckbox menuitemradio meter " +
  "navigation none note option paragraph presentation progressbar radio radiogroup region row rowgroup rowheader scrollbar search searchbox " +
  "sectionfooter sectionheader separator slider spinbutton status strong subscript suggestion superscript switch tab table tablist tabpanel " +
  "term textbox time timer toolbar tooltip tree treegrid treeitem graphics-document graphics-object graphics-symbol").split(" "));

const inputRoles = {
  button: "button", image: "button", reset: "button", submit: "button", file: "button", checkbox: "checkbox", radio: "radio",
  range: "slider", number: "spinbutton", hidden: "",
};

const named = (el) => !!squash(attr(el, "aria-label")) || idRefs(el, "aria-labelledby").length > 0;

// Whether a header or footer is of a part of the page only.
const inSection = (el) => {
  for (let n = parentOf(el); n; n = parentOf(n)) {
    const role = givenRole(n);
    if (role ? ["article", "complementary", "main", "navigation", "region"].includes(role) : ["article", "aside", "main", "nav", "section"].includes(tagOf(n))) return true;
  }
  return false;
};

const tableOf = (el) => own(el).closest("table");

const cellRole = (el) => (["grid", "treegrid"].includes(tableOf(el) && givenRole(tableOf(el))) ? "gridcell" : "cell");

function headerRole(el) {
  const scope = attr(el, "scope")?.toLowerCase();
  if (scope === "col" || scope === "colgroup") return "columnheader";
  if (scope === "row" || scope === "rowgroup") return "rowheader";
  const before = own(el).previousElementSibling, after = own(el).nextElementSibling;
  const header = (n) => !!n && tagOf(n) === "th";
  const data = (n) => !!n && tagOf(n) === "td" && (own(n).textContent.trim() || own(n).children.length > 0);
  if (!before && !after) return (tableOf(el)?.rows.length ?? 2) <= 1 ? "" : "columnheader";
  if (header(before) && header(after)) return "columnheader";
  return data(before) || data(after) ? "rowheader" : "columnheader";
}

const simple = {
  article: "article", blockquote: "blockquote", button: "button", caption: "caption", code: "code", datalist: "listbox", dd: "definition",
  del: "deletion", details: "group", dfn: "term", dialog: "dialog", dt: "term", em: "emphasis", fieldset: "group", figure: "figure",
  h1: "heading", h2: "heading", h3: "heading", h4: "heading", h5: "heading", h6: "heading", hr: "separator", ins: "insertion", li: "listitem",
  main: "main", mark: "mark", math: "math", menu: "list", meter: "meter", nav: "navigation", ol: "list", optgroup: "group", option: "option",
  output: "status", p: "paragraph", progress: "progressbar", s: "deletion", search: "search", strong: "strong", sub: "subscript",
  sup: "superscript", table: "table", tbody: "rowgroup", textarea: "textbox", tfoot: "rowgroup", thead: "rowgroup", time: "time", tr: "row",
  ul: "list", address: "group", hgroup: "group",
};

const contextual = {
  a: (el) => (hasAttr(el, "href") ? "link" : ""),
  area: (el) => (hasAttr(el, "href") ? "link" : ""),
  aside: () => "complementary",
  footer: (el) => (inSection(el) ? "sectionfooter" : "contentinfo"),
  header: (el) => (inSection(el) ? "sectionheader" : "banner"),
  form: (el) => (named(el) || hasAttr(el, "title") ? "form" : ""),
  section: (el) => (named(el) || hasAttr(el, "title") ? "region" : ""),
  img: (el) => (attr(el, "alt") === "" && !hasAttr(el, "title") && !global(el) && !focusable(el) ? "none" : "img"),
  input: (el) => inputRoles[el.type] ?? (el.list ? "combobox" : el.type === "search" ? "searchbox" : "textbox"),
  select: (el) => (el.multiple || el.size > 1 ? "listbox" : "combobox"),
  svg: () => "img",
  td: cellRole,
  th: headerRole,
};

const nativeRole = (el) => {
  if (!(el instanceof HTMLElement)) return el instanceof SVGElement ? svgRole(el) : own(el).namespaceURI?.endsWith("MathML") && tagOf(el) === "math" ? "math" : "";
  const tag = tagOf(el);
  return simple[tag] ?? contextual[tag]?.(el) ?? "";
};

function svgRole(el) {
  if (tagOf(el) === "svg") return "img";
  return tagOf(el) === "a" && (hasAttr(el, "href") || hasAttr(el, "xlink:href")) ? "link" : "";
}

// The attributes that make an element known however its role is given away.
const globals = ("atomic busy controls current describedby description details dropeffect flowto grabbed hidden keyshortcuts label labelledby live " +
  "owns relevant roledescription").split(" ").map((n) => "aria-" + n);

const global = (el) => globals.some((n) => hasAttr(el, n) && attr(el, n) !== "");

function focusable(el) {
  if (own(el).matches(":disabled")) return false;
  if (own(el).matches("button,select,textarea,summary,iframe,a[href],area[href],audio[controls],video[controls],input:not([type=hidden i])")) return true;
  return /^\s*[-+]?\d/.test(attr(el, "tabindex") || "") || own(el).isContentEditable && own(el).matches("[contenteditable]");
}

// The role that an author gives: the first word that is one.
const givenRole = memo((el) => {
  const words = attr(el, "role");
  if (!words) return "";
  for (const word of words.toLowerCase().split(/\s+/)) if (roleNames.has(word) || word.startsWith("doc-")) return word === "image" ? "img" : word === "presentation" ? "none" : word;
  return "";
});

// What gives its role away takes those that are its parts along.
const partOf = {
  li: ["ol", "ul", "menu"], dd: ["dl", "div"], dt: ["dl", "div"], div: ["dl"], td: ["tr"], th: ["tr"], tr: ["thead", "tbody", "tfoot", "table"],
  thead: ["table"], tbody: ["table"], tfoot: ["table"],
};

const givenAway = memo((el) => {
  const parent = own(el).parentElement, parents = partOf[tagOf(el)];
  if (!parent || !parents?.includes(tagOf(parent))) return false;
  const role = givenRole(parent);
  return role ? role === "none" && !global(parent) && !focusable(parent) : givenAway(parent);
});

const roleOf = memo((el) => {
  const given = givenRole(el);
  if (given && given !== "none") return given;
  if (given === "none" && !global(el) && !focusable(el)) return "none";
  const role = nativeRole(el);
  return role && givenAway(el) ? "none" : role;
});

// isTold says whether anybody is told of an element.
const isTold = memo((el) => {
  if (["style", "script", "noscript", "template", "head", "title", "meta", "link"].includes(tagOf(el))) return false;
  const style = styleOf(el), option = tagOf(el) === "option" && own(el).closest("select");
  if (style.display === "contents") {
    if (![...own(el).childNodes].some((n) => (isElement(n) ? isTold(n) : shown(n)))) return false;
  } else if (!option && (style.visibility !== "visible" || !own(el).checkVisibility())) {
    return false;
  }
  return !isShut(el);
});

// Whether an element or what is around it is kept from everybody.
const isShut = memo((el) => {
  if (attr(el, "aria-hidden") === "true" || styleOf(el).display === "none" || hasAttr(el, "inert")) return true;
  const parent = parentOf(el);
  return !!parent && isShut(parent);
});

const checkedOf = (el) => {
  if (el instanceof HTMLInputElement && (el.type === "checkbox" || el.type === "radio")) return el.indeterminate ? "mixed" : String(el.checked);
  const said = attr(el, "aria-checked");
  return canBeChecked.has(roleOf(el)) && (said === "true" || said === "mixed") ? said : "false";
};

// The states that role= can ask for, as words.
const statesOf = {
  checked: checkedOf,
  pressed: (el) => {
    const said = attr(el, "aria-pressed");
    return roleOf(el) === "button" && (said === "true" || said === "mixed") ? said : "false";
  },
  selected: (el) => String(el instanceof HTMLOptionElement ? el.selected : attr(el, "aria-selected") === "true"),
  expanded: (el) => {
    if (el instanceof HTMLDetailsElement) return String(el.open);
    const said = attr(el, "aria-expanded");
    return said === null ? "" : String(said === "true");
  },
  disabled: (el) => String(disabled(el)),
};

const levelOf = (el) => {
  const given = Number(attr(el, "aria-level") ?? NaN);
  return Number.isInteger(given) && given >= 1 ? given : roleOf(el) === "heading" ? Number(/^h([1-6])$/.exec(tagOf(el))?.[1] || 2) : 0;
};

const folded = (match) => (match.op === "re" ? match : { ...match, text: squash(match.text) });

function byRole(root, want) {
  const name = want.name && matcher(folded(want.name)), description = want.description && matcher(folded(want.description));
  const states = Object.entries(want.states || {}), role = want.role === "image" ? "img" : want.role === "presentation" ? "none" : want.role;
  return all(root, "*").filter((el) =>
    roleOf(el) === role && states.every(([state, value]) => statesOf[state](el) === value) && (!want.level || levelOf(el) === want.level) &&
    (want.hidden || isTold(el)) && (!name || name(nameOf(el, want.hidden))) && (!description || description(descriptionOf(el))));
}
