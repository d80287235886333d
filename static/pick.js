// Several codes in view: a button over each that the clerk may pick, and a picture moved so that all of them show.

const LEAST_PX = 64;  // what a hurried thumb hits
const MARGIN_PX = 12;
const RIM_PX = 6;  // by which a button is larger than its code
const CAPTION_PX = 30;
const HEAD_PX = 56;  // what the lamp covers

const figure = document.getElementById("camera");
const layers = ["picture", "film", "outline"].map((id) => document.getElementById(id)).filter(Boolean);
let view = null;  // how the picture lies in its box: {scale, x, y}; null: cut to it, as the style sheet says

// The button of the code that is offered under `id`, if it is.
export const buttonOf = (id) => document.querySelector(`#choice .pick[value="${id}"]`);

const boxOf = (points) => {
  const xs = points.map(([x]) => x), ys = points.map(([, y]) => y);
  return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
};

const clamp = (value, least, most) => Math.max(least, Math.min(most, value));

// Where a stretch of the picture starts in the box: inside it where it is shorter, over all of it where it is longer.
const along = (wanted, room, length) => clamp(wanted, Math.min(0, room - length), Math.max(0, room - length));

function lay(width, height) {
  const room = figure.getBoundingClientRect();
  const zoom = room.width / figure.offsetWidth || 1;  // a large screen shows the stage enlarged
  const foot = document.querySelector("#choice .hint")?.offsetHeight ?? 0;  // what the hint covers
  return { w: room.width / zoom, h: room.height / zoom, foot: Math.max(0, foot - 16), width, height };
}

function cover({ w, h, width, height }) {
  const scale = Math.max(w / width, h / height);
  return { scale, x: (w - width * scale) / 2, y: (h - height * scale) / 2 };
}

// The picture as large as it may be with all of `box` between lamp and hint, its middle in the middle.
function around(box, at) {
  const { w, h, foot, width, height } = at;
  const most = Math.max(w / width, h / height);
  const high = h - HEAD_PX - foot - CAPTION_PX - MARGIN_PX;
  const fits = Math.min((w - 2 * MARGIN_PX) / (box.right - box.left), high / (box.bottom - box.top));
  const scale = Math.min(fits * 0.94, most);
  const middle = HEAD_PX + high / 2;
  return {
    scale,
    x: along(w / 2 - (box.left + box.right) / 2 * scale, w, width * scale),
    y: along(middle - (box.top + box.bottom) / 2 * scale, h, height * scale),
  };
}

function holds({ scale, x, y }, box, { w, h, foot }) {
  return box.left * scale + x >= 0 && box.right * scale + x <= w && box.top * scale + y >= 0
    && box.bottom * scale + y <= h - foot;
}

function show(at) {
  for (const layer of layers) {
    Object.assign(layer.style, view
      ? { inset: "auto", left: `${view.x}px`, top: `${view.y}px`,
          width: `${at.width * view.scale}px`, height: `${at.height * view.scale}px` }
      : { inset: "", left: "", top: "", width: "", height: "" });
  }
}

function atLeast({ left, top, right, bottom }) {
  const w = Math.max(right - left + 2 * RIM_PX, LEAST_PX), h = Math.max(bottom - top + 2 * RIM_PX, LEAST_PX);
  return { x: (left + right - w) / 2, y: (top + bottom - h) / 2, w, h };
}

// Two buttons that would lie over each other are moved apart, along the way on which they are apart already.
function part(spots) {
  spots.forEach((one, i) => spots.slice(i + 1).forEach((other) => {
    const over = (from, size) => Math.min(one[from] + one[size], other[from] + other[size])
      - Math.max(one[from], other[from]);
    const across = over("x", "w"), down = over("y", "h");
    if (across <= 0 || down <= 0) return;
    const [from, by] = across <= down ? ["x", across] : ["y", down];
    const way = one[from] <= other[from] ? 1 : -1;
    one[from] -= way * by / 2;
    other[from] += way * by / 2;
  }));
}

// What a code is stands below it, inside the box; above it where another's words or the hint are in the way.
function caption(spots, found, at) {
  const taken = [];
  spots.forEach((spot, i) => {
    const words = found[i].button.querySelector("bdi");
    const w = words.offsetWidth, h = words.offsetHeight;
    const x = clamp(spot.x + (spot.w - w) / 2, 4, at.w - w - 4);
    const free = (y) => y >= 0 && y + h <= at.h - at.foot
      && !taken.some((one) => x < one.x + one.w && one.x < x + w && y < one.y + one.h && one.y < y + h);
    const below = spot.y + spot.h + 2, above = spot.y - h - 2;
    const y = !free(below) && free(above) ? above : below;
    taken.push({ x, y, w, h });
    const rim = found[i].button.clientLeft;
    Object.assign(words.style, { left: `${x - spot.x - rim}px`, top: `${y - spot.y - rim}px` });
  });
}

let last = [[], [], 0, 0];

// The buttons were swapped for others: those whose codes are in the picture on show go there at once.
document.addEventListener("htmx:oobAfterSwap", () => { if (last[2]) place(...last); });

// `rings` are corners in pixels of a picture of `width` x `height`, `ids` name each ring's button, if it has one.
export function place(rings, ids, width, height) {
  last = [rings, ids, width, height];
  const seen = figure.hasAttribute("data-mirrored") ? rings.map((ring) => ring.map(([x, y]) => [width - x, y])) : rings;
  const found = seen.map((ring, i) => ({ ring, button: buttonOf(ids[i]) }))
    .filter(({ button }) => button);
  const at = lay(width, height);
  if (!document.querySelector("#choice .pick")) {
    view = null;
    return show(at);
  }
  if (!found.length) return;  // where they were last seen
  const all = boxOf(found.flatMap(({ ring }) => ring));
  if (!holds(view ?? cover(at), all, at)) view = around(all, at);
  show(at);
  const { scale, x, y } = view ?? cover(at);
  const spots = found.map(({ ring }) => {
    const box = boxOf(ring);
    return atLeast({
      left: box.left * scale + x, right: box.right * scale + x, top: box.top * scale + y, bottom: box.bottom * scale + y,
    });
  });
  part(spots);
  spots.forEach((spot, i) => {
    const { button } = found[i];
    spot.x = clamp(spot.x, 0, at.w - spot.w);
    spot.y = clamp(spot.y, 0, at.h - at.foot - spot.h);
    button.classList.add("placed");
    Object.assign(button.style, { left: `${spot.x}px`, top: `${spot.y}px`, width: `${spot.w}px`, height: `${spot.h}px` });
  });
  caption(spots, found, at);
}
