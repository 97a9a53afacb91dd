// Finds elements by text, as Playwright does.

const inHead = (el) => { const { head } = own(document); return !!head && own(head).contains(el); };

const skipped = new Set(["script", "noscript", "style"]);

const isButtonInput = (el) => el instanceof HTMLInputElement && ["submit", "button", "reset"].includes(el.type);

// textsOf is the text of an element or a shadow root: all of it, that folded,
// and the pieces that no element of its own holds.
const textsOf = memo((node) => {
  if (isElement(node) && (skipped.has(tagOf(node)) || inHead(node))) return { full: "", folded: "", pieces: [] };
  if (isButtonInput(node)) return { full: node.value, folded: squash(node.value), pieces: [node.value] };
  let full = "", piece = "";
  const pieces = [];
  for (let n = own(node).firstChild; n; n = own(n).nextSibling) {
    const { nodeType } = own(n);
    if (nodeType === 3 || nodeType === 4) {
      full += n.data;
      piece += n.data;
    } else if (nodeType !== 8) {
      if (piece) pieces.push(piece);
      piece = "";
      if (nodeType === 1) full += textsOf(n).full;
    }
  }
  if (piece) pieces.push(piece);
  const shadow = isElement(node) && own(node).shadowRoot;
  if (shadow) full += textsOf(shadow).full;
  return { full, folded: squash(full), pieces };
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
    return (t) => t.folded.toLowerCase().includes(want);
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
  if (isElement(root)) look(root);
  all(root, "*").forEach(look);
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
  if (label?.trim()) return [{ full: label, folded: squash(label), pieces: [label] }];
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
