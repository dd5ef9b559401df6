// What waits for whoever looks at this page: a count at the page's title and beside the pages where he sees to it. When
// there is more of it than he was told of, there is a sound or a notice of the browser, if he chose so.

const TOLD = "baobei.told";
const said = document.getElementById("live");
const title = document.title;
let sounds;

document.addEventListener("baobei:waiting", ({ detail }) => {
  const total = Object.values(detail).reduce((sum, [count]) => sum + count, 0);
  document.title = total > 0 ? `(${total}) ${title}` : title;
  for (const place of document.querySelectorAll("[data-waiting]")) showAt(place, ...(detail[place.dataset.waiting] ?? [0, ""]));
  tell(detail);
});

function showAt(place, count, words) {
  place.hidden = count === 0;
  place.querySelector(".todo-number").textContent = count > 99 ? "99+" : count;
  place.querySelector(".sr-only").textContent = words;
  place.title = words;
}

// Once for all windows of this browser: who finds it told already keeps quiet.
function tell(waiting) {
  const told = JSON.parse(kept() ?? "null");
  const now = JSON.stringify(waiting);
  if (now === JSON.stringify(told)) return;
  keep(now);
  const more = Object.entries(waiting).filter(([page, [count]]) => count > (told?.[page]?.[0] ?? 0));
  // Whoever comes for the first time sees what waits.
  if (told === null || more.length === 0) return;
  if (said.dataset.sound === "on") ring();
  if (said.dataset.notice === "on") notify(more.map(([, [, words]]) => words).join(" · "));
}

// In a browser that keeps nothing for us each page begins by seeing what waits.
let keptHere = null;

function kept() {
  try {
    return localStorage.getItem(TOLD);
  } catch {
    return keptHere;
  }
}

function keep(told) {
  keptHere = told;
  try {
    localStorage.setItem(TOLD, told);
  } catch {
    // It stays within this page.
  }
}

// Two tones of a moment. A browser lets a page sound only after somebody has touched it.
function ring() {
  sounds ??= new AudioContext();
  sounds.resume();
  for (const [after, hertz] of [[0, 660], [0.18, 880]]) {
    const tone = sounds.createOscillator();
    const loudness = sounds.createGain();
    const from = sounds.currentTime + after;
    tone.frequency.value = hertz;
    loudness.gain.setValueAtTime(0.15, from);
    loudness.gain.exponentialRampToValueAtTime(0.001, from + 0.35);
    tone.connect(loudness).connect(sounds.destination);
    tone.start(from);
    tone.stop(from + 0.35);
  }
}

function notify(words) {
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  try {
    const shown = new Notification(title, { body: words, tag: "baobei", icon: said.dataset.icon });
    shown.addEventListener("click", () => {
      window.focus();
      shown.close();
    });
  } catch {
    // Some browsers of phones let nobody but a service worker notify; there the count and the sound remain.
  }
}

document.addEventListener("pointerdown", () => {
  if (said?.dataset.sound === "on") (sounds ??= new AudioContext()).resume();
}, { once: true });

// The browser asks its owner only while he presses something.
document.addEventListener("click", async (event) => {
  const button = event.target.closest('button[name="notice"][value="on"]');
  if (!button || !("Notification" in window) || Notification.permission !== "default") return;
  event.preventDefault();
  await Notification.requestPermission();
  button.form.requestSubmit(button);
});

for (const hint of document.querySelectorAll("[data-notice-refused]")) {
  hint.hidden = !("Notification" in window) || Notification.permission !== "denied";
}
