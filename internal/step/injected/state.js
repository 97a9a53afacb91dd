// What an element is: visible, enabled, editable, checked.

const parentOf = (el) => el.parentElement || el.getRootNode().host || null;

function* upwards(el) {
  for (let n = el; n; n = parentOf(n)) yield n;
}

// A part of a button stands for the button…
const buttonOf = (el) =>
  el.matches("input,textarea,select") || el.isContentEditable ? el
    : el.closest("button,[role=button],[role=checkbox],[role=radio]") || el;

// …and a part of a label for the label's control.
function controlOf(el) {
  const button = buttonOf(el);
  if (button.matches("a,input,textarea,button,select,[role=link],[role=button],[role=checkbox],[role=radio]") || button.isContentEditable)
    return button;
  return button.closest("label")?.control || button;
}

function visible(el) {
  if (!el.isConnected) return false;
  const style = getComputedStyle(el);
  if (style.display === "contents") return [...el.childNodes].some(shown);
  // A closed <details> and content-visibility hide what has a box of its own.
  if (!el.checkVisibility() || style.visibility !== "visible") return false;
  const box = el.getBoundingClientRect();
  return box.width > 0 && box.height > 0;
}

function shown(node) {
  if (node.nodeType === 1) return visible(node);
  if (node.nodeType !== 3) return false;
  const range = document.createRange();
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
  if (el.matches(":disabled") && el.matches("button,input,select,textarea,option,optgroup")) return true;
  if (!canBeDisabled.has(roleOf(el))) return false;
  for (const n of upwards(el)) {
    const said = n.getAttribute("aria-disabled")?.toLowerCase();
    if (said === "true" || said === "false") return said === "true";
  }
  return false;
}

// isReadOnly is undefined for what nothing can be written into.
function isReadOnly(el) {
  if (el.matches("input,textarea,select")) return el.hasAttribute("readonly");
  if (canBeReadOnly.has(roleOf(el))) return el.getAttribute("aria-readonly") === "true";
  return el.isContentEditable ? false : undefined;
}

// isChecked is undefined for what can't be checked.
function isChecked(el) {
  if (el.tagName === "INPUT" && (el.type === "checkbox" || el.type === "radio")) return el.checked;
  return canBeChecked.has(roleOf(el)) ? el.getAttribute("aria-checked") === "true" : undefined;
}
