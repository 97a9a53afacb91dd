// The recording as it is read: parts that are fetched when they are looked at, each a row
// of pictures with their times. docs/live.md says what is in one.

const magic = "BHREC1\r\n", head = 12, kept = 4, askEvery = 1000;

// parse takes records from bytes, and answers how many bytes they were.
export function parse(bytes, begun, add) {
  let at = 0;
  if (!begun) {
    if (bytes.length < magic.length) return 0;
    for (let i = 0; i < magic.length; i++) {
      if (bytes[i] !== magic.charCodeAt(i)) throw new Error("not a part of a recording");
    }
    at = magic.length;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  while (at + head <= bytes.length) {
    const length = view.getUint32(at), time = Number(view.getBigUint64(at + 4));
    if (at + head + length > bytes.length) break;
    add({ at: time, jpeg: length ? bytes.slice(at + head, at + head + length) : null });
    at += head + length;
  }
  return at;
}

// segments reads the parts of a recording. address makes one of a part's id.
export function segments(address) {
  let all = []; // { id, at, open, pictures, read, loading }
  const recent = [];

  // load fetches what there is of a part and not here yet; more is called when some came.
  function load(part, more = () => {}) {
    recent.splice(0, recent.length, part, ...recent.filter((p) => p !== part));
    for (const old of recent.splice(kept)) { // they are fetched again when they are looked at
      old.pictures = [];
      old.read = 0;
      old.whole = false;
    }
    part.loading ??= fetchPart(part, more).finally(() => { part.loading = null; });
    return part.loading;
  }

  async function fetchPart(part, more) {
    part.asked = performance.now();
    const answer = await fetch(address(part.id), { headers: part.read ? { Range: `bytes=${part.read}-` } : {}, cache: "no-store" });
    const closed = !part.open;
    if (answer.status === 416) { // nothing was added
      part.whole = closed;
      return;
    }
    if (!answer.ok) throw new Error("the recording can't be read");
    let rest = new Uint8Array();
    for (const reader = answer.body.getReader(); ;) {
      const { done, value } = await reader.read();
      if (done) break;
      const bytes = new Uint8Array(rest.length + value.length);
      bytes.set(rest);
      bytes.set(value, rest.length);
      const used = parse(bytes, part.read > 0, (picture) => part.pictures.push(picture));
      part.read += used;
      rest = bytes.slice(used);
      if (used) more();
    }
    part.whole = closed;
  }

  const at = (time) => all.findLastIndex((part) => part.at <= time);

  return {
    // told takes the list of parts as the server has it now.
    told(list) {
      all = list.map((now) => {
        const had = all.find((part) => part.id === now.id) ?? { pictures: [], read: 0, whole: false, asked: -Infinity };
        return Object.assign(had, { id: now.id, at: Date.parse(now.at), open: !!now.open });
      });
    },
    begins: () => all[0]?.at,
    // seen is the picture that was to be seen then, as far as it is here; wait is until more
    // of it is.
    seen(time, more) {
      const i = Math.max(at(time), 0), part = all[i];
      if (!part) return {};
      const last = part.pictures.at(-1), soon = !part.loading && performance.now() - part.asked < askEvery;
      const wait = part.whole || part.open && (soon || last?.at > time) ? null : load(part, more);
      const next = all[i + 1];
      if (next && !next.whole && !next.loading && next.at - time < 20_000 && performance.now() - next.asked > askEvery) load(next).catch(() => {}); // it is seen soon
      const n = part.pictures.findLastIndex((p) => p.at <= time);
      return { picture: part.pictures[Math.max(n, 0)], wait };
    },
    // after is when the picture changes next, or undefined: not as far as is known.
    after(time) {
      const i = Math.max(at(time), 0);
      return all[i]?.pictures.find((p) => p.at > time)?.at ?? all[i + 1]?.at;
    },
    before(time) {
      const i = at(time);
      return all[i]?.pictures.findLast((p) => p.at < time)?.at ?? (i > 0 ? all[i].at - 1 : undefined);
    },
  };
}
