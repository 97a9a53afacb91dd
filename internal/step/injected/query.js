// Finds what a target means: each part looks inside what the one before found.

// check throws what of a target the browser doesn't take, so that this is known
// at once, whatever the page holds.
function check(target) {
  for (const p of target.parts) {
    if (p.css) compileCSS(p.css);
    for (const m of [p.match, p.role?.name, p.role?.description]) if (m) matcher(m);
    if (p.xpath) own(document).createExpression(p.xpath, null);
    if (p.of) check(p.of);
  }
}

const byAttribute = (root, name, match) => {
  const ok = matcher(match);
  return all(root, `[${CSS.escape(name)}]`).filter((el) => ok(own(el).getAttribute(name)));
};

function byXPath(root, path) {
  const start = path.startsWith("/") && root !== document ? "." + path : path;
  const found = [], r = own(document).evaluate(start, root, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE, null);
  for (let i = 0; i < r.snapshotLength; i++) if (isElement(r.snapshotItem(i))) found.push(r.snapshotItem(i));
  return found;
}

const holds = (el, match) => isElement(el) && textJudge(match, true)(textsOf(el));

// What one part finds in a root, or, of those that choose, whether it keeps it.
const finders = {
  css: (root, p) => byCSS(root, p.css),
  text: (root, p) => byText(root, p.match, false),
  full: (root, p) => byText(root, p.match, true),
  label: (root, p) => byLabel(root, p.match),
  attr: (root, p) => byAttribute(root, p.attr, p.match),
  testid: (root, p) => byAttribute(root, p.attr, p.match),
  role: (root, p) => byRole(root, p.role),
  xpath: (root, p) => byXPath(root, p.xpath),
  in: (root, p) => find(p.of, root),
  visible: (root, p) => (visible(root) === !!p.yes ? [root] : []),
  has: (root, p) => (find(p.of, root).length ? [root] : []),
  hasNot: (root, p) => (find(p.of, root).length ? [] : [root]),
  hasText: (root, p) => (holds(root, p.match) ? [root] : []),
  hasNotText: (root, p) => (holds(root, p.match) ? [] : [root]),
};

function find(target, root, stages) {
  let found = [root];
  for (const p of target.parts) {
    if (p.kind === "nth") {
      const nth = p.nth || 0;
      found = nth === -1 ? found.slice(-1) : found.slice(nth, nth + 1);
    } else if (p.kind === "and") {
      const both = new Set(find(p.of, root));
      found = found.filter((el) => both.has(el));
    } else if (p.kind === "or") {
      found = inOrder([...found, ...find(p.of, root)]);
    } else if (found.length === 1) {
      found = finders[p.kind](found[0], p);
    } else {
      found = [...new Set(found.flatMap((r) => finders[p.kind](r, p)))];
    }
    stages?.push(found);
  }
  return found;
}

// query lists what a target matches below a root, in Playwright's order: what
// shadow roots hold comes last.
bh.query = (target, root = document) => {
  check(target);
  return knowing(() => find(target, root));
};

// frameElement finds the element of a frame, for who asks bh.frame next.
bh.frameElement = ({ target }) => {
  const r = one(target);
  if (!r.ok) return r;
  if (!["iframe", "frame"].includes(tagOf(r.el))) return no("target_not_frame", describe(r.el) + " is not a frame", { fatal: true });
  bh.frame = r.el;
  return { ok: true };
};

// isAt says whether this document has an address; in a plain one * stands for
// anything.
bh.isAt = ({ url }) => {
  const text = url.text.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replace(/\*/g, ".*");
  return { ok: matcher(url.op === "re" ? url : { op: "re", text: `^${text}$`, flags: "s" })(location.href) };
};
