// Keeps the pictures of the wall new, those that are in view: a few at a time, so that
// the browser has connections left, and each some seconds after it came.
const every = 2500;
const atOnce = 3;
const seen = new Map(); // in view, with when the last one came
let coming = 0;
let watch;

export function pictures() {
  watch = new IntersectionObserver((changes) => {
    for (const c of changes) {
      if (c.isIntersecting) seen.set(c.target, seen.get(c.target) ?? 0);
      else seen.delete(c.target);
    }
    next();
  });
  look();
  document.addEventListener("refreshed", look);
  setInterval(next, 500);
}

function look() {
  for (const img of document.querySelectorAll("img[data-picture]")) {
    watch.observe(img);
    img.toggleAttribute("data-none", img.complete && !img.naturalWidth);
  }
}

function next() {
  if (document.visibilityState !== "visible") return;
  const due = [...seen].filter(([img, at]) => img.isConnected && !img.coming && Date.now() - at > every).sort((a, b) => a[1] - b[1]);
  for (const [img] of due.slice(0, atOnce - coming)) {
    coming++;
    img.coming = true;
    const done = () => {
      coming--;
      img.coming = false;
      if (seen.has(img)) seen.set(img, Date.now());
      img.toggleAttribute("data-none", !img.naturalWidth);
    };
    img.addEventListener("load", done, { once: true, signal: both(img) });
    img.addEventListener("error", done, { once: true, signal: img.waiting.signal });
    img.src = img.dataset.picture + "&at=" + Date.now();
  }
}

// both has one of two listeners end the other.
function both(img) {
  img.waiting?.abort();
  img.waiting = new AbortController();
  return img.waiting.signal;
}
