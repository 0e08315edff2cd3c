// What can be chosen: samples, files of one's own, and the camera as driver.

import { PlainError, byId, element } from "./parts.js";
import { still } from "./panels.js";

const KINDS = ["picture", "video"];
export const CAMERA = "camera";
export const form = byId("form");

export function addSamples({ pictures, videos }) {
  pictures.forEach((sample) => addSample("picture", sample));
  videos.forEach((sample) => addSample("video", sample));
  const radio = element("input", { type: "radio", name: "sample_video", value: CAMERA });
  radio.addEventListener("change", () => dropFile("video"));
  addTile("video", "tile camera", radio, element("div", { className: "lens" }), "Camera");
}

// What was chosen of each kind: a file or the name of a sample, as `{ file }` or `{ sample }`.
export function choices() {
  return Object.fromEntries(KINDS.map((kind) => [kind, chosen(kind)]));
}

function chosen(kind) {
  const file = form.elements[kind].files[0];
  const sample = form.querySelector(`input[name=sample_${kind}]:checked`)?.value;
  if (!file && !sample) throw new PlainError(`choose a ${kind} first`);
  return file ? { file } : { sample };
}

export function usesCamera() {
  return form.querySelector("input[name=sample_video]:checked")?.value === CAMERA;
}

function addSample(kind, { name, title, first }) {
  const radio = element("input", { type: "radio", name: `sample_${kind}`, value: name });
  radio.checked = first && !form.elements[kind].files[0];
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
  showOptions();
  return tile;
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
  const file = form.elements[kind].files[0];
  if (!file) return;
  const address = URL.createObjectURL(file);
  const isVideo = file.type.startsWith("video/");
  const shown = isVideo ? preview(address) : element("img", { src: address, alt: "" });
  const radio = element("input", { type: "radio", name: `sample_${kind}`, value: "" });
  radio.checked = true;
  addTile(kind, "tile file", radio, shown, file.name).dataset.address = address;
}

// Some options are of files alone, some of the camera.
function showOptions() {
  for (const option of document.querySelectorAll(".bar [data-of]")) {
    option.hidden = (option.dataset.of === CAMERA) !== usesCamera();
  }
  byId("which-camera").hidden = !usesCamera() || byId("cameras").options.length < 2;
}

form.addEventListener("change", showOptions);

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
