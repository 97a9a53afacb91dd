// Chooses in lists that pages make themselves: role=combobox, listbox, option.

const isCombobox = (el) => roleOf(el) === "combobox" || aria(el, "haspopup") === "listbox";
const isListbox = (el) => roleOf(el) === "listbox" && tagOf(el) !== "select";
const customList = (el) => tagOf(el) !== "select" && (isListbox(el) || isCombobox(el));

// The list of a combobox, if it is shown: the one that it names, or else the
// only one that is.
function listOf(el) {
  if (isListbox(el)) return el;
  const root = own(el.getRootNode());
  const named = squash(own(el).getAttribute("aria-controls") || own(el).getAttribute("aria-owns"));
  for (const id of named ? named.split(" ") : []) {
    const list = root.getElementById?.(id);
    if (list && visible(list)) return isListbox(list) ? list : all(list, "[role=listbox]").find(visible) || list;
  }
  const shown = all(document, "[role=listbox]").filter(visible);
  return shown.length === 1 ? shown[0] : null;
}

const labelOf = (option) => squash(own(option).getAttribute("aria-label")) || squash(textOf(option));
const isChosen = (option) => ["selected", "checked"].some((name) => aria(option, name) === "true");
const saysChosen = (option) => own(option).hasAttribute("aria-selected") || own(option).hasAttribute("aria-checked");

// optionOf finds one option as it is wanted: by value or label, by label alone,
// by its place, or as a number among those that are to be let go.
function optionOf(el, want) {
  const list = listOf(el);
  if (!list) return no("option_not_found", "no list of options is shown");
  const options = all(list, "[role=option]").filter(visible);
  const value = want.value ?? "";
  const valueOf = (o) => own(o).getAttribute("data-value") ?? own(o).getAttribute("value");
  const found = want.index !== undefined ? options[want.index]
    : options.find((o) => want.label === undefined && valueOf(o) === value) || options.find((o) => labelOf(o) === squash(want.label ?? value));
  if (!found) return no("option_not_found", want.index !== undefined
    ? `no option ${want.index}: there are ${options.length}` : `no option ${JSON.stringify(want.label ?? value)} among ${options.length}`);
  return { ok: true, el: found };
}

// shownList says whether a list's options can be chosen from, or it must be opened.
function listState(el) {
  const list = listOf(el);
  return { custom: true, open: isListbox(el) || (!!list && aria(el, "expanded") !== "false"), several: !!list && aria(list, "multiselectable") === "true" };
}

// What was chosen last, to be looked at again when its list is closed.
let picked = null;

function pickOf(el) {
  picked = { option: el, label: labelOf(el), said: saysChosen(el) };
  return { checked: isChosen(el), values: [picked.label] };
}

// picked says whether an option that was clicked is chosen: a combobox shows its
// label, or it says so itself.
bh.picked = ({ target, want, ms }) => poll(ms, () => {
  const { option, label } = picked || {};
  if (!option) return { ok: true };
  const r = one(target);
  if (!r.ok) return r.fatal ? r : { ok: true }; // its page went on
  const combobox = want && !isListbox(r.el);
  const shows = combobox && [r.el, ...all(r.el, "input")].some((e) => [own(e).value, textOf(e)].some((t) => typeof t === "string" && squash(t).includes(label)));
  if (shows || (saysChosen(option) && isChosen(option) === want)) {
    // A combobox closes its list, and shows what was chosen, a little later.
    picked.since ??= performance.now();
    if (!combobox || (shows && !listOf(r.el)) || performance.now() - picked.since > 300) return { ok: true };
  }
  return no("option_not_chosen", saysChosen(option)
    ? describe(option) + (want ? " is not selected" : " is selected") : "neither the option nor what it is chosen for says that it is selected");
});

// The labels of options that are chosen and not wanted.
bh.others = ({ target, wants }) => {
  const r = one(target);
  const list = r.ok && listOf(r.el);
  if (!list) return { ok: true, values: [] };
  const wanted = wants.map((w) => optionOf(r.el, w).el);
  return { ok: true, values: all(list, "[role=option]").filter((o) => isChosen(o) && !wanted.includes(o)).map(labelOf) };
};
