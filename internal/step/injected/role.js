// Roles and states, and who is told of an element at all: as Chromium's
// accessibility tree has them.

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
const inSection = (el, main = true) => {
  for (let n = parentOf(el); n; n = parentOf(n)) {
    const role = givenRole(n);
    const is = role || { article: "article", aside: "complementary", main: "main", nav: "navigation", section: "region" }[tagOf(n)];
    if (["article", "complementary", "navigation", "region"].includes(is) || (main && is === "main")) return true;
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
  const data = (n) => !!n && tagOf(n) === "td" && (/[^ \t\n\r\f]/.test(own(n).textContent) || own(n).children.length > 0);
  if (!before && !after) return (tableOf(el)?.rows.length ?? 2) <= 1 ? "" : "columnheader";
  if (header(before) && header(after)) return "columnheader";
  // Often the first cell of a table is empty, or the last.
  const row = [...own(own(el).parentElement).children];
  return [before, after, row[0], row[1], row.at(-1), row.at(-2)].some(data) ? "rowheader" : "columnheader";
}

const isTable = (el) => !!el && ["table", "grid", "treegrid"].includes(roleOf(el));

const rowgroup = (el) => (isTable(tableOf(el)) ? "rowgroup" : "");

const inRow = (el) => { const row = own(el).parentElement; return !!row && roleOf(row) === "row"; };

const simple = {
  article: "article", blockquote: "blockquote", button: "button", caption: "caption", code: "code", datalist: "listbox", dd: "definition",
  del: "deletion", details: "group", dfn: "term", dialog: "dialog", dt: "term", em: "emphasis", fieldset: "group", figure: "figure", form: "form",
  h1: "heading", h2: "heading", h3: "heading", h4: "heading", h5: "heading", h6: "heading", hr: "separator", ins: "insertion", li: "listitem",
  main: "main", mark: "mark", math: "math", menu: "list", meter: "meter", nav: "navigation", ol: "list", optgroup: "group", option: "option",
  output: "status", p: "paragraph", progress: "progressbar", s: "deletion", search: "search", strong: "strong", sub: "subscript",
  sup: "superscript", table: "table", textarea: "textbox", time: "time",
  ul: "list", address: "group", hgroup: "group",
};

const contextual = {
  a: (el) => (hasAttr(el, "href") || hasAttr(el, "onclick") ? "link" : ""),
  area: (el) => (hasAttr(el, "href") ? "link" : ""),
  aside: (el) => (inSection(el, false) && !named(el) && !attr(el, "title") ? "" : "complementary"),
  footer: (el) => (inSection(el) ? "sectionfooter" : "contentinfo"),
  header: (el) => (inSection(el) ? "sectionheader" : "banner"),
  section: (el) => (named(el) || hasAttr(el, "title") ? "region" : ""),
  img: (el) => (attr(el, "alt") === "" && !attr(el, "title") && !global(el) && !focusable(el) ? "none" : "img"),
  input: (el) => inputRoles[el.type] ?? (el.list ? "combobox" : el.type === "search" ? "searchbox" : "textbox"),
  select: (el) => (el.multiple || el.size > 1 ? "listbox" : "combobox"),
  tbody: rowgroup, tfoot: rowgroup, thead: rowgroup,
  tr: (el) => (isTable(tableOf(el)) ? "row" : ""),
  td: (el) => (inRow(el) ? cellRole(el) : ""),
  th: (el) => (inRow(el) ? headerRole(el) : ""),
};

const nativeRole = (el) => {
  if (!(el instanceof HTMLElement)) return el instanceof SVGElement ? svgRole(el) : own(el).namespaceURI?.endsWith("MathML") && tagOf(el) === "math" ? "math" : "";
  const tag = tagOf(el);
  return simple[tag] ?? contextual[tag]?.(el) ?? "";
};

function svgRole(el) {
  if (tagOf(el) === "svg") return (own(el).children.length || named(el) || global(el) || attr(el, "title") || hasAttr(el, "tabindex")) && drawsOnly(el) ? "img" : "";
  if (tagOf(el) === "g") return named(el) || [...own(el).children].some((n) => tagOf(n) === "title") ? "group" : "";
  return tagOf(el) === "a" && (hasAttr(el, "href") || hasAttr(el, "xlink:href")) ? "link" : "";
}

// Whether a drawing has nothing in it that anybody is told of.
const drawsOnly = (el) => ![...own(el).querySelectorAll("*")].some((n) =>
  ["a", "foreignObject", "image"].includes(tagOf(n)) || nativeRole(n) || givenRole(n) || (tagOf(n) === "text" && own(n).textContent.trim()));

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

// counts says whether what an author gives is taken: some roles need a name,
// or something around them.
function counts(el, role) {
  if (role === "form" || role === "region") return named(el) || !!attr(el, "title");
  const around = belongs[role];
  if (!around) return true;
  for (let n = parentOf(el); n; n = parentOf(n)) {
    const role = roleOf(n);
    if (around.includes(role)) return true;
    if (role && role !== "none" && role !== "group" && role !== "generic") return false;
  }
  return false;
}

const belongs = { option: ["listbox", "group"], listitem: ["list"], treeitem: ["tree"] };

// What gives its role away takes those that are its parts along.
const partOf = {
  li: ["ol", "ul", "menu"], dd: ["dl", "div"], dt: ["dl", "div"], div: ["dl"], td: ["tr"], th: ["tr"], tr: ["thead", "tbody", "tfoot", "table"],
  thead: ["table"], tbody: ["table"], tfoot: ["table"],
};

const givenAway = memo((el) => {
  const parent = own(el).parentElement, parents = partOf[tagOf(el)];
  if (!parent || !parents?.includes(tagOf(parent))) return false;
  const role = givenRole(parent);
  return role ? role === "none" : givenAway(parent);
});

const roleOf = memo((el) => {
  const given = givenRole(el);
  if (given && given !== "none" && counts(el, given)) return given === "directory" ? "list" : given;
  if (given === "none" && !global(el) && !focusable(el)) return "none";
  const role = nativeRole(el);
  return role && givenAway(el) ? "none" : role;
});

// isTold says whether anybody is told of an element.
const isTold = memo((el) => {
  const tag = tagOf(el);
  if (["style", "script", "noscript", "template", "head", "title", "meta", "link"].includes(tag)) return false;
  if ((tag === "option" || tag === "optgroup") && !hasAttr(el, "inert")) {
    // Those of a list that opens are drawn by nobody until then.
    const select = own(el).closest("select");
    if (select && (select.size < 2 && !select.multiple)) return isTold(select);
    if (select) return isTold(select) && styleOf(el).display !== "none";
  }
  const style = styleOf(el);
  return style.visibility === "visible" && (style.display === "contents" || own(el).checkVisibility()) && !isShut(el);
});

// Whether an element or what is around it is kept from everybody.
const isShut = memo((el) => {
  if (aria(el, "hidden") === "true" || styleOf(el).display === "none" || (el instanceof HTMLElement && hasAttr(el, "inert"))) return true;
  const parent = parentOf(el);
  return !!parent && isShut(parent);
});

const checkedOf = (el) => {
  if (el instanceof HTMLInputElement && (el.type === "checkbox" || el.type === "radio")) return el.indeterminate ? "mixed" : String(el.checked);
  const said = aria(el, "checked");
  return canBeChecked.has(roleOf(el)) && (said === "true" || said === "mixed") ? said : "false";
};

// The states that role= can ask for, as words.
const statesOf = {
  checked: checkedOf,
  pressed: (el) => {
    const said = aria(el, "pressed");
    return roleOf(el) === "button" && (said === "true" || said === "mixed") ? said : "false";
  },
  selected: (el) => String(el instanceof HTMLOptionElement ? el.selected : aria(el, "selected") === "true"),
  expanded: (el) => {
    if (el instanceof HTMLDetailsElement) return String(el.open);
    const said = aria(el, "expanded");
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
