// Parts of a page that keep themselves current: an element with hx-get and hx-trigger="every Ns" is asked for again, with
// the mark (ETag) of what it shows; an answer of 304 leaves it alone. Nothing is asked while nobody looks, nor while
// somebody writes in a form of the part.

const marks = new WeakMap();
const live = document.getElementById("live");

document.body.addEventListener("htmx:configRequest", (event) => {
  const mark = marks.get(event.detail.elt);
  if (mark) event.detail.headers["If-None-Match"] = mark;
});

document.body.addEventListener("htmx:beforeRequest", (event) => {
  const { elt } = event.detail;
  const polled = elt.getAttribute("hx-trigger")?.startsWith("every ");
  if (polled && (document.hidden || isWrittenIn(elt))) event.preventDefault();
});

document.body.addEventListener("htmx:afterRequest", (event) => {
  const { elt, xhr, failed } = event.detail;
  // What the server refuses, it has heard.
  const well = !failed || (xhr.status >= 300 && xhr.status < 500);
  if (well && xhr.status === 200) marks.set(elt, xhr.getResponseHeader("ETag"));
  setLive(well);
});

function isWrittenIn(part) {
  const fields = [...part.querySelectorAll("input:not([type=hidden]), textarea, select")];
  return fields.some((field) => field === document.activeElement || (field.value !== "" && field.matches("input, textarea")));
}

function setLive(well) {
  if (!live) return;
  const words = well ? live.dataset.well : live.dataset.lost;
  live.hidden = false;
  live.classList.toggle("lost", !well);
  const place = live.querySelector(".live-words");
  if (place.textContent !== words) place.textContent = words;
}
