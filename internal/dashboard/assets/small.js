// Times that go on, buttons that copy, and filters that are used as soon as they are
// chosen.
export function small() {
  tick();
  setInterval(tick, 5000);
  show();
  document.addEventListener("refreshed", () => { tick(); show(); });
  document.addEventListener("click", async (e) => {
    const button = e.target.closest("[data-copy]");
    if (!button) return;
    const from = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(from.value ?? from.textContent);
      toast("Copied");
    } catch {
      getSelection().selectAllChildren(from);
      toast("Selected: copy it with the keyboard");
    }
  });
  document.addEventListener("change", (e) => {
    if (e.target.matches("[role=search] select")) e.target.form.requestSubmit();
  });
}

// show shows the buttons that need a script.
function show() {
  for (const b of document.querySelectorAll("[data-copy][hidden]")) b.hidden = false;
}

function tick() {
  for (const t of document.querySelectorAll("time[data-ago]")) {
    const text = ago((Date.now() - Date.parse(t.dateTime)) / 1000);
    if (t.textContent !== text) t.textContent = text;
  }
}

function ago(s) {
  if (s < 5) return "now";
  if (s < 60) return Math.floor(s) + " s ago";
  if (s < 3600) return Math.floor(s / 60) + " min ago";
  if (s < 48 * 3600) return Math.floor(s / 3600) + " h ago";
  return Math.floor(s / 86400) + " days ago";
}

let timer;
export function toast(text) {
  const box = document.getElementById("toast");
  box.textContent = text;
  box.hidden = false;
  clearTimeout(timer);
  timer = setTimeout(() => { box.hidden = true; }, 4000);
}
