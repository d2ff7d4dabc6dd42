/**
 * Measures training steps, operations and kernels against other ways to compute them, in one run:
 *
 *     npm run bench [-- --quick] [--json FILE]
 *
 * In Chromium, on its GPU or on an emulated one. No ratio is printed of results that differ. Exit code 0: everything
 * was measured and agreed; 1: not so; 2: nothing could be run.
 */
import { writeFileSync } from "node:fs";
import {
  benchUsage,
  contestantParts,
  contestantsFor,
  jobsFor,
  readBenchArguments,
  type BenchArguments,
} from "./benchArguments.ts";
import { augmentationIsSound, benchAugmentation, formatAugmentation } from "./augmentPart.ts";
import type { BenchHost } from "./benchHost.ts";
import type { BenchReport } from "./benchReport.ts";
import { benchOps, formatOps, opsAreSound } from "./opsPart.ts";
import type { RoundLimits } from "./rounds.ts";
import { describeJob, type StepJob } from "./stepJobs.ts";
import { benchStep, type JobReport } from "./stepPart.ts";
import { disagreements, formatJob } from "./stepReport.ts";
import { findTorch, withTorch, type FoundTorch } from "./torchContestant.ts";

/** @returns whether everything was measured and agreed. */
async function bench(asked: BenchArguments): Promise<boolean> {
  const report: BenchReport = { adapter: "none", jobs: [] };
  const write = (): void => {
    if (asked.json !== null) writeFileSync(asked.json, `${JSON.stringify(report, null, 2)}\n`);
  };
  write(); // a file that cannot be written is found out now
  let sound = true;
  if (asked.parts.some((part) => contestantParts.includes(part))) {
    await using browser = await openHost(asked.native);
    const { adapter, version, logicalCores } = browser;
    Object.assign(report, {
      adapter: adapter.available ? adapter.adapter : "none",
      browser: version,
      logicalCores,
    });
    console.log(`${version}; WebGPU on ${adapter.problem ?? adapter.adapter}; ${logicalCores} logical cores`);
    if (asked.parts.includes("step")) {
      for await (const job of benchJobs(browser, asked)) {
        report.jobs.push(job);
        sound &&= disagreements(job).length === 0 && Object.keys(job.failures).length === 0;
        write(); // what was measured is not lost when a later job fails
      }
    }
    if (asked.parts.includes("muon")) {
      const { benchMuon, formatMuon } = await import("./muonPart.ts");
      console.log("\nThe compiled step of the smallest job with SGD and with Muon");
      report.muon = await benchMuon(browser, limitsOf(asked), logIndented);
      console.log(`\n${formatMuon(report.muon)}`);
      write();
    }
    if (asked.parts.includes("objectives")) {
      const { benchObjectives, formatObjectives, objectivesAreSound } = await import("./objectivesPart.ts");
      console.log("\nEvery objective's compiled step of the smallest job, targets cached");
      report.objectives = await benchObjectives(browser, limitsOf(asked), logIndented);
      console.log(`\n${formatObjectives(report.objectives)}`);
      sound &&= objectivesAreSound(report.objectives);
      write();
    }
    if (asked.parts.includes("ops")) {
      console.log("\nSingle operations on WebGPU");
      report.ops = await benchOps(browser, logIndented);
      console.log(`\n${formatOps(report.ops)}`);
      sound &&= opsAreSound(report.ops);
      write();
    }
    if (asked.parts.includes("augment")) {
      console.log("\nAugmentation: two views of each image, as tensors on WebGPU");
      report.augmentation = await benchAugmentation(browser, logIndented);
      console.log(`\n${formatAugmentation(report.augmentation)}`);
      sound &&= augmentationIsSound(report.augmentation);
      write();
    }
  }
  if (asked.parts.includes("ingest")) {
    const { benchIngest, formatIngest, ingestIsSound } = await import("./ingestPart.ts");
    console.log("\nReading images into the engine");
    report.ingest = await benchIngest(asked, logIndented);
    console.log(`\n${formatIngest(report.ingest)}`);
    sound &&= ingestIsSound(report.ingest);
    write();
  }
  if (asked.parts.includes("page")) {
    const { benchPage, formatPage, pageIsSound } = await import("./pagePart.ts");
    console.log("\nThe page's main thread");
    report.page = await benchPage(logIndented);
    console.log(`\n${formatPage(report.page)}`);
    sound &&= pageIsSound(report.page);
    write();
  }
  if (asked.parts.includes("gap")) {
    const { benchGaps, formatGaps, nothingStandsStill } = await import("./gapPart.ts");
    console.log("\nWhole runs of the default demo on WASM: does anything stand still?");
    report.gaps = await benchGaps(asked.repetitions, logIndented);
    console.log(`\n${formatGaps(report.gaps)}`);
    sound &&= nothingStandsStill(report.gaps);
    write();
  }
  if (asked.parts.includes("wasm")) {
    const { benchWasmKernels } = await import("./wasmPart.ts");
    console.log("\nWASM kernels against stock tfjs (Node, 1 thread)");
    const { rows, agreed } = await benchWasmKernels(logIndented);
    report.wasmKernels = rows;
    sound &&= agreed;
    write();
  }
  return sound;
}

async function openHost(native: boolean): Promise<BenchHost> {
  if (native) return (await import("./native/nativeHost.ts")).NativeHost.open();
  return (await import("./benchBrowser.ts")).BenchBrowser.open();
}

async function* benchJobs(browser: BenchHost, asked: BenchArguments): AsyncGenerator<JobReport> {
  const { adapter, logicalCores } = browser;
  const hardware = adapter.available && !adapter.software;
  const jobs = asked.jobs.length > 0 ? asked.jobs : jobsFor(hardware);
  const torch = findTorch();
  const limits = limitsOf(asked);
  for (const job of jobs) {
    let names = asked.contestants.length > 0 ? asked.contestants : contestantsFor(job);
    console.log(`\n${job.name}: ${describeJob(job)}`);
    const missing = missingTorch(torch, job);
    if (missing !== null && names.includes("pytorch")) {
      logIndented(`pytorch is left out: ${missing}`);
      names = names.filter((name) => name !== "pytorch");
    }
    const hosts =
      typeof torch === "string"
        ? browser
        : withTorch(
            browser,
            torch.python,
            hardware && torch.cuda ? { device: "cuda" } : { device: "cpu", threads: logicalCores },
          );
    const report = await benchStep(hosts, job, names, limits, logIndented);
    console.log(`\n${formatJob(report)}`);
    yield report;
  }
}

function limitsOf({ repetitions, quick }: BenchArguments): RoundLimits {
  return { repetitions, budgetMs: quick ? 15_000 : 60_000 };
}

/** Why PyTorch cannot take a job; null: it can. */
function missingTorch(torch: FoundTorch | string, job: StepJob): string | null {
  if (typeof torch === "string") return torch;
  return job.needsGpu && !torch.cuda ? `PyTorch ${torch.version} has no GPU here` : null;
}

function logIndented(line: string): void {
  console.log(`  ${line}`);
}

let asked: BenchArguments | undefined;
try {
  asked = readBenchArguments(process.argv.slice(2));
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${benchUsage}`);
  process.exitCode = 2;
}
if (asked !== undefined) {
  try {
    process.exitCode = (await bench(asked)) ? 0 : 1;
    console.log(`\nMeasured in ${(performance.now() / 1000).toFixed(0)} s`); // since this program began
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 2;
  }
}
