// Covers what pictures are not to show.

let masks = null;

// mask lays boxes over what the targets match, above everything in the page,
// until unmask takes them off.
bh.mask = ({ targets }) => {
  bh.unmask();
  const found = [];
  try {
    for (const target of targets) found.push(...bh.query(target));
  } catch (e) {
    return no("target_invalid", e.message, { fatal: true });
  }
  if (!found.length) return { ok: true };
  const host = own(document).createElement("div");
  host.style.cssText = "all:initial!important;position:absolute!important;overflow:visible!important;pointer-events:none!important";
  host.popover = "manual"; // dialogs have a layer of their own above all else
  const root = host.attachShadow({ mode: "closed" });
  own(document).documentElement.append(host);
  host.showPopover();
  host.style.setProperty("inset", "0 auto auto 0", "important");
  const zero = host.getBoundingClientRect();
  for (const el of found) {
    for (const r of own(el).getClientRects()) {
      const box = own(document).createElement("div");
      box.style.cssText = `position:absolute;left:${r.x - zero.x}px;top:${r.y - zero.y}px;width:${r.width}px;height:${r.height}px;background:#f0f`;
      root.append(box);
    }
  }
  masks = host;
  return { ok: true, covers: true };
};

bh.unmask = () => {
  masks?.remove();
  masks = null;
  return { ok: true };
};

// painted waits for this document's next frame and says whether it was drawn, or
// why not: an IntersectionObserver is called in a document that is out of view,
// too, but a ResizeObserver only in one that is drawn, and before the other.
const painted = () => new Promise((done) => {
  const size = new ResizeObserver(() => end()), part = new IntersectionObserver(() => end("target_out_of_view"));
  const end = (why) => { size.disconnect(); part.disconnect(); done(why); };
  requestAnimationFrame(() => end());
  const root = own(document).documentElement;
  if (root) for (const observer of [size, part]) observer.observe(root);
  pause(1000).then(() => end("timeout"));
});

// drawn waits until what is there now is on the screen. A frame is begun while
// the one before is still on its way there: through a tree that waits, one that
// is drawn, and what the compositor takes. When the fifth begins, the first is
// there.
bh.drawn = async ({ frames }) => {
  for (let n = 0; n < frames; n++) {
    const why = await painted();
    if (why) return no(why, "its frame is not drawn");
    await pause(0); // a ResizeObserver that is called again at once is an error of the page's
  }
  return { ok: true };
};
