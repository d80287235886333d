// A short sound for each answer, made here. It goes with the colour, the word and the outline, never instead of them.

import { ticket } from "./ticket.js";

const NOTES = {
  accept: [[660, 0], [880, 110]],
  check: [[520, 0], [520, 160]],
  alarm: [[520, 0], [520, 160], [520, 320]],
  ask: [[520, 0], [660, 110], [520, 220]],
  refuse: [[440, 0], [330, 120]],
};
const NOTE_MS = 90;
const ATTACK_MS = 10;
const LEVEL = 0.25;
const QUIET = 0.125;  // 6 dB less: the guest hears a refusal too

const key = document.getElementById("sound");
let audio = null;
// What was sounded for: an answer that is only put in better words is the same one.
const answer = (shown) => (shown?.dataset.showing ? `${shown.dataset.state} ${shown.dataset.showing}` : shown?.dataset.key);
let heard = answer(ticket());
let on = localStorage.getItem("sound") !== "off";

function tone(frequency, after_ms, level) {
  const begins = audio.currentTime + after_ms / 1000, ends = begins + NOTE_MS / 1000;
  const wave = new OscillatorNode(audio, { type: "sine", frequency });
  const gain = new GainNode(audio, { gain: 0 });
  gain.gain.setValueAtTime(0, begins);
  gain.gain.linearRampToValueAtTime(level, begins + ATTACK_MS / 1000);
  gain.gain.linearRampToValueAtTime(0, ends);
  wave.connect(gain).connect(audio.destination);
  wave.start(begins);
  wave.stop(ends);
}

// 120 ms of paper tearing: noise through a band that rises.
function tear() {
  const length = Math.round(audio.sampleRate * 0.12);
  const noise = new AudioBuffer({ length, sampleRate: audio.sampleRate });
  const samples = noise.getChannelData(0);
  for (let i = 0; i < length; i += 1) samples[i] = (Math.random() * 2 - 1) * (1 - i / length);
  const source = new AudioBufferSourceNode(audio, { buffer: noise });
  const band = new BiquadFilterNode(audio, { type: "bandpass", frequency: 1800, Q: 0.7 });
  band.frequency.linearRampToValueAtTime(5200, audio.currentTime + 0.12);
  source.connect(band).connect(new GainNode(audio, { gain: LEVEL })).connect(audio.destination);
  source.start();
}

function play(state) {
  if (!on || document.visibilityState !== "visible" || audio?.state !== "running") return;
  if (state === "redeemed") tear();
  for (const [frequency, after_ms] of NOTES[state] ?? []) tone(frequency, after_ms, state === "refuse" ? QUIET : LEVEL);
}

function label() {
  key?.setAttribute("aria-pressed", String(on));
}

document.addEventListener("htmx:afterSettle", () => {
  const shown = ticket();
  if (!shown || answer(shown) === heard) return;
  heard = answer(shown);
  play(shown.dataset.state);
});

// A browser lets a page sound only after it was touched.
document.addEventListener("pointerdown", () => {
  audio ??= new AudioContext();
  if (audio.state === "suspended") audio.resume();
});

key?.addEventListener("click", () => {
  on = !on;
  localStorage.setItem("sound", on ? "on" : "off");
  label();
  play("accept");
});
label();
