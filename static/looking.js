// A screen without a code: Redeem unlocks once the clerk has touched the filmed picture, or had it a second before them.
// The counter asks the same again, so that a page without this script is only slower to be believed.

import { ticket } from "./ticket.js";

const LOOK_MS = 1000;

let showing = "";
let since = null;  // when its picture stood on a page that somebody can look at
let touched = false;
let timer = 0;

const root = document.documentElement;
root.classList.add("scripted");

const looked = () => touched || (since !== null && performance.now() - since >= LOOK_MS);

function unlock() {
  for (const form of document.querySelectorAll("form[data-look]")) {
    const button = form.querySelector("button");
    form.toggleAttribute("data-looked", looked());
    if (looked()) button.removeAttribute("aria-disabled");
    else button.setAttribute("aria-disabled", "true");
    if (touched) form.elements.touched.value = "yes";
  }
}

// A ticket was put on the page: another screen is looked at anew, the same one goes on.
function met() {
  const now = ticket()?.dataset.showing ?? "";
  if (now !== showing) {
    clearTimeout(timer);
    showing = now;
    since = null;
    touched = document.querySelector("form[data-look] [name=touched]")?.value === "yes";
  }
  unlock();
}

function pictured() {
  if (since !== null || document.visibilityState !== "visible") return;
  since = performance.now();
  clearTimeout(timer);
  timer = setTimeout(unlock, LOOK_MS + 5);
}

function touch() {
  if (!touched) {
    touched = true;
    htmx.trigger("#touch", "touched");
  }
  unlock();
}

function enlarge(shot) {
  const large = shot.classList.toggle("large");
  const svg = shot.querySelector("svg");
  svg.dataset.cut ??= svg.getAttribute("viewBox");
  const [, top] = svg.dataset.cut.split(" ").map(Number);
  svg.setAttribute("viewBox", large ? svg.dataset.whole : svg.dataset.cut);
  shot.scrollTop = large ? top * shot.clientWidth / svg.viewBox.baseVal.width : 0;
}

document.addEventListener("load", ({ target }) => {
  if (target.closest?.(".filmed")) {
    met();
    pictured();
  }
}, { capture: true });

document.addEventListener("pointerdown", ({ target }) => {
  if (target.closest(".filmed")) touch();
});

document.addEventListener("click", (tap) => {
  const shot = tap.target.closest(".filmed");
  if (!shot) return;
  tap.preventDefault();
  touch();
  enlarge(shot);
});

document.addEventListener("keydown", ({ key }) => {
  const shot = document.querySelector(".filmed.large");
  if (key === "Escape" && shot) enlarge(shot);
});

// A list of reasons that is open under a finger must not be swapped away by a better reading.
document.addEventListener("toggle", ({ target }) => {
  if (target.matches?.(".anyway[open]")) touch();
}, { capture: true });

document.addEventListener("submit", (asked) => {
  if (!asked.target.matches("form[data-look]:not([data-looked])")) return;
  asked.preventDefault();
  asked.stopImmediatePropagation();
}, { capture: true });

// More was read of the same screen: its words change in place, without fading in anew.
document.addEventListener("htmx:sseBeforeMessage", ({ detail }) => {
  const come = /data-state="(\w+)"[^>]*data-showing="(\w*)"/.exec(detail.data ?? "");
  if (!come) return;
  const { state, showing: shown } = ticket().dataset;
  root.toggleAttribute("data-same", come[2] !== "" && come[1] === state && come[2] === shown);
});

document.addEventListener("htmx:afterSwap", met);
document.addEventListener("htmx:afterSettle", met);
met();
