// What the rest is written with. It runs in a world of its own, so what a page
// does to its own Array or querySelector changes nothing here.
"use strict";

// What a server that is gone has left here, in the midst of a step, acts no more
// and covers nothing.
const before = globalThis.bh;
for (const end of ["abandon", "uncover", "unmask", "unfollow"]) before?.[end]?.();

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
  set: (o, name, value) => Reflect.set(Object.getPrototypeOf(o), name, value, o),
};

// What is asked of every element of a page, without a proxy.
const getter = (proto, name) => { const { get } = Object.getOwnPropertyDescriptor(proto, name); return (o) => get.call(o); };
const tagOf = getter(Element.prototype, "localName"), typeOf = getter(Node.prototype, "nodeType");
const firstOf = getter(Node.prototype, "firstChild"), nextOf = getter(Node.prototype, "nextSibling");
const shadowOf = getter(Element.prototype, "shadowRoot"), aboveOf = getter(Node.prototype, "parentElement");
const attr = (el, name) => Element.prototype.getAttribute.call(el, name);
// What an attribute of ARIA's says, which it may in capitals.
const aria = (el, name) => attr(el, "aria-" + name)?.toLowerCase() ?? null;
const hasAttr = (el, name) => Element.prototype.hasAttribute.call(el, name);
const isElement = (n) => typeOf(n) === 1;

// White space folded, without what isn't seen: zero-width spaces, soft hyphens.
const squash = (s) => (s || "").replace(/[\u200b\u00ad]/g, "").trim().replace(/\s+/g, " ");

// Every open shadow root below a root, and the root itself.
function* roots(root) {
  yield root;
  if (isElement(root) && shadowOf(root)) yield* roots(shadowOf(root));
  for (const el of own(root).querySelectorAll("*")) if (shadowOf(el)) yield* roots(shadowOf(el));
}

// all is what CSS matches below a root, through shadow roots.
function all(root, selector) {
  const everywhere = root === document && known;
  if (everywhere && selector === "*") return known.all;
  const found = [];
  for (const r of everywhere ? known.roots : roots(root)) for (const el of own(r).querySelectorAll(selector)) found.push(el);
  return found;
}

// What is known of the document while it can't change: during one query.
let known = null;

class Known {
  pairs = new Map();
  ends = []; // what forgets, so that no element is kept alive
  #roots;
  get roots() { return (this.#roots ??= [...roots(document)]); }
  #head;
  get head() { return (this.#head ??= headOf()); }
  #all;
  get all() { return (this.#all ??= this.roots.flatMap((r) => [...own(r).querySelectorAll("*")])); }
}

function knowing(work) {
  if (known) return work();
  known = new Known();
  try {
    return work();
  } finally {
    known.ends.forEach((forget) => forget());
    known = null;
  }
}

// memo is a function of an element that is computed once in a query.
function memo(compute) {
  let values = null;
  return (el) => {
    if (!known) return compute(el);
    if (!values) {
      values = new Map();
      known.ends.push(() => { values = null; });
    }
    let value = values.get(el);
    if (value === undefined) values.set(el, (value = compute(el)));
    return value;
  };
}

// once is what is computed once in a query for two keys.
function once(key, second, compute) {
  let memos = known.pairs.get(key);
  if (!memos) known.pairs.set(key, (memos = new Map()));
  if (!memos.has(second)) memos.set(second, compute());
  return memos.get(second);
}

const styleOf = memo((el) => getComputedStyle(el));

// matcher is a match as a function of a string.
function matcher({ op, text, fold, flags }) {
  if (op === "re") {
    const re = new RegExp(text, flags);
    return (s) => { re.lastIndex = 0; return re.test(s); };
  }
  const as = fold ? (s) => s.toLowerCase() : (s) => s, want = as(text);
  return {
    "=": (s) => as(s) === want, "*=": (s) => as(s).includes(want), "^=": (s) => as(s).startsWith(want), "$=": (s) => as(s).endsWith(want),
    "|=": (s) => as(s) === want || as(s).startsWith(want + "-"), "~=": (s) => as(s).split(" ").includes(want),
  }[op];
}
