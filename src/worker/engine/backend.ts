import type { BackendCandidate, BackendChoice, BackendName, BackendReport } from "../../contract/backend.ts";
import { AppError } from "../../contract/errors.ts";
import { improveBackend } from "../../ml/tfjs/improveBackend.ts";
import * as tf from "../../ml/tfjs/tf.ts";
import { tuneDevice } from "./tuneDevice.ts";
import { probeWebGl, probeWebGpu, type AdapterInfo } from "./adapterInfo.ts";

/** Loads what a backend needs beyond tfjs itself (a module, binaries) and registers it with tfjs. */
export interface BackendLoader {
  webgpu(): Promise<void>;
  wasm(options: {
    readonly oneThread: boolean;
  }): Promise<{ readonly threads: number; readonly simd: boolean }>;
}

export interface OpenBackend {
  readonly report: BackendReport;
  /** Resolves when a GPU device is lost, or refused what it was asked to do; never on other backends. */
  readonly lost: Promise<string>;
}

/**
 * Chooses how to compute and makes tfjs ready for it.
 *
 * Unasked: a hardware WebGPU adapter; else whichever of hardware WebGL and WASM a short measured probe finds
 * faster; else the CPU. A software adapter is used only on request: WASM beats it many times over.
 *
 * @param oneThread keeps WebAssembly from starting threads.
 * @throws AppError "backend-unavailable" when the backend asked for does not work here.
 */
export async function openBackend(
  choice: BackendChoice,
  loader: BackendLoader,
  oneThread = false,
): Promise<OpenBackend> {
  const webgpu = await probeWebGpu();
  const webgl = probeWebGl();
  const candidates = new Map<BackendName, BackendCandidate>([
    ["webgpu", candidate("webgpu", webgpu)],
    ["webgl", candidate("webgl", webgl)],
    ["wasm", { name: "wasm", available: true, adapter: "not tried", software: false, gflops: null }],
    [
      "cpu",
      {
        name: "cpu",
        available: true,
        adapter: "plain JavaScript, one thread",
        software: false,
        gflops: null,
      },
    ],
  ]);
  const update = (name: BackendName, change: Partial<BackendCandidate>): void => {
    const known = candidates.get(name);
    if (known !== undefined) candidates.set(name, { ...known, ...change });
  };
  const ready = async (name: BackendName): Promise<boolean> => {
    try {
      const details = await prepare(name, loader, { software: webgpu.software, oneThread });
      if (details !== "") update(name, { adapter: details });
      return true;
    } catch (error) {
      update(name, { available: false, problem: error instanceof Error ? error.message : String(error) });
      return false;
    }
  };

  let chosen: BackendName;
  let reason: string;
  if (choice !== "auto") {
    const asked = candidates.get(choice);
    if (asked?.available !== true || !(await ready(choice))) {
      throw new AppError(
        "backend-unavailable",
        `The ${choice} backend does not work here: ${candidates.get(choice)?.problem ?? "it did not start"}`,
        {
          hint: "Choose “automatic”, or another backend.",
        },
      );
    }
    chosen = choice;
    reason = "You asked for it.";
  } else if (webgpu.available && !webgpu.software && (await ready("webgpu"))) {
    chosen = "webgpu";
    reason = "A hardware GPU is reachable through WebGPU, the fastest path there is.";
  } else {
    const contenders: { name: BackendName; gflops: number }[] = [];
    for (const name of webgl.available && !webgl.software
      ? (["wasm", "webgl"] as const)
      : (["wasm"] as const)) {
      if (!(await ready(name))) continue;
      const gflops = await measureGflops();
      update(name, { gflops });
      contenders.push({ name, gflops });
    }
    contenders.sort((a, b) => b.gflops - a.gflops);
    const best = contenders[0];
    if (best !== undefined && (await ready(best.name))) {
      chosen = best.name;
      const other = contenders[1];
      const measured =
        other === undefined
          ? ""
          : ` Measured here: ${best.name} ${best.gflops.toFixed(1)} GFLOP/s, ${other.name} ${other.gflops.toFixed(1)}.`;
      reason = `${whyNoGpu(webgpu)}${measured}`;
    } else {
      await ready("cpu");
      chosen = "cpu";
      reason = "Neither a GPU nor WebAssembly is usable here.";
    }
  }

  const final = candidates.get(chosen) as BackendCandidate;
  return {
    report: {
      chosen,
      adapter: final.adapter,
      software: final.software,
      reason,
      advice: advise(chosen, final.software, webgpu),
      candidates: [...candidates.values()],
      crossOriginIsolated: globalThis.crossOriginIsolated,
    },
    lost: deviceLost(chosen),
  };
}

/** Registers, selects and awaits a backend. @returns details found out on the way. */
async function prepare(
  name: BackendName,
  loader: BackendLoader,
  { software, oneThread }: { readonly software: boolean; readonly oneThread: boolean },
): Promise<string> {
  let details = "";
  if (name === "webgpu") await loader.webgpu();
  if (name === "wasm") {
    const { threads, simd } = await loader.wasm({ oneThread });
    const many = oneThread ? "1 thread (more did not start)" : `${threads} thread${threads === 1 ? "" : "s"}`;
    details = `${many}, ${simd ? "SIMD" : "no SIMD"}`;
  }
  const ok = await tf.setBackend(name);
  if (!ok) throw new Error("tfjs could not start it");
  await tf.ready();
  improveBackend(name);
  if (name === "webgpu" && !software)
    await tuneDevice((tf.backend() as unknown as { device: GPUDevice }).device);
  return details;
}

/**
 * The speed of a small training-like job on the current backend: a 3×3 convolution and both its gradients.
 *
 * @returns GFLOP/s (a multiply-add is two), best of three after one warm-up.
 */
async function measureGflops(): Promise<number> {
  const shape = { samples: 16, side: 16, channels: 32 };
  const flop = 3 * 2 * shape.samples * shape.side ** 2 * 9 * shape.channels ** 2;
  const x = tf.ones<tf.Rank.R4>([shape.samples, shape.side, shape.side, shape.channels]);
  const w = tf.ones<tf.Rank.R4>([3, 3, shape.channels, shape.channels]);
  const gradients = tf.grads((x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 1).sum());
  let best = Infinity;
  for (let i = 0; i < 4; i++) {
    const start = performance.now();
    const sum = tf.tidy(() => {
      const [dx, dw] = gradients([x, w]) as [tf.Tensor, tf.Tensor];
      return tf.add(dx.sum(), dw.sum());
    });
    await sum.data(); // sync point: the time is what is wanted
    sum.dispose();
    if (i > 0) best = Math.min(best, performance.now() - start);
  }
  tf.dispose([x, w]);
  return flop / best / 1e6;
}

function candidate(name: BackendName, info: AdapterInfo): BackendCandidate {
  const { available, adapter, software, problem } = info;
  return { name, available, adapter, software, gflops: null, ...(problem === undefined ? {} : { problem }) };
}

function whyNoGpu(webgpu: AdapterInfo): string {
  if (webgpu.software) return `WebGPU offers only ${webgpu.adapter}, which is slower than WebAssembly.`;
  return `No GPU: ${webgpu.problem ?? "WebGPU did not start"}.`;
}

function advise(chosen: BackendName, software: boolean, webgpu: AdapterInfo): string {
  if (chosen === "webgpu" && !software) return "";
  if (chosen === "webgpu")
    return "This “GPU” is emulated on the CPU. Choose “automatic” for a faster backend.";
  if (webgpu.available && !webgpu.software)
    return "A hardware GPU is here: choose “automatic” or WebGPU for much more speed.";
  if (webgpu.software)
    return "If this machine has a GPU, turn on hardware acceleration in the browser's settings (chrome://gpu says what is off).";
  return "For a GPU use a recent Chrome or Edge (or Safari 26, Firefox 141) over HTTPS, with hardware acceleration on.";
}

function deviceLost(chosen: BackendName): Promise<string> {
  const device = chosen === "webgpu" ? (tf.backend() as unknown as { device?: GPUDevice }).device : undefined;
  if (device === undefined) return new Promise(() => undefined);
  const lost = device.lost.then((info) => info.message || info.reason || "no reason given");
  // No memory, or a command it rejects: whatever is computed from here on is wrong.
  const refused = new Promise<string>((resolve) => {
    device.addEventListener("uncapturederror", ({ error }) => resolve(error.message), { once: true });
  });
  return Promise.race([lost, refused]);
}
