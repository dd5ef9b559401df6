// Of a whole number that somebody types into a search, the middle is taken out before it is sent: three and four digits find
// a client as well. The server takes it out again, in every spelling; this knows the plain ones.

const RUN = /(?<![\da-z])\+?\d(?:[\s.·,，、/_()（）‐-―-]{0,3}\d){7,}/gi;
const PREFIX = /^(?:0{0,2}86|0)(?=1[3-9]\d{9}$)/;
const LEAST_IN_GROUPS = 10;

function masked(typed) {
  const folded = typed.normalize("NFKC");
  const kept = folded.replace(RUN, (run) => {
    const digits = run.replace(/\D/g, "").replace(PREFIX, "");
    // A date has eight digits in groups.
    const whole = /^\+?\d+$/.test(run) || digits.length >= LEAST_IN_GROUPS;
    return whole ? `${digits.slice(0, 3)}****${digits.slice(-4)}` : run;
  });
  return kept === folded ? typed : kept;
}

document.addEventListener("submit", (event) => {
  for (const field of event.target.querySelectorAll("[data-mask]")) field.value = masked(field.value);
});

document.addEventListener("htmx:configRequest", (event) => {
  const { elt, parameters } = event.detail;
  if (elt.matches("[data-mask]")) parameters[elt.name] = masked(elt.value);
});
