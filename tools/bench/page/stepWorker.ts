/** A contestant's own thread: nothing of the others is loaded here. */
import type { LaunchTimes } from "../../../src/ml/compiled/plan/profilePlan.ts";
import { invariant } from "../../../src/lib/invariant.ts";
import {
  snapshotParts,
  type Contestant,
  type ContestantName,
  type Movement,
  type Snapshot,
  type StepRunner,
} from "../contestants/contestant.ts";
import { createJobData } from "../jobData.ts";
import { answerRequests } from "./workerChannel.ts";
import type { BlockReport, SetUpReport, StepRequests } from "./workerMessages.ts";

const contestants: Readonly<Record<Exclude<ContestantName, "pytorch">, () => Promise<Contestant>>> = {
  "ours-webgpu": async () => {
    const { ours } = await import("../contestants/ours.ts");
    const { compileMethod } = await import("../../../src/ml/compiled/compileMethod.ts");
    return ours("webgpu", async (disco, size, adapter) => {
      const { method, executor, details } = await compileMethod(disco, size, adapter);
      invariant(executor === "compiled", `the step was not compiled: ${details}`);
      return method;
    });
  },
  "ours-webgpu-layers": async () => (await import("../contestants/ours.ts")).ours("webgpu", (disco) => disco),
  "ours-wasm": async () => (await import("../contestants/ours.ts")).ours("wasm", (disco) => disco),
  "tfjs-webgpu": async () => (await import("../contestants/stockTfjs.ts")).stockTfjs("webgpu"),
  "tfjs-cpu": async () => (await import("../contestants/stockTfjs.ts")).stockTfjs("cpu"),
  "jax-js": async () => (await import("../contestants/jaxJs.ts")).jaxJs("webgpu"),
  "jax-js-wasm": async () => (await import("../contestants/jaxJs.ts")).jaxJs("wasm"),
};

let runner: StepRunner | undefined;
let start: Snapshot | undefined;

async function setUp({ contestant: name, job }: StepRequests["setUp"]["in"]): Promise<SetUpReport> {
  const startMs = performance.now();
  invariant(name !== "pytorch", "PyTorch does not run in a browser");
  const contestant = await contestants[name]();
  const runsOn = await contestant.open();
  runner = await contestant.setUp(createJobData(job));
  start = await runner.snapshot();
  const variants = (runner.variants ?? []).map((variant) => variant.name);
  return { runsOn, variants, setUpMs: performance.now() - startMs };
}

async function run({ steps, variant: variantName }: StepRequests["run"]["in"]): Promise<BlockReport> {
  invariant(runner !== undefined, "asked to run before it was set up");
  if (variantName !== undefined) {
    const variant = runner.variants?.find(({ name }) => name === variantName);
    invariant(variant !== undefined, `there is no way to run called ${variantName}`);
    variant.use();
  }
  const startMs = performance.now();
  for (let i = 0; i < steps; i++) await runner.step();
  const issuedMs = performance.now() - startMs;
  const losses = await runner.finish();
  return { steps, elapsedMs: performance.now() - startMs, issuedMs, losses };
}

async function movement(): Promise<Movement> {
  invariant(runner !== undefined && start !== undefined, "asked for its state before it was set up");
  const from = start;
  const to = await runner.snapshot();
  const entries = snapshotParts.map((part) => [part, distance(from[part], to[part])] as const);
  return Object.fromEntries(entries) as Movement;
}

function distance(from: readonly Float32Array[], to: readonly Float32Array[]): number {
  invariant(from.length === to.length, "a snapshot has lost a tensor");
  let sum = 0;
  from.forEach((before, t) => {
    const after = to[t] as Float32Array;
    for (let i = 0; i < before.length; i++) sum += ((after[i] as number) - (before[i] as number)) ** 2;
  });
  return Math.sqrt(sum);
}

const breakdown = async (): Promise<readonly LaunchTimes[]> => (await runner?.breakdown?.()) ?? [];

answerRequests<StepRequests>({ setUp, run, movement, breakdown });
