// What the checks share. A check is a function of { browser, context, page, site,
// other, again }: it has a page in a context of its own, and runs beside others. It
// returns its outcome, in JSON.

// alone is a check with the session's first page, that nothing else runs beside.
export const alone = (run) => Object.assign((at) => run(at), run, { alone: true });

// apart is a check that nothing else runs beside, for another program comes and goes in
// it: over Chromium's own port too that may leave a frame waiting that another check's
// page loads meanwhile.
export const apart = (run) => Object.assign((at) => run(at), run, { apart: true });

// within is a check in a context with these options (Playwright's).
export const within = (options, run) => Object.assign((at) => run(at), { options });

// differs is a check with another outcome over connectUrl, and why.
export const differs = (reason, run) => Object.assign((at) => run(at), run, { reason });

// thrown is what a promise is refused with: what names nothing of this run.
export async function thrown(promise) {
  try {
    await promise;
  } catch (err) {
    return String(err.message).split("\n")[0].replaceAll(/[0-9A-F]{32}/g, "…").replaceAll(/:\d{4,5}\b/g, ":…");
  }
  throw new Error("nothing was thrown");
}

// once is the next event of an emitter that is the right one.
export const once = (emitter, event, right = () => true) => new Promise((done) => {
  const heard = (what) => { if (right(what)) { emitter.off(event, heard); done(what); } };
  emitter.on(event, heard);
});

// until asks again until there is an answer.
export async function until(ask) {
  for (;;) {
    const got = await ask();
    if (got) return got;
    await new Promise((r) => setTimeout(r, 10));
  }
}

export const sorted = (list) => [...list].sort();

export const path = (url) => new URL(url).pathname;
