// A file that the server would not take is told of before it is sent; and a tap that takes its time is not repeated.

const MOST_BYTES = 16 * 1024 * 1024;
const choosing = document.querySelector(".carrying .choose");

choosing?.elements.file.addEventListener("change", ({ target }) => {
  const [chosen] = target.files;
  target.setCustomValidity(chosen && chosen.size > MOST_BYTES ? choosing.dataset.tooLarge : "");
  target.reportValidity();
});

const buttons = document.querySelectorAll(".carrying form button");
const lock = (locked) => buttons.forEach((button) => { button.disabled = locked; });
document.querySelectorAll(".carrying form").forEach((form) => form.addEventListener("submit", () => lock(true)));
window.addEventListener("pageshow", () => lock(false));
