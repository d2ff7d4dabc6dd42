import { methodNames, methods, type MethodName } from "../../src/contract/methods.ts";
import { firstLineOf } from "../firstLine.ts";
import type { BenchHost } from "./benchHost.ts";
import { formatTable } from "./formatTable.ts";
import type { ObjectiveBlock } from "./page/workerMessages.ts";
import { measureInRounds, stepsPerBlock, type RoundLimits } from "./rounds.ts";
import { stepJobs, type StepJob } from "./stepJobs.ts";
import { formatMs, median, summariseTimes, type TimeSummary } from "./timing.ts";

/** One objective's compiled step. */
interface ObjectiveRow extends TimeSummary {
  readonly method: MethodName;
  /** Of the medians. */
  readonly ofDisco: number;
  /** Median of JavaScript's time until a step is issued. */
  readonly issueMs: number;
  /** What the GPU is asked to do in a step: by tfjs, and by plans. */
  readonly programs: number;
  readonly launches: number;
  readonly submissions: number;
}

export interface ObjectivesReport {
  readonly job: string;
  readonly rows: readonly ObjectiveRow[];
  readonly failures: readonly string[];
}

/** What every objective is to stay below. */
const targets = { ofDisco: 1.5, issueMs: 5 } as const;
const blockMs = 400;
const longestBlock = 10;
const worker = "objectives";

/**
 * Every objective's step against DisCo's: the smallest job, student compiled, the teacher's targets computed before, on one
 * device in turns.
 */
export async function benchObjectives(
  browser: Pick<BenchHost, "ask" | "end">,
  limits: RoundLimits,
  log: (line: string) => void,
): Promise<ObjectivesReport> {
  const [job] = stepJobs as readonly [StepJob];
  const failures: string[] = [];
  const lanes: { readonly method: MethodName; readonly steps: number; readonly blocks: ObjectiveBlock[] }[] =
    [];
  await browser.ask("objective", worker, "open", null);
  for (const method of methodNames) {
    try {
      const { details, setUpMs } = await browser.ask("objective", worker, "prepare", { method, job });
      await browser.ask("objective", worker, "run", { method, steps: 1 }); // compiles
      const { elapsedMs } = await browser.ask("objective", worker, "run", { method, steps: 3 });
      lanes.push({ method, steps: stepsPerBlock(elapsedMs / 3, blockMs, longestBlock), blocks: [] });
      log(`${method}: ${details}; set up in ${(setUpMs / 1000).toFixed(1)} s`);
    } catch (error) {
      failures.push(`${method}: ${firstLineOf(error)}`);
    }
  }
  await measureInRounds(
    lanes.map(({ method, steps, blocks }) => ({
      measure: async () => {
        const block = await browser.ask("objective", worker, "run", { method, steps });
        blocks.push(block);
        return block.elapsedMs;
      },
    })),
    limits,
  );
  await browser.end(worker);
  const timed = lanes.map(({ method, blocks }) => ({
    method,
    blocks,
    times: summariseTimes(blocks.map(({ elapsedMs, steps }) => elapsedMs / steps)),
  }));
  const discoMs = timed.find(({ method }) => method === "disco")?.times.medianMs ?? NaN;
  for (const { method, blocks } of timed) {
    if (!blocks.every(({ losses }) => losses.every(Number.isFinite)))
      failures.push(`${method}: a loss is not a number`);
  }
  return {
    job: job.name,
    failures,
    rows: timed.map(({ method, blocks, times }) => ({
      ...times,
      method,
      ofDisco: times.medianMs / discoMs,
      issueMs: median(blocks.map(({ issuedMs, steps }) => issuedMs / steps)),
      programs: median(blocks.map(({ programs }) => programs)),
      launches: median(blocks.map(({ launches }) => launches)),
      submissions: median(blocks.map(({ submissions }) => submissions)),
    })),
  };
}

export function objectivesAreSound({ failures, rows }: ObjectivesReport): boolean {
  return failures.length === 0 && rows.length === methodNames.length;
}

export function formatObjectives({ job, rows, failures }: ObjectivesReport): string {
  const table = formatTable(
    [
      "objective",
      `${job}, ms`,
      "min … max",
      "of DisCo's",
      "issued in ms",
      "tfjs's programs",
      "launches",
      "submitted",
    ],
    rows.map((row) => [
      methods[row.method].label,
      formatMs(row.medianMs),
      `${formatMs(row.minMs)} … ${formatMs(row.maxMs)}`,
      row.ofDisco.toFixed(2),
      formatMs(row.issueMs),
      ...[row.programs, row.launches, row.submissions].map((count) => count.toFixed(0)),
    ]),
  );
  const above = (what: "ofDisco" | "issueMs"): string => {
    const names = rows
      .filter((row) => !(row[what] <= targets[what]))
      .map(({ method }) => methods[method].label);
    return names.length === 0 ? "all" : `all but ${names.join(", ")}`;
  };
  return [
    table,
    `At most ${targets.ofDisco} of DisCo's step: ${above("ofDisco")}. Issued within ${targets.issueMs} ms: ${above("issueMs")}.`,
    ...failures,
  ].join("\n");
}
