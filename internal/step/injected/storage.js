// Reads and writes what an origin stores, in an empty document of it. The form
// of values that JSON has no form for is Playwright's.

const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

const plain = (v) => v === null || typeof v === "string" || typeof v === "boolean" || (typeof v === "number" && Number.isFinite(v) && !Object.is(v, -0)) ||
  (Array.isArray(v) && v.every(plain)) || (v?.constructor === Object && Object.values(v).every(plain));

const bytes = (b) => { let s = ""; for (const x of new Uint8Array(b)) s += String.fromCharCode(x); return btoa(s); };
const unbytes = (s) => Uint8Array.from(atob(s), (c) => c.charCodeAt(0));
const arrays = {
  i8: Int8Array, ui8: Uint8Array, ui8c: Uint8ClampedArray, i16: Int16Array, ui16: Uint16Array, i32: Int32Array, ui32: Uint32Array,
  f32: Float32Array, f64: Float64Array, bi64: BigInt64Array, bui64: BigUint64Array,
};

function encode(v, seen = new Map()) {
  if (Object.is(v, undefined)) return { v: "undefined" };
  if (v === null) return { v: "null" };
  if (typeof v === "bigint") return { bi: String(v) };
  if (typeof v === "number" && (!Number.isFinite(v) || Object.is(v, -0))) return { v: Object.is(v, -0) ? "-0" : String(v) };
  if (typeof v !== "object") return v;
  if (v instanceof Date) return { d: v.toJSON() };
  if (v instanceof RegExp) return { r: { p: v.source, f: v.flags } };
  if (v instanceof ArrayBuffer) return { ab: { b: bytes(v) } };
  for (const k in arrays) if (v instanceof arrays[k]) return { ta: { b: bytes(v.buffer.slice(v.byteOffset, v.byteOffset + v.byteLength)), k } };
  if (seen.has(v)) return { ref: seen.get(v) };
  const id = seen.size + 1;
  seen.set(v, id);
  if (Array.isArray(v)) return { a: v.map((one) => encode(one, seen)), id };
  if (v.constructor !== Object) throw new Error("a " + v.constructor?.name + " can't be written down");
  return { o: Object.keys(v).map((k) => ({ k, v: encode(v[k], seen) })), id };
}

function decode(v, seen = new Map()) {
  if (v === null || typeof v !== "object") return v;
  if ("v" in v) return { undefined, null: null, NaN, Infinity: Infinity, "-Infinity": -Infinity, "-0": -0 }[v.v];
  if ("bi" in v) return BigInt(v.bi);
  if ("d" in v) return new Date(v.d);
  if ("u" in v) return v.u;
  if ("r" in v) return new RegExp(v.r.p, v.r.f);
  if ("ab" in v) return unbytes(v.ab.b).buffer;
  if ("ta" in v) return new arrays[v.ta.k](unbytes(v.ta.b).buffer);
  if ("ref" in v) return seen.get(v.ref);
  if ("a" in v) {
    const list = [];
    seen.set(v.id, list);
    for (const one of v.a) list.push(decode(one, seen));
    return list;
  }
  if ("o" in v) {
    const o = {};
    seen.set(v.id, o);
    for (const one of v.o) o[one.k] = decode(one.v, seen);
    return o;
  }
  throw new Error("a value of an unknown form");
}

const path = (keyPath) => (Array.isArray(keyPath) ? { keyPathArray: keyPath } : keyPath === null ? {} : { keyPath });

async function collectDB({ name, version }) {
  const db = await done(indexedDB.open(name));
  try {
    if (!db.objectStoreNames.length) return { name, version, stores: [] };
    const transaction = db.transaction(db.objectStoreNames, "readonly");
    const stores = await Promise.all([...db.objectStoreNames].map(async (storeName) => {
      const store = transaction.objectStore(storeName);
      const [keys, values] = await Promise.all([done(store.getAllKeys()), done(store.getAll())]);
      const records = keys.map((key, i) => ({
        ...(store.keyPath !== null ? {} : plain(key) ? { key } : { keyEncoded: encode(key) }),
        ...(plain(values[i]) ? { value: values[i] } : { valueEncoded: encode(values[i]) }),
      }));
      const indexes = [...store.indexNames].map((n) => store.index(n)).map((i) => ({ name: i.name, ...path(i.keyPath), multiEntry: i.multiEntry, unique: i.unique }));
      return { name: storeName, records, indexes, autoIncrement: store.autoIncrement, ...path(store.keyPath) };
    }));
    return { name, version, stores };
  } finally {
    db.close();
  }
}

async function collect(withDatabases) {
  const all = { localStorage: Object.keys(localStorage).map((name) => ({ name, value: localStorage.getItem(name) })) };
  if (withDatabases) all.indexedDB = await Promise.all((await indexedDB.databases()).map(collectDB));
  return all;
}

async function restoreDB({ name, version, stores }) {
  const opening = indexedDB.open(name, version);
  opening.onupgradeneeded = () => {
    for (const s of stores) {
      const store = opening.result.createObjectStore(s.name, { autoIncrement: s.autoIncrement, keyPath: s.keyPathArray ?? s.keyPath ?? null });
      for (const i of s.indexes) store.createIndex(i.name, i.keyPathArray ?? i.keyPath, { unique: i.unique, multiEntry: i.multiEntry });
    }
  };
  const db = await done(opening);
  try {
    if (!stores.length) return;
    const transaction = db.transaction(db.objectStoreNames, "readwrite");
    await Promise.all(stores.flatMap((s) => s.records.map((r) => {
      const value = "value" in r ? r.value : decode(r.valueEncoded);
      const key = "key" in r ? r.key : "keyEncoded" in r ? decode(r.keyEncoded) : undefined;
      return done(transaction.objectStore(s.name).add(value, key));
    })));
  } finally {
    db.close();
  }
}

async function restore(state) {
  for (const r of (await navigator.serviceWorker?.getRegistrations()) ?? []) {
    const gone = r.unregister().catch(() => {});
    if (r.installing || r.waiting || r.active) await gone; // one that never came to run takes for ever
  }
  for (const db of await indexedDB.databases()) {
    await new Promise((resolve, reject) => {
      const request = indexedDB.deleteDatabase(db.name);
      request.onsuccess = resolve;
      request.onerror = () => reject(request.error);
      request.onblocked = resolve; // a page has it open: it goes when that lets go
    });
  }
  sessionStorage.clear();
  localStorage.clear();
  for (const { name, value } of state.localStorage ?? []) localStorage.setItem(name, value);
  for (const db of state.indexedDB ?? []) await restoreDB(db);
}
