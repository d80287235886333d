// Large keys on the screen that type into a field: the PIN pads and the keyboard for codes. A ticket may bring a pad at any time.

const fieldOf = (pad) => pad.closest("form").elements[pad.dataset.keysFor];

document.addEventListener("click", ({ target }) => {
  const key = target.closest("[data-key]")?.dataset.key;
  const pad = target.closest("[data-keys-for]");
  if (!key || !pad) return;
  const field = fieldOf(pad);
  field.inputMode = "none";  // the keys are here already
  if (key === "clear") field.value = "";
  else if (key === "back") field.value = [...field.value].slice(0, -1).join("");
  else if (field.value.length < field.maxLength) field.value += key;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
});

for (const pad of document.querySelectorAll("[data-keys-for]:not([data-keys-wait])")) {
  const field = fieldOf(pad);
  field.inputMode = "none";
  field.focus();
}
