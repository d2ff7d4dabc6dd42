/** Training without a window: `npm run train -- --data photos.zip --out result`. See `trainArguments.ts`. */
import { ensureChromium } from "./browser.ts";
import { buildSiteIfStale, distFolder } from "./build.ts";
import { serveSite } from "./serve.ts";
import { parseTrainArguments, usage, UsageError } from "./trainArguments.ts";
import { TrainError, trainInBrowser, type TrainResult } from "./trainInBrowser.ts";
import { ProgressLine } from "./trainProgress.ts";

const exitCodes = { failed: 1, usage: 2, interrupted: 130 } as const;

async function train(): Promise<number> {
  // npm runs scripts in the repository and keeps the caller's folder here.
  const job = parseTrainArguments(process.argv.slice(2), process.env["INIT_CWD"] ?? process.cwd());
  if (job === null) {
    console.log(usage);
    return 0;
  }
  const progress = new ProgressLine(process.stderr);
  ensureChromium();
  await buildSiteIfStale("error");
  const site = await serveSite({ folder: distFolder });
  try {
    const result = await trainInBrowser(job, site.url, progress, firstInterrupt());
    return report(result, job.outFolder, progress);
  } finally {
    await site.close();
  }
}

/** The first Ctrl+C asks for an orderly end, the second ends at once. */
function firstInterrupt(): AbortSignal {
  const controller = new AbortController();
  process.on("SIGINT", () => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    controller.abort();
  });
  return controller.signal;
}

function report(result: TrainResult, outFolder: string, progress: ProgressLine): number {
  const { end, ...rest } = result;
  if (end.kind === "diverged") progress.say(`Diverged at step ${end.step}: ${end.message}\n${end.hint}`);
  if (end.kind === "failed") progress.say(`${end.error.message}\n${end.error.hint ?? ""}`);
  console.log(JSON.stringify({ out: outFolder, end: end.kind, ...rest }));
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

try {
  process.exitCode = await train();
} catch (error) {
  if (error instanceof UsageError) {
    console.error(`${error.message}\nSee \`npm run train -- --help\`.`);
    process.exitCode = exitCodes.usage;
  } else {
    // A fault of the world is told by its message; anything else is ours and needs its stack.
    const known = error instanceof TrainError;
    console.error(known ? error.message : error);
    process.exitCode = exitCodes.failed;
  }
}
