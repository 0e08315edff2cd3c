// The panels: canvases that are painted while frames arrive, and their replay.

import { byId } from "./parts.js";

// Frames that are kept for the replay, in bytes of their pictures.
const KEPT_BYTES = 64 * 2 ** 20;
// Pictures up to this side are shown with their pixels.
const CRISP_SIDE = 160;

export const movie = byId("movie");
export const still = matchMedia("(prefers-reduced-motion: reduce)");
const canvases = Object.fromEntries(
  [...document.querySelectorAll("canvas")].map((canvas) => [canvas.dataset.key, canvas]),
);

// Of every canvas: pixels are read as often as they are painted.
export function brush(canvas) {
  return canvas.getContext("2d", { willReadFrequently: true });
}

// The canvas of a panel, with as many pixels as a picture has.
export function sized(key, width, height) {
  const canvas = canvases[key];
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  canvas.classList.toggle("large", width > CRISP_SIDE);
  return canvas;
}

// Pictures are blobs of files, or ImageData.
export async function paint(key, picture, wanted = () => true) {
  if (picture instanceof ImageData) {
    if (wanted()) {
      brush(sized(key, picture.width, picture.height)).putImageData(picture, 0, 0);
    }
    return;
  }
  const bitmap = await createImageBitmap(picture);
  if (wanted()) {
    brush(sized(key, bitmap.width, bitmap.height)).drawImage(bitmap, 0, 0);
  }
  bitmap.close();
}

export function paintAll(pictures, wanted) {
  return Promise.all(Object.entries(pictures).map(([key, one]) => paint(key, one, wanted)));
}

export function clearPanels() {
  for (const canvas of Object.values(canvases)) {
    canvas.hidden = false;
    brush(canvas).clearRect(0, 0, canvas.width, canvas.height);
  }
}

// What can be pressed while an animation is made, and after it.
export function setRunning(value) {
  if (value) byId("panels").scrollIntoView({ block: "nearest" });
  byId("cancel").hidden = !value;
  byId("animate").disabled = value;
  byId("cameras").disabled = value;
  if (!value) byId("progress").hidden = true;
}

// Frames that were shown, as far as there is room for them.
export class Kept {
  constructor(fps, room = KEPT_BYTES) {
    this.fps = fps;
    this.room = room;
    this.frames = [];
    this.bytes = 0;
  }

  add(pictures) {
    const bytes = Object.values(pictures)
      .reduce((sum, one) => sum + (one.size ?? one.data.byteLength), 0);
    if (this.bytes + bytes <= this.room) {
      this.frames.push(pictures);
      this.bytes += bytes;
    }
  }
}

// Panels follow the video, or a clock where there is none that the browser can play.
export class Replay {
  constructor({ frames, fps }) {
    this.frames = frames;
    this.fps = fps;
    this.begun = performance.now();
    this.ended = false;
    this.follows = false;
    this.last = -1;
    this.turn();
  }

  turn() {
    if (this.ended || !this.frames.length) return;
    requestAnimationFrame(async (now) => {
      const seconds = this.follows
        ? movie.currentTime
        : still.matches ? Infinity : Math.max(0, now - this.begun) / 1000;
      const index = Math.floor(seconds * this.fps + 0.01);
      const shown = Number.isFinite(index)
        ? this.follows ? index : index % this.frames.length
        : this.frames.length - 1;
      if (shown !== this.last && this.frames[shown]) {
        this.last = shown;
        await paintAll(this.frames[shown], () => !this.ended);
      }
      this.turn();
    });
  }

  // From now on the time is that of the video, which takes the place of the result's panel.
  follow() {
    this.follows = true;
    canvases.frame.hidden = true;
    movie.hidden = false;
    if (!still.matches) movie.play().catch(() => {});
  }
}
