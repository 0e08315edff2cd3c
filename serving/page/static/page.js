// The page of the local server: a form on top, panels that are painted while frames arrive.

import { addSamples, choices, form, usesCamera } from "./choices.js";
import { Kept, movie, paint, paintAll } from "./panels.js";
import { PlainError, Progress, byId, megabytes, toBlob } from "./parts.js";
import { animateOnSubmit, replay, showFailure, startReplay } from "./runs.js";
import { animateCamera } from "./socket.js";

const MOVING = ["driving", "driving_mask", "refined_mask", "frame"];

let uploadLimit = Infinity;

async function loadSamples() {
  try {
    const samples = await readJson(await fetch("samples"));
    uploadLimit = samples.upload_bytes;
    const { name, version, size } = samples.model;
    byId("model").textContent = `Model ${name}, version ${version}: ${size} × ${size} pixels`;
    addSamples(samples);
  } catch (error) {
    showFailure(error, explain);
  }
  byId("animate").disabled = false;
}

function explain() {
  return "The connection to the server was lost. Is it still running?";
}

// ---- An animation ----

async function animate(signal) {
  movie.removeAttribute("src");
  movie.load();
  movie.hidden = true;
  const wanted = choices();
  const bytes = Object.values(wanted).reduce((sum, { file }) => sum + (file?.size ?? 0), 0);
  if (bytes > uploadLimit) {
    throw new PlainError(
      `The files have ${megabytes(bytes)} together; this server takes at most ` +
        `${megabytes(uploadLimit)}. Choose a shorter or smaller video.`,
    );
  }
  await (usesCamera() ? animateCamera : animateVideo)(wanted, signal);
}

async function animateVideo(wanted, signal) {
  const body = new FormData();
  for (const [kind, { file, sample }] of Object.entries(wanted)) {
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
  startReplay(kept);
  movie.classList.toggle("large", document.querySelector("[data-key=frame]").matches(".large"));
  movie.src = result;
}

movie.addEventListener("canplay", () => {
  if (replay && !replay.follows) replay.follow();
});

animateOnSubmit(animate, explain);
loadSamples();
