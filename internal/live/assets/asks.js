// What the page asks and its pictures don't show: dialogs, files, lists, dates and
// colours. Everybody sees it; who has control answers.

const titles = {
  alert: "The page says", confirm: "The page asks", prompt: "The page asks", beforeunload: "Leave this page?", files: "Choose a file", select: "Choose from the list",
  date: "Choose a date", "datetime-local": "Choose a date and a time", month: "Choose a month", time: "Choose a time", week: "Choose a week", color: "Choose a colour",
};
const words = { alert: ["OK"], confirm: ["OK", "Cancel"], prompt: ["OK", "Cancel"], beforeunload: ["Leave", "Stay"], files: ["Upload", "Cancel"] };
const most = 64 << 20, part = 64 << 10;

export function asks(card, { send, socket, has, hint, back }) {
  let asked, field, proposed, giving;

  const el = (tag, more = {}, ...inside) => {
    const made = Object.assign(document.createElement(tag), more);
    made.append(...inside);
    return made;
  };

  // entry is what the answer is entered in.
  function entry(ask) {
    switch (ask.kind) {
      case "alert": case "confirm": case "beforeunload": return;
      case "prompt": return el("input", { value: ask.value ?? "", autocomplete: "off" });
      case "files": return el("input", { type: "file", multiple: !!ask.many, accept: ask.accept ?? "" });
      case "select": return list(ask.options ?? []);
    }
    return el("input", { type: ask.kind, value: ask.value ?? "", min: ask.min ?? "", max: ask.max ?? "", step: ask.step || (ask.kind === "color" ? "" : "any") });
  }

  function list(options) {
    const choice = el("select", { size: Math.min(Math.max(options.length, 2), 10) }), groups = new Map();
    options.forEach((o, i) => {
      if (o.hidden) return;
      if (o.group && !groups.has(o.group)) groups.set(o.group, choice.appendChild(el("optgroup", { label: o.group })));
      (groups.get(o.group) ?? choice).append(el("option", { value: i, text: o.label || "\u00a0", selected: !!o.selected, disabled: !!o.disabled }));
    });
    choice.onclick = (e) => { if (e.target.tagName === "OPTION") accept(); };
    choice.onkeydown = (e) => { if (e.key === "Enter") { e.preventDefault(); accept(); } };
    return choice;
  }

  const answer = (more) => send({ type: "answer", number: asked.number, ...more });

  function accept() {
    if (asked.kind === "files") return give();
    if (asked.kind === "select") return field.value !== "" && answer({ accept: true, option: +field.value });
    const same = !field || field.value === proposed;
    answer(same ? { accept: true } : { accept: true, value: field.value.slice(0, 20_000) });
  }

  // give sends the files once the server is ready for them.
  function give() {
    const files = [...field.files];
    if (!files.length) return field.click();
    if (files.length > 32) return hint("At most 32 files at once");
    if (files.reduce((n, f) => n + f.size, 0) > most) return hint("At most 64 MB at once");
    giving = { number: asked.number, files };
    busy("Sending");
    send({ type: "files", number: asked.number, files: files.map((f) => ({ name: f.name.slice(-80) || "file", size: f.size })) });
  }

  function busy(text) {
    card.setAttribute("aria-busy", !!text);
    for (const button of card.querySelectorAll("button")) button.disabled = !!text;
    const first = card.querySelector("button");
    if (text && first) first.textContent = text;
  }

  async function ready({ number }) {
    const mine = giving, to = socket();
    if (mine?.number !== number) return;
    for (const file of mine.files) {
      for (let at = 0; at < file.size; at += part) {
        const bytes = await file.slice(at, at + part).arrayBuffer().catch(() => null);
        if (!bytes) { // it has changed since it was chosen
          hint(`${file.name} can't be read`);
          return show(asked);
        }
        while (to.bufferedAmount > 8 * part) await new Promise((done) => setTimeout(done, 20));
        if (giving !== mine || to.readyState !== 1) return;
        to.send(bytes);
      }
    }
  }

  // show lays the card over the picture, or takes it away.
  function show(ask) {
    const had = card.contains(document.activeElement) || document.activeElement === document.body;
    asked = ask ?? undefined;
    giving = undefined;
    card.hidden = !asked;
    card.removeAttribute("aria-busy");
    const form = el("form", { onsubmit: (e) => { e.preventDefault(); accept(); } });
    card.replaceChildren(form);
    if (!asked) {
      if (had && has()) back();
      return;
    }
    const title = el("h2", { id: "asked", textContent: titles[asked.kind] ?? "The page asks" });
    if (asked.kind === "files" && asked.many) title.textContent = "Choose files";
    form.append(title);
    if (asked.message && asked.kind !== "beforeunload") form.append(el("p", { className: "words", textContent: asked.message }));
    if (asked.kind === "beforeunload") form.append(el("p", { className: "words", textContent: "What was entered there may be lost." }));
    if (!has()) {
      form.append(el("p", { className: "detail", textContent: "Who has control can answer." }));
      return;
    }
    field = entry(asked);
    proposed = field?.value; // what is secret of it isn't there, and stays as it is
    if (field) {
      field.setAttribute("aria-labelledby", "asked");
      form.append(field);
    }
    const [yes, no] = words[asked.kind] ?? ["Choose", "Cancel"];
    const row = el("div", { className: "answers" }, el("button", { className: "primary", textContent: yes }));
    if (no) row.append(el("button", { type: "button", textContent: no, onclick: dismiss }));
    form.append(row);
    (field ?? row.firstChild).focus({ preventScroll: true });
    field?.select?.();
    card.querySelector(":checked")?.scrollIntoView({ block: "nearest" });
  }

  const dismiss = () => answer({ accept: false });
  card.onkeydown = (e) => { if (e.key === "Escape" && !e.shiftKey && has()) { e.preventDefault(); dismiss(); } };

  return {
    show, ready,
    again: () => { if (asked) show(asked); }, // who has control is another
    refused: () => { if (giving) show(asked); },
  };
}
