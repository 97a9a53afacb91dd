// What an element is: visible, enabled, editable, checked.

const parentOf = (el) => aboveOf(el) || own(own(el).getRootNode()).host || null;

function* upwards(el) {
  for (let n = el; n; n = parentOf(n)) yield n;
}

// A part of a button stands for the button…
const buttonOf = (el) =>
  own(el).matches("input,textarea,select") || own(el).isContentEditable ? el
    : own(el).closest("button,[role=button],[role=checkbox],[role=radio]") || el;

// …and a part of a label for the label's control.
function controlOf(el) {
  const button = buttonOf(el);
  if (own(button).matches("a,input,textarea,button,select,option,optgroup,[role=link],[role=button],[role=checkbox],[role=radio]") || own(button).isContentEditable)
    return button;
  return own(button).closest("label")?.control || button;
}

function visible(el) {
  if (!own(el).isConnected) return false;
  const style = getComputedStyle(el);
  if (style.display === "contents") return [...own(el).childNodes].some(shown);
  // A closed <details> and content-visibility hide what has a box of its own.
  if (!own(el).checkVisibility() || style.visibility !== "visible") return false;
  const box = own(el).getBoundingClientRect();
  return box.width > 0 && box.height > 0;
}

// pictureOf is the image that an area is a part of: the area itself has no box.
function pictureOf(el) {
  const map = tagOf(el) === "area" && el.closest("map");
  return map && [...own(document).images].find((image) => image.useMap === "#" + map.name);
}

function shown(node) {
  const { nodeType } = own(node);
  if (nodeType === 1) return visible(node);
  if (nodeType !== 3) return false;
  const range = own(document).createRange();
  range.selectNode(node);
  const box = range.getBoundingClientRect();
  return box.width > 0 && box.height > 0;
}

// The roles that WAI-ARIA lets be disabled: on others the attribute says nothing.
const canBeDisabled = new Set(("application button checkbox columnheader combobox composite grid gridcell group input link listbox menu " +
  "menubar menuitem menuitemcheckbox menuitemradio option radio radiogroup row rowheader scrollbar searchbox select separator slider " +
  "spinbutton switch tab tablist textbox toolbar tree treegrid treeitem").split(" "));

const canBeReadOnly = new Set(("checkbox combobox grid gridcell listbox radiogroup slider spinbutton textbox columnheader rowheader " +
  "searchbox switch treegrid").split(" "));

const canBeChecked = new Set("checkbox menuitemcheckbox menuitemradio option radio switch treeitem".split(" "));

// The browser's own word counts for what is a form's; for others, ARIA's.
function disabled(el) {
  if (own(el).matches(":disabled") && own(el).matches("button,input,select,textarea,option,optgroup")) return true;
  if (!canBeDisabled.has(roleOf(el))) return false;
  // Chromium calls one with a listener a link; WAI-ARIA doesn't.
  if (own(el).matches("a:not([href]):not([role])")) return false;
  for (const n of upwards(el)) {
    const said = aria(n, "disabled");
    if (said === "true" || said === "false") return said === "true";
  }
  return false;
}

// isInert says whether its own attribute or style, or that of what is around it,
// keeps an element from everybody: the browser knows, since Chromium 135.
function isInert(el) {
  const { interactivity } = getComputedStyle(el);
  if (interactivity) return interactivity === "inert";
  for (const n of upwards(el)) if (own(n).hasAttribute("inert")) return true;
  return false;
}

// modalOver is a modal dialog that keeps an element from everybody, which is in none.
function modalOver(el) {
  const modals = [...own(document).querySelectorAll("dialog:modal")];
  if (modals.length) for (const n of upwards(el)) if (modals.includes(n)) return null;
  return modals.at(-1);
}

// isReadOnly is undefined for what nothing can be written into.
function isReadOnly(el) {
  if (own(el).matches("input,textarea,select")) return el.hasAttribute("readonly");
  if (canBeReadOnly.has(roleOf(el))) return aria(el, "readonly") === "true";
  return own(el).isContentEditable ? false : undefined;
}

// isChecked is undefined for what can't be checked.
function isChecked(el) {
  if (tagOf(el) === "input" && (el.type === "checkbox" || el.type === "radio")) return el.checked;
  return canBeChecked.has(roleOf(el)) ? aria(el, "checked") === "true" : undefined;
}
