// Hand-held scanners that type like a keyboard, with nothing to click first.
//
// What tells a scanner from a person is speed: its keys come within GAP_MS of each other and end in Enter or Tab.
// Keys that a person types slowly, or into a field, are left alone; a field's form has its own Enter.

const GAP_MS = 80;
const END_GAP_MS = 250;
const SHORTEST = 3;
const GS = "\u001d";

const form = document.getElementById("wedge");
let typed = "";
let last = 0;
let alt = "";

const inField = (target) => target.closest?.("input, textarea, select, [contenteditable]");

function forget() {
  typed = "";
  alt = "";
}

// The character a key stands for. Scanners send GS (between the parts of a GS1 code) as Ctrl+].
function character(key) {
  if (key.ctrlKey && (key.key === "]" || key.key === GS)) return GS;
  if (key.ctrlKey || key.metaKey) return "";
  return [...key.key].length === 1 ? key.key : "";
}

function take(text, key) {
  if (key.timeStamp - last > GAP_MS) typed = "";
  typed += text;
  last = key.timeStamp;
  if (typed.length > 1) key.preventDefault();  // a space in a code must not press the button in focus
}

function end(key) {
  const scanned = typed;
  const prompt = key.timeStamp - last <= END_GAP_MS;
  forget();
  if (scanned.length < SHORTEST || !prompt) return;
  key.preventDefault();  // nor may its Enter
  key.stopPropagation();
  form.elements.text.value = scanned;
  form.requestSubmit();
}

document.addEventListener("keydown", (key) => {
  if (inField(key.target) || key.isComposing) return forget();
  if (key.key === "Enter" || key.key === "Tab") return end(key);
  if (key.altKey && /^[0-9]$/.test(key.key)) {
    alt += key.key;  // Alt+0228: a character by its number
    return;
  }
  const text = character(key);
  if (text) take(text, key);
}, { capture: true });

document.addEventListener("keyup", (key) => {
  if (key.key === "Alt" && alt) {
    const text = String.fromCodePoint(Number(alt));
    alt = "";
    if (!inField(key.target)) take(text, key);
  } else if (key.key === " " && typed.length > 1) {
    key.preventDefault();
  }
}, { capture: true });
