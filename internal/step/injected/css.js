// CSS with Playwright's functions, through open shadow roots: a combinator
// sees a shadow root's elements as children of its host.

// The browser says whether it knows a selector, once for each.
const fragment = own(document).createDocumentFragment();
const knownCSS = new Set();

function checkCSS(css) {
  if (knownCSS.has(css)) return;
  fragment.querySelector(css);
  knownCSS.add(css);
}

// compileCSS throws what is wrong with a list of selectors.
function compileCSS(list) {
  for (const complex of list)
    for (const { css, funcs } of complex) {
      if (css) checkCSS(css);
      for (const f of funcs || []) {
        if (f.name === "text-matches") new RegExp(f.text[0], f.text[1]);
        if (f.list) compileCSS(f.list);
      }
    }
}

// native is a list as the browser alone can judge it, or nothing. That counts
// where there are no shadow roots, and no scope that combinators may not leave.
const native = (list) => {
  const written = [];
  for (const complex of list) {
    if (complex.some((c) => c.funcs)) return "";
    written.push(complex.map(({ joint, css }) => (joint || "") + css).join(""));
  }
  return written.join(",");
};

// Where a query is: what it may not leave, and what :scope stands for.
const scopeOf = (root, list) => {
  const asks = list.some((complex) => complex.some((c) => c.funcs?.some((f) => f.name === "scope")));
  const outer = asks && isElement(root) && parentOf(root);
  return outer ? { root: outer, scope: root } : { root, scope: root };
};

function byCSS(root, list) {
  if (root === document && known.roots.length === 1) {
    const css = native(list);
    if (css) return [...own(document).querySelectorAll(css)];
  }
  const found = list.flatMap((complex) => {
    const context = scopeOf(root, [complex]);
    return byComplex(context, complex);
  });
  return list.length > 1 ? inOrder(found) : found;
}

function byComplex(context, complex) {
  const last = complex.at(-1), scores = new Map();
  const only = last.css ? null : last.funcs.find((f) => f.name === "scope" || f.name === "nth-match" || f.name === "is" || f.name === "where");
  let found;
  if (only?.name === "scope") found = scopeElement(context);
  else if (only?.name === "nth-match") found = nthMatch(context, only);
  else if (only) found = byCSSIn(context, only.list);
  else found = all(context.root, last.css || "*");
  return ranked(found.filter((el) => isCompound(el, last, context, scores, only) && followsFrom(el, complex, complex.length - 2, context)), scores);
}

const byCSSIn = (context, list) => inOrder(list.flatMap((complex) => byComplex(context, complex)));

const scopeElement = ({ scope }) => (isElement(scope) ? [scope] : scope === document ? [own(document).documentElement] : []);

const nthMatch = (context, f) => once(f, context.root, () => byCSSIn(context, f.list).slice(f.n - 1, f.n));

// followsFrom judges what stands before the last compound.
function followsFrom(el, complex, i, context) {
  if (i < 0) return true;
  const { joint } = complex[i + 1], compound = complex[i];
  const next = joint === " " || joint === ">" ? (n) => (n === context.root ? null : parentOf(n)) : (n) => (n === context.root ? null : own(n).previousElementSibling);
  for (let n = next(el); n; n = next(n)) {
    if (isCompound(n, compound, context) && followsFrom(n, complex, i - 1, context)) return true;
    if (joint === ">" || joint === "+") return false;
  }
  return false;
}

function isCompound(el, { css, funcs }, context, scores, except) {
  if (el === context.root) return false;
  if (css && !own(el).matches(css)) return false;
  return (funcs || []).every((f) => f === except || is[f.name](el, f, context, scores));
}

const isAny = (el, list, context) => list.some((complex) => {
  const asks = complex.some((c) => c.funcs?.some((f) => f.name === "scope"));
  const outer = asks && context.scope === context.root && isElement(context.root) && parentOf(context.root);
  const where = outer ? { root: outer, scope: context.scope } : context;
  return isCompound(el, complex.at(-1), where) && followsFrom(el, complex, complex.length - 2, where);
});

const is = {
  is: (el, f, context) => isAny(el, f.list, context),
  where: (el, f, context) => isAny(el, f.list, context),
  not: (el, f, context) => !isAny(el, f.list, context),
  has: (el, f) => f.list.some((complex) => byComplex(scopeOf(el, [complex]), complex).length > 0),
  scope: (el, _, context) => scopeElement(context).includes(el),
  visible: (el) => visible(el),
  text: (el, f) => heldBy(el, judgeOf(f, "*=")) === "here",
  "text-is": (el, f) => heldBy(el, judgeOf(f, "=")) !== "not",
  "text-matches": (el, f) => heldBy(el, judgeOf(f, "re")) === "here",
  "has-text": (el, f) => !skipped.has(tagOf(el)) && !inHead(el) && judgeOf(f, "*=")(textsOf(el)),
  "nth-match": (el, f, context) => nthMatch(context, f).includes(el),
};

const judgeOf = (f, op) => once(f, f, () => textJudge({ op, text: f.text[0], flags: f.text[1] }));

// How far an element is from others on the page: undefined when it isn't there
// in that direction, or farther than the limit.
const distances = {
  "right-of": (a, b, max) => beside(a.left - b.right, max, b.bottom - a.bottom, a.top - b.top),
  "left-of": (a, b, max) => beside(b.left - a.right, max, b.bottom - a.bottom, a.top - b.top),
  above: (a, b, max) => beside(b.top - a.bottom, max, a.left - b.left, b.right - a.right),
  below: (a, b, max) => beside(a.top - b.bottom, max, a.left - b.left, b.right - a.right),
  near: (a, b, max = 50) => {
    const gap = [a.left - b.right, b.left - a.right, b.top - a.bottom, a.top - b.bottom].reduce((sum, d) => sum + Math.max(d, 0), 0);
    return gap > max ? undefined : gap;
  },
};

const beside = (gap, max, ...skew) =>
  gap < 0 || (max !== undefined && gap > max) ? undefined : skew.reduce((sum, d) => sum + Math.max(d, 0), gap);

for (const name of Object.keys(distances))
  is[name] = (el, f, context, scores) => {
    const box = own(el).getBoundingClientRect();
    const others = once(f, context.root, () => byCSSIn(context, f.list).map((o) => [o, own(o).getBoundingClientRect()]));
    let least;
    for (const [other, there] of others) {
      const d = other === el ? undefined : distances[name](box, there, f.n);
      if (d !== undefined && !(least <= d)) least = d;
    }
    if (least !== undefined) scores?.set(el, least);
    return least !== undefined;
  };

// The nearest first, where that was asked.
const ranked = (found, scores) => (scores.size ? found.sort((a, b) => (scores.get(a) ?? Infinity) - (scores.get(b) ?? Infinity)) : found);

// inOrder is each element once, in the order of the page; what a shadow root
// holds comes after the children of its host.
function inOrder(found) {
  const set = [...new Set(found)];
  if (set.length < 2) return set;
  const path = memo((el) => { // from the top
    const way = [];
    for (let n = el; n; n = parentOf(n)) way.unshift(n);
    return way;
  });
  return set.sort((a, b) => {
    const one = path(a), two = path(b);
    let i = 0;
    while (i < one.length && one[i] === two[i]) i++;
    if (i === one.length) return -1;
    if (i === two.length) return 1;
    if (own(one[i]).getRootNode() !== own(two[i]).getRootNode()) return own(one[i]).getRootNode() instanceof ShadowRoot && own(one[i]).parentElement === null ? 1 : -1;
    return own(one[i]).compareDocumentPosition(two[i]) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1;
  });
}
