// A tab that films for its counter: the browser's own camera, its pictures posted one after the other.
//
// The next picture is sent when the last was answered, PER_S a second at most, fewer while the counter is behind.
// One tab films. Whether another does, the lamp tells; a tab films by itself where it was allowed to before.

import { draw } from "./camera.js";

const PER_S = 15;
const SLOWEST_MS = 500;
const ANSWER_LIMIT_MS = 5000;
const LOST_MS = 1000;
const STILL_MS = 2000;
const AGAIN_MS = 3000;
const MOST_UNREAD = 15;
const LONG_PX = 1280;
const SHORT_PX = 720;
const WAITING = "camera-waiting";

const figure = document.getElementById("camera");
const video = document.getElementById("film");
const panel = document.getElementById("filming");
const other = document.getElementById("other-camera");
const token = document.querySelector("#wedge [name=csrf_token]").value;
const tab = [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, "0")).join("");
const canvas = document.createElement("canvas");

let stream = null;
let opening = false;
let said = "";
let shortest_ms = 1000 / PER_S;

const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const lamp = () => document.getElementById("lamp")?.dataset.code;
const visible = () => document.visibilityState === "visible";
const secure = () => window.isSecureContext && navigator.mediaDevices?.getUserMedia;

// --- what the tab says -----------------------------------------------------------------------

// One of the sentences of film.html, or none. They are there only while nobody else films.
function say(state) {
  said = state;
  for (const words of panel.querySelectorAll("[data-when]")) words.hidden = words.dataset.when !== state;
  panel.hidden = !state || Boolean(stream) || lamp() !== WAITING;
}

const TROUBLE = {
  NotAllowedError: "denied", SecurityError: "denied",
  NotFoundError: "missing", OverconstrainedError: "missing",
  NotReadableError: "busy", AbortError: "busy",
};

// --- the camera ------------------------------------------------------------------------------

// The camera that was chosen here before, if it is still there; else one that faces the guest before the screen.
async function openCamera() {
  const size = { width: { ideal: LONG_PX }, height: { ideal: SHORT_PX }, frameRate: { ideal: 30 } };
  const ask = (which) => navigator.mediaDevices.getUserMedia({ audio: false, video: { ...which, ...size } });
  const device = localStorage.getItem("film-device");
  if (device) {
    try {
      return await ask({ deviceId: { exact: device } });
    } catch (fault) {
      if (fault.name !== "OverconstrainedError" && fault.name !== "NotFoundError") throw fault;
      localStorage.removeItem("film-device");
    }
  }
  return ask({ facingMode: { ideal: "user" } });
}

async function start() {
  if (stream || opening || !visible()) return;
  if (!secure()) return say("insecure");
  opening = true;
  try {
    const opened = await openCamera();
    localStorage.setItem("film", "on");
    await show(opened);
  } catch (fault) {
    stop(TROUBLE[fault.name] ?? "busy");
  } finally {
    opening = false;
  }
  if (stream) film(stream);
}

async function show(opened) {
  stream = opened;
  const [track] = opened.getVideoTracks();
  track.addEventListener("ended", () => { if (stream === opened) stop("gone"); });
  video.srcObject = opened;
  await video.play();
  video.hidden = false;
  figure.dataset.filming = "";
  figure.toggleAttribute("data-mirrored", track.getSettings().facingMode === "user");  // as in a mirror; sent as it is
  const cameras = (await navigator.mediaDevices.enumerateDevices()).filter((one) => one.kind === "videoinput");
  other.hidden = cameras.length < 2;
  say("");
}

// Let go of the camera. The counter is told, so that another tab need not wait until this one was missed.
function stop(state) {
  if (stream) {
    for (const track of stream.getTracks()) track.stop();
    post("/end", "", true).catch(() => {});
  }
  stream = null;
  video.srcObject = null;
  video.hidden = other.hidden = true;
  delete figure.dataset.filming;
  draw("", "", 1, 1);
  say(state);
}

// --- the pictures ----------------------------------------------------------------------------

// The video as the camera gives it, never mirrored, no larger than the counter looks at.
function picture(quality = 0.8) {
  const long = Math.max(video.videoWidth, video.videoHeight), short = Math.min(video.videoWidth, video.videoHeight);
  const scale = Math.min(1, LONG_PX / long, SHORT_PX / short);
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  canvas.getContext("2d", { alpha: false }).drawImage(video, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
}

function post(more, body, keepalive = false) {
  return fetch(figure.dataset.film + more, {
    method: "POST",
    body,
    keepalive,
    headers: { "Content-Type": "image/jpeg", "X-CSRFToken": token, "X-Tab": tab },
    signal: keepalive ? undefined : AbortSignal.timeout(ANSWER_LIMIT_MS),
  });
}

// True once the camera gave another picture; false when it stands still, as one does that was taken away.
function fresh() {
  const next = new Promise((done) => {
    if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(() => done(true));
    else requestAnimationFrame(() => done(true));
  });
  return Promise.race([next, wait(STILL_MS).then(() => false)]);
}

async function film(own) {
  let unread = 0;
  while (stream === own) {
    const began = performance.now();
    let longer_ms = 0;
    if (!await fresh()) {
      if (stream === own && visible()) stop("gone");
      return;
    }
    if (stream !== own) return;
    try {
      const answer = await post("", await picture());
      if (stream !== own) return;
      if (answer.status === 409) return stop("watching");
      if (answer.status === 400 || answer.headers.has("X-Signed-Out")) return location.reload();  // or an old page
      unread = answer.status === 422 ? unread + 1 : 0;
      if (unread >= MOST_UNREAD) return stop("unreadable");
      if (answer.status === 204) take(answer);
      else longer_ms = LOST_MS;
    } catch {
      longer_ms = LOST_MS;  // the line is away; the page says so itself
    }
    await wait(Math.max(longer_ms, shortest_ms - (performance.now() - began)));
  }
}

function take(answer) {
  const behind = answer.headers.has("X-Behind");
  shortest_ms = behind ? Math.min(SLOWEST_MS, shortest_ms * 1.5) : Math.max(1000 / PER_S, shortest_ms * 0.9);
  draw(answer.headers.get("X-Corners") ?? "", answer.headers.get("X-Choices") ?? "", canvas.width, canvas.height);
}

// --- when it films ---------------------------------------------------------------------------

// Whether this browser lets the page film without asking. One that cannot tell is tried where it was allowed before.
async function allowed() {
  try {
    return (await navigator.permissions.query({ name: "camera" })).state;
  } catch {
    return "granted";
  }
}

async function consider() {
  if (stream || opening || !visible()) return;
  if (lamp() !== WAITING) return say(said === "watching" ? "" : said);
  if (!secure()) return say("insecure");
  const state = await allowed();
  if (state === "denied") return say("denied");
  if (state === "granted" && localStorage.getItem("film") === "on") return start();
  say(["denied", "missing", "busy", "gone", "unreadable"].includes(said) ? said : "ask");
}

async function otherCamera() {
  const cameras = (await navigator.mediaDevices.enumerateDevices()).filter((one) => one.kind === "videoinput");
  const now = stream?.getVideoTracks()[0].getSettings().deviceId;
  const next = cameras[(cameras.findIndex((one) => one.deviceId === now) + 1) % cameras.length];
  if (next) localStorage.setItem("film-device", next.deviceId);
  stop("");
  start();
}

panel.addEventListener("click", ({ target }) => { if (target.closest("button")) start(); });
other.addEventListener("click", otherCamera);
document.addEventListener("visibilitychange", () => { if (visible()) consider(); else stop(""); });
window.addEventListener("pagehide", () => stop(""));
window.addEventListener("pageshow", (shown) => { if (shown.persisted) consider(); });
navigator.mediaDevices?.addEventListener("devicechange", consider);
navigator.permissions?.query({ name: "camera" }).then((held) => held.addEventListener("change", consider), () => {});
new MutationObserver(consider).observe(figure, { childList: true });  // the lamp is replaced when its words change
setInterval(() => { if (["missing", "busy", "gone"].includes(said)) consider(); }, AGAIN_MS);
consider();
