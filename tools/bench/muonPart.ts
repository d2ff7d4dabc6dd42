import type { BackboneName } from "../../src/ml/models/encoder.ts";
import type { LaunchTimes } from "../../src/ml/compiled/plan/profilePlan.ts";
import type { StepBrowser } from "./stepPart.ts";
import { formatTable } from "./formatTable.ts";
import { measureInRounds, stepsPerBlock, type RoundLimits } from "./rounds.ts";
import { stepJobs, type StepJob } from "./stepJobs.ts";
import { formatMs, summariseTimes, type TimeSummary } from "./timing.ts";

/** One student's compiled step with either optimiser. */
export interface MuonRow {
  readonly student: string;
  readonly sgd: TimeSummary;
  readonly muon: TimeSummary;
  /** By the GPU's clock around each launch of one step; null where it has none. */
  readonly launches: { readonly muonMs: number; readonly sgdMs: number; readonly stepMs: number } | null;
}

const backbones: readonly BackboneName[] = ["resnet9", "resnet18"];
const blockMs = 400;

/** What Muon adds to the compiled step of the smallest job: students with SGD and with Muon, all in turns. */
export async function benchMuon(
  browser: StepBrowser,
  limits: RoundLimits,
  log: (line: string) => void,
): Promise<readonly MuonRow[]> {
  const [smallest] = stepJobs as readonly [StepJob];
  const lanes = backbones.flatMap((backbone) =>
    [undefined, "muon" as const].map((optimiser) => ({
      worker: `${backbone} ${optimiser ?? "sgd"}`,
      job: {
        ...smallest,
        student: { ...smallest.student, backbone },
        ...(optimiser === undefined ? {} : { optimiser }),
      } satisfies StepJob,
      stepsMs: [] as number[],
      steps: 1,
    })),
  );
  for (const lane of lanes) {
    const { job, worker } = lane;
    await browser.ask("step", worker, "setUp", { contestant: "ours-webgpu", job });
    await browser.ask("step", worker, "run", { steps: 1 });
    const { elapsedMs } = await browser.ask("step", worker, "run", { steps: 3 });
    lane.steps = stepsPerBlock(elapsedMs / 3, blockMs, 50);
    log(`${worker}: some ${formatMs(elapsedMs / 3)} ms a step`);
  }
  await measureInRounds(
    lanes.map(({ worker, steps, stepsMs }) => ({
      measure: async () => {
        const { elapsedMs } = await browser.ask("step", worker, "run", { steps });
        stepsMs.push(elapsedMs / steps);
        return elapsedMs;
      },
    })),
    limits,
  );
  const timesOf = (worker: string): TimeSummary =>
    summariseTimes(lanes.find((lane) => lane.worker === worker)?.stepsMs ?? []);
  const rows: MuonRow[] = [];
  for (const student of backbones) {
    const [plain, own] = [`${student} sgd`, `${student} muon`];
    const profile = await browser.ask("step", own, "breakdown", null);
    const sgdProfile = await browser.ask("step", plain, "breakdown", null);
    const launches = {
      muonMs: sumOf(profile.filter(({ label }) => label.startsWith("Muon"))),
      sgdMs: sumOf(sgdProfile.filter(({ label }) => label === "SGD")),
      stepMs: sumOf(profile),
    };
    rows.push({
      student,
      sgd: timesOf(plain),
      muon: timesOf(own),
      launches: profile.length === 0 ? null : launches,
    });
    for (const { label, launches, ms } of profile.filter(({ label }) => label.startsWith("Muon")))
      log(`${student}: ${label} ${formatMs(ms)} ms in ${launches} launches`);
  }
  for (const { worker } of lanes) await browser.end(worker);
  return rows;
}

export function formatMuon(rows: readonly MuonRow[]): string {
  const times = ({ medianMs, minMs, maxMs }: TimeSummary): string =>
    `${formatMs(medianMs)} (${formatMs(minMs)} … ${formatMs(maxMs)})`;
  return formatTable(
    ["student", "SGD, ms a step", "Muon", "SGD's launch", "Muon's launches", "of the step's"],
    rows.map(({ student, sgd, muon, launches }) => [
      student,
      times(sgd),
      times(muon),
      ...(launches === null
        ? ["no clock"]
        : [
            formatMs(launches.sgdMs),
            formatMs(launches.muonMs),
            `${((100 * launches.muonMs) / launches.stepMs).toFixed(1)} %`,
          ]),
    ]),
  );
}

function sumOf(times: readonly LaunchTimes[]): number {
  return times.reduce((sum, { ms }) => sum + ms, 0);
}
