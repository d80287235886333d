// Head office's pages work without this; with it they say when they stand still and number the lines of a text.
"use strict";

// --- redemptions: say so when head office stops answering
const still = (yes) => (event) => {
  if (event.target.id === "arrivals") document.querySelector(".ledger").classList.toggle("still", yes);
};
document.addEventListener("htmx:sendError", still(true));
document.addEventListener("htmx:responseError", still(true));
document.addEventListener("htmx:beforeSwap", still(false));

// --- filters act when they are chosen
document.querySelectorAll(".sieve").forEach((form) => {
  form.querySelector("[type=submit]").hidden = true;
  form.addEventListener("change", () => form.requestSubmit());
});

// --- publish: line numbers beside the text, problems that lead to their place
const text = document.getElementById("text");
if (text) {
  const gutter = document.querySelector(".gutter");
  const marked = new Set([...gutter.querySelectorAll(".marked")].map((line) => Number(line.textContent)));
  let drawn = 0;
  const number = () => {
    const lines = text.value.split("\n").length;
    text.rows = Math.max(lines, 16);
    if (lines === drawn) return;
    drawn = lines;
    gutter.replaceChildren(
      ...Array.from({ length: lines }, (_, at) => {
        const line = document.createElement("span");
        line.textContent = `${at + 1}`;
        line.className = marked.has(at + 1) ? "marked" : "";
        return [line, "\n"];
      }).flat(),
    );
  };
  text.addEventListener("input", number);
  number();

  document.querySelectorAll(".problem-at").forEach((link) =>
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const lines = text.value.split("\n");
      const line = Math.min(Number(link.dataset.line), lines.length);
      const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
      const at = start + Math.min(Number(link.dataset.column) - 1, lines[line - 1].length);
      text.focus({ preventScroll: true });
      text.setSelectionRange(at, start + lines[line - 1].length);
      gutter.children[line - 1].scrollIntoView({ block: "center" });
    }),
  );

  const file = document.querySelector("input[name=file]");
  file.addEventListener("change", async () => {
    if (!file.files.length) return;
    text.value = await file.files[0].text();
    file.value = "";
    marked.clear();
    drawn = 0;
    number();
    text.focus();
  });
}
