// Reads again what was written.

// What was written into last.
let written = null;

const letters = (s) => s.normalize("NFKC").toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");

// tookText says whether a field has a text: as it is or, since pages write numbers
// and names in their own way, with other signs, spaces and capitals. A number
// keeps its sign and what is behind its point. A line has no breaks, and
// maxlength cuts.
function tookText(el, want) {
  const have = typeof el.value === "string" ? el.value : el.innerText ?? "";
  if (have === want || squash(have) === squash(want)) return true;
  if (el.maxLength >= 0 && want.length > el.maxLength && have.length <= el.maxLength && want.startsWith(have)) return true;
  if (letters(have) !== letters(want) || have === "") return false;
  const number = /^\s*([-−])?[\d\s.,']*?(?:[.,](\d+))?\s*$/.exec(want);
  if (!number || !/\d/.test(want)) return true;
  const [, sign, part] = number;
  return (!sign || /[-−(]/.test(have)) && (!part || new RegExp(`[.,]${part}\\D*$`).test(have));
}

// held says whether a field took what was typed. A page may need a moment to
// write it in its own way; that it holds something else then is told, but not
// what: it may be a password.
bh.held = ({ value, ms }) => {
  const el = written;
  written = null;
  return poll(ms, () => {
    if (!el?.isConnected) return { ok: true }; // its page went on with what it was given
    if (el.validity?.badInput)
      return no("value_invalid", `${describe(el)} can't hold ${JSON.stringify(value)}: it takes a number such as -1.5 or 2e3`, { fatal: true });
    return tookText(el, value) ? { ok: true } : no("value_not_held", describe(el) + " does not hold the text: the page refused it or wrote another");
  });
};
