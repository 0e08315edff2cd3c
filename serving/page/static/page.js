// The page: a form on top, panels that are painted while frames arrive, and a replay at the end.

const KINDS = ["picture", "video"];
const MOVING = ["driving", "driving_mask", "refined_mask", "frame"];
// Frames that are kept for the replay, in bytes of their pictures.
const KEPT_BYTES = 64 * 2 ** 20;
// Pictures up to this side are shown with their pixels.
const CRISP_SIDE = 160;
const LOST = "The connection to the server was lost. Is it still running?";

const byId = (id) => document.getElementById(id);
const form = byId("form");
const movie = byId("movie");
const canvases = Object.fromEntries(
  [...document.querySelectorAll("canvas")].map((canvas) => [canvas.dataset.key, canvas]),
);
const still = matchMedia("(prefers-reduced-motion: reduce)");

let uploadLimit = Infinity;
let running = null; // The AbortController of the animation that is being made.
let replay = null;

class ServerError extends Error {}

// ---- What can be chosen ----

async function loadSamples() {
  try {
    const samples = await readJson(await fetch("samples"));
    uploadLimit = samples.upload_bytes;
    const { name, version, size } = samples.model;
    byId("model").textContent = `Model ${name}, version ${version}: ${size} × ${size} pixels`;
    samples.pictures.forEach((sample) => addSample("picture", sample));
    samples.videos.forEach((sample) => addSample("video", sample));
  } catch (error) {
    showFailure(error);
  }
  byId("animate").disabled = false;
}

function addSample(kind, { name, title, first }) {
  const radio = element("input", { type: "radio", name: `sample_${kind}`, value: name });
  radio.checked = first && !chosenFile(kind);
  radio.addEventListener("change", () => dropFile(kind));
  const shown = kind === "picture"
    ? element("img", { src: `samples/${name}.png`, alt: "" })
    : preview(`samples/${name}.mp4`, `samples/${name}.png`);
  addTile(kind, "tile", radio, shown, title);
}

function preview(address, poster = "") {
  const video = element("video", { src: address, poster, loop: true, playsInline: true });
  video.muted = true;
  video.tabIndex = -1;
  video.autoplay = !still.matches;
  return video;
}

function addTile(kind, className, radio, shown, title) {
  const tile = element("label", { className });
  tile.append(radio, shown, element("span", { textContent: title, title }));
  // What the browser cannot show keeps its name.
  shown.addEventListener("error", () => shown.replaceWith(element("div", { className: "blank" })));
  byId(`choice-${kind}`).querySelector(".tiles").append(tile);
  return tile;
}

function chosenFile(kind) {
  return form.elements[kind].files[0];
}

function dropFile(kind) {
  form.elements[kind].value = "";
  removePreview(kind);
}

function removePreview(kind) {
  const tile = byId(`choice-${kind}`).querySelector(".tile.file");
  if (tile) {
    URL.revokeObjectURL(tile.dataset.address);
    tile.remove();
  }
}

function fileChosen(kind) {
  removePreview(kind);
  const file = chosenFile(kind);
  if (!file) return;
  const address = URL.createObjectURL(file);
  const isVideo = file.type.startsWith("video/");
  const shown = isVideo ? preview(address) : element("img", { src: address, alt: "" });
  const radio = element("input", { type: "radio", name: `sample_${kind}`, value: "" });
  radio.checked = true;
  addTile(kind, "tile file", radio, shown, file.name).dataset.address = address;
}

for (const kind of KINDS) {
  const field = byId(`choice-${kind}`);
  field.querySelector("input[type=file]").addEventListener("change", () => fileChosen(kind));
  field.addEventListener("dragover", (event) => {
    event.preventDefault();
    field.classList.add("over");
  });
  for (const name of ["dragleave", "drop"]) {
    field.addEventListener(name, () => field.classList.remove("over"));
  }
  field.addEventListener("drop", (event) => {
    event.preventDefault();
    if (!event.dataTransfer.files.length) return;
    form.elements[kind].files = event.dataTransfer.files;
    fileChosen(kind);
  });
}

// ---- An animation ----

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (running) return;
  clear();
  let body;
  try {
    body = readForm();
  } catch (error) {
    showError(error.message);
    return;
  }
  running = new AbortController();
  setRunning(true);
  const progress = new Progress();
  try {
    await animate(body, progress, running.signal);
  } catch (error) {
    if (error.name === "AbortError") {
      byId("status").textContent = "Cancelled.";
    } else {
      showFailure(error);
    }
  }
  running = null;
  setRunning(false);
});

byId("cancel").addEventListener("click", () => running?.abort());

function readForm() {
  const body = new FormData();
  let bytes = 0;
  for (const kind of KINDS) {
    const file = chosenFile(kind);
    const sample = form.querySelector(`input[name=sample_${kind}]:checked`)?.value;
    if (file) {
      bytes += file.size;
      body.append(kind, file);
    } else if (sample) {
      body.append(`sample_${kind}`, sample);
    } else {
      throw new Error(`Choose a ${kind} first.`);
    }
  }
  if (bytes > uploadLimit) {
    throw new Error(
      `The files have ${megabytes(bytes)} together; this server takes at most ` +
        `${megabytes(uploadLimit)}. Choose a shorter or smaller video.`,
    );
  }
  body.append("fit", form.elements.fit.value);
  body.append("auto_crop", form.elements.auto_crop.checked ? "1" : "0");
  body.append("audio", form.elements.audio.checked ? "driving" : "none");
  return body;
}

async function animate(body, progress, signal) {
  byId("status").textContent = "Sending and reading the files…";
  const response = await fetch("animate", { method: "POST", body, signal });
  if (!response.ok) await readJson(response);
  const kept = { frames: [], bytes: 0, fps: 25 };
  for await (const event of readLines(response.body)) {
    if (event.event === "start") {
      kept.fps = event.fps;
      progress.start(event.frames);
      movie.classList.toggle("large", event.size > CRISP_SIDE);
      await paint("source", toBlob(event.source));
    } else if (event.event === "frame") {
      const blobs = Object.fromEntries(MOVING.map((key) => [key, toBlob(event[key])]));
      await paintAll(blobs);
      keep(kept, blobs);
      progress.show(event.index + 1);
    } else if (event.event === "done") {
      finish(event, kept, progress);
      return;
    } else if (event.event === "error") {
      throw new ServerError(sentence(event.error));
    }
  }
  throw new Error("the stream ended early");
}

async function* readLines(stream) {
  let rest = "";
  for (const reader = stream.pipeThrough(new TextDecoderStream()).getReader(); ; ) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) yield JSON.parse(line);
  }
}

async function readJson(response) {
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) {
    throw new ServerError(sentence(answer.error ?? `the server answers ${response.status}`));
  }
  return answer;
}

class Progress {
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
}

function finish({ frames, result }, kept, progress) {
  byId("progress").hidden = true;
  byId("status").textContent =
    `Done: ${frames} frames, ${progress.rate.toFixed(1)} per second.`;
  const download = byId("download");
  download.href = result;
  download.download = "animation.mp4";
  download.hidden = false;
  replay = new Replay(kept);
  movie.src = result;
}

function keep(kept, blobs) {
  const bytes = Object.values(blobs).reduce((sum, blob) => sum + blob.size, 0);
  if (kept.bytes + bytes <= KEPT_BYTES) {
    kept.frames.push(blobs);
    kept.bytes += bytes;
  }
}

// ---- The replay: panels follow the video, or a clock where the browser cannot play it ----

class Replay {
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
}

movie.addEventListener("canplay", () => {
  if (!replay || replay.follows) return;
  replay.follows = true;
  canvases.frame.hidden = true;
  movie.hidden = false;
  if (!still.matches) movie.play().catch(() => {});
});

// ---- Small things ----

async function paint(key, blob, wanted = () => true) {
  const bitmap = await createImageBitmap(blob);
  if (wanted()) {
    const canvas = canvases[key];
    if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
      canvas.width = bitmap.width;
      canvas.height = bitmap.height;
    }
    canvas.classList.toggle("large", bitmap.width > CRISP_SIDE);
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
  }
  bitmap.close();
}

function paintAll(blobs, wanted) {
  return Promise.all(Object.entries(blobs).map(([key, blob]) => paint(key, blob, wanted)));
}

function clear() {
  if (replay) replay.ended = true;
  replay = null;
  movie.removeAttribute("src");
  movie.load();
  movie.hidden = true;
  byId("download").hidden = true;
  byId("error").hidden = true;
  for (const canvas of Object.values(canvases)) {
    canvas.hidden = false;
    canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
  }
}

function setRunning(value) {
  if (value) byId("panels").scrollIntoView({ block: "nearest" });
  byId("cancel").hidden = !value;
  byId("animate").disabled = value;
  if (!value) byId("progress").hidden = true;
}

function showFailure(error) {
  const known = error instanceof ServerError;
  if (!known) console.error(error);
  byId("status").textContent = "";
  showError(known ? error.message : LOST);
}

function showError(message) {
  byId("error").textContent = message;
  byId("error").hidden = false;
}

function toBlob(base64) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return new Blob([bytes], { type: bytes[0] === 0xff ? "image/jpeg" : "image/png" });
}

function element(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}

function sentence(text) {
  const end = /[.!?]$/.test(text) ? "" : ".";
  // Names of files stay as they are.
  return text.replace(/^[a-z]+(?= )/, (word) => word[0].toUpperCase() + word.slice(1)) + end;
}

function megabytes(bytes) {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

function clock(seconds) {
  const minutes = Math.floor(seconds / 60);
  return minutes ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

loadSamples();
