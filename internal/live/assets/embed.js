// The page in a frame of another: it tells that one how things are, by postMessage, and
// hears from it what a person could do here. Origins that may are the server's to say,
// and its own pages.

const allowed = [location.origin, ...document.body.dataset.embed.split(" ").filter(Boolean)];
const above = window.parent === window ? [] : [location.ancestorOrigins?.[0] ?? allowed].flat();

// tellParent sends { browserhook: what, … }.
export function tellParent(what, more = {}) {
  for (const origin of above) {
    if (allowed.includes(origin) || allowed.includes("*")) window.parent.postMessage({ browserhook: what, ...more }, origin);
  }
}

// hearParent calls the function that has the name of what the parent asks for.
export function hearParent(does) {
  addEventListener("message", (e) => {
    if (e.source !== window.parent || !allowed.includes(e.origin)) return;
    const what = e.data?.browserhook;
    if (Object.hasOwn(does, what)) does[what](e.data);
  });
}
