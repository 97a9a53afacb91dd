async function () {
  // Runs in the page's own world, on what an expression came to: calls it, if it
  // is a function, awaits it, and copies it if JSON has a form for all of it.
  let no;
  const around = [];
  const refuse = (what, at) => { no ??= what + (at && " at " + at); };
  const copy = (v, at) => {
    switch (typeof v) {
      case "number":
        if (v - v !== 0) refuse(String(v), at);
        return v;
      case "bigint": return refuse("a BigInt", at);
      case "symbol":
      case "function": return refuse("a " + typeof v, at);
      case "object": break;
      default: return v;
    }
    if (v === null || no) return null;
    if (around.includes(v)) return refuse("a cycle", at);
    if (around.length > 64) return null; // it is too deep
    const kind = Object.prototype.toString.call(v).slice(8, -1);
    if (kind === "Date" && isNaN(v)) return refuse("an invalid Date", at);
    around.push(v);
    try {
      if (typeof v.toJSON === "function") return copy(v.toJSON(), at);
      if (["Number", "String", "Boolean"].includes(kind)) return copy(v.valueOf(), at);
      if (Array.isArray(v)) {
        const list = [];
        if (v.length > 1e6) refuse("a list of " + v.length, at);
        for (let i = 0; i < v.length && !no; i++) list[i] = copy(v[i], `${at}[${i}]`);
        return list;
      }
      if (kind !== "Object") return refuse(kind === "Error" ? "an error (" + v + ")" : "an object of the kind " + kind, at);
      const members = { __proto__: null };
      for (const name of Object.keys(v)) members[name] = copy(v[name], at ? `${at}.${name}` : name);
      return members;
    } finally {
      around.pop();
    }
  };
  let value = this;
  if (typeof value === "function") value = value();
  value = copy(await value, "");
  return no ? { no } : { value };
}
