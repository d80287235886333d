// The live picture: short requests for the newest JPEG, the next one asked for only when the last has come.

import { buttonOf, place } from "./pick.js";

const SHORTEST_MS = 1000 / 15;
const NOTHING_NEW_MS = 120;
const UNWATCHED_MS = 1000;
const FAILED_MS = 2000;

const figure = document.getElementById("camera");
const picture = document.getElementById("picture");
const outline = document.getElementById("outline");
let shown = 0;

const wait = (ms) => new Promise((done) => setTimeout(done, ms));

// A hidden tab asks for nothing; one that is only not in front asks slowly.
function pace() {
  return document.hasFocus() ? SHORTEST_MS : UNWATCHED_MS;
}

async function visible() {
  while (document.visibilityState !== "visible") {
    await new Promise((seen) => document.addEventListener("visibilitychange", seen, { once: true }));
  }
}

async function show(answer) {
  const address = URL.createObjectURL(await answer.blob());
  const before = picture.src;
  picture.src = address;
  await picture.decode();
  picture.hidden = false;
  if (before) URL.revokeObjectURL(before);
  const { naturalWidth, naturalHeight } = picture;
  draw(answer.headers.get("X-Corners") ?? "", answer.headers.get("X-Choices") ?? "", naturalWidth, naturalHeight);
}

// Corners come as parts of the picture; the outline is cut to the box, or fitted into it, as the picture is.
export function draw(corners, choices, width, height) {
  outline.setAttribute("viewBox", `0 0 ${width} ${height}`);
  outline.setAttribute("preserveAspectRatio", figure.dataset.whole ? "xMidYMid meet" : "xMidYMid slice");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  const rings = corners.split(";").filter(Boolean).map((ring) =>
    ring.split(" ").map((corner) => {
      const [x, y] = corner.split(",");
      return [x * width, y * height];
    }));
  const ids = choices.split(" ");
  place(rings, ids, width, height);
  const read = rings.filter((_, i) => !buttonOf(ids[i]));  // the others have a button
  path.setAttribute("d", read.map((ring) => `M${ring.map((corner) => corner.join(" ")).join("L")}Z`).join(""));
  outline.replaceChildren(path);
}

async function ask() {
  const answer = await fetch(`${figure.dataset.src}?after=${shown}`, { cache: "no-store" });
  if (answer.status === 204) return NOTHING_NEW_MS;
  if (!answer.ok) return FAILED_MS;
  const number = Number(answer.headers.get("X-Frame"));
  if (number < shown) shown = 0;
  shown = number;
  await show(answer);
  return 0;
}

async function film() {
  for (;;) {
    await visible();
    if ("filming" in figure.dataset) {  // this tab shows what it films itself, without the way round
      picture.hidden = true;
      await wait(UNWATCHED_MS);
      continue;
    }
    const began = performance.now();
    let longer = FAILED_MS;
    try {
      longer = await ask();
    } catch {
      shown = 0;  // a program that was started anew counts its pictures from one
    }
    await wait(Math.max(longer, pace() - (performance.now() - began)));
  }
}

film();
