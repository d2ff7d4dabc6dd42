/** Training without a window: `npm run train -- --data photos.zip --out result`. See `trainArguments.ts`. */
import { join } from "node:path";
import { ensureChromium } from "./browser.ts";
import { buildSiteIfStale, distFolder } from "./build.ts";
import { serveSite } from "./serve.ts";
import { presets } from "../src/contract/presets.ts";
import { forgetKeptJob, profileIn, readKeptJob, resumedFolder, writeKeptJob } from "./keptJob.ts";
import { exitCodes, firstInterrupt, runCommand } from "./runCommand.ts";
import { parseTrainArguments, usage, type TrainJob } from "./trainArguments.ts";
import { describeProblem, TrainError, trainInBrowser, type TrainResult } from "./trainInBrowser.ts";
import { ProgressLine } from "./trainProgress.ts";

async function train(): Promise<number> {
  // npm runs scripts in the repository and keeps the caller's folder here.
  const given = process.argv.slice(2);
  const folder = process.env["INIT_CWD"] ?? process.cwd();
  const resumed = resumedFolder(given, folder);
  const kept = resumed === null ? null : readKeptJob(resumed);
  const { args, workingFolder } = kept ?? { args: given, workingFolder: folder };
  const job = parseTrainArguments(args, workingFolder);
  if (job === null) {
    console.log(usage);
    return 0;
  }
  const progress = new ProgressLine(process.stderr);
  ensureChromium();
  await buildSiteIfStale("error");
  const site = await serveSite({ folder: distFolder, ...(kept === null ? {} : { port: kept.port }) });
  try {
    const port = Number(new URL(site.url).port);
    if (kept !== null && kept.port !== port)
      throw new TrainError(
        `Port ${kept.port} of this machine is taken, and the run is kept by that address. Free it and try again.`,
      );
    const interrupted = firstInterrupt();
    const alone =
      job.baseline && kept === null
        ? await trainInBrowser(withoutTeacher(job), site.url, progress, interrupted)
        : null;
    // Without the measure there is nothing to compare; why it failed, or that it was stopped, is the result.
    if (alone !== null && alone.end.kind !== "finished")
      return report(alone, null, join(job.outFolder, "baseline"), progress);
    if (kept === null) {
      forgetKeptJob(job.outFolder);
      writeKeptJob(job.outFolder, { args: [...args], workingFolder, port });
    }
    const place = { profile: profileIn(job.outFolder), resumes: kept !== null };
    const result = await trainInBrowser(job, site.url, progress, interrupted, place);
    if (result.end.kind === "finished") forgetKeptJob(job.outFolder);
    else progress.say(`It can go on: npm run train -- --resume ${job.outFolder}`);
    if (alone !== null) progress.say(describeGap(alone.knn.student, result.knn));
    return report(result, alone, job.outFolder, progress);
  } finally {
    await site.close();
  }
}

function baselineOf({ knn }: TrainResult, alone: TrainResult | null) {
  if (alone === null) return {};
  const { student } = alone.knn;
  return { baseline: { knn: student, gap: gapShare(student, knn.student, knn.teacher) } };
}

/** The same student on the same images for as many steps, with the settings that suit it best alone. */
function withoutTeacher(job: TrainJob): TrainJob {
  return {
    ...job,
    config: { ...job.config, ...presets.alone.patch },
    teacherFiles: [],
    teacherAddress: null,
    repeated: null,
    exports: [],
    forCluster: false,
    outFolder: join(job.outFolder, "baseline"),
  };
}

/** What the teacher brought: the share of the way from the student alone to the teacher. */
function describeGap(alone: number | null, { untrained, student, teacher }: TrainResult["knn"]): string {
  const share = gapShare(alone, student, teacher);
  if (share === null) return "Without labels and a teacher there is no gap to measure.";
  const percent = (value: number | null): string => (value === null ? "–" : `${(100 * value).toFixed(1)} %`);
  return (
    `kNN accuracy: untrained ${percent(untrained)}, without a teacher ${percent(alone)}, ` +
    `with it ${percent(student)}, teacher ${percent(teacher)}; ${percent(share)} of the gap.`
  );
}

function gapShare(alone: number | null, student: number | null, teacher: number | null): number | null {
  if (alone === null || student === null || teacher === null || teacher <= alone) return null;
  return (student - alone) / (teacher - alone);
}

function report(
  result: TrainResult,
  alone: TrainResult | null,
  outFolder: string,
  progress: ProgressLine,
): number {
  const { end, ...rest } = result;
  if (end.kind === "diverged") progress.say(`Diverged at step ${end.step}: ${end.message}\n${end.hint}`);
  if (end.kind === "failed") progress.say(describeProblem(end.error));
  console.log(JSON.stringify({ out: outFolder, end: end.kind, ...rest, ...baselineOf(result, alone) }));
  switch (end.kind) {
    case "finished":
      return 0;
    case "stopped":
      return exitCodes.interrupted;
    case "diverged":
    case "failed":
      return exitCodes.failed;
  }
}

await runCommand("train", train);
