// What a person does, while they have control: mouse, wheel, fingers, keyboard, input
// methods, the clipboard. Places are fractions of the picture, so its size on this screen
// doesn't matter. What is typed goes into a field that nobody sees: only a field has
// input methods, dead keys, and the keyboard of a phone.

const buttons = ["left", "middle", "right", "back", "forward"];
const bits = (e) => (e.altKey ? 1 : 0) | (e.ctrlKey ? 2 : 0) | (e.metaKey ? 4 : 0) | (e.shiftKey ? 8 : 0);
const clamp = (n) => Math.min(Math.max(n, 0), 1);
const blank = "\u200b"; // what a phone's Backspace has to delete

export function takeInput(screen, field, { send, has, take }) {
  const at = (p) => {
    const r = screen.getBoundingClientRect();
    return { x: clamp((p.clientX - r.left) / r.width), y: clamp((p.clientY - r.top) / r.height) };
  };
  const clear = () => { field.value = blank; field.setSelectionRange(1, 1); };

  // The first click takes control, and is no click on the page.
  const mouse = (kind) => (e) => {
    if (e.pointerType === "touch") return;
    const button = kind === "move" ? "" : buttons[e.button];
    if (button === undefined) return;
    if (kind === "down") {
      e.preventDefault();
      if (!has()) return take();
      field.focus({ preventScroll: true });
      screen.setPointerCapture(e.pointerId);
    }
    if (has()) send({ type: "mouse", kind, button, clicks: clicks(kind, e), ...at(e), modifiers: bits(e) });
  };
  // How many clicks in a row they are: pointer events don't say.
  let count = 0, last = { time: 0, x: 0, y: 0, button: -1 };
  const clicks = (kind, e) => {
    if (kind === "move") return 0;
    if (kind === "down") {
      const again = e.timeStamp - last.time < 500 && e.button === last.button && Math.hypot(e.clientX - last.x, e.clientY - last.y) < 5;
      count = again ? Math.min(count + 1, 3) : 1;
      last = { time: e.timeStamp, x: e.clientX, y: e.clientY, button: e.button };
    }
    return count || 1;
  };
  screen.addEventListener("pointerdown", mouse("down"));
  screen.addEventListener("pointerup", mouse("up"));
  screen.addEventListener("contextmenu", (e) => e.preventDefault());

  // One move for each picture of this screen is all that anybody sees.
  let moved, waiting = false;
  const move = mouse("move");
  screen.addEventListener("pointermove", (e) => {
    moved = e;
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; move(moved); });
  });
  screen.addEventListener("wheel", (e) => {
    if (!has()) return;
    e.preventDefault();
    const step = e.deltaMode === 1 ? 16 : 1;
    const far = (n) => Math.min(Math.max(n * step, -10_000), 10_000);
    send({ type: "wheel", dx: far(e.deltaX), dy: far(e.deltaY), ...at(e), modifiers: bits(e) });
  }, { passive: false });

  // Fingers. The page scrolls by them, not this one.
  const touch = (kind) => (e) => {
    if (!has()) {
      if (kind === "end" && e.touches.length === 0) take();
      return;
    }
    e.preventDefault();
    const fingers = kind === "cancel" ? [] : [...e.touches].slice(0, 10).map((t) => ({ id: Math.abs(t.identifier) % 1000, ...at(t) }));
    send({ type: "touch", kind, fingers, modifiers: bits(e) });
  };
  for (const kind of ["start", "move", "end", "cancel"]) screen.addEventListener("touch" + kind, touch(kind), { passive: false });

  // Keys go as keys, but for those that an input method or a phone makes into text.
  const chord = (e, key) => (e.ctrlKey || e.metaKey) && e.key.toLowerCase() === key;
  const key = (kind) => (e) => {
    if (!has() || e.isComposing || e.keyCode === 229 || e.key === "Dead" || e.key === "Unidentified") return;
    if (e.key === "Escape" && e.shiftKey) return field.blur();
    if (chord(e, "v")) return; // what is pasted comes as text, with the clipboard of this side
    e.preventDefault();
    if (kind === "down" && (chord(e, "c") || chord(e, "x"))) send({ type: "copy" });
    send({ type: "key", kind, key: e.key, modifiers: bits(e) });
  };
  field.addEventListener("keydown", key("down"));
  field.addEventListener("keyup", key("up"));

  const stroke = (name) => { for (const kind of ["down", "up"]) send({ type: "key", kind, key: name, modifiers: 0 }); };
  const text = (s) => { if (s) send({ type: "text", text: s.slice(0, 60_000) }); };
  let composing = false;
  field.addEventListener("compositionstart", () => { composing = has(); });
  field.addEventListener("compositionupdate", (e) => { if (composing) send({ type: "compose", text: e.data.slice(0, 10_000) }); });
  field.addEventListener("compositionend", (e) => {
    if (!composing) return;
    composing = false;
    if (e.data) text(e.data);
    else send({ type: "compose", text: "" });
    clear();
  });
  field.addEventListener("beforeinput", (e) => {
    if (composing || e.inputType.includes("omposition")) return;
    e.preventDefault();
    if (!has()) return;
    switch (e.inputType) {
      case "insertLineBreak": case "insertParagraph": return stroke("Enter");
      case "deleteContentBackward": case "deleteWordBackward": return stroke("Backspace");
      case "deleteContentForward": return stroke("Delete");
      case "insertFromPaste": return; // see paste
    }
    text(e.data);
  });
  field.addEventListener("input", () => { if (!composing) clear(); });
  field.addEventListener("paste", (e) => {
    e.preventDefault();
    if (has()) text(e.clipboardData?.getData("text"));
  });
  field.addEventListener("focus", clear);
}

// copied puts what was copied there on the clipboard of this side, or says that it may not.
export async function copied(value) {
  try {
    await navigator.clipboard.writeText(value);
    return true;
  } catch { // not by HTTPS, or in a frame that may not
    const held = document.activeElement, area = document.body.appendChild(document.createElement("textarea"));
    area.value = value;
    area.className = "field";
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    held?.focus();
    return done;
  }
}
