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
  return { ok: true };
};

bh.unmask = () => {
  masks?.remove();
  masks = null;
  return { ok: true };
};

// drawn waits until what is there now is on the screen: the second frame is asked
// for when the first has been drawn.
bh.drawn = async () => {
  await frame();
  await frame();
  return { ok: true };
};
