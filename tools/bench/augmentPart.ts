import { augmentContestantNames, type AugmentContestantName } from "./augment/augmentContestant.ts";
import { augmentJobFor, type AugmentJob } from "./augment/augmentJob.ts";
import type { BenchHost } from "./benchHost.ts";
import { formatTable } from "./formatTable.ts";
import { sketchedDifference } from "./ops/sketch.ts";
import type { PreparedAugmentation } from "./page/workerMessages.ts";
import { measureInRounds, stepsPerBlock } from "./rounds.ts";
import { formatMs, summariseTimes, type TimeSummary } from "./timing.ts";

/** Both views of all images of the job. */
interface AugmentMeasurement extends TimeSummary {
  readonly viewsPerSecond: number;
  /** ‖views − ours-typescript's‖ / ‖ours-typescript's‖ */
  readonly difference: number;
  readonly agrees: boolean;
}

export interface AugmentReport {
  readonly job: AugmentJob;
  readonly contestants: Partial<Record<AugmentContestantName, AugmentMeasurement>>;
  readonly failures: readonly string[];
}

/** What PyTorch's results are compared with in the tests, and everyone's here. */
const reference: AugmentContestantName = "ours-typescript";
/** Ours must be equal to rounding; the others' formulas are theirs, and need only be recognisable as the same views. */
const tolerances: Readonly<Record<AugmentContestantName, number>> = {
  "ours-webgpu": 1e-5,
  "ours-typescript": 0,
  "tfjs-webgpu": 0.1,
  canvas: 0.3,
};
const blockMs = 300;
const longestBlock = 200;
const limits = { repetitions: 9, budgetMs: 20_000 };

/** Times augmentation, contestants in turn, each until its views lie on the GPU as tensors. */
export async function benchAugmentation(
  browser: BenchHost,
  log: (line: string) => void,
): Promise<AugmentReport> {
  const job = augmentJobFor(!browser.adapter.software);
  const failures: string[] = [];
  const prepared = new Map<AugmentContestantName, PreparedAugmentation>();
  for (const contestant of augmentContestantNames) {
    try {
      const ready = await browser.ask("augment", contestant, "prepare", { contestant, job });
      prepared.set(contestant, ready);
      log(`${contestant}: ${formatMs(ready.runMs)} ms at first`);
    } catch (error) {
      failures.push(`${contestant}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const timesMs = new Map<AugmentContestantName, number[]>();
  await measureInRounds(
    [...prepared].map(([contestant, { runMs }]) => {
      const times = stepsPerBlock(runMs, blockMs, longestBlock);
      const found: number[] = [];
      timesMs.set(contestant, found);
      return {
        measure: async () => {
          const elapsedMs = await browser.ask("augment", contestant, "run", times);
          found.push(elapsedMs / times);
          return elapsedMs;
        },
      };
    }),
    limits,
  );
  for (const contestant of augmentContestantNames) await browser.end(contestant);
  const expected = prepared.get(reference)?.sketches ?? [];
  const contestants = Object.fromEntries(
    [...prepared].map(([contestant, { sketches }]) => {
      const times = summariseTimes(timesMs.get(contestant) ?? []);
      const difference = Math.max(
        ...sketches.map((found, i) => {
          const wanted = expected[i];
          return wanted === undefined ? Infinity : sketchedDifference(found, wanted);
        }),
      );
      const agrees = difference <= tolerances[contestant];
      const viewsPerSecond = (1000 * 2 * job.images) / times.medianMs;
      return [contestant, { ...times, viewsPerSecond, difference, agrees }];
    }),
  );
  return { job, contestants, failures };
}

export function formatAugmentation({ contestants, failures }: AugmentReport): string {
  const names = augmentContestantNames.filter((name) => name in contestants);
  const head = ["contestant", "ms", "min", "views/s", "differs by", ...names.map((name) => `× ${name}`)];
  const rows = names.map((name) => {
    const found = contestants[name] as AugmentMeasurement;
    const ratios = names.map((other) => {
      const base = contestants[other] as AugmentMeasurement;
      return found.agrees && base.agrees ? (base.medianMs / found.medianMs).toPrecision(3) : "–";
    });
    return [
      name,
      formatMs(found.medianMs),
      formatMs(found.minMs),
      found.viewsPerSecond.toFixed(0),
      found.agrees ? found.difference.toExponential(0) : `${found.difference.toExponential(1)} !`,
      ...ratios,
    ];
  });
  return [formatTable(head, rows), ...failures.map((failure) => `not measured: ${failure}`)].join("\n");
}

/** Whether everyone was measured and rendered the same views. */
export function augmentationIsSound({ contestants, failures }: AugmentReport): boolean {
  return failures.length === 0 && Object.values(contestants).every(({ agrees }) => agrees);
}
