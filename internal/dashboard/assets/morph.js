// Makes one element like another, and leaves alone what is the same: so the focus, what
// was typed, what is open and where it is scrolled to stay.
const key = (n) => (n.nodeType === 1 && n.id) || undefined;
const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && key(a) === key(b);

// What the reader has done to an element isn't the server's to say.
const own = { DETAILS: ["open"], DIALOG: ["open"], INPUT: ["value", "checked"], OPTION: ["selected"], BUTTON: ["hidden"], IMG: ["data-none"] };

export function morph(old, next) {
  if (old.nodeType !== 1) {
    if (old.data !== next.data) old.data = next.data;
    return;
  }
  if (old.hasAttribute("data-keep") && next.hasAttribute("data-keep")) return;
  for (const { name, value } of next.attributes) {
    if (name === "src" && next.dataset.picture && old.dataset.picture === next.dataset.picture) continue; // pictures.js has a newer one
    if (!own[old.nodeName]?.includes(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const { name } of [...old.attributes]) {
    if (!own[old.nodeName]?.includes(name) && !next.hasAttribute(name)) old.removeAttribute(name);
  }
  if (old.nodeName === "TEXTAREA") return;
  const known = new Map();
  for (const n of old.childNodes) if (key(n)) known.set(n.id, n);
  let at = old.firstChild;
  for (const n of [...next.childNodes]) {
    const same = key(n) ? known.get(n.id) : undefined;
    if (same && alike(same, n)) {
      if (same === at) at = at.nextSibling;
      else old.insertBefore(same, at);
      morph(same, n);
    } else if (at && !key(at) && !key(n) && alike(at, n)) {
      const one = at;
      at = at.nextSibling;
      morph(one, n);
    } else {
      old.insertBefore(n, at);
    }
  }
  while (at) {
    const one = at;
    at = at.nextSibling;
    one.remove();
  }
}
