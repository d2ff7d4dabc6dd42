/** An op contestant's own thread, or the one that measures the adapter's ceilings. */
import { invariant } from "../../../src/lib/invariant.ts";
import { createPrng } from "../../../src/lib/prng.ts";
import { measureCeilings } from "../ops/adapterCeilings.ts";
import type { OpContestant, OpContestantName, OpRunner } from "../ops/opContestant.ts";
import { opInputs, type OpJob } from "../ops/opJobs.ts";
import { sketch } from "../ops/sketch.ts";
import { answerRequests } from "./workerChannel.ts";
import type { OpRequests, PreparedOp } from "./workerMessages.ts";

const contestants: Readonly<Record<OpContestantName, () => Promise<OpContestant>>> = {
  "tfjs-webgpu": async () => (await import("../ops/tfjsOps.ts")).tfjsOps("stock"),
  "ours-tfjs": async () => (await import("../ops/tfjsOps.ts")).tfjsOps("ours"),
  "ours-webgpu": async () => (await import("../ops/ourOps.ts")).ourOps(),
};

let contestant: OpContestant | undefined;
let runner: OpRunner | null = null;

answerRequests<OpRequests>({
  open: async (name) => {
    contestant = await contestants[name]();
    return contestant.open();
  },
  prepare,
  run: async (times) => {
    invariant(runner !== null, "asked to run before it was prepared");
    const startMs = performance.now();
    for (let i = 0; i < times; i++) runner.run();
    await runner.finish();
    return performance.now() - startMs;
  },
  release: async () => {
    runner?.dispose();
    runner = null;
    return null;
  },
  ceilings: (hardware) => measureCeilings(hardware),
});

/** Runs under every setting, which compiles, and leaves the faster one in force. */
async function prepare(job: OpJob): Promise<PreparedOp | null> {
  invariant(contestant !== undefined, "asked to prepare before it was opened");
  const prng = createPrng(7, job.name);
  const arrays = Object.fromEntries(
    Object.entries(opInputs(job)).map(([name, shape]) => {
      const size = shape.reduce((product, n) => product * n, 1);
      return [name, { shape, data: new Float32Array(size).map(() => prng.normal()) }];
    }),
  );
  runner = await contestant.prepare(job, arrays);
  if (runner === null) return null;
  const time = async (): Promise<number> => {
    const startMs = performance.now();
    runner?.run();
    await runner?.finish();
    return performance.now() - startMs;
  };
  let fastest: { name: string; use(): void } | undefined;
  let runMs = Infinity;
  for (const variant of runner.variants?.length ? runner.variants : [undefined]) {
    variant?.use();
    await time();
    const elapsedMs = await time();
    if (elapsedMs >= runMs) continue;
    runMs = elapsedMs;
    fastest = variant;
  }
  fastest?.use();
  await time();
  const sketches = (await runner.results()).map(sketch);
  return { runMs, sketches, ...(fastest === undefined ? {} : { variant: fastest.name }) };
}
