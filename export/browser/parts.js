// Small things that every part of a page uses.

export const byId = (id) => document.getElementById(id);

export function element(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}

// What its user can mend, said in one sentence.
export class PlainError extends Error {
  constructor(message) {
    super(sentence(message));
  }
}

export function showError(message) {
  byId("error").textContent = message;
  byId("error").hidden = false;
}

export function sentence(text) {
  const end = /[.!?]$/.test(text) ? "" : ".";
  // Names of files stay as they are.
  return text.replace(/^[a-z]+(?= )/, (word) => word[0].toUpperCase() + word.slice(1)) + end;
}

export function megabytes(bytes) {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

export function clock(seconds) {
  const minutes = Math.floor(seconds / 60);
  return minutes ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

export function toBlob(base64) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return new Blob([bytes], { type: bytes[0] === 0xff ? "image/jpeg" : "image/png" });
}

// Frames that are done: how many, how fast, how long there is still to go.
export class Progress {
  start(frames) {
    this.frames = frames;
    this.begun = performance.now();
    byId("progress").max = frames;
    byId("progress").value = 0;
    byId("progress").hidden = false;
    byId("status").textContent = `0 of ${frames} frames`;
  }

  show(done) {
    const seconds = (performance.now() - this.begun) / 1000;
    this.rate = done / seconds;
    byId("progress").value = done;
    const left = Math.ceil((this.frames - done) / this.rate);
    byId("status").textContent =
      `${done} of ${this.frames} frames · ${this.rate.toFixed(1)} per second · ${clock(left)} left`;
  }

  finish() {
    byId("progress").hidden = true;
    byId("status").textContent = `Done: ${this.frames} frames, ${this.rate.toFixed(1)} per second.`;
  }
}

// Rate and delay of the last seconds of a camera.
export class Pace {
  static SECONDS = 2;

  constructor() {
    this.shown = [];
  }

  add(sentAt) {
    const now = performance.now();
    this.shown.push({ now, delay: now - sentAt });
    while (this.shown[0].now < now - 1000 * Pace.SECONDS) this.shown.shift();
    if (this.shown.length < 2) return;
    const rate = (this.shown.length - 1) / (now - this.shown[0].now) * 1000;
    const delays = this.shown.map(({ delay }) => delay).sort((a, b) => a - b);
    const median = delays[delays.length >> 1];
    byId("status").textContent =
      `${rate.toFixed(1)} frames per second · ${Math.round(median)} ms from camera to result`;
  }
}
