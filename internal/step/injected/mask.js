// Covers what pictures are not to show.

let masks = null; // their host, how it is, and what they lie over

// boxesOf are the boxes of what the targets match, as seen from a place.
function boxesOf(targets, zero) {
  const boxes = [];
  for (const target of targets)
    for (const el of bh.query(target))
      for (const r of own(el).getClientRects()) boxes.push([r.x - zero.x, r.y - zero.y, r.width, r.height]);
  return boxes;
}

// mask lays boxes over what the targets match, above everything in the page,
// until unmask takes them off.
bh.mask = ({ targets }) => {
  bh.unmask();
  try {
    if (!boxesOf(targets, { x: 0, y: 0 }).length) return { ok: true };
  } catch (e) {
    return no("target_invalid", e.message, { fatal: true });
  }
  const host = own(document).createElement("div");
  host.style.cssText = "all:initial!important;position:absolute!important;overflow:visible!important;pointer-events:none!important";
  host.popover = "manual"; // dialogs have a layer of their own above all else
  const root = host.attachShadow({ mode: "closed" });
  own(document).documentElement.append(host);
  host.showPopover();
  host.style.setProperty("inset", "0 auto auto 0", "important");
  const boxes = boxesOf(targets, host.getBoundingClientRect());
  for (const [x, y, width, height] of boxes) {
    const box = own(document).createElement("div");
    box.style.cssText = `position:absolute;left:${x}px;top:${y}px;width:${width}px;height:${height}px;background:#f0f`;
    root.append(box);
  }
  const touches = ({ target, removedNodes }) => target === host || [...removedNodes].includes(host);
  masks = { host, boxes, watch: new MutationObserver((all) => { masks.touched ||= all.some(touches); }) };
  masks.watch.observe(host, { attributes: true });
  masks.watch.observe(own(document).documentElement, { childList: true });
  return { ok: true, covers: true };
};

// masked says whether the boxes lie over what the targets match still, and nobody
// touched them.
bh.masked = ({ targets }) => {
  const moved = no("mask_not_laid", "what is masked was elsewhere when the picture had been taken");
  if (!masks) return boxesOf(targets, { x: 0, y: 0 }).length ? moved : { ok: true };
  const { host, boxes, touched } = masks;
  if (touched || !host.isConnected || !host.matches(":popover-open")) return no("mask_not_laid", "the page touched what masks it");
  const now = boxesOf(targets, host.getBoundingClientRect());
  const same = now.length === boxes.length && now.every((box, i) => box.every((v, k) => Math.abs(v - boxes[i][k]) < 0.5));
  return same ? { ok: true } : moved;
};

bh.unmask = () => {
  masks?.watch.disconnect();
  masks?.host.remove();
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
