// What the documents do beside being read: search, tabs, copying, the theme, requests.
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const one = (selector, within = document) => within.querySelector(selector);

// Storage may be closed: then what would be remembered is not.
function remembered(storage, name, value) {
  try {
    if (value === undefined) return window[storage].getItem(name) ?? "";
    window[storage].setItem(name, value);
  } catch {
    return "";
  }
}

// The theme: the other one than is seen.
const theme = one("button.theme");
theme.hidden = false;
theme.addEventListener("click", () => {
  const root = document.documentElement;
  const dark = (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  root.dataset.theme = dark ? "light" : "dark";
  remembered("localStorage", "theme", root.dataset.theme);
});

// The navigation, where it doesn't stand beside the text.
const menu = one("button.menu");
const nav = one("#nav");
menu.hidden = false;
function open(yes) {
  menu.setAttribute("aria-expanded", yes);
  nav.classList.toggle("open", yes);
}
menu.addEventListener("click", () => open(menu.getAttribute("aria-expanded") !== "true"));
document.addEventListener("keydown", (e) => {
  if (e.key === "Escape" && nav.classList.contains("open")) {
    open(false);
    menu.focus();
  }
});
const here = one("[aria-current]", nav);
if (here) nav.scrollTop = here.offsetTop - nav.clientHeight / 2;

// Copying.
for (const button of all("button.copy")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(one("code", button.parentElement).textContent);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
}

// Tabs: one language is chosen for all of them.
const groups = all(".tabs").map((group, g) => {
  const list = document.createElement("div");
  list.setAttribute("role", "tablist");
  list.setAttribute("aria-label", "Language");
  const panels = all(":scope > section", group);
  const tabs = panels.map((panel, i) => {
    const tab = document.createElement("button");
    tab.type = "button";
    tab.id = `tab-${g}-${i}`;
    tab.textContent = panel.dataset.tab;
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", (panel.id = `panel-${g}-${i}`));
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", tab.id);
    one(".tab", panel).remove();
    tab.addEventListener("click", () => choose(panel.dataset.tab, true));
    return tab;
  });
  list.addEventListener("keydown", (e) => {
    const move = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
    if (!move) return;
    e.preventDefault();
    const next = tabs[(tabs.indexOf(document.activeElement) + move + tabs.length) % tabs.length];
    next.click();
    next.focus();
  });
  list.append(...tabs);
  group.prepend(list);
  return { panels, tabs };
});
function choose(language, remember) {
  for (const { panels, tabs } of groups) {
    const at = Math.max(0, panels.findIndex((p) => p.dataset.tab === language));
    panels.forEach((p, i) => (p.hidden = i !== at));
    tabs.forEach((t, i) => {
      t.setAttribute("aria-selected", i === at);
      t.tabIndex = i === at ? 0 : -1;
    });
  }
  if (remember) remembered("localStorage", "language", language);
}
choose(remembered("localStorage", "language"));

// What scrolls by itself can be reached by keyboard, and what doesn't is no stop on the way.
const scrolls = all("article pre, .scroll, .states");
const reach = () => scrolls.forEach((e) => (e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight + 1 ? (e.tabIndex = 0) : e.removeAttribute("tabindex")));
reach();
addEventListener("resize", reach);
document.addEventListener("toggle", reach, true);

// The chapter that is being read.
const links = new Map(all("aside a").map((a) => [a.hash.slice(1), a]));
if (links.size) {
  const seen = new IntersectionObserver(
    (entries) => {
      for (const e of entries) {
        if (!e.isIntersecting) continue;
        links.forEach((a) => a.removeAttribute("aria-current"));
        links.get(e.target.id)?.setAttribute("aria-current", "location");
      }
    },
    { rootMargin: "-64px 0px -75% 0px" },
  );
  all("article h2, article h3").forEach((h) => seen.observe(h));
}

// Search.
const dialog = one("dialog.search");
const input = one("input", dialog);
const list = one("#found");
const none = one(".none", dialog);
const find = one("button.find");
let index;
find.hidden = false;
async function search() {
  if (dialog.open) return;
  dialog.showModal();
  input.select();
  index ??= (await (await fetch("/docs/search.json")).json()).map((e) => ({ ...e, name: `${e.p} ${e.t}`.toLowerCase(), text: e.x.toLowerCase() }));
  show();
}
find.addEventListener("click", search);
dialog.addEventListener("click", (e) => e.target === dialog && dialog.close());
document.addEventListener("keydown", (e) => {
  const writing = e.target.closest("input, textarea, select, [contenteditable]");
  if ((e.key === "/" && !writing && !e.ctrlKey && !e.metaKey && !e.altKey) || (e.key.toLowerCase() === "k" && (e.ctrlKey || e.metaKey))) {
    e.preventDefault();
    search();
  }
});

// How well an entry fits: each word must be there, and counts most in a title.
function score(e, words) {
  let sum = 0;
  for (const w of words) {
    const at = e.name.search(new RegExp(`(^|[^a-z0-9])${w.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`));
    if (at >= 0) sum += 20 + (e.name.split(/\s/).includes(w) ? 20 : 0);
    else if (e.name.includes(w)) sum += 12;
    else if (e.text.includes(w)) sum += 3;
    else return 0;
  }
  return sum + (e.t ? 0 : 6) - e.name.length / 40 + (e.name.trim() === words.join(" ") ? 40 : 0);
}
function show() {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = words.length
    ? index.map((e) => [score(e, words), e]).filter(([s]) => s > 0).sort((a, b) => b[0] - a[0]).slice(0, 12).map(([, e]) => e)
    : [];
  list.replaceChildren(
    ...found.map((e, i) => {
      const li = document.createElement("li");
      li.id = `found-${i}`;
      li.setAttribute("role", "option");
      li.dataset.address = e.a;
      const title = document.createElement("b");
      title.textContent = e.t || e.p;
      const where = document.createElement("span");
      where.textContent = e.t ? `${e.g} › ${e.p}` : e.g;
      const text = document.createElement("small");
      mark(text, e, words);
      li.append(title, where, text);
      return li;
    }),
  );
  input.setAttribute("aria-expanded", found.length > 0);
  none.textContent = words.length && !found.length ? `Nothing has all of “${input.value.trim()}”.` : "";
  select(0);
}
// The part of a text that has the first word, with all words marked.
function mark(to, e, words) {
  const at = Math.max(0, ...words.map((w) => e.text.indexOf(w)));
  const from = at < 60 ? 0 : e.x.indexOf(" ", at - 50) + 1;
  const part = (from ? "… " : "") + e.x.slice(from, from + 150);
  const any = new RegExp(`(${words.map((w) => w.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})`, "gi");
  part.split(any).forEach((piece, i) => {
    if (i % 2) {
      const m = document.createElement("mark");
      m.textContent = piece;
      to.append(m);
    } else to.append(piece);
  });
}
let at = 0;
function select(i) {
  const options = [...list.children];
  at = options.length ? (i + options.length) % options.length : 0;
  options.forEach((o, n) => o.setAttribute("aria-selected", n === at));
  if (options[at]) {
    input.setAttribute("aria-activedescendant", options[at].id);
    options[at].scrollIntoView({ block: "nearest" });
  } else input.removeAttribute("aria-activedescendant");
}
function go(option) {
  if (!option) return;
  dialog.close();
  location.href = option.dataset.address;
}
input.addEventListener("input", () => index && show());
input.addEventListener("keydown", (e) => {
  const move = { ArrowDown: 1, ArrowUp: -1 }[e.key];
  if (move) {
    e.preventDefault();
    select(at + move);
  } else if (e.key === "Enter") {
    e.preventDefault();
    go(list.children[at]);
  }
});
list.addEventListener("click", (e) => go(e.target.closest("li")));

// Requests with a key of the reader's, which is in this tab's memory alone.
for (const form of all(".try")) {
  form.hidden = false;
  const key = one(".key", form);
  key.value = remembered("sessionStorage", "key");
  key.addEventListener("input", () => {
    remembered("sessionStorage", "key", key.value);
    all(".try .key").forEach((other) => (other.value = key.value));
  });
  form.addEventListener("submit", (e) => {
    e.preventDefault();
    request(form, key.value.trim());
  });
}
async function request(form, key) {
  const out = one("output", form);
  const { method, path } = form.dataset;
  const headers = { Authorization: `Bearer ${key}` };
  const query = new URLSearchParams();
  let address = path;
  for (const field of all("input[data-in]", form)) {
    const value = field.value.trim();
    if (!value) continue;
    if (field.dataset.in === "path") address = address.replace(`{${field.name}}`, encodeURIComponent(value));
    else if (field.dataset.in === "query") query.append(field.name, value);
    else headers[field.name] = value;
  }
  const body = one("textarea", form)?.value.trim();
  if (body) headers["Content-Type"] = "application/json";
  if (query.size) address += `?${query}`;
  out.textContent = "…";
  const pre = document.createElement("pre");
  pre.tabIndex = 0;
  const status = document.createElement("b");
  try {
    const began = performance.now();
    const res = await fetch(address, { method, headers, body: body || undefined, credentials: "omit" });
    status.textContent = `${res.status} ${res.statusText}`;
    status.className = res.ok ? "good" : "bad";
    const type = res.headers.get("Content-Type") ?? "";
    if (/json|^text\//.test(type)) {
      const text = await res.text();
      pre.textContent = type.includes("json") ? JSON.stringify(JSON.parse(text), null, 2) : text;
    } else if (type) pre.textContent = `${(await res.blob()).size} bytes of ${type}`;
    status.textContent += ` · ${Math.round(performance.now() - began)} ms`;
  } catch (err) {
    status.className = "bad";
    status.textContent = `No answer: ${err.message}`;
  }
  out.replaceChildren(status, ...(pre.textContent ? [pre] : []));
}
