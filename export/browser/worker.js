// Computes frames with ONNX Runtime Web, beside the page, which stays quick meanwhile.
//
// Pictures come and go as pixels of RGBA, in 8 bits; the networks take and give floats in [0, 1].

const RUNTIMES = { webgpu: "runtime/ort.webgpu.min.mjs", wasm: "runtime/ort.wasm.min.mjs" };
// Of both stages, in a file of its own.
const WEIGHTS = "weights.bin";
const MOST_THREADS = 8;

let ort;
let stages;
let source;

const jobs = {
  // Opens both stages; tells what computes them.
  async load({ wanted }) {
    const possible = (await hasGpu()) ? ["webgpu", "wasm"] : ["wasm"];
    const tried = possible.filter((backend) => !wanted || backend === wanted);
    for (const backend of tried) {
      try {
        await open(backend);
        return { backend, threads: ort.env.wasm.numThreads };
      } catch (error) {
        if (backend === tried.at(-1)) throw error;
        console.warn(`${backend} does not work here: ${error.message}`);
      }
    }
    throw new Error(`this browser has no ${wanted}`);
  },

  // The picture that is animated from now on.
  async source({ pixels }) {
    const picture = toTensor(pixels);
    const { source_mask } = await stages.source_mask.run({ source: picture });
    source = { source: picture, source_mask };
    return {};
  },

  async animate({ pixels }) {
    const result = await stages.animate.run({ ...source, driving: toTensor(pixels) });
    return { frame: toPixels(result.frame), perturbed_mask: toPixels(result.perturbed_mask) };
  },
};

async function hasGpu() {
  return Boolean(await navigator.gpu?.requestAdapter().catch(() => null));
}

async function open(backend) {
  ort = await import(new URL(RUNTIMES[backend], self.location));
  ort.env.wasm.wasmPaths = new URL("runtime/", self.location).href;
  // Threads share memory, which browsers allow to isolated pages alone.
  ort.env.wasm.numThreads = self.crossOriginIsolated
    ? Math.min(navigator.hardwareConcurrency, MOST_THREADS)
    : 1;
  const weights = await (await fetch(new URL(WEIGHTS, self.location))).arrayBuffer();
  const how = {
    executionProviders: [backend],
    externalData: [{ path: WEIGHTS, data: new Uint8Array(weights) }],
    logSeverityLevel: 3,
  };
  const opened = ["source_mask", "animate"].map(async (stage) => {
    const address = new URL(`${stage}.onnx`, self.location).href;
    return [stage, await ort.InferenceSession.create(address, how)];
  });
  stages = Object.fromEntries(await Promise.all(opened));
}

function toTensor(pixels) {
  const side = Math.sqrt(pixels.length / 4);
  const values = new Float32Array(side * side * 3);
  for (let from = 0, to = 0; from < pixels.length; from += 4) {
    values[to++] = pixels[from] / 255;
    values[to++] = pixels[from + 1] / 255;
    values[to++] = pixels[from + 2] / 255;
  }
  return new ort.Tensor("float32", values, [1, side, side, 3]);
}

function toPixels({ data, dims }) {
  const channels = dims.at(-1);
  const pixels = new Uint8ClampedArray((data.length / channels) * 4);
  for (let from = 0, to = 0; to < pixels.length; from += channels) {
    for (let channel = 0; channel < 3; channel++) {
      pixels[to++] = Math.floor(data[from + Math.min(channel, channels - 1)] * 255 + 0.5);
    }
    pixels[to++] = 255;
  }
  return pixels;
}

self.onmessage = async ({ data: { id, job, ...inputs } }) => {
  try {
    const result = await jobs[job](inputs);
    const buffers = Object.values(result).flatMap((value) => value.buffer ?? []);
    self.postMessage({ id, result }, buffers);
  } catch (error) {
    self.postMessage({ id, error: error.message });
  }
};
