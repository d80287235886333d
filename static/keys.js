// Large keys on the screen that type into a field: the PIN pad and the keyboard for codes.

for (const pad of document.querySelectorAll("[data-keys-for]")) {
  const field = pad.closest("form").elements[pad.dataset.keysFor];
  field.inputMode = "none";  // the keys are here already
  pad.addEventListener("click", ({ target }) => {
    const key = target.closest("[data-key]")?.dataset.key;
    if (!key) return;
    if (key === "clear") field.value = "";
    else if (key === "back") field.value = [...field.value].slice(0, -1).join("");
    else if (field.value.length < field.maxLength) field.value += key;
    field.focus();
  });
  field.focus();
}
