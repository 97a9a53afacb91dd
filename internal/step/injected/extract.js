// Reads what is to be extracted.

const languageOf = (el) => {
  for (const n of upwards(isElement(el) ? el : own(document).documentElement)) {
    const lang = own(n).getAttribute("lang");
    if (lang) return lang;
  }
  return navigator.language;
};

const seenText = (el) => (own(el).innerText ?? own(el).textContent).trim();

const rawOf = (el) => (["input", "textarea", "select"].includes(tagOf(el)) ? own(el).value : seenText(el));

// linksOf are the links in an element, itself among them.
const linksOf = (el) => [...(own(el).matches("a[href],area[href]") ? [el] : []), ...all(el, "a[href],area[href]")]
  .map((a) => ({ text: squash(seenText(a)) || squash(own(a).getAttribute("aria-label")), url: a.href }))
  .filter(({ url }) => /^https?:|^mailto:|^tel:/i.test(url));

// gridOf are a table's cells by row, each as often as it spans.
function gridOf(table) {
  const rows = [...own(table).rows], grid = rows.map(() => []);
  rows.forEach((row, y) => {
    let x = 0;
    for (const cell of row.cells) {
      while (grid[y][x]) x++;
      const down = Math.min(cell.rowSpan || rows.length - y, rows.length - y);
      for (let j = 0; j < down; j++) for (let i = 0; i < Math.min(cell.colSpan, 1000); i++) grid[y + j][x + i] = cell;
      x += cell.colSpan;
    }
  });
  return grid;
}

// readTable is a list of rows: objects by the words of its head, if it has one,
// else lists. Columns that are called alike are numbered from the second on.
function readTable(el) {
  const table = tagOf(el) === "table" ? el : own(el).closest("table") || own(el).querySelector("table");
  if (!table) return no("target_not_table", describe(el) + " is no table, and in none", { fatal: true });
  const texts = new Map();
  const text = (cell) => {
    if (!cell) return null;
    if (!texts.has(cell)) texts.set(cell, seenText(cell));
    return texts.get(cell);
  };
  const grid = gridOf(table), isHead = (row) => row.length > 0 && row.every((cell) => cell && tagOf(cell) === "th");
  const inHead = own(table).tHead?.rows.length || 0;
  const heads = inHead || (grid.length > 1 && isHead(grid[0]) ? 1 : 0);
  if (!heads) return { ok: true, value: grid.map((row) => Array.from(row, text)) };
  const names = [];
  for (const [x, cell] of grid[heads - 1].entries()) {
    const name = squash(text(cell)) || `column ${x + 1}`;
    const again = names.filter((n) => n === name || n.startsWith(name + " ") && /^\d+$/.test(n.slice(name.length + 1))).length;
    names.push(again ? `${name} ${again + 1}` : name);
  }
  return { ok: true, value: grid.slice(heads).map((row) => Object.fromEntries(names.map((name, x) => [name, text(row[x])]))) };
}

// htmlOf is an element as it is seen, with whole addresses, to be made Markdown of.
function htmlOf(el) {
  const copied = (node) => {
    const { nodeType } = own(node);
    if (nodeType === 3) return own(document).createTextNode(node.data);
    if (nodeType !== 1 || skipped.has(tagOf(node)) || tagOf(node) === "template") return null;
    if (own(node).checkVisibility && !own(node).checkVisibility() && getComputedStyle(node).display !== "contents") return null;
    const name = tagOf(node), copy = own(document).createElement(/^[a-z][a-z0-9-]*$/.test(name) ? name : "div");
    for (const attribute of ["alt", "title", "colspan", "rowspan", "start", "type", "class"]) {
      const value = own(node).getAttribute(attribute);
      if (value !== null) copy.setAttribute(attribute, value);
    }
    for (const address of ["href", "src"]) if (typeof node[address] === "string" && own(node).getAttribute(address)) copy.setAttribute(address, node[address]);
    if (own(node).checked && name === "input") copy.setAttribute("checked", "");
    const inside = name === "slot" && node.assignedNodes().length ? node.assignedNodes() : (own(node).shadowRoot || own(node)).childNodes;
    for (const child of inside) {
      const one = copied(child);
      if (one) copy.append(one);
    }
    return copy;
  };
  const copy = copied(el);
  return copy ? copy.outerHTML : "";
}

function valueOf(el, f) {
  const { attribute, type, fields, locale } = f;
  if (fields) {
    const members = { __proto__: null };
    for (const [name, field] of Object.entries(fields)) {
      const r = read(field, el);
      if (!r.ok) throw r;
      members[name] = r.value;
    }
    return members;
  }
  if (el === document) el = own(document).documentElement;
  const raw = attribute ? own(el).getAttribute(attribute) : undefined;
  switch (type) {
    case "number": {
      const text = attribute ? raw : rawOf(el);
      return text === null ? null : numberIn(text, locale || languageOf(el));
    }
    case "html": return own(el).innerHTML;
    case "markdown": return htmlOf(el);
    case "links": return linksOf(el);
    case "value": return own(el).value ?? null;
    case "table": {
      const r = readTable(el);
      if (!r.ok) throw r;
      return r.value;
    }
  }
  return attribute ? raw : rawOf(el);
}

// read makes one field's value; one that is missing is null inside an element of a list, or
// if it is optional.
function read(f, root) {
  if (!f.target) return { ok: true, value: valueOf(root, f) };
  let found;
  try {
    found = bh.query(f.target, root);
  } catch (e) {
    return e.ok === false ? e : no("target_invalid", `${f.raw}: ${e.message}`, { fatal: true });
  }
  if (f.all) return { ok: true, value: found.map((el) => valueOf(el, f)) };
  if (found.length === 0) return root === document && !f.optional ? no("target_not_found", `no element matches ${f.raw}`) : { ok: true, value: null };
  if (found.length > 1) {
    const shown = found.slice(0, 3).map(describe).join(", ") + (found.length > 3 ? ", …" : "");
    return no("target_ambiguous", `${found.length} elements match ${f.raw}: ${shown}; nth=0 is the first, all makes a list`, { fatal: true });
  }
  return { ok: true, value: valueOf(found[0], f) };
}

// extract reads a field, or an object of fields, once all of it is there.
bh.extract = ({ field, ms }) => poll(ms, () => {
  try {
    return field.target ? read(field, document) : { ok: true, value: valueOf(document, field) };
  } catch (e) {
    if (e && e.ok === false) return e;
    throw e;
  }
});
