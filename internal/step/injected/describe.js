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

const inQuotes = (s) => '"' + s.replace(/[\\"]/g, "\\$&") + '"';

// waysTo are targets for an element, the best first: as people would name it.
function* waysTo(el, testid) {
  const part = (text, p) => [text, { parts: [p] }];
  const whole = (text) => ({ op: "=", text });
  const id = testid && attr(el, testid);
  if (id) yield part("testid=" + (/^[\w-]+$/.test(id) ? id : inQuotes(id)), { kind: "testid", attr: testid, match: whole(id) });
  const role = roleOf(el), name = isTold(el) ? nameOf(el) : "";
  if (role && role !== "none" && name && name.length <= 80) yield part(`role=${role}[name=${inQuotes(name)}]`, { kind: "role", role: { role, name: whole(name) } });
  const [label] = labelsOf(el);
  if (label?.folded && label.folded.length <= 80) yield part("label=" + inQuotes(label.folded), { kind: "label", match: whole(label.folded) });
  for (const which of ["placeholder", "alt", "title"]) {
    const text = attr(el, which);
    if (text && text.length <= 80) yield part(`${which}=${inQuotes(text)}`, { kind: "attr", attr: which, match: whole(text) });
  }
  const [piece, more] = textsOf(el).pieces.map(squash).filter(Boolean);
  if (piece && !more && piece.length <= 80) yield part("text=" + inQuotes(piece), { kind: "text", match: whole(piece) });
  if (own(el).id) yield part("#" + CSS.escape(own(el).id), { kind: "css", css: [[{ css: "#" + CSS.escape(own(el).id) }]] });
  if (role && role !== "none") yield part("role=" + role, { kind: "role", role: { role } });
  yield part(tagOf(el), { kind: "css", css: [[{ css: tagOf(el) }]] });
}

// wayTo is a target that means this element and no other, if there is one.
function wayTo(el, testid) {
  for (const [text, target] of waysTo(el, testid)) {
    const found = find(target, document);
    if (found.length === 1 && found[0] === el) return text;
  }
}

// listed are the matches of an ambiguous target, each with one that isn't.
const listed = (found, target) => knowing(() => {
  const shown = found.slice(0, 4).map((el, i) => describe(el) + " is " + (wayTo(el, target.testid) || `${target.raw || "it"} >> nth=${i}`));
  return `${found.length} elements match: ${shown.join("; ")}${found.length > shown.length ? "; …" : ""}`;
});

// How like two strings are, from 0 to 1: by the pairs of letters that they share.
function likeness(a, b) {
  a = squash(a).toLowerCase(); b = squash(b).toLowerCase();
  if (a === b) return 1;
  if (a.length < 2 || b.length < 2) return 0;
  const pairs = new Map();
  for (let i = 0; i + 1 < a.length; i++) pairs.set(a.slice(i, i + 2), (pairs.get(a.slice(i, i + 2)) || 0) + 1);
  let both = 0;
  for (let i = 0; i + 1 < b.length; i++) {
    const left = pairs.get(b.slice(i, i + 2));
    if (left) { both++; pairs.set(b.slice(i, i + 2), left - 1); }
  }
  return (2 * both) / (a.length + b.length - 2);
}

// What of an element a part of a target speaks about, as words to compare.
function wordsFor(part) {
  const { kind, match, role } = part;
  if (kind === "role") {
    const want = role.name?.text || "";
    return (el) => {
      const same = roleOf(el) === (role.role === "image" ? "img" : role.role);
      if (!want || (!same && !fromContent.has(roleOf(el)))) return same ? 0.5 : 0;
      return likeness(nameOf(el), want) * (same ? 1 : 0.8);
    };
  }
  if (!match && kind !== "css") return null;
  if (kind === "text" || kind === "full") return (el) => {
    const { folded } = textsOf(el);
    return folded.length <= 3 * match.text.length + 20 && !own(el).firstElementChild ? likeness(folded, match.text) : 0;
  };
  if (kind === "label") return (el) => Math.max(0, ...labelsOf(el).map((l) => likeness(l.folded, match.text)));
  if (match) return (el) => (attr(el, part.attr) ? likeness(attr(el, part.attr), match.text) : 0);
  const wanted = part.css.flatMap((complex) => (complex.at(-1).css || "").match(/[\w-]{2,}/g) || []);
  return (el) => {
    const have = [own(el).id, ...own(el).classList, attr(el, "name"), attr(el, "data-testid")].filter(Boolean);
    return Math.max(0, ...wanted.flatMap((w) => have.map((h) => likeness(w, h))));
  };
}

// missing says what is nearest to a target that matches nothing. On a page that
// is looked at again and again it is not worked out each time.
let lastMissing = { at: -Infinity };

function missing(target) {
  const now = performance.now(), key = JSON.stringify(target);
  if (lastMissing.key === key && now - lastMissing.at < 500) return lastMissing.seen;
  const seen = knowing(() => {
    const stages = [];
    find(target, document, stages);
    const empty = stages.findIndex((s) => s.length === 0), within = empty > 0 ? stages[empty - 1] : [document];
    let told = "no element matches";
    if (empty > 0) told += `: ${within.length} ${within.length > 1 ? "do" : "does"} up to part ${empty} of the target, none with part ${empty + 1}`;
    const part = target.parts[empty];
    if (part.kind === "role" && !part.role.hidden) {
      const hidden = within.flatMap((r) => byRole(r, { ...part.role, hidden: true }));
      if (hidden.length) return `${told}; ${describe(hidden[0])} would, but nobody is told of it: it is hidden`;
    }
    const like = wordsFor(part);
    if (!like) return told;
    const near = [...new Set(within.flatMap((r) => all(r, "*")))].slice(0, 5000).map((el) => [like(el), el]).filter(([l]) => l >= 0.4)
      .sort((a, b) => b[0] - a[0]).slice(0, 3).map(([, el]) => wayTo(el, target.testid) || describe(el));
    return near.length ? `${told}; nearest: ${near.join(", ")}` : told;
  });
  lastMissing = { key, at: now, seen };
  return seen;
}
