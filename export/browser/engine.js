// The networks, as functions of the page; they run in a worker.

import { PlainError } from "./parts.js";

export class Engine {
  // `wanted` is "webgpu", "wasm" or nothing for the better one that there is.
  static async start(wanted) {
    const engine = new Engine();
    const { backend, threads } = await engine.ask("load", { wanted });
    engine.name = backend === "webgpu" ? "WebGPU" : "WebAssembly";
    if (backend === "wasm" && threads > 1) engine.name += `, ${threads} threads`;
    return engine;
  }

  constructor() {
    this.waiting = new Map();
    this.asked = 0;
    this.worker = new Worker("worker.js", { type: "module" });
    this.worker.onmessage = ({ data: { id, result, error } }) => {
      const { resolve, reject } = this.waiting.get(id);
      this.waiting.delete(id);
      if (error) reject(new PlainError(`the model does not run here: ${error}`));
      else resolve(result);
    };
    this.worker.onerror = ({ message }) => {
      for (const { reject } of this.waiting.values()) {
        reject(new PlainError(`the model does not run here: ${message ?? "no worker starts"}`));
      }
      this.waiting.clear();
    };
  }

  // ImageData, or what was painted on a canvas, to the same of each output.
  async setSource(picture) {
    await this.ask("source", { pixels: picture.data });
  }

  async animate(picture) {
    const pixels = await this.ask("animate", { pixels: picture.data });
    return Object.fromEntries(
      Object.entries(pixels).map(([key, data]) => {
        const side = Math.sqrt(data.length / 4);
        return [key, new ImageData(data, side, side)];
      }),
    );
  }

  ask(job, inputs) {
    return new Promise((resolve, reject) => {
      const id = this.asked++;
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, job, ...inputs });
    });
  }
}
