// Takes mouse, wheel, keyboard and pasted text on the canvas. Places are
// fractions of the picture, so its size on this screen doesn't matter.

const buttons = ["left", "middle", "right"];
const bits = (e) => (e.altKey ? 1 : 0) | (e.ctrlKey ? 2 : 0) | (e.metaKey ? 4 : 0) | (e.shiftKey ? 8 : 0);
const clamp = (n) => Math.min(Math.max(n, 0), 1);

export function takeInput(screen, send) {
  const place = (e) => {
    const r = screen.getBoundingClientRect();
    return { x: clamp((e.clientX - r.left) / r.width), y: clamp((e.clientY - r.top) / r.height), modifiers: bits(e) };
  };
  const mouse = (kind) => (e) => {
    if (kind === "down") screen.focus();
    const button = kind === "move" ? "" : buttons[e.button];
    if (button === undefined) return;
    e.preventDefault();
    send({ type: "mouse", kind, button, clicks: Math.min(e.detail || 1, 3), ...place(e) });
  };
  screen.addEventListener("mousedown", mouse("down"));
  screen.addEventListener("mouseup", mouse("up"));
  screen.addEventListener("contextmenu", (e) => e.preventDefault());

  // One move for each frame of this screen is all that anybody sees.
  let last, waiting = false;
  const move = mouse("move");
  screen.addEventListener("mousemove", (e) => {
    last = e;
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; move(last); });
  });
  screen.addEventListener("wheel", (e) => {
    e.preventDefault();
    const step = e.deltaMode === 1 ? 16 : 1;
    const far = (n) => Math.min(Math.max(n * step, -10_000), 10_000);
    send({ type: "wheel", dx: far(e.deltaX), dy: far(e.deltaY), ...place(e) });
  }, { passive: false });

  const key = (kind) => (e) => {
    if (e.isComposing || e.key === "Dead" || e.key === "Unidentified") return;
    if (e.key === "Escape" && e.shiftKey) { screen.blur(); return; }
    // What is pasted comes as text, with the clipboard of this side.
    if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === "v") return;
    e.preventDefault();
    send({ type: "key", kind, key: e.key, modifiers: bits(e) });
  };
  screen.addEventListener("keydown", key("down"));
  screen.addEventListener("keyup", key("up"));
  document.addEventListener("paste", (e) => {
    const text = e.clipboardData?.getData("text");
    if (document.activeElement !== screen || !text) return;
    e.preventDefault();
    send({ type: "text", text: text.slice(0, 60_000) });
  });
}
