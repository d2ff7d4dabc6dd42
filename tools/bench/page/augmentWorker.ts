/** An augmentation contestant's own thread. */
import { invariant } from "../../../src/lib/invariant.ts";
import { tfjsGpu, type TfjsGpu } from "../../../src/ml/tfjs/tfjsGpu.ts";
import type { ViewPair } from "../../../src/ml/augment/viewPair.ts";
import * as tf from "../../../src/ml/tfjs/tf.ts";
import type { AugmentContestant, AugmentContestantName } from "../augment/augmentContestant.ts";
import { createAugmentData } from "../augment/augmentJob.ts";
import { sketch } from "../ops/sketch.ts";
import { answerRequests } from "./workerChannel.ts";
import type { AugmentRequests, PreparedAugmentation } from "./workerMessages.ts";

const contestants: Readonly<Record<AugmentContestantName, () => Promise<AugmentContestant>>> = {
  canvas: async () => (await import("../augment/canvas.ts")).canvas,
  "tfjs-webgpu": async () => (await import("../augment/tfjsAugment.ts")).tfjsAugment,
  "ours-typescript": async () => (await import("../augment/ours.ts")).ours("cpu"),
  "ours-webgpu": async () => (await import("../augment/ours.ts")).ours("gpu"),
};

let gpu: TfjsGpu | null = null;
let render: (() => ViewPair) | undefined;

answerRequests<AugmentRequests>({ prepare, run });

async function prepare({ contestant, job }: AugmentRequests["prepare"]["in"]): Promise<PreparedAugmentation> {
  await import("@tensorflow/tfjs-backend-webgpu");
  if (!(await tf.setBackend("webgpu"))) throw new Error("tfjs could not start webgpu.");
  await tf.ready();
  gpu = tfjsGpu();
  const data = createAugmentData(job);
  render = await (await contestants[contestant]()).prepare(data);
  await run(1); // compiles
  const runMs = await run(1);
  const { first, second } = render();
  const sketches = [first, second].map(async (view) => sketch(Float32Array.from(await view.data())));
  return { runMs, sketches: await Promise.all(sketches) };
}

/** Renders so many times, to the end: until the views lie on the GPU. */
async function run(times: number): Promise<number> {
  invariant(gpu !== null && render !== undefined, "asked to run before it was prepared");
  const startMs = performance.now();
  for (let i = 0; i < times; i++) {
    const { first, second } = render();
    for (const view of [first, second]) gpu.bufferOf(view); // uploads what is not there yet
    tf.dispose([first, second]);
  }
  gpu.flush();
  await gpu.device.queue.onSubmittedWorkDone();
  return performance.now() - startMs;
}
