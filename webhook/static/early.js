// What somebody types into a search before htmx listens to its field, on a slow page, is searched as soon as it does.
document.addEventListener("htmx:load", (event) => {
  for (const field of event.target.querySelectorAll('input[hx-trigger~="early"]')) {
    if (field.value !== field.defaultValue) htmx.trigger(field, "early");
  }
});
