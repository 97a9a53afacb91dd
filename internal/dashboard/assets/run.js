// The box to run a step: an action that completes as it is typed, and a field for each
// thing that it takes. What it makes of them is the JSON that the form sends.
let actions;

export function run() {
  for (const form of document.querySelectorAll("form[data-run]")) build(form);
}

async function build(form) {
  const json = form.querySelector("textarea");
  try {
    actions ??= await (await fetch("/actions.json")).json();
  } catch {
    return; // the JSON can be written by hand
  }
  const list = el("datalist", { id: "run-actions" }, ...actions.map((a) => el("option", { value: a.name }, a.does)));
  const name = el("input", { id: "run-action", autocomplete: "off", spellcheck: false, placeholder: "click" });
  name.setAttribute("list", "run-actions");
  const does = el("p", { className: "does", id: "run-does" });
  name.setAttribute("aria-describedby", "run-does");
  const fields = el("div", { className: "fields" });
  const more = el("div", { className: "fields" });
  const rest = el("details", { hidden: true }, el("summary", {}, "More"), more);
  const raw = el("details", {}, el("summary", {}, "As JSON"));
  const label = form.querySelector("label[for=run-json]");
  json.before(el("label", {}, "Action", name), list, does, fields, rest, raw);
  raw.append(label, json);
  label.className = "unseen";
  json.required = false;
  let inputs = [];

  const write = () => {
    const step = { action: name.value.trim() };
    for (const [m, input] of inputs) {
      const value = valueOf(m, input);
      if (value !== undefined) step[m.name] = value;
    }
    json.value = JSON.stringify(step);
  };
  const choose = () => {
    const action = actions.find((a) => a.name === name.value.trim());
    if (!action) return;
    if (form.dataset.action === action.name) return;
    form.dataset.action = action.name;
    const kept = new Map(inputs.map(([m, input]) => [m.name, input.value]));
    does.textContent = action.does;
    fields.replaceChildren();
    more.replaceChildren();
    inputs = action.members.map((m) => {
      const input = inputOf(m, action.example?.[m.name]);
      if (m.type !== "boolean" && m.required && kept.get(m.name)) input.value = kept.get(m.name);
      (m.required || m.name === "target" ? fields : more).append(el("label", { className: m.type === "boolean" ? "check" : "", title: m.says }, ...(m.type === "boolean" ? [input, m.name] : [m.name, input])));
      return [m, input];
    });
    rest.hidden = !more.childElementCount;
    write();
  };
  name.addEventListener("input", choose);
  form.addEventListener("input", (e) => {
    if (e.target === json) return;
    write();
  });
  form.addEventListener("taken", () => {
    for (const [m, input] of inputs) if (m.type === "boolean") input.checked = false; else input.value = "";
    write();
    name.focus();
    name.select();
  });
  // Ctrl+Enter runs it from any field, as Enter does from one of one line.
  form.addEventListener("keydown", (e) => {
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) form.requestSubmit();
  });
}

function inputOf(m, example) {
  if (m.type === "boolean") return el("input", { type: "checkbox" });
  if (m.enum?.length) return el("select", { required: !!m.required }, ...(m.required ? [] : [el("option", { value: "" }, "")]), ...m.enum.map((v) => el("option", { value: v }, v)));
  const input = m.type === "string" || m.type === "integer" || m.type === "number" ? el("input", { spellcheck: false, autocomplete: "off" }) : el("textarea", { rows: 1, spellcheck: false });
  if (m.type === "integer" || m.type === "number") {
    input.type = "number";
    input.step = m.type === "integer" ? "1" : "any";
  }
  input.required = !!m.required;
  if (example !== undefined) input.placeholder = typeof example === "string" ? example : JSON.stringify(example);
  return input;
}

// valueOf is what a field says: text where text is taken, else JSON, else text.
function valueOf(m, input) {
  if (m.type === "boolean") return input.checked || undefined;
  if (input.value === "") return undefined;
  if (m.type === "string") return input.value;
  try {
    return JSON.parse(input.value);
  } catch {
    return input.value;
  }
}

function el(name, props, ...children) {
  const e = Object.assign(document.createElement(name), props);
  e.append(...children);
  return e;
}
