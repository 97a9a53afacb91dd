// Stands first in every page of a case: notes which events its elements see.
// What happens in frames is told to the top.
(() => {
  const types = "pointerdown mousedown pointerup mouseup click auxclick dblclick contextmenu beforeinput input change "
    + "focusin focusout keydown keypress keyup submit reset invalid toggle touchstart touchend dragstart drop";
  const extra = "{{events}}";
  const seen = [];
  const name = (n) => n === window ? "window" : n === document ? "document" : n.id ? "#" + n.id : (n.tagName || "?").toLowerCase();
  let rests = "";
  const note = (e) => {
    // The focus comes into another site's frame when it can.
    if (top !== window && e.type.startsWith("focus")) return;
    // A mouse that rests is told of once more at any time after a layout.
    const at = [e.clientX, e.clientY, e.buttons, e.shiftKey].join();
    if (e.type === "mousemove" && at === rests) return;
    if (e.type === "mousemove") rests = at;
    let s = e.type + " " + name(e.composedPath()[0]);
    if (e.detail > 1 && e.type !== "dblclick") s += " ×" + e.detail;
    if (e.button > 0) s += " button " + e.button;
    for (const k of ["alt", "ctrl", "meta", "shift"]) if (e[k + "Key"] && e.type.startsWith("key") === false) s += " " + k;
    if (e.type.startsWith("key")) s += " " + e.key;
    if (e.inputType) s += " " + e.inputType + (e.data === null || e.data === undefined ? "" : " " + JSON.stringify(e.data));
    if (!e.isTrusted) s += " (untrusted)";
    if (top === window) seen.push(s);
    else top.postMessage({ oracle: s }, "*");
  };
  // A browser tells a page that is laid out anew where the mouse is, when it finds
  // the time. Before anything has moved it, that is nobody's input.
  addEventListener("mousemove", (e) => {
    if (e.isTrusted && e.clientX === 0 && e.clientY === 0) e.stopImmediatePropagation();
  }, true);
  for (const type of (types + " " + extra).trim().split(/\s+/)) document.addEventListener(type, note, true);
  if (top !== window) {
    top.postMessage({ hello: 1 }, "*");
    addEventListener("message", (e) => { if (e.data && e.data.ping) top.postMessage({ pong: 1 }, "*"); });
    return;
  }
  const inside = [], known = new Set(), answered = new Set();
  addEventListener("message", (e) => {
    if (!e.data) return;
    if (e.data.oracle) inside.push("in a frame: " + e.data.oracle); // they come when they can
    if (e.data.hello) known.add(e.source);
    if (e.data.pong) answered.add(e.source);
  });
  const below = (w) => Array.from({ length: w.length }, (_, i) => [w[i], ...below(w[i])]).flat();
  // What a case reads: after what is still on its way from the frames that have
  // this script, whose messages come in their order. One may be hanging.
  window.oracle = async (read) => {
    const frames = below(window).filter((f) => known.has(f)), end = performance.now() + 10_000;
    answered.clear();
    for (const f of frames) f.postMessage({ ping: 1 }, "*");
    do await new Promise((done) => setTimeout(done, 10)); while (!frames.every((f) => f.closed || answered.has(f)) && performance.now() < end);
    return { state: await read(), events: [...seen, ...inside] };
  };
})();
