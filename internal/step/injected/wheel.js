// Scrolls as a mouse's wheel does.

const scrolls = (el) =>
  el === document.scrollingElement || /auto|scroll/.test(getComputedStyle(el).overflow) && (el.scrollHeight > el.clientHeight || el.scrollWidth > el.clientWidth);

// What a wheel over an element may move, the innermost first.
const scrollersOf = (el) => [...upwards(el)].filter(scrolls);

const offsets = (all) => all.map((el) => ({ el, x: el.scrollLeft, y: el.scrollTop }));

// What the wheel may move, where it was before, and the wheel's event.
let wheeled = { from: [], event: null };

function wheelAt(el) {
  wheeled = { from: offsets(scrollersOf(el)), event: null };
}

// A place where nothing is under the mouse that scrolls but the page itself. If
// there is none, the page is scrolled without a wheel.
bh.wheelPage = (by) => {
  for (const [right, down] of [[0.5, 0.5], [0.5, 0.1], [0.5, 0.9], [0.05, 0.5], [0.95, 0.5], [0.02, 0.02], [0.98, 0.98]]) {
    const x = Math.floor(innerWidth * right), y = Math.floor(innerHeight * down), hit = at(x, y);
    if (!hit || own(hit).matches("iframe,frame,embed,object,textarea,select") || scrollersOf(hit).length > 1) continue;
    wheelAt(hit);
    return { ok: true, x, y };
  }
  wheelAt(own(document).scrollingElement || own(document).documentElement);
  scrollBy({ left: by.x, top: by.y, behavior: "instant" });
  return { ok: false };
};

// rested waits until what the wheel moves is at rest, and says where that is.
// A wheel is heard of in a frame and scrolls in later ones, if it does.
bh.rested = async () => {
  const { from } = wheeled;
  let last = from, moved = null;
  for (let still = 0; still < (moved ? 3 : 8) && !wheeled.event?.defaultPrevented; ) {
    await frame();
    const now = offsets(from.map(({ el }) => el));
    const same = now.every((p, i) => p.x === last[i].x && p.y === last[i].y);
    moved ??= now.find((p, i) => p.x !== from[i].x || p.y !== from[i].y)?.el ?? null;
    still = same ? still + 1 : 0;
    last = now;
  }
  const el = moved || from[0]?.el || document.scrollingElement;
  return { ok: true, value: { x: el.scrollLeft, y: el.scrollTop } };
};
