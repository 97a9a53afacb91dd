// Covers the fields that hold secrets while a picture is taken. It goes by the
// style's own interface, which no policy of the page's forbids.

const styles = new Map(); // of what is covered, as they were
const coat = {
  color: "transparent", "-webkit-text-fill-color": "transparent", "text-shadow": "none", "caret-color": "transparent",
  background: "#f0f", "-webkit-text-security": "disc", transition: "none", animation: "none",
};

const writtenIn = (el) => (own(el).matches("input,textarea") ? own(el).value : own(el).textContent);

// shows says whether a field holds a secret: as it is, as pages write it in their
// own way, or as much of it as was typed or had room.
function shows(text, secret) {
  if (text.includes(secret)) return true;
  const have = letters(text), want = letters(secret);
  return have.length >= 4 && (want.length >= 4 && have.includes(want) || want.startsWith(have));
}

const showing = (secrets) => all(document, "input,textarea,[contenteditable]").filter((el) => secrets.some((s) => shows(writtenIn(el), s)));

// spelled are the secrets as the fields hold them.
bh.spelled = ({ secrets }) => ({ ok: true, values: showing(secrets).map(writtenIn) });

bh.cover = ({ secrets }) => {
  const found = showing(secrets);
  for (const el of found) {
    for (const one of [el, ...own(el).querySelectorAll("*")]) {
      if (!own(one).style || styles.has(one)) continue;
      styles.set(one, own(one).getAttribute("style"));
      for (const name in coat) own(one).style.setProperty(name, coat[name], "important");
    }
  }
  return { ok: true, covers: found.length > 0 };
};

bh.uncover = () => {
  for (const [el, style] of styles) {
    own(el).style.cssText = style ?? "";
    if (style === null) own(el).removeAttribute("style");
  }
  styles.clear();
};
