// The page of the local server: a form on top, panels that are painted while frames arrive.

import { KINDS, addSamples, chosen, form, usesCamera } from "./choices.js";
import { Kept, Replay, clearPanels, movie, paint, paintAll, setRunning } from "./panels.js";
import { PlainError, Progress, byId, megabytes, showError, toBlob } from "./parts.js";
import { animateCamera } from "./socket.js";

const MOVING = ["driving", "driving_mask", "refined_mask", "frame"];
const LOST = "The connection to the server was lost. Is it still running?";

let uploadLimit = Infinity;
let running = null; // The AbortController of the animation that is being made.
let replay = null;

async function loadSamples() {
  try {
    const samples = await readJson(await fetch("samples"));
    uploadLimit = samples.upload_bytes;
    const { name, version, size } = samples.model;
    byId("model").textContent = `Model ${name}, version ${version}: ${size} × ${size} pixels`;
    addSamples(samples);
  } catch (error) {
    showFailure(error);
  }
  byId("animate").disabled = false;
}

// ---- An animation ----

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (running) return;
  clear();
  running = new AbortController();
  setRunning(true);
  try {
    const how = usesCamera() ? animateCamera : animateVideo;
    await how(readForm(), running.signal);
  } catch (error) {
    if (error.name === "AbortError") {
      byId("status").textContent = "Stopped.";
    } else {
      showFailure(error);
    }
  }
  running = null;
  setRunning(false);
});

byId("cancel").addEventListener("click", () => running?.abort());

function readForm() {
  const choices = Object.fromEntries(KINDS.map((kind) => [kind, chosen(kind)]));
  const bytes = Object.values(choices).reduce((sum, { file }) => sum + (file?.size ?? 0), 0);
  if (bytes > uploadLimit) {
    throw new PlainError(
      `The files have ${megabytes(bytes)} together; this server takes at most ` +
        `${megabytes(uploadLimit)}. Choose a shorter or smaller video.`,
    );
  }
  return choices;
}

async function animateVideo(choices, signal) {
  const body = new FormData();
  for (const [kind, { file, sample }] of Object.entries(choices)) {
    body.append(file ? kind : `sample_${kind}`, file ?? sample);
  }
  body.append("fit", form.elements.fit.value);
  body.append("auto_crop", form.elements.auto_crop.checked ? "1" : "0");
  body.append("audio", form.elements.audio.checked ? "driving" : "none");
  byId("status").textContent = "Sending and reading the files…";
  const response = await fetch("animate", { method: "POST", body, signal });
  if (!response.ok) await readJson(response);
  const progress = new Progress();
  let kept;
  for await (const event of readLines(response.body)) {
    if (event.event === "start") {
      kept = new Kept(event.fps);
      progress.start(event.frames);
      await paint("source", toBlob(event.source));
    } else if (event.event === "frame") {
      const blobs = Object.fromEntries(MOVING.map((key) => [key, toBlob(event[key])]));
      await paintAll(blobs);
      kept.add(blobs);
      progress.show(event.index + 1);
    } else if (event.event === "done") {
      progress.finish();
      offer(event.result, kept);
      return;
    } else if (event.event === "error") {
      throw new PlainError(event.error);
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
    throw new PlainError(answer.error ?? `the server answers ${response.status}`);
  }
  return answer;
}

function offer(result, kept) {
  const download = byId("download");
  download.href = result;
  download.download = "animation.mp4";
  download.hidden = false;
  replay = new Replay(kept);
  movie.classList.toggle("large", document.querySelector("[data-key=frame]").matches(".large"));
  movie.src = result;
}

movie.addEventListener("canplay", () => {
  if (replay && !replay.follows) replay.follow();
});

// ---- Small things ----

function clear() {
  if (replay) replay.ended = true;
  replay = null;
  movie.removeAttribute("src");
  movie.load();
  movie.hidden = true;
  byId("download").hidden = true;
  byId("error").hidden = true;
  clearPanels();
}

function showFailure(error) {
  const known = error instanceof PlainError;
  if (!known) console.error(error);
  byId("status").textContent = "";
  showError(known ? error.message : LOST);
}

loadSamples();
