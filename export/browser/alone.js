// The page without a server: picture, driver and networks stay in the browser.

import { Camera, paintSquare } from "./camera.js";
import { addSamples, choices, form, usesCamera } from "./choices.js";
import { Engine } from "./engine.js";
import { Kept, brush, paintAll, sized } from "./panels.js";
import { Pace, PlainError, Progress, byId, element, showError } from "./parts.js";
import { animateOnSubmit, showFailure, startReplay } from "./runs.js";

// Films are taken at this many frames per second, whatever they have themselves.
const FPS = 25;
const KEPT_BYTES = 512 * 2 ** 20;
// What a result is saved as: the first that the browser can write.
const FORMATS = ["video/mp4;codecs=avc1.42E01E", "video/webm;codecs=vp9", "video/webm"];
const BITS_PER_SECOND = 4e6;

let size;
let engine = null;

// Threads want a page that is isolated from others; once it has help for that, it has to start anew.
async function isolate() {
  if (crossOriginIsolated || !navigator.serviceWorker || sessionStorage.isolation) return;
  sessionStorage.isolation = "tried";
  try {
    await navigator.serviceWorker.register("isolate.js");
    await navigator.serviceWorker.ready;
  } catch (error) {
    console.warn(`one thread only: ${error.message}`);
    return;
  }
  location.reload();
  await new Promise(() => {});
}

async function loadSamples() {
  await isolate();
  try {
    const samples = await (await fetch("samples.json")).json();
    ({ size } = samples.model);
    byId("model").textContent = `Model ${samples.model.name}: ${size} × ${size} pixels`;
    addSamples(samples);
    byId("status").textContent = "Choose a picture and what shall drive it, then animate.";
    byId("animate").disabled = false;
  } catch (error) {
    showFailure(error, explain);
  }
}

function explain(error) {
  return `This does not work here: ${error.message}`;
}

async function animate(signal) {
  const { picture, video } = choices();
  // Asked for first, while the browser still knows that the user wanted it.
  const camera = usesCamera() ? await Camera.open() : null;
  try {
    byId("status").textContent = "Loading the model…";
    await startEngine();
    signal.throwIfAborted();
    const source = sized("source", size, size);
    await paintPicture(source, picture);
    await engine.setSource(pixels(source));
    await (camera ? animateCamera(camera, signal) : animateVideo(video, signal));
  } finally {
    camera?.stop();
  }
}

async function startEngine() {
  if (engine) return;
  engine = await Engine.start(new URLSearchParams(location.search).get("backend"));
  byId("model").textContent += ` · ${engine.name}`;
}

async function animateCamera(camera, signal) {
  const canvas = sized("driving", size, size);
  const pace = new Pace();
  // The next frame is taken when the last one is painted: nothing is queued.
  while (await camera.next()) {
    signal.throwIfAborted();
    camera.paint(canvas, form.elements.mirror.checked, form.elements.fit.value);
    const takenAt = performance.now();
    await paintAll(await engine.animate(pixels(canvas)));
    pace.add(takenAt);
  }
  throw new PlainError("the camera was unplugged");
}

async function animateVideo(video, signal) {
  const film = await openFilm(video);
  try {
    await animateFilm(film, signal);
  } finally {
    URL.revokeObjectURL(film.src);
  }
}

async function animateFilm(film, signal) {
  const canvas = sized("driving", size, size);
  const frames = Math.max(1, Math.round(film.duration * FPS));
  const kept = new Kept(FPS, KEPT_BYTES);
  const progress = new Progress();
  progress.start(frames);
  for (let index = 0; index < frames; index++) {
    signal.throwIfAborted();
    await seek(film, (index + 0.5) / FPS);
    paintSquare(canvas, film, film.videoWidth, film.videoHeight, form.elements.fit.value);
    const driving = pixels(canvas);
    const made = await engine.animate(driving);
    await paintAll(made);
    kept.add({ driving, ...made });
    progress.show(index + 1);
  }
  progress.finish();
  byId("download").onclick = () => save(kept);
  startReplay(kept);
}

// ---- Files of the user, and samples ----

async function paintPicture(canvas, { file, sample }) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file ?? (await fetchSample(`${sample}.png`)));
  } catch {
    throw new PlainError(`${file?.name ?? sample} is no picture that this browser can read`);
  }
  paintSquare(canvas, bitmap, bitmap.width, bitmap.height, form.elements.fit.value);
  bitmap.close();
}

async function openFilm({ file, sample }) {
  // Whole in memory, since browsers cannot seek in what simple web servers send.
  const src = URL.createObjectURL(file ?? (await fetchSample(`${sample}.mp4`)));
  const film = element("video", { src, muted: true, playsInline: true, preload: "auto" });
  await new Promise((resolve, reject) => {
    film.onloadeddata = resolve;
    const name = file?.name ?? `${sample}.mp4`;
    film.onerror = () => reject(new PlainError(`${name} is no video that this browser can play`));
  });
  if (!Number.isFinite(film.duration)) {
    throw new PlainError(`${file.name} does not say how long it is; save it anew, as an mp4`);
  }
  return film;
}

async function fetchSample(name) {
  return (await fetch(`samples/${name}`)).blob();
}

function seek(film, seconds) {
  return new Promise((resolve) => {
    film.onseeked = resolve;
    film.currentTime = Math.min(seconds, film.duration);
  });
}

function pixels(canvas) {
  return brush(canvas).getImageData(0, 0, canvas.width, canvas.height);
}

// Plays the result once, and records it meanwhile.
async function save({ frames, fps }) {
  const format = FORMATS.find((each) => globalThis.MediaRecorder?.isTypeSupported(each));
  if (!format) {
    showError("This browser cannot write videos.");
    return;
  }
  byId("download").disabled = byId("animate").disabled = true;
  const canvas = element("canvas", { width: size, height: size });
  const context = brush(canvas);
  const recorder = new MediaRecorder(canvas.captureStream(fps), {
    mimeType: format,
    videoBitsPerSecond: BITS_PER_SECOND,
  });
  const pieces = [];
  recorder.ondataavailable = ({ data }) => pieces.push(data);
  const stopped = new Promise((resolve) => (recorder.onstop = resolve));
  context.putImageData(frames[0].frame, 0, 0);
  recorder.start();
  const begun = performance.now();
  for (const [index, { frame }] of frames.entries()) {
    const due = begun + (1000 * index) / fps;
    await new Promise((resolve) => setTimeout(resolve, due - performance.now()));
    context.putImageData(frame, 0, 0);
    byId("status").textContent = `Recording: ${Math.floor((100 * index) / frames.length)} %`;
  }
  await new Promise((resolve) => setTimeout(resolve, 1000 / fps));
  recorder.stop();
  await stopped;
  const address = URL.createObjectURL(new Blob(pieces, { type: format }));
  const ending = format.slice("video/".length).split(";")[0];
  element("a", { href: address, download: `animation.${ending}` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  byId("status").textContent = `Saved: ${frames.length} frames.`;
  byId("download").disabled = byId("animate").disabled = false;
}

animateOnSubmit(animate, explain);
loadSamples();
