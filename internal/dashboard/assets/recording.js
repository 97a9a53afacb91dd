// What is chosen, such as a step, is seen in the recording that the frame shows.
export function recording() {
  document.addEventListener("click", (e) => {
    const at = e.target.closest("[data-at]")?.dataset.at;
    if (at) document.getElementById("live")?.contentWindow.postMessage({ browserhook: "seek", at }, location.origin);
  });
}
