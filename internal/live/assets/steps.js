// The list of steps, with what they answered for who asks.

const marks = { COMPLETED: "✓", FAILED: "✕", INTERRUPTED: "✕", CANCELED: "–", PENDING: "·", RUNNING: "", WAITING: "…" };
const lasted = (ms) => (ms < 1000 ? ms + " ms" : ms < 60_000 ? (ms / 1000).toFixed(1) + " s" : Math.floor(ms / 60_000) + " min");

// when says that rows can be pressed to see what was there then.
export function steps(list, ask, when) {
  const rows = new Map(), open = new Set(), lines = new Map();

  const part = (parent, tag, text, name) => {
    const el = parent.appendChild(document.createElement(tag));
    el.textContent = text;
    if (name) el.className = name;
    return el;
  };

  function row(step) {
    const li = document.createElement("li");
    li.dataset.status = step.status;
    if (step.at) li.dataset.at = step.at;
    const head = part(li, step.result || when ? "button" : "div", "", "row");
    part(head, "i", marks[step.status] ?? "·").title = step.status.toLowerCase();
    part(head, "b", step.action);
    part(head, "time", step.ms ? lasted(step.ms) : "");
    if (step.target) part(head, "small", step.target).title = step.target;
    if (when) head.type = "button";
    if (step.error) part(li, "p", step.error, "error");
    if (step.result) {
      const answer = part(li, "pre", "Loading", "result");
      answer.hidden = !open.has(step.index);
      answer.tabIndex = 0;
      head.type = "button";
      head.setAttribute("aria-expanded", open.has(step.index));
      head.onclick = () => {
        answer.hidden = !answer.hidden;
        head.setAttribute("aria-expanded", !answer.hidden);
        if (answer.hidden) return open.delete(step.index);
        open.add(step.index);
        ask(step.index);
      };
    }
    return li;
  }

  return {
    // show takes those that have changed.
    show(changed) {
      const atEnd = list.parentElement.scrollHeight - list.parentElement.scrollTop - list.parentElement.clientHeight < 40;
      for (const step of changed) {
        const made = row(step), old = rows.get(step.index);
        const answer = old?.querySelector(".result"), place = made.querySelector(".result");
        if (answer && place) place.replaceWith(answer);
        if (old) old.replaceWith(made);
        else list.append(made);
        rows.set(step.index, made);
        lines.set(step.index, step);
      }
      if (changed.length && atEnd) list.parentElement.scrollTop = list.parentElement.scrollHeight;
    },
    result({ number, result, cut }) {
      const place = rows.get(number)?.querySelector(".result");
      if (!place) return;
      place.textContent = cut ? `It is too long to be shown: ${Math.round(cut / 1024)} kB. Read it by the API.`
        : typeof result === "string" ? result : JSON.stringify(result, null, 2);
    },
    count: () => lines.size,
    // sum tells how they ended.
    sum() {
      const of = (...states) => [...lines.values()].filter((s) => states.includes(s.status)).length;
      const said = [[of("COMPLETED"), "done"], [of("FAILED", "INTERRUPTED"), "failed"], [of("CANCELED"), "canceled"]];
      return said.filter(([n]) => n).map(([n, what]) => `${n} ${what}`).join(", ");
    },
    clear() {
      rows.clear();
      lines.clear();
      list.replaceChildren();
    },
  };
}
