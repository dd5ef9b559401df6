// The phones of a gateway without a carrier: shows what arrives without reloading, and sends what is typed. Without this script the forms
// still send; they then load the page anew.

const EVERY_MS = 700;
const LATER_MS = 4000;
const NEAR_END_PX = 80;

const stage = document.getElementById("stage");
const row = stage.querySelector(".phones");
const live = document.getElementById("live");
const moulds = { bubble: document.getElementById("bubble-mould"), entry: document.getElementById("entry-mould") };
let mark = stage.dataset.mark;
let timer = 0;
let reading = false;

// ---- Bubbles and the line -------------------------------------------------------------------------------------

function cast(kind, key) {
  const item = moulds[kind].content.firstElementChild.cloneNode(true);
  item.dataset.key = key;
  return item;
}

function say(item, selector, words) {
  const place = item.querySelector(selector);
  if (place.textContent !== words) place.textContent = words;
}

function threadOf(phone) {
  return document.getElementById(idOf(phone))?.querySelector(".thread");
}

function idOf(phone) {
  return `phone-${phone.replace(/[^0-9A-Za-z]/g, "")}`;
}

function fillBubble(item, view) {
  item.classList.toggle("mine", view.mine);
  item.classList.toggle("theirs", !view.mine);
  item.classList.remove("sending");
  item.dataset.at = view.at;
  item.dataset.day = view.day;
  item.toggleAttribute("data-done", view.done);
  say(item, ".by", view.mine ? stage.dataset.sent : stage.dataset.received);
  say(item, ".words", view.words);
  say(item, ".note", view.note);
  say(item, "time", view.time);
  item.querySelector("time").dateTime = view.at;
}

function showBubble(view) {
  const thread = threadOf(view.phone);
  if (!thread) return;
  const known = thread.querySelector(`[data-key="${view.key}"]`);
  const follow = nearEnd(thread);
  const item = known ?? cast("bubble", view.key);
  fillBubble(item, view);
  if (!known) {
    item.classList.add("fresh");
    insertByTime(thread, item);
    noteUnseen(thread);
  }
  markDays(thread);
  if (follow) toEnd(thread);
}

function insertByTime(thread, item) {
  const later = [...thread.children].find((each) => each.dataset.at > item.dataset.at);
  thread.insertBefore(item, later ?? null);
}

function markDays(thread) {
  let day = "";
  for (const item of thread.children) {
    item.classList.toggle("day-start", item.dataset.day !== day);
    day = item.dataset.day;
  }
}

function nearEnd(thread) {
  return thread.scrollHeight - thread.scrollTop - thread.clientHeight < NEAR_END_PX;
}

function toEnd(thread) {
  thread.scrollTop = thread.scrollHeight;
}

function showEntry(view) {
  const list = stage.querySelector(".entries");
  const known = list.querySelector(`[data-key="${view.key}"]`);
  const item = known ?? cast("entry", view.key);
  item.className = `entry tone-${view.tone}`;
  item.dataset.seq = view.seq;
  say(item, ".entry-seq", String(view.seq));
  say(item, ".entry-words", view.words);
  say(item, ".entry-ref", view.ref);
  say(item, ".entry-who", view.who);
  say(item, "time", view.time);
  item.querySelector("time").dateTime = view.at;
  if (known) return;
  item.classList.add("fresh");
  const earlier = [...list.children].find((each) => Number(each.dataset.seq) < view.seq);
  list.insertBefore(item, earlier ?? null);
}

// ---- Listening ------------------------------------------------------------------------------------------------

async function listen() {
  window.clearTimeout(timer);
  if (document.hidden || reading) return;
  reading = true;
  let wait = EVERY_MS;
  try {
    await read();
    setLive(true);
  } catch {
    setLive(false);
    wait = LATER_MS;
  }
  reading = false;
  timer = window.setTimeout(listen, wait);
}

async function read() {
  const answer = await fetch(`${stage.dataset.feed}?since=${mark}`, {
    headers: { "If-None-Match": `"${mark}"` },
    cache: "no-store",
    signal: AbortSignal.timeout(5000),
  });
  if (answer.status === 304) return;
  if (!answer.ok) throw new Error(String(answer.status));
  const news = await answer.json();
  if (news.bubbles.some((view) => view.mine && !threadOf(view.phone))) await adopt();
  news.bubbles.forEach(showBubble);
  news.entries.forEach(showEntry);
  document.getElementById("decided").textContent = news.decided;
  document.getElementById("waiting").textContent = news.waiting;
  mark = news.mark;
}

// A phone that is not shown yet has texted: the server draws it, and it takes its place among the others.
async function adopt() {
  const drawn = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
  for (const phone of drawn.querySelectorAll(".phone[data-phone]")) {
    if (document.getElementById(phone.id)) continue;
    const link = drawn.querySelector(`[data-switch="${phone.id}"]`);
    document.getElementById("another").before(document.adoptNode(phone));
    stage.querySelector('[data-switch="another"]').before(document.adoptNode(link));
    toEnd(phone.querySelector(".thread"));
    watcher.observe(phone);
    noteUnseen(phone.querySelector(".thread"));
  }
}

function setLive(well) {
  const words = well ? stage.dataset.well : stage.dataset.lost;
  if (live.classList.toggle("lost", !well) !== well || live.textContent !== words) say(live, ".live-words", words);
}

// ---- Sending --------------------------------------------------------------------------------------------------

async function send(form) {
  const field = form.elements.text;
  const words = field.value;
  if (!words.trim()) return field.focus();
  const thread = form.closest(".phone").querySelector(".thread");
  const waiting = showWaiting(thread, words);
  field.value = "";
  complain(form, "");
  try {
    const place = await post(form, words);
    settle(thread, waiting, place);
    listen();
  } catch (error) {
    waiting.remove();
    field.value = field.value || words;
    complain(form, error.message);
  }
}

async function post(form, words) {
  const body = new URLSearchParams({ token: stage.dataset.token, sender: form.elements.sender.value, text: words });
  let answer;
  try {
    answer = await fetch(form.action, {
      method: "POST", body, headers: { Accept: "application/json" }, signal: AbortSignal.timeout(10000),
    });
  } catch {
    throw new Error(stage.dataset.away);
  }
  if (!answer.ok) throw new Error((await answer.text()).trim());
  return answer.json();
}

function showWaiting(thread, words) {
  const item = cast("bubble", "waiting");
  const last = thread.lastElementChild;
  item.classList.remove("theirs");
  item.classList.add("mine", "sending", "fresh");
  say(item, ".by", stage.dataset.sent);
  say(item, ".words", words);
  // It stands last until the line says when it came.
  item.dataset.at = "9999";
  item.dataset.day = last?.dataset.day ?? "";
  thread.append(item);
  toEnd(thread);
  return item;
}

function settle(thread, waiting, place) {
  // One that waits for the database has no place yet; it is shown when it has one.
  if (place.seq === null) return waiting.remove();
  const key = `t${place.seq}`;
  if (thread.querySelector(`[data-key="${key}"]`)) return waiting.remove();
  waiting.dataset.key = key;
}

function complain(form, sentence) {
  const place = form.querySelector(".fault");
  place.textContent = sentence;
  place.hidden = !sentence;
}

// ---- Hands ----------------------------------------------------------------------------------------------------

stage.addEventListener("submit", (event) => {
  if (!event.target.matches(".composer")) return;
  event.preventDefault();
  send(event.target);
});

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
  document.addEventListener("visibilitychange", listen);
  listen();
}

begin();
