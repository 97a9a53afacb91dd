// j and k go through the rows of a list, / to its filter, g and a letter to a page.
const typing = (e) => e.target.closest("input, textarea, select, [contenteditable]") || e.ctrlKey || e.metaKey || e.altKey || document.querySelector("dialog[open]");

export function keyboard() {
  let first = "";
  document.addEventListener("keydown", (e) => {
    if (typing(e)) return;
    const to = first && document.querySelector(`[data-keys="${CSS.escape(first + e.key)}"]`);
    first = e.key === "g" && !first ? "g" : "";
    if (to) return to.click();
    if (e.key === "j" || e.key === "k") {
      const rows = [...document.querySelectorAll("[data-row]")];
      const at = rows.indexOf(document.activeElement);
      const next = rows[at < 0 ? 0 : at + (e.key === "j" ? 1 : -1)];
      next?.focus();
      next?.scrollIntoView({ block: "nearest" });
    } else if (e.key === "/") {
      const field = document.querySelector("[role=search] :is(input, select)");
      if (!field) return;
      e.preventDefault();
      field.focus();
      field.select?.();
    } else if (e.key === "?") {
      document.getElementById("shortcuts").showModal();
    }
  });
}
