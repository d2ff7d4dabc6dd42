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
  contestantsFor,
  jobsFor,
  readBenchArguments,
  type BenchArguments,
} from "./benchArguments.ts";
import { BenchBrowser } from "./benchBrowser.ts";
import { benchStep, type JobReport } from "./stepPart.ts";
import { disagreements, formatJob } from "./stepReport.ts";
import { benchWasmKernels, type WasmKernelRow } from "./wasmPart.ts";

/** What `--json` writes. */
interface BenchReport {
  adapter: string;
  browser?: string;
  logicalCores?: number;
  jobs: JobReport[];
  wasmKernels?: readonly WasmKernelRow[];
}

/** @returns whether everything was measured and agreed. */
async function bench(asked: BenchArguments): Promise<boolean> {
  const report: BenchReport = { adapter: "none", jobs: [] };
  let sound = true;
  const write = (): void => {
    if (asked.json !== null) writeFileSync(asked.json, `${JSON.stringify(report, null, 2)}\n`);
  };
  write(); // an address that cannot be written to is found out now
  if (asked.parts.includes("step")) {
    await using browser = await BenchBrowser.open();
    const { adapter } = browser;
    report.adapter = adapter.available ? adapter.adapter : "none";
    report.browser = browser.version;
    report.logicalCores = browser.logicalCores;
    console.log(
      `${browser.version}; WebGPU on ${adapter.problem ?? adapter.adapter}; ${browser.logicalCores} logical cores`,
    );
    const jobs = asked.jobs.length > 0 ? asked.jobs : jobsFor(adapter.available && !adapter.software);
    for (const job of jobs) {
      const names = asked.contestants.length > 0 ? asked.contestants : contestantsFor(job);
      const limits = { repetitions: asked.repetitions, budgetMs: asked.quick ? 15_000 : 60_000 };
      console.log(`\n${job.name}`);
      const result = await benchStep(browser, job, names, limits, (line) => console.log(`  ${line}`));
      console.log(`\n${formatJob(result)}`);
      report.jobs.push(result);
      write(); // what was measured is not lost when a later job fails
      sound &&= disagreements(result).length === 0 && Object.keys(result.failures).length === 0;
    }
  }
  if (asked.parts.includes("wasm")) {
    console.log("\nWASM kernels against stock tfjs (Node, 1 thread)");
    const { rows, agreed } = await benchWasmKernels((line) => console.log(line));
    report.wasmKernels = rows;
    sound &&= agreed;
    write();
  }
  return sound;
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
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 2;
  }
}
