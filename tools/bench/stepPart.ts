import { firstLineOf } from "../firstLine.ts";
import { compareEvidence, type Agreement, type Evidence } from "./agreement.ts";
import type { LaunchTimes } from "../../src/ml/compiled/plan/profilePlan.ts";
import type { BenchHost } from "./benchHost.ts";
import type { ContestantName } from "./contestants/contestant.ts";
import type { BlockReport, SetUpReport } from "./page/workerMessages.ts";
import { measureInRounds, stepsPerBlock, type RoundLimits } from "./rounds.ts";
import type { StepJob } from "./stepJobs.ts";
import { summariseTimes, type TimeSummary } from "./timing.ts";

/** What was measured of one contestant: per step. */
export interface ContestantReport extends TimeSummary {
  readonly runsOn: string;
  /** The faster of its ways to run; absent where there is one only. */
  readonly variant?: string;
  /** Steps between two looks at the clock. */
  readonly stepsPerRepetition: number;
  /** Median until a step was issued. Of a contestant that computes or waits while issuing, nearly all of it. */
  readonly issueMs: number;
  /** Loading, opening, giving it the job's numbers, and compiling, where that is not left to the first step. */
  readonly setUpMs: number;
  /** The very first step, with the compilation that is left. */
  readonly firstStepMs: number;
  readonly evidence: Evidence;
  /** Kernel by kernel, the longest first; empty where nothing can tell. */
  readonly breakdown: readonly LaunchTimes[];
}

export interface JobReport {
  readonly name: string;
  readonly contestants: Partial<Record<ContestantName, ContestantReport>>;
  /** Those that could not be measured, and why. */
  readonly failures: Partial<Record<ContestantName, string>>;
  /** Every pair of contestants that was measured. */
  readonly agreements: readonly PairAgreement[];
}

interface PairAgreement extends Agreement {
  readonly pair: readonly [ContestantName, ContestantName];
}

/** Taken before anything is compared or timed: two for each of two ways to run, in turn. */
const checkedSteps = 4;
const blockMs = 400;
const longestBlock = 10;

/** What this needs of a browser. */
export type StepBrowser = Pick<BenchHost, "ask" | "end">;

/** A contestant that is set up and has shown what it computes. */
interface Entrant {
  readonly name: ContestantName;
  readonly worker: string;
  readonly setUp: SetUpReport;
  readonly variant: string | undefined;
  readonly firstStepMs: number;
  readonly stepsPerRepetition: number;
  readonly evidence: Evidence;
  readonly blocks: BlockReport[];
}

/** Times one job: every contestant is set up and checked by itself, then all take turns. */
export async function benchStep(
  browser: StepBrowser,
  job: StepJob,
  names: readonly ContestantName[],
  limits: RoundLimits,
  log: (line: string) => void,
): Promise<JobReport> {
  const failures: Partial<Record<ContestantName, string>> = {};
  const entrants: Entrant[] = [];
  const fail = (name: ContestantName, error: unknown): void => {
    failures[name] = firstLineOf(error);
    log(`${name}: ${failures[name]}`);
  };
  for (const name of names) {
    try {
      const entrant = await enter(browser, job, name);
      entrants.push(entrant);
      const { firstStepMs, setUp, evidence } = entrant;
      log(
        `${name}: ${setUp.runsOn}; set up in ${(setUp.setUpMs / 1000).toFixed(1)} s, ` +
          `first step ${(firstStepMs / 1000).toFixed(1)} s; ` +
          `losses ${evidence.losses.map((loss) => loss.toFixed(5)).join(" ")}`,
      );
    } catch (error) {
      fail(name, error);
      await browser.end(workerName(job, name));
    }
  }
  await measureInRounds(
    entrants.map((entrant) => ({
      measure: async () => {
        if (entrant.name in failures) return Infinity;
        try {
          const { worker, stepsPerRepetition: steps } = entrant;
          const block = await browser.ask("step", worker, "run", { steps });
          entrant.blocks.push(block);
          return block.elapsedMs;
        } catch (error) {
          fail(entrant.name, error);
          return Infinity;
        }
      },
    })),
    limits,
  );
  const breakdowns: Partial<Record<ContestantName, readonly LaunchTimes[]>> = {};
  for (const { name, worker } of entrants) {
    if (!(name in failures)) breakdowns[name] = await browser.ask("step", worker, "breakdown", null);
    await browser.end(worker);
  }
  const measured = entrants.filter(({ name }) => !(name in failures));
  return {
    name: job.name,
    contestants: Object.fromEntries(
      measured.map((entrant) => [entrant.name, report(entrant, breakdowns[entrant.name] ?? [])]),
    ),
    failures,
    agreements: measured.flatMap((a, i) =>
      measured
        .slice(i + 1)
        .map((b) => ({ pair: [a.name, b.name] as const, ...compareEvidence(a.evidence, b.evidence) })),
    ),
  };
}

const workerName = (job: StepJob, name: ContestantName): string => `${job.name} ${name}`;

/** Sets a contestant up, lets it take the steps that are compared, and finds its faster way to run meanwhile. */
async function enter(browser: StepBrowser, job: StepJob, name: ContestantName): Promise<Entrant> {
  const worker = workerName(job, name);
  const setUp = await browser.ask("step", worker, "setUp", { contestant: name, job });
  const ways = setUp.variants.length === 0 ? [undefined] : setUp.variants;
  const losses: number[] = [];
  let firstStepMs = 0;
  let best = { variant: undefined as string | undefined, stepMs: Infinity };
  for (let i = 0; i < checkedSteps; i++) {
    const variant = ways[i % ways.length];
    const choice = variant === undefined ? {} : { variant };
    const { elapsedMs, losses: found } = await browser.ask("step", worker, "run", { steps: 1, ...choice });
    losses.push(...found);
    if (i === 0) firstStepMs = elapsedMs;
    // The first step of each way compiles.
    if (i >= ways.length && elapsedMs < best.stepMs) best = { variant, stepMs: elapsedMs };
  }
  const movement = await browser.ask("step", worker, "movement", null);
  const chosen = best.variant === undefined ? {} : { variant: best.variant };
  if (best.stepMs < blockMs || best.variant !== ways.at(-1)) {
    // Warms up, and tells better how long a step takes.
    const steps = stepsPerBlock(best.stepMs, blockMs, longestBlock);
    const { elapsedMs } = await browser.ask("step", worker, "run", { steps, ...chosen });
    best.stepMs = elapsedMs / steps;
  }
  return {
    name,
    worker,
    setUp,
    variant: best.variant,
    firstStepMs,
    stepsPerRepetition: stepsPerBlock(best.stepMs, blockMs, longestBlock),
    evidence: { losses, movement },
    blocks: [],
  };
}

function report(entrant: Entrant, breakdown: readonly LaunchTimes[]): ContestantReport {
  const { setUp, variant, firstStepMs, stepsPerRepetition, evidence, blocks } = entrant;
  return {
    ...summariseTimes(blocks.map(({ elapsedMs, steps }) => elapsedMs / steps)),
    runsOn: setUp.runsOn,
    ...(variant === undefined ? {} : { variant }),
    stepsPerRepetition,
    issueMs: summariseTimes(blocks.map(({ issuedMs, steps }) => issuedMs / steps)).medianMs,
    setUpMs: setUp.setUpMs,
    firstStepMs,
    evidence,
    breakdown,
  };
}
