// Sends forms that change something in place: the page is brought up to date, or goes on
// where the answer says; a refusal is told beside the button.
import { refresh, stay } from "./follow.js";
import { toast } from "./small.js";

export function forms() {
  for (const form of document.querySelectorAll("form[data-at-once]")) {
    form.requestSubmit();
    form.querySelector("button").hidden = true;
  }
  document.addEventListener("submit", async (e) => {
    const form = e.target;
    if (form.method !== "post" || form.target || form.action.endsWith("/sign-in") || form.action.endsWith("/sign-out")) return;
    e.preventDefault();
    const button = e.submitter;
    const question = button?.dataset.confirm;
    if (question && !(await confirmed(question, button.textContent.trim()))) return;
    const said = form.querySelector(".said");
    if (said) said.textContent = "";
    const body = new URLSearchParams(new FormData(form, button?.name ? button : undefined));
    button?.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { "X-In-Place": "1" } });
      if (answer.status === 401) return location.reload();
      if (!answer.ok) {
        const problem = await answer.json().catch(() => ({ title: "The server answers " + answer.status }));
        const text = problem.detail || problem.title;
        if (said) said.textContent = text;
        else toast(text);
        return;
      }
      const to = answer.headers.get("Location");
      form.dispatchEvent(new Event("taken"));
      if (to.split("?")[0] === location.pathname) await stay(to);
      else location.href = to;
    } catch {
      const text = "The server can't be reached.";
      if (said) said.textContent = text;
      else toast(text);
    } finally {
      button?.removeAttribute("aria-busy");
    }
  });
}

// confirmed asks before something that can't be taken back.
function confirmed(question, yes) {
  const box = document.createElement("dialog");
  box.setAttribute("aria-label", question);
  const text = document.createElement("p");
  text.textContent = question;
  const form = document.createElement("form");
  form.method = "dialog";
  for (const [value, name] of [["no", "Cancel"], ["yes", yes]]) {
    const b = document.createElement("button");
    b.value = value;
    b.textContent = name;
    if (value === "yes") b.className = "danger";
    form.append(b, " ");
  }
  box.append(text, form);
  document.body.append(box);
  box.showModal();
  return new Promise((done) => {
    box.addEventListener("close", () => {
      box.remove();
      done(box.returnValue === "yes");
    });
  });
}
