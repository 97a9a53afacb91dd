// The page when the server can't say what the link opens: it comes back when it can.
const look = async () => {
  const answer = await fetch(location, { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(10_000) }).catch(() => null);
  if (answer && answer.status !== 503) return location.reload();
  setTimeout(look, 5000);
};
setTimeout(look, 5000);
