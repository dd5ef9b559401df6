// The text of a report shows below its row when it is asked for, and stays while the table renews itself.

const shown = new Set();

function apply(button) {
  const id = button.getAttribute("aria-controls");
  button.setAttribute("aria-expanded", String(shown.has(id)));
  document.getElementById(id).hidden = !shown.has(id);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.(".place-button");
  if (!button) return;
  const id = button.getAttribute("aria-controls");
  if (!shown.delete(id)) shown.add(id);
  apply(button);
});

document.addEventListener("htmx:afterSwap", () => {
  for (const button of document.querySelectorAll(".place-button")) apply(button);
});

// On a phone the lesser fields of the search fold away while nobody uses them.
const more = document.getElementById("more");
const button = document.querySelector(".more-button");

function fold(folded) {
  more.classList.toggle("folded", folded);
  button.setAttribute("aria-expanded", String(!folded));
}

if (more && button) {
  fold(!("used" in more.dataset));
  button.addEventListener("click", () => fold(!more.classList.contains("folded")));
}
