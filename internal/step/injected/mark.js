// What a picture of the page shows, and what it must not show.

bh.marks = ({ target, any }) => {
  const box = (el) => { const { x, y, width, height } = el.getBoundingClientRect(); return { X: x, Y: y, Width: width, Height: height }; };
  let found = [];
  try {
    if (any) found = bh.query(target).slice(0, 5);
  } catch { /* it can't be looked for */ }
  return { ok: true, boxes: found.map((el) => box(own(el))), hidden: all(document, "input[type=password]").map((el) => box(own(el))), width: innerWidth, height: innerHeight };
};
