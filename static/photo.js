// A photo that was chosen is read at once; the button is for browsers without scripts, and for a second try.

const MOST_BYTES = 16 * 1024 * 1024;
const form = document.getElementById("photo");
const field = form.elements.photo;

field.addEventListener("change", () => {
  const [chosen] = field.files;
  field.setCustomValidity(chosen && chosen.size > MOST_BYTES ? form.dataset.tooLarge : "");
  if (chosen) form.requestSubmit();
});

// The large button chooses: there is nothing to read before that.
const button = form.querySelector(".primary");
button.lastElementChild.textContent = form.dataset.choose;
button.addEventListener("click", (tap) => {
  if (field.files.length) return;
  tap.preventDefault();
  field.click();
});

form.addEventListener("submit", () => {
  form.querySelector(".reading").hidden = false;
  form.querySelector(".unread")?.remove();
  button.disabled = true;
});

window.addEventListener("pageshow", () => {
  form.querySelector(".reading").hidden = true;
  button.disabled = false;
});
