// Reads and judges the page.

const has = (text, want) => squash(text).toLowerCase().includes(squash(want).toLowerCase());

// state judges what waitFor and assert ask of a target.
bh.state = ({ target, state, text, value, count, ms }) => poll(ms, () => {
  let found;
  try {
    found = bh.query(target);
  } catch (e) {
    return no("target_invalid", e.message, { fatal: true });
  }
  if (count !== undefined)
    return found.length === count ? { ok: true } : no("count", `${found.length} elements match`);
  const el = found[0];
  if (state === "detached") return el ? no("state", describe(el) + " is attached") : { ok: true };
  if (state === "hidden") {
    const shown = found.find(visible);
    return shown ? no("state", describe(shown) + " is visible") : { ok: true };
  }
  if (!el) return no("target_not_found", "no element matches");
  if (state === "visible" && !found.some(visible)) return no("state", describe(el) + " is not visible");
  const control = controlOf(el);
  if (state === "enabled" && disabled(control)) return no("state", describe(el) + " is disabled");
  if (state === "disabled" && !disabled(control)) return no("state", describe(el) + " is enabled");
  const checked = !!isChecked(control);
  if (state === "checked" && !checked) return no("state", describe(el) + " is not checked");
  if (state === "unchecked" && checked) return no("state", describe(el) + " is checked");
  if (text !== undefined && !found.some((e) => has(own(e).innerText ?? textOf(e), text)))
    return no("text", "the text is " + JSON.stringify(squash(own(el).innerText ?? textOf(el)).slice(0, 200)));
  if (value !== undefined && own(el).value !== value) return no("value", "it has another value");
  return { ok: true };
});

bh.pageHas = ({ text, ms }) => poll(ms, () =>
  has(own(document).body?.innerText, text) ? { ok: true } : no("text", "the page does not hold it"));

bh.page = () => ({
  url: location.href, title: own(document).title.slice(0, 4096),
  status: performance.getEntriesByType("navigation")[0]?.responseStatus || 0,
});

function valueOf(el, { attribute, type, fields }) {
  if (fields) {
    const o = {};
    for (const [name, f] of Object.entries(fields)) {
      const r = read(f, el);
      if (!r.ok) throw r;
      o[name] = r.value;
    }
    return o;
  }
  const raw = attribute ? own(el).getAttribute(attribute)
    : type === "html" ? own(el).innerHTML
    : type === "value" || ["INPUT", "TEXTAREA", "SELECT"].includes(own(el).tagName) ? own(el).value
    : (own(el).innerText ?? own(el).textContent).trim();
  if (type !== "number" || raw === null) return raw;
  const n = parseFloat(raw.replace(/[^0-9.,-]/g, "").replace(/,(?=\d{3}\b)/g, "").replace(",", "."));
  return Number.isNaN(n) ? null : n;
}

// read makes one field's value; inside an element of a list a missing one is null.
function read(f, root) {
  if (!f.target) return { ok: true, value: valueOf(root, f) };
  let found;
  try {
    found = bh.query(f.target, root);
  } catch (e) {
    return e.ok === false ? e : no("target_invalid", e.message, { fatal: true });
  }
  if (f.all) return { ok: true, value: found.map((el) => valueOf(el, f)) };
  if (found.length === 0 && root !== document) return { ok: true, value: null };
  if (found.length === 0) return no("target_not_found", `no element matches ${f.raw}`);
  return { ok: true, value: valueOf(found[0], f) };
}

// extract reads a field, or an object of fields, once all of it is there.
bh.extract = ({ field, ms }) => poll(ms, () => {
  try {
    if (!field.fields || field.target) return read(field, document);
    return { ok: true, value: valueOf(document, field) };
  } catch (e) {
    if (e && e.ok === false) return e;
    throw e;
  }
});
