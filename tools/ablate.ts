/** An ablation without a window: `npm run ablate -- --data photos/ --vary hiddenWidth=8,32 --out result`. */
import { join } from "node:path";
import { defaultConfig, type Config } from "../src/contract/config.ts";
import { isSameJob, jobConfig } from "../src/page/trials/ablationJobs.ts";
import type { AblationJob } from "../src/contract/ablationJob.ts";
import { ablateUsage, parseAblateArguments, type AblateJob } from "./ablateArguments.ts";
import { openAblation, readResult, runFolder, writeAblation } from "./ablationFolder.ts";
import { ensureChromium } from "./browser.ts";
import { buildSiteIfStale, distFolder } from "./build.ts";
import { firstLineOf } from "./firstLine.ts";
import { exitCodes, firstInterrupt, runCommand } from "./runCommand.ts";
import { serveSite } from "./serve.ts";
import { describeProblem, TrainError, trainInTurn, type TrainResult } from "./trainInBrowser.ts";
import { ProgressLine } from "./trainProgress.ts";

/** As on the page: a run that failed is begun once more. */
const mostAttempts = 2;

async function ablate(): Promise<number> {
  const asked = parseAblateArguments(process.argv.slice(2), process.env["INIT_CWD"] ?? process.cwd());
  if (asked === null) {
    console.log(ablateUsage);
    return 0;
  }
  const queue = new Queue(asked);
  const progress = new ProgressLine(process.stderr);
  progress.say(queue.describe());
  if (queue.next() !== undefined) {
    ensureChromium();
    await buildSiteIfStale("error");
    const site = await serveSite({ folder: distFolder });
    try {
      const interrupted = firstInterrupt();
      while (queue.next() !== undefined && !interrupted.aborted)
        await queue.work(site.url, progress, interrupted);
    } finally {
      await site.close();
    }
  }
  return queue.report();
}

/** The runs of an ablation, what became of them, and the folder that has it all. */
class Queue {
  readonly #asked: AblateJob;
  readonly #config: Config;
  readonly #folder: string;
  #jobs: readonly AblationJob[];
  #dataFingerprint: string;

  /** @throws UsageError when the folder holds another ablation. */
  constructor(asked: AblateJob) {
    this.#asked = asked;
    this.#config = { ...defaultConfig, ...asked.shared.config };
    this.#folder = asked.shared.outFolder;
    const { jobs, dataFingerprint } = openAblation(this.#folder, asked.design, this.#config);
    this.#jobs = jobs;
    this.#dataFingerprint = dataFingerprint;
  }

  describe(): string {
    const done = this.#jobs.filter(({ state }) => state === "done").length;
    const { axis, values, seeds, steps } = this.#asked.design;
    const design = `${this.#jobs.length} runs of ${steps} steps: ${axis} ${values.join(", ")}; seeds ${seeds.join(", ")}.`;
    return done === 0 ? design : `${design} ${done} of them are there already.`;
  }

  next(): AblationJob | undefined {
    return this.#jobs.find(({ state }) => state === "queued");
  }

  /** Runs what waits in one tab, until a run fails in a way that takes the tab with it. */
  async work(siteUrl: string, progress: ProgressLine, interrupted: AbortSignal): Promise<void> {
    const { shared, design } = this.#asked;
    const runs = this.#jobs
      .filter(({ state }) => state === "queued")
      .map((job) => ({
        job,
        config: jobConfig(this.#config, design, job),
        outFolder: join(this.#folder, runFolder(design.axis, job)),
      }));
    const seen = { images: false };
    try {
      await trainInTurn(shared, runs, siteUrl, progress, interrupted, {
        onImages: (fingerprint) => {
          this.#compareImages(fingerprint);
          seen.images = true;
        },
        onStart: ({ job }) => {
          const number = this.#jobs.findIndex((each) => isSameJob(each, job)) + 1;
          progress.say(`Run ${number} of ${this.#jobs.length}: ${runFolder(design.axis, job)}`);
        },
        onEnd: ({ job, outFolder }, result) => this.#take(job, outFolder, result, progress),
      });
    } catch (error) {
      const job = this.next();
      // Images or teacher that cannot be read fail every run; so does what is ours to mend.
      if (!(error instanceof TrainError) || !seen.images || job === undefined || interrupted.aborted)
        throw error;
      progress.say(error.message);
      const attempts = job.attempts + 1;
      const state = attempts < mostAttempts ? "queued" : "failed";
      this.#change(job, { attempts, state, problem: firstLineOf(error) });
    }
  }

  #compareImages(fingerprint: string): void {
    const before = this.#dataFingerprint;
    if (before !== "" && fingerprint !== "" && before !== fingerprint)
      throw new TrainError(
        `--out ${this.#folder} holds runs on other images, and runs on different images do not compare. Choose another folder.`,
      );
  }

  #take(job: AblationJob, outFolder: string, { end, seconds }: TrainResult, progress: ProgressLine): void {
    const attempts = job.attempts + 1;
    switch (end.kind) {
      case "stopped":
        return; // by Ctrl+C: it waits for the next time
      case "diverged":
        progress.say(`Diverged at step ${end.step}: ${end.message}`);
        this.#change(job, { attempts, state: "failed", problem: end.message });
        return;
      case "failed":
        throw new TrainError(describeProblem(end.error));
      case "finished": {
        const { result, dataFingerprint } = readResult(outFolder);
        this.#dataFingerprint = dataFingerprint;
        this.#change(job, { attempts, state: "done", seconds, result, problem: "" });
      }
    }
  }

  #change(job: AblationJob, change: Partial<AblationJob>): void {
    this.#jobs = this.#jobs.map((each) => (isSameJob(each, job) ? { ...each, ...change } : each));
    this.#write();
  }

  #write(): string {
    return writeAblation(this.#folder, {
      design: this.#asked.design,
      config: this.#config,
      dataFingerprint: this.#dataFingerprint,
      jobs: this.#jobs,
    });
  }

  /** @returns the exit code. */
  report(): number {
    const conclusion = this.#write();
    const count = (state: AblationJob["state"]): number =>
      this.#jobs.filter((job) => job.state === state).length;
    const [done, failed, left] = [count("done"), count("failed"), count("queued")];
    console.log(
      JSON.stringify({ out: this.#folder, runs: this.#jobs.length, done, failed, left, conclusion }),
    );
    if (left > 0) return exitCodes.interrupted;
    return failed > 0 ? exitCodes.failed : 0;
  }
}

await runCommand("ablate", ablate);
