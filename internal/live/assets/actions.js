// What the person did while they had control, as steps that do the same.
const pretty = (value) => JSON.stringify(value, null, 2);

// script is the steps with where they began.
const script = ({ url, steps }) => (/^https?:/.test(url) ? [{ action: "goto", url }, ...steps] : steps);

const forms = {
  JSON: (all) => pretty({ steps: script(all) }),
  cURL: (all) => `curl -X POST "\${BROWSERHOOK_URL:-${location.origin}}/v1/sessions" \\
  -H "Authorization: Bearer $BROWSERHOOK_KEY" -H "Content-Type: application/json" \\
  -d '${pretty({ steps: script(all) }).replaceAll("'", "'\\''")}'`,
  TypeScript: (all) => `import { Browserhook } from "browserhook";

const client = new Browserhook({ url: process.env.BROWSERHOOK_URL ?? ${JSON.stringify(location.origin)}, key: process.env.BROWSERHOOK_KEY });
const session = await client.sessions.create();
await session.run(${pretty(script(all)).replaceAll(/"(\w+)":/g, (whole, name) => name + ":")});
await session.close();`,
};

// says is what a step is for a reader, without its target.
function says(step) {
  if (step.secret) return "a secret";
  if (step.value !== undefined) return "“" + step.value + "”";
  if (step.values) return step.values.join(", ");
  if (step.files) return step.files.map((f) => f.name).join(", ");
  return [step.key, step.button, step.do, ...(step.modifiers || [])].filter(Boolean).join(" ");
}

export function showActions(place, all, copy) {
  place.hidden = all.steps.length === 0;
  if (!place.firstChild) {
    place.innerHTML = `<h2 id="actionsname">What you did <span></span></h2><ol></ol><p class="missing"></p><p class="copy">Copy as </p>`;
    for (const name of Object.keys(forms)) {
      const button = place.querySelector(".copy").appendChild(document.createElement("button"));
      button.type = "button";
      button.textContent = name;
      button.onclick = () => copy({ text: forms[name](place.all) });
    }
  }
  place.all = all;
  place.querySelector("h2 span").textContent = all.steps.length + (all.truncated ? ", and more that is not kept" : "");
  const missing = new Map(all.missing.map((m) => [m.index, m]));
  place.querySelector("ol").replaceChildren(...all.steps.map((step, i) => {
    const li = document.createElement("li");
    li.dataset.status = missing.has(i) ? "MISSING" : "DONE";
    const head = li.appendChild(document.createElement("div"));
    head.className = "row";
    for (const [tag, text] of [["i", missing.has(i) ? "!" : "·"], ["b", step.action], ["time", says(step).slice(0, 40)], ["small", step.target]]) {
      if (!text && tag === "small") continue;
      const part = head.appendChild(document.createElement(tag === "time" ? "span" : tag));
      part.textContent = text;
      part.title = tag === "small" || tag === "time" ? text : "";
    }
    return li;
  }));
  const first = all.missing.map((m) => `step ${m.index + 1 + (script(all).length - all.steps.length)}: its ${m.member}`);
  place.querySelector(".missing").textContent = first.length ? `To be filled in before it is run: ${first.join(", ")}.` : "";
}
