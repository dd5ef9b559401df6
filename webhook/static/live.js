// Parts of a page that keep themselves current: an element with hx-get and hx-trigger="every Ns" is asked for again, with
// the mark (ETag) of what it shows; an answer of 304 leaves it alone. Nothing is asked while nobody looks, nor while
// somebody writes in a form of the part.
//
// The badge says whether the page is connected. Besides the parts there is a pulse, so that a page without any knows it,
// and so that one with parts knows it within five seconds: two of waiting and two and a half for an answer.

const PULSE_MS = 2000;
const HIDDEN_PULSE_MS = 10000;
const PATIENCE_MS = 2500;

const marks = new WeakMap();
const live = document.getElementById("live");
// What got no answer of ours last time: the pulse, or an element.
const silent = new Set();
let heardAt = new Date();
let next;

document.body.addEventListener("htmx:configRequest", (event) => {
  const mark = marks.get(event.detail.elt);
  if (mark) event.detail.headers["If-None-Match"] = mark;
});

document.body.addEventListener("htmx:beforeRequest", (event) => {
  const { elt } = event.detail;
  if (isPolled(elt) && (document.hidden || isWrittenIn(elt))) event.preventDefault();
});

document.body.addEventListener("htmx:beforeSwap", (event) => {
  const { elt, xhr } = event.detail;
  // What bears no mark is no part of ours: somebody between us answered, with a page to log in to perhaps.
  if (isPolled(elt) && !isOurs(xhr)) event.detail.shouldSwap = false;
});

document.body.addEventListener("htmx:afterRequest", (event) => {
  const { elt, xhr } = event.detail;
  if (!isPolled(elt)) return;
  const well = isOurs(xhr);
  if (well && xhr.status === 200) marks.set(elt, xhr.getResponseHeader("ETag"));
  heard(elt, well);
});

function isPolled(elt) {
  return elt.getAttribute("hx-trigger")?.startsWith("every ") ?? false;
}

function isOurs(xhr) {
  return xhr.status === 304 || (xhr.status === 200 && xhr.getResponseHeader("ETag") !== null);
}

function isWrittenIn(part) {
  const fields = [...part.querySelectorAll("input:not([type=hidden]), textarea, select")];
  return fields.some((field) => field === document.activeElement || isFilledIn(field));
}

function isFilledIn(field) {
  if (field.matches("[type=checkbox], [type=radio]")) return field.checked !== field.defaultChecked;
  return field.value !== "" && field.matches("input, textarea");
}

function heard(whom, well) {
  if (well) silent.delete(whom);
  else silent.add(whom);
  for (const each of silent) if (each instanceof Element && !each.isConnected) silent.delete(each);
  if (silent.size === 0) heardAt = new Date();
  show(silent.size === 0 ? "well" : "lost");
}

function show(how) {
  if (!live) return;
  const words = live.dataset[how].replace("#", heardAt.toLocaleTimeString(document.documentElement.lang, { hour12: false }));
  live.hidden = false;
  live.classList.toggle("lost", how !== "well");
  const place = live.querySelector(".live-words");
  if (place.textContent !== words) place.textContent = words;
}

async function pulse() {
  clearTimeout(next);
  try {
    // Whoever is logged out is told so, and led nowhere: what he was writing stays.
    const headers = { Accept: "application/json", "HX-Request": "true" };
    const answer = await fetch(live.dataset.pulse, { headers, redirect: "error", signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.status === 401) show("out");
    else take(answer.ok ? await answer.text() : "");
  } catch {
    heard(live, false);
  }
  clearTimeout(next);
  next = setTimeout(pulse, document.hidden ? HIDDEN_PULSE_MS : PULSE_MS);
}

// What waits, as JSON; of who is not logged in, that we are there. Anything else was said by somebody between us.
function take(said) {
  const waiting = said.trim() === "ok" ? {} : JSON.parse(said);
  heard(live, true);
  document.dispatchEvent(new CustomEvent("baobei:waiting", { detail: waiting }));
}

if (live) {
  window.addEventListener("online", pulse);
  window.addEventListener("offline", () => heard(live, false));
  document.addEventListener("visibilitychange", () => document.hidden || pulse());
  pulse();
}
