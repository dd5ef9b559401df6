// The hands of the phones' page: Enter sends, examples fill the field, a thread follows its newest text, and the switcher of
// narrow screens. What arrives comes by htmx; without any script the forms still send, and load the page anew.

const NEAR_END_PX = 80;

const stage = document.getElementById("stage");
const row = stage.querySelector(".phones");

// ---- Threads --------------------------------------------------------------------------------------------------

const followed = new WeakMap();

function isNearEnd(thread) {
  return thread.scrollHeight - thread.scrollTop - thread.clientHeight < NEAR_END_PX;
}

function toEnd(thread) {
  thread.scrollTop = thread.scrollHeight;
}

document.body.addEventListener("htmx:oobBeforeSwap", ({ detail: { target } }) => {
  if (target.matches(".thread")) followed.set(target, { end: isNearEnd(target), count: target.childElementCount });
});

document.body.addEventListener("htmx:oobAfterSwap", ({ detail: { target } }) => {
  const before = followed.get(target);
  if (!before) return stage.querySelectorAll(".phone").forEach((phone) => watcher.observe(phone));
  if (target.childElementCount > before.count) noteUnseen(target);
  if (before.end) toEnd(target);
});

// ---- Sending --------------------------------------------------------------------------------------------------

document.body.addEventListener("htmx:beforeRequest", (event) => {
  const field = event.target.matches(".composer") && event.target.elements.text;
  if (field && !field.value.trim()) event.preventDefault();
});

function complain(form, sentence) {
  if (!form.matches(".composer")) return;
  const place = form.querySelector(".fault");
  place.textContent = sentence;
  place.hidden = false;
}

document.body.addEventListener("htmx:responseError", ({ target, detail }) => complain(target, detail.xhr.responseText));
document.body.addEventListener("htmx:sendError", ({ target }) => complain(target, stage.dataset.away));
document.body.addEventListener("htmx:timeout", ({ target }) => complain(target, stage.dataset.away));

stage.addEventListener("keydown", (event) => {
  // While an input method composes, Enter chooses a word.
  if (!event.target.matches("textarea") || event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  event.target.form.requestSubmit();
});

stage.addEventListener("click", (event) => {
  const chip = event.target.closest(".chip");
  if (chip) fill(chip);
  const link = event.target.closest("[data-switch]");
  if (link) {
    event.preventDefault();
    show(link.dataset.switch);
  }
});

function fill(chip) {
  const texts = JSON.parse(chip.dataset.texts);
  const turn = Number(chip.dataset.turn ?? 0);
  const field = chip.closest(".phone").querySelector("textarea");
  field.value = texts[turn % texts.length];
  chip.dataset.turn = String(turn + 1);
  field.focus();
  field.setSelectionRange(field.value.length, field.value.length);
}

// ---- The switcher of narrow screens ----------------------------------------------------------------------------

function show(id) {
  document.getElementById(id).scrollIntoView({ behavior: "smooth", inline: "start", block: "nearest" });
  setCurrent(id);
}

function setCurrent(id) {
  for (const link of stage.querySelectorAll("[data-switch]")) {
    const current = link.dataset.switch === id;
    if (current && !link.hasAttribute("aria-current")) link.scrollIntoView({ block: "nearest", inline: "nearest" });
    link.toggleAttribute("aria-current", current);
    if (current) unseenDot(link, false);
  }
}

function unseenDot(link, unseen) {
  const dot = link.querySelector(".dot");
  if (dot) dot.hidden = !unseen;
}

function noteUnseen(thread) {
  const link = stage.querySelector(`[data-switch="${thread.closest(".phone").id}"]`);
  if (link && !link.hasAttribute("aria-current")) unseenDot(link, true);
}

const watcher = new IntersectionObserver(
  (seen) => seen.filter((each) => each.isIntersecting).forEach((each) => setCurrent(each.target.id)),
  { root: row, threshold: 0.6 },
);

function begin() {
  stage.querySelectorAll(".thread").forEach(toEnd);
  stage.querySelectorAll(".phone").forEach((phone) => watcher.observe(phone));
  document.querySelector("[autofocus]")?.closest(".phone").scrollIntoView({ inline: "start", block: "nearest" });
}

begin();
