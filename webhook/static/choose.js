// One box that chooses all of a list, and buttons that can be pressed only while something is chosen.
function boxes() {
  return [...document.querySelectorAll('.mend-box[name="reply"]')];
}

function refresh() {
  const chosen = boxes().filter((box) => box.checked).length;
  for (const button of document.querySelectorAll(".mend-bar button")) button.disabled = chosen === 0;
  for (const every of document.querySelectorAll("[data-choose]")) {
    every.hidden = false;
    every.checked = chosen > 0 && chosen === boxes().length;
    every.indeterminate = chosen > 0 && chosen < boxes().length;
  }
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-choose]")) for (const box of boxes()) box.checked = event.target.checked;
  refresh();
});
document.addEventListener("htmx:afterSettle", refresh);
window.addEventListener("pageshow", refresh);
refresh();
