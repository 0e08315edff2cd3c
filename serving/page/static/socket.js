// The camera: its frames go to the server over one WebSocket, and what it makes of them comes back.
//
// Nothing is queued. A frame is only taken from the camera while few are under way, so that a slow
// server or network lowers the rate and not the freshness.

import { Camera } from "./camera.js";
import { form } from "./choices.js";
import { paint, paintAll, sized } from "./panels.js";
import { Pace, PlainError, byId, toBlob } from "./parts.js";

// Frames under way: one that is computed, and one on the line.
const UNDER_WAY = 2;
const QUALITY = 0.9;
const ANSWERS = ["frame", "driving_mask", "refined_mask"];

export async function animateCamera({ picture }, signal) {
  byId("status").textContent = "Waiting for the camera…";
  const camera = await Camera.open();
  try {
    const address = new URL("camera", location);
    address.protocol = address.protocol.replace("http", "ws");
    await new Conversation(new WebSocket(address), camera, picture).run(signal);
  } finally {
    camera.stop();
  }
}

class Conversation {
  constructor(socket, camera, picture) {
    this.socket = socket;
    this.camera = camera;
    this.picture = picture;
    this.pace = new Pace();
    this.sentAt = new Map(); // Times of the frames under way, by number.
    this.number = 0;
  }

  // What was still being painted then says nothing any more.
  get ended() {
    return this.socket.readyState !== WebSocket.OPEN;
  }

  run(signal) {
    const { socket } = this;
    socket.binaryType = "arraybuffer";
    return new Promise((resolve, reject) => {
      const fail = (error) => {
        reject(error);
        socket.close();
      };
      signal.addEventListener("abort", () => fail(signal.reason));
      if (signal.aborted) fail(signal.reason);
      socket.addEventListener("open", () => this.introduce());
      // Messages wait for the painting of those before them, and with them the camera.
      let painted = Promise.resolve();
      socket.addEventListener("message", ({ data }) => {
        painted = painted.then(() => this.take(data, fail)).catch(fail);
      });
      socket.addEventListener("close", ({ code, reason }) => {
        painted.then(() => reject(reason ? new PlainError(reason) : new Error(`closed: ${code}`)));
      });
    });
  }

  introduce() {
    const { file, sample } = this.picture;
    const which = file ? { picture: file.name } : { sample_picture: sample };
    this.socket.send(JSON.stringify({ fit: form.elements.fit.value, ...which }));
    if (file) this.socket.send(file);
  }

  async take(data, fail) {
    if (typeof data !== "string") {
      await this.show(data);
      return;
    }
    const event = JSON.parse(data);
    if (event.event === "error") throw new PlainError(event.error);
    await paint("source", toBlob(event.source));
    if (this.ended) return;
    this.film(event.size).catch(fail);
  }

  async film(size) {
    const canvas = sized("driving", size, size);
    byId("status").textContent = "Waiting for the first frame…";
    while (await this.camera.next()) {
      if (this.ended) return;
      if (this.sentAt.size >= UNDER_WAY || this.socket.bufferedAmount) continue;
      this.camera.paint(canvas, form.elements.mirror.checked, form.elements.fit.value);
      const number = ++this.number;
      this.sentAt.set(number, performance.now());
      const jpeg = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
      // It may have closed meanwhile.
      if (this.ended) return;
      this.socket.send(new Blob([new Uint32Array([number]), jpeg]));
    }
    throw new PlainError("the camera was unplugged");
  }

  async show(data) {
    const view = new DataView(data);
    const number = view.getUint32(0, true);
    const pictures = {};
    let start = 4;
    for (const key of ANSWERS) {
      const length = view.getUint32(start, true);
      start += 4;
      pictures[key] = new Blob([data.slice(start, start + length)], { type: "image/jpeg" });
      start += length;
    }
    await paintAll(pictures);
    if (this.ended) return;
    this.pace.add(this.sentAt.get(number));
    // Older ones were dropped by the server, and will not be answered.
    for (const older of [...this.sentAt.keys()]) {
      if (older <= number) this.sentAt.delete(older);
    }
  }
}
