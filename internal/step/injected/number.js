// Reads numbers as people write them.

// digitsOf writes the digits of every script as ours, and Arabic's separators.
const digitsOf = (s) => s.replace(/\p{Nd}/gu, (d) => {
  // Each script has its ten in a row.
  let zero = d.codePointAt(0);
  while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--;
  return (d.codePointAt(0) - zero) % 10;
}).replace(/٫/g, ".").replace(/٬/g, "’");

// marksOf are the signs that a language groups digits with and writes decimals
// behind.
function marksOf(lang) {
  const parts = (l) => new Intl.NumberFormat(l, { numberingSystem: "latn" }).formatToParts(12345.6);
  const sign = (all, type) => all.find((p) => p.type === type)?.value;
  let all;
  try {
    all = parts(lang);
  } catch {
    all = parts("en"); // it is no language
  }
  return { group: sign(all, "group"), decimal: sign(all, "decimal") };
}

// A number begins with a digit, or with a mark and one. Spaces that don't break
// and apostrophes group three digits everywhere, plain spaces where the
// language has them for it.
const figures = (plain) => {
  const space = `[\\u00a0\\u202f\\u2009'’${plain ? " " : ""}]`;
  return new RegExp(`(?:\\d{1,3}(?:${space}\\d{3})+(?!\\d)|\\d+|(?=[.,]\\d))(?:[.,]\\d+)*(?:[eE][-+]?\\d+(?![\\p{L}\\d]))?`, "u");
};

// A minus stands before the number, or before its currency; a letter or a digit
// before makes of it a hyphen.
const minus = /(^|[^\p{L}\d])([-﹣－]|−\s?)(\p{Sc}\s?)?$/u;

// parted tells the whole of a number from its decimals. A mark that comes again
// groups, and so does one before another; one alone with three digits behind it
// is what it is in the language.
function parted(digits, decimal) {
  const parts = digits.split(/([.,])/), [first, mark] = parts;
  const groups = [];
  let next = 1;
  for (; parts[next] === mark && next < parts.length; next += 2) groups.push(parts[next + 1]);
  if (!groups.length) return [digits, ""];
  const threes = groups.every((g) => g.length === 3);
  const lakhs = groups.at(-1).length === 3 && groups.slice(0, -1).every((g) => g.length === 2);
  const grouped = groups.length > 1 || parts[next] ? threes || lakhs : threes && mark !== decimal && /^[1-9]\d{0,2}$/.test(first);
  return grouped ? [first + groups.join(""), parts[next + 1] || ""] : [first, groups[0]];
}

// numberIn is the first number of a text, or null.
function numberIn(text, lang) {
  const { group, decimal } = marksOf(lang), s = digitsOf(text);
  const found = s.match(figures(/\s/.test(group)));
  if (!found) return null;
  const [digits, exponent] = found[0].replace(/[\s'’]/g, "").split(/[eE]/);
  const [whole, part] = parted(digits, decimal);
  const n = Number(`${minus.test(s.slice(0, found.index)) ? "-" : ""}${whole || 0}.${part || 0}e${exponent || 0}`);
  return Number.isFinite(n) ? n : null;
}
