// Brings the page up to date when its events come: asks for it again, and replaces what
// is different.
import { morph } from "./morph.js";

let source;
let asking; // under way; what comes meanwhile asks once more
let again = false;
let timer; // for what no event tells

const main = () => document.getElementById("main");

// refresh asks for the page as it is now, from wherever it has been moved to.
export async function refresh() {
  if (asking) {
    again = true;
    return asking;
  }
  asking = (async () => {
    do {
      again = false;
      await once();
    } while (again);
  })();
  try {
    await asking;
  } finally {
    asking = undefined;
  }
}

async function once() {
  const at = location.href;
  let answer;
  try {
    answer = await fetch(at, { headers: { "X-In-Place": "1" } });
  } catch {
    return follow(); // the stream says so
  }
  if (answer.status === 401) return location.reload();
  const text = await answer.text();
  if (at !== location.href) return;
  const next = new DOMParser().parseFromString(text, "text/html").querySelector("main");
  if (!next) return;
  morph(main(), next);
  document.title = next.dataset.title;
  document.dispatchEvent(new Event("refreshed"));
  follow();
}

// follow opens the page's stream, while somebody sees the page.
export function follow() {
  clearTimeout(timer);
  if (main().dataset.every && document.visibilityState === "visible") timer = setTimeout(refresh, Number(main().dataset.every));
  const address = main().dataset.changes;
  const wanted = address && document.visibilityState === "visible" ? address : undefined;
  if (source?.address === wanted) return;
  source?.close();
  source = undefined;
  if (!wanted) return;
  source = new EventSource(wanted);
  source.address = wanted;
  let lost = false;
  source.onmessage = (m) => {
    if (m.data === "changed" || lost) refresh();
    lost = false;
    document.body.removeAttribute("data-lost");
  };
  source.onerror = () => {
    lost = true;
    document.body.setAttribute("data-lost", "");
    if (source?.readyState === EventSource.CLOSED) {
      // It was refused: the page itself says why.
      source = undefined;
      setTimeout(refresh, 2000);
    }
  };
}

// stay goes to another address of the same page in place: what is in a frame goes on.
export function stay(address) {
  history.pushState(null, "", address);
  return refresh();
}

document.addEventListener("click", (e) => {
  const link = e.target.closest("[data-stay]");
  if (!link || e.button || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return;
  e.preventDefault();
  stay(link.dataset.stay || link.getAttribute("href"));
});
addEventListener("popstate", () => refresh());

document.addEventListener("visibilitychange", () => {
  const hidden = !source;
  follow();
  if (hidden && source) refresh();
});
