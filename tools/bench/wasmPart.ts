/** What this project changes in tfjs's WASM backend against stock, alternating, in Node on one thread. */
import { batchNormTrain } from "../../src/ml/tfjs/batchNorm.ts";
import { improveBackend } from "../../src/ml/tfjs/improveBackend.ts";
import * as tf from "../../src/ml/tfjs/tf.ts";
import { useNodeBackend } from "../nodeBackends.ts";
import { median } from "./timing.ts";

interface Job {
  readonly name: string;
  /** Whether stock needs stock kernels; otherwise the two differ in what they call. */
  readonly kernel?: string;
  readonly ours: () => tf.Tensor;
  readonly stock: () => tf.Tensor;
}

export interface WasmKernelRow {
  readonly name: string;
  readonly oursMs: number;
  readonly stockMs: number;
  readonly worstDifference: number;
}

const repetitions = 9;
const tolerance = 2e-4;

function jobs(): Job[] {
  let seed = 0;
  const random = (...shape: number[]): tf.Tensor => tf.randomNormal(shape, 0, 1, "float32", ++seed);
  const list: Job[] = [];
  for (const [side, channels] of [
    [32, 16],
    [16, 32],
    [8, 64],
  ] as const) {
    const dy = random(16, side, side, channels) as tf.Tensor4D;
    const w = random(3, 3, channels, channels) as tf.Tensor4D;
    const gradient = (): tf.Tensor =>
      tf.grad((x) => tf.sum(tf.mul(tf.conv2d(x as tf.Tensor4D, w, 1, 1), dy)))(dy);
    const name = `3×3 input gradient [16,${side},${side},${channels}]`;
    list.push({ name, kernel: "Conv2DBackpropInput", ours: gradient, stock: gradient });

    const x = random(64, side, side, channels) as tf.Tensor4D;
    const gamma = random(channels) as tf.Tensor1D;
    const beta = random(channels) as tf.Tensor1D;
    const upstream = random(64, side, side, channels);
    list.push({
      name: `BatchNorm forward and backward [64,${side},${side},${channels}]`,
      ours: () => tf.grad((x) => tf.sum(tf.mul(batchNormTrain(x, gamma, beta, 1e-5, 1).y, upstream)))(x),
      stock: () =>
        tf.grad((x) => {
          const { mean, variance } = tf.moments(x, [0, 1, 2]);
          const y = tf.batchNorm(
            x as tf.Tensor4D,
            mean as tf.Tensor1D,
            variance as tf.Tensor1D,
            beta,
            gamma,
            1e-5,
          );
          return tf.sum(tf.mul(y, upstream));
        })(x),
    });
  }
  for (const keys of [1024, 4096]) {
    const queue = random(keys, 128) as tf.Tensor2D;
    const rows = random(64, 128) as tf.Tensor2D;
    const product = (): tf.Tensor => tf.matMul(rows, queue, false, true);
    list.push({
      name: `product with a transpose [64,128]·[${keys},128]ᵀ`,
      kernel: "BatchMatMul",
      ours: product,
      stock: product,
    });
  }
  return list;
}

async function measure(job: Job, stockKernels: ReadonlyMap<string, tf.KernelConfig>): Promise<WasmKernelRow> {
  const ourKernel = job.kernel === undefined ? undefined : tf.getKernel(job.kernel, "wasm");
  const install = (kernel: tf.KernelConfig | undefined): void => {
    if (kernel === undefined) return;
    tf.unregisterKernel(kernel.kernelName, "wasm");
    tf.registerKernel(kernel);
  };
  const times = { ours: [] as number[], stock: [] as number[] };
  let difference = 0;
  for (let i = 0; i <= repetitions; i++) {
    install(ourKernel);
    const ours = timed(job.ours);
    install(job.kernel === undefined ? undefined : stockKernels.get(job.kernel));
    const stock = timed(job.stock);
    if (i === 0)
      difference = await worstDifference(ours.result, stock.result); // and warm-up
    else {
      times.ours.push(ours.ms);
      times.stock.push(stock.ms);
    }
    tf.dispose([ours.result, stock.result]);
  }
  install(ourKernel);
  return {
    name: job.name,
    oursMs: median(times.ours),
    stockMs: median(times.stock),
    worstDifference: difference,
  };
}

function timed(compute: () => tf.Tensor): { result: tf.Tensor; ms: number } {
  const start = performance.now();
  const result = tf.tidy(compute); // WASM computes at once: no waiting needed
  return { result, ms: performance.now() - start };
}

async function worstDifference(a: tf.Tensor, b: tf.Tensor): Promise<number> {
  const relative = tf.tidy(() => tf.div(tf.max(tf.abs(tf.sub(a, b))), tf.max(tf.abs(b))));
  const [value = NaN] = await relative.data();
  relative.dispose();
  return value;
}

/** Medians of interleaved repetitions. A ratio is told only when both results agree. */
export async function benchWasmKernels(
  log: (line: string) => void,
): Promise<{ readonly rows: readonly WasmKernelRow[]; readonly agreed: boolean }> {
  await useNodeBackend("wasm");
  const stockKernels = new Map(
    ["Conv2DBackpropInput", "BatchMatMul"].flatMap((name) => {
      const kernel = tf.getKernel(name, "wasm") as tf.KernelConfig | undefined;
      return kernel === undefined ? [] : [[name, kernel] as const];
    }),
  );
  improveBackend("wasm");
  let agreed = true;
  const rows: WasmKernelRow[] = [];
  for (const job of jobs()) {
    const row = await measure(job, stockKernels);
    rows.push(row);
    const agrees = row.worstDifference <= tolerance;
    agreed &&= agrees;
    const ratio = agrees
      ? `${(row.stockMs / row.oursMs).toFixed(1)}×`
      : `results differ by ${row.worstDifference}`;
    log(
      `${row.name.padEnd(52)} ours ${row.oursMs.toFixed(2)} ms  stock ${row.stockMs.toFixed(2)} ms  ${ratio}`,
    );
  }
  return { rows, agreed };
}
