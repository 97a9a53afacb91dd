// Gives files to fields that ask for them.

const takesFiles = (el) => tagOf(el) === "input" && el.type === "file";

// give puts files into a field, as the browser does when they have been chosen.
function give(field, files) {
  const refuse = (why) => no("upload_refused", describe(field) + " " + why, { fatal: true });
  if (field.webkitdirectory) return refuse("asks for a folder; only files can be given");
  if (files.length > 1 && !field.multiple) return refuse("takes one file");
  const all = new DataTransfer();
  for (const { name, type, content } of files) {
    const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
    all.items.add(new File([bytes], name, { type }));
  }
  field.files = all.files;
  changed(field);
  return { ok: true };
}

// give to the field that was looked at last. It may be gone again.
bh.give = ({ files }) => {
  const field = chosen;
  chosen = null;
  return field?.isConnected ? give(field, files) : no("target_not_found", "the field was removed");
};

// choose the files that the page asks for: called on the field itself.
bh.answer = (field, files) => (takesFiles(field) ? give(field, files) : no("upload_refused", "what asks for files is no field", { fatal: true }));

let chosen = null;

// filesFor says whether an element is a field for files, or a label of one.
function filesFor(el) {
  const field = controlOf(el);
  if (isTyped.has(field.type) || isSet.has(field.type) || own(field).matches("textarea,select"))
    return no("upload_refused", describe(field) + " takes no files", { fatal: true });
  if (!takesFiles(field)) return { asks: true };
  chosen = field;
  return {};
}
