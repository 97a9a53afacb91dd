// The theme that was chosen, before anything is drawn.
try {
  const theme = localStorage.getItem("theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch {
  // Storage is closed: the system's.
}
