// Covers the fields and the texts that show secrets while a picture is taken. It goes by the
// style's own interface, which no policy of the page's forbids.

const styles = new Map(); // of what is covered: how it was, and what shows that it is

const coat = {
  how: {
    color: "transparent", "-webkit-text-fill-color": "transparent", "text-shadow": "none", "caret-color": "transparent",
    background: "#f0f", "-webkit-text-security": "disc", transition: "none", animation: "none",
  },
  seen: { "-webkit-text-fill-color": "rgba(0, 0, 0, 0)", "background-color": "rgb(255, 0, 255)", "background-image": "none" },
};
const away = { how: { opacity: "0", transition: "none", animation: "none" }, seen: { opacity: "0" } };

function put(on, el) {
  if (!own(el).style) return;
  const { style, seen } = styles.get(el) ?? { style: own(el).getAttribute("style"), seen: {} };
  styles.set(el, { style, seen: { ...seen, ...on.seen } });
  for (const name in on.how) own(el).style.setProperty(name, on.how[name], "important");
}

function wears(el, seen) {
  const style = getComputedStyle(el);
  return style.display === "" || Object.keys(seen).every((name) => style.getPropertyValue(name) === seen[name]); // "": nothing of the document is drawn
}

const writtenIn = (el) => (own(el).matches("input,textarea") ? own(el).value : own(el).textContent);

// shows says whether a field holds a secret: as it is, as pages write it in their
// own way, or as much of it as was typed or had room.
function shows(text, secret) {
  if (text.includes(secret)) return true;
  const have = letters(text), want = letters(secret);
  return have.length >= 4 && (want.length >= 4 && have.includes(want) || want.startsWith(have));
}

const holding = (secrets) => all(document, "input,textarea,[contenteditable]").filter((el) => secrets.some((s) => shows(writtenIn(el), s)));

// spelled are the secrets as the fields hold them.
bh.spelled = ({ secrets }) => ({ ok: true, values: holding(secrets).map(writtenIn) });

// A text has a secret when it is in it as a word of so many signs at least: pages are full
// of shorter ones.
const shortest = 6;
const tells = (text, secrets) => secrets.some((s) => text.includes(s));

// Of these no text is drawn, or only as fields are.
const undrawn = ["script", "style", "noscript", "template", "textarea", "select"];

// Stands in a text for an element that was found in it.
const gap = "\ufffc";

// telling are the innermost elements whose text has a secret, in the document or one of its
// shadow roots, and those around them that have one also without these. Most have none, which
// is known by looking at all of it at once.
function telling(root, secrets, squashed) {
  const said = squashed ? squash : (s) => s, found = new Set();
  // drawn is what is seen of a text: what isn't has no box, or is hidden there.
  const drawn = (node) => {
    const seen = !isElement(node) || own(node).checkVisibility({ visibilityProperty: true });
    let text = "";
    for (let n = firstOf(node); n; n = nextOf(n))
      if (typeOf(n) === 3 && seen) text += n.data;
      else if (found.has(n)) text += gap;
      else if (isElement(n) && !undrawn.includes(tagOf(n)) && own(n).checkVisibility()) text += drawn(n);
    return text;
  };
  // rest finds those of an element, and is the text that they leave of it, drawn or not.
  const rest = (el) => {
    let text = own(el).textContent;
    if (!tells(said(text), secrets)) return text;
    text = "";
    for (let n = firstOf(el); n; n = nextOf(n))
      if (typeOf(n) === 3) text += n.data;
      else if (isElement(n) && !undrawn.includes(tagOf(n))) text += rest(n);
    if (!tells(said(text), secrets) || !tells(said(drawn(el)), secrets)) return text;
    found.add(isElement(el) ? el : el.host);
    return gap;
  };
  rest(root);
  return found;
}

// showing are the elements that show a secret: fields, lists, and texts.
function showing(secrets) {
  const found = holding(secrets);
  const long = secrets.map(squash).filter((s) => s.length >= shortest), squashed = long.some((s) => s.includes(" "));
  if (!long.length) return found;
  for (const el of all(document, "select,[placeholder]"))
    if (tells(squash(own(el).matches("select") ? [...own(el).options].map((o) => o.label).join(" ") : attr(el, "placeholder")), long)) found.push(el);
  for (const root of roots(document)) found.push(...telling(root === document ? own(document).documentElement : root, long, squashed));
  return found;
}

// showsSecrets says whether anything does.
bh.showsSecrets = ({ secrets }) => ({ ok: true, covers: showing(secrets).length > 0 });

const allIn = (el) => [el, ...own(el).querySelectorAll("*")];

// bare says whether something shows that is to be covered.
const bare = (secrets) =>
  showing(secrets).some((el) => allIn(el).some((one) => own(one).style && !wears(one, coat.seen))) ||
  [...styles].some(([el, { seen }]) => own(el).isConnected && !wears(el, seen));

let watch = null; // whether something was bare, whenever the page changed

bh.cover = ({ secrets }) => {
  const found = showing(secrets);
  for (const el of found) for (const one of allIn(el)) put(coat, one);
  watch?.disconnect();
  watch = new MutationObserver(() => { watch.bare ||= bare(secrets); });
  for (const root of roots(document)) watch.observe(root, { subtree: true, childList: true, characterData: true, attributes: true });
  return { ok: true, covers: found.length > 0 };
};

// covered says whether everything is covered still, and was whenever the page
// changed.
bh.covered = ({ secrets }) =>
  watch?.bare || bare(secrets) ? no("secrets_not_covered", "the page showed what was covered while the picture was taken") : { ok: true };

// hide has the element of a frame show nothing.
bh.hide = (el) => {
  put(away, el);
  return { ok: styles.has(el) };
};

// rendered says whether the element of a frame shows something, wherever it is.
bh.rendered = (el) => ({ ok: own(el).checkVisibility({ visibilityProperty: true }) });

bh.uncover = () => {
  watch?.disconnect();
  watch = null;
  for (const [el, { style }] of styles) {
    own(el).style.cssText = style ?? "";
    if (style === null) own(el).removeAttribute("style");
  }
  styles.clear();
};
