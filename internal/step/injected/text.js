// Finds elements by text, as Playwright does.

const inHead = (el) => (known ? known.head.has(el) : headOf().has(el));

function headOf() {
  const { head } = own(document);
  return new Set(head ? [head, ...own(head).querySelectorAll("*")] : []);
}

const skipped = new Set(["script", "noscript", "style"]);

const isButtonInput = (el) => el instanceof HTMLInputElement && ["submit", "button", "reset"].includes(el.type);

// textsOf is the text of an element or a shadow root: all of it, that folded,
// and the pieces that no element of its own holds.
class Texts {
  constructor(full, pieces) { this.full = full; this.pieces = pieces; }
  #folded;
  get folded() { return (this.#folded ??= squash(this.full)); }
  #lower;
  get lower() { return (this.#lower ??= this.folded.toLowerCase()); }
}

const noText = new Texts("", []);

const textsOf = memo((node) => {
  const element = isElement(node);
  if (element && (skipped.has(tagOf(node)) || inHead(node))) return noText;
  if (element && tagOf(node) === "input" && isButtonInput(node)) return new Texts(node.value, [node.value]);
  let full = "", piece = "";
  const pieces = [];
  for (let n = firstOf(node); n; n = nextOf(n)) {
    const type = typeOf(n);
    if (type === 3 || type === 4) {
      full += n.data;
      piece += n.data;
    } else if (type !== 8) {
      if (piece) pieces.push(piece);
      piece = "";
      if (type === 1) full += textsOf(n).full;
    }
  }
  if (piece) pieces.push(piece);
  const shadow = element && shadowOf(node);
  if (shadow) full += textsOf(shadow).full;
  return new Texts(full, pieces);
});

const textOf = (el) => textsOf(el).full;

// How text= and its relatives judge an element's texts.
function textJudge(match, whole) {
  if (match.op === "re") {
    const ok = matcher(match);
    return (t) => ok(t.full);
  }
  const folded = squash(match.text);
  if (match.op === "*=") {
    const want = folded.toLowerCase();
    return (t) => t.lower.includes(want);
  }
  if (whole) return (t) => t.folded === folded;
  return (t) => (!folded && !t.pieces.length) || t.pieces.some((p) => squash(p) === folded);
}

// heldBy says whether an element's text is right, and whether it is the
// smallest element of which that is so.
function heldBy(el, judge) {
  if (skipped.has(tagOf(el)) || inHead(el) || !judge(textsOf(el))) return "not";
  for (let n = own(el).firstElementChild; n; n = n.nextElementSibling) if (judge(textsOf(n))) return "below";
  const shadow = own(el).shadowRoot;
  return shadow && judge(textsOf(shadow)) ? "below" : "here";
}

function byText(root, match, whole) {
  const judge = textJudge(match, whole), found = [];
  const below = match.op === "=" && !whole;
  const look = (el) => {
    const held = heldBy(el, judge);
    if (held === "here" || (held === "below" && below)) found.push(el);
  };
  // What an element's text doesn't hold, that of its parts doesn't: a part is
  // looked at after what it is in.
  const without = match.op === "*=" && new Set();
  const visit = (el) => {
    if (without) {
      const up = aboveOf(el);
      if (up && without.has(up)) return void without.add(el);
      if (!judge(textsOf(el))) return void without.add(el);
    }
    look(el);
  };
  if (isElement(root)) visit(root);
  all(root, "*").forEach(visit);
  return found.filter((el) => el !== own(document).documentElement);
}

// byLabel are the elements that a label, or their own attributes, call so.
function byLabel(root, match) {
  const judge = textJudge(match, true);
  return all(root, "*").filter((el) => labelsOf(el).some(judge));
}

const labelled = new Set(["button", "meter", "output", "progress", "select", "textarea", "input"]);

function labelsOf(el) {
  const by = idRefs(el, "aria-labelledby");
  if (by.length) return by.map(textsOf);
  const label = own(el).getAttribute("aria-label");
  if (label?.trim()) return [new Texts(label, [label])];
  if (!labelled.has(tagOf(el)) || el.type === "hidden") return [];
  return [...(el.labels || [])].map(textsOf);
}

// idRefs are the elements that an attribute names by id.
function idRefs(el, attribute) {
  const ids = own(el).getAttribute(attribute);
  if (!ids) return [];
  const root = own(own(el).getRootNode()), found = new Set();
  for (const id of ids.split(/\s+/)) {
    const named = id && root.querySelector("#" + CSS.escape(id));
    if (named) found.add(named);
  }
  return [...found];
}
