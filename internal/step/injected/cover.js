// Covers the fields that hold secrets while a picture is taken. It goes by the
// style's own interface, which no policy of the page's forbids.

const styles = new Map(); // of what is covered, as they were
const coat = {
  color: "transparent", "-webkit-text-fill-color": "transparent", "text-shadow": "none", "caret-color": "transparent",
  background: "#f0f", "-webkit-text-security": "disc", transition: "none", animation: "none",
};

const writtenIn = (el) => (own(el).matches("input,textarea") ? own(el).value : own(el).textContent);

bh.cover = ({ secrets }) => {
  for (const el of all(document, "input,textarea,[contenteditable]")) {
    const text = writtenIn(el);
    if (!secrets.some((s) => text.includes(s))) continue;
    for (const one of [el, ...own(el).querySelectorAll("*")]) {
      if (!own(one).style || styles.has(one)) continue;
      styles.set(one, own(one).getAttribute("style"));
      for (const name in coat) own(one).style.setProperty(name, coat[name], "important");
    }
  }
  return { ok: true };
};

bh.uncover = () => {
  for (const [el, style] of styles) {
    own(el).style.cssText = style ?? "";
    if (style === null) own(el).removeAttribute("style");
  }
  styles.clear();
};
