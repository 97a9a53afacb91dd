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
