import { parseArgs } from "node:util";
import { contestantNames, type ContestantName } from "./contestants/contestant.ts";
import { stepJobs, type StepJob } from "./stepJobs.ts";

export const benchUsage = `Usage: npm run bench -- [--quick] [--part step|muon|objectives|ops|augment|ingest|page|gap|wasm]…
                       [--job NAME]… [--contestant NAME]… [--repetitions N] [--json FILE] [--native]
  --quick        the smallest step job only
  --part         what to measure; default all: training steps, Muon's share of them, every objective's
                 step, single operations, augmentation, reading images, the page's main thread, gaps in whole runs, WASM kernels
  --job          ${stepJobs.map(({ name }) => name).join(", ")}; by itself those that suit the adapter
  --contestant   ${contestantNames.join(", ")};
                 by itself those that suit the job
  --repetitions  at most so many timed blocks of each contestant, and whole runs (at most three)
  --json         also write everything that was measured to FILE
  --native       steps and operations in Node, on Chromium's WebGPU without Chromium (npm package webgpu)`;

const benchParts = ["step", "muon", "objectives", "ops", "augment", "ingest", "page", "gap", "wasm"] as const;
/** Those that run without a browser. */
const nativeParts: readonly BenchPart[] = ["step", "objectives", "ops"];
/** Those that need a worker for each contestant. */
export const contestantParts: readonly BenchPart[] = ["step", "muon", "objectives", "ops", "augment"];
export type BenchPart = (typeof benchParts)[number];

export interface BenchArguments {
  readonly quick: boolean;
  readonly parts: readonly BenchPart[];
  /** Empty: those that suit the adapter. */
  readonly jobs: readonly StepJob[];
  /** Empty: those that suit the job. */
  readonly contestants: readonly ContestantName[];
  readonly repetitions: number;
  readonly json: string | null;
  readonly native: boolean;
}

/** @throws Error that names what is not understood. */
export function readBenchArguments(args: readonly string[]): BenchArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      part: { type: "string", multiple: true, default: [] },
      job: { type: "string", multiple: true, default: [] },
      contestant: { type: "string", multiple: true, default: [] },
      repetitions: { type: "string" },
      json: { type: "string" },
      native: { type: "boolean", default: false },
    },
  });
  const { quick } = values;
  const everyPart: readonly BenchPart[] = quick ? ["step"] : values.native ? nativeParts : benchParts;
  const smallest = stepJobs.slice(0, 1);
  const jobs = values.job.map(
    (name) =>
      stepJobs.find((job) => job.name === name.toUpperCase()) ??
      unknown(
        "job",
        name,
        stepJobs.map((job) => job.name),
      ),
  );
  const repetitions = Number(values.repetitions ?? (quick ? 5 : 9));
  if (!Number.isInteger(repetitions) || repetitions < 1)
    throw new Error(`--repetitions must be a whole number from 1, and is ${values.repetitions ?? ""}.`);
  return {
    quick,
    parts: values.part.length === 0 ? everyPart : values.part.map((name) => known("part", name, benchParts)),
    jobs: quick && jobs.length === 0 ? smallest : jobs,
    contestants: values.contestant.map((name) => known("contestant", name, contestantNames)),
    repetitions,
    json: values.json ?? null,
    native: values.native,
  };
}

function known<T extends string>(what: string, name: string, names: readonly T[]): T {
  return names.find((candidate) => candidate === name) ?? unknown(what, name, names);
}

function unknown(what: string, name: string, names: readonly string[]): never {
  throw new Error(`“${name}” is no ${what}; there are ${names.join(", ")}.`);
}

/** The jobs that suit an adapter: those for GPUs only on one. */
export function jobsFor(hardware: boolean): readonly StepJob[] {
  return stepJobs.filter((job) => hardware || !job.needsGpu);
}

const onTheCpu: readonly ContestantName[] = ["ours-wasm", "jax-js-wasm", "tfjs-cpu"];

/** The contestants that suit a job: for one that needs a GPU, those that use it. */
export function contestantsFor(job: StepJob): readonly ContestantName[] {
  return contestantNames.filter(
    (name) =>
      name !== "ours-webgpu-layers" &&
      !(job.needsGpu && onTheCpu.includes(name)) &&
      job.onlyOn?.includes(name) !== false,
  );
}
