/**
 * Everything that must hold, one stage after another: `npm test`. A failing stage does not stop the next; the
 * last line is `N passed, N failed`.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright";
import { chromiumLaunchOptions, ensureChromium } from "./browser.ts";
import { repositoryRoot } from "./build.ts";
import { largerFixtures, ownFixtures } from "./goldenFixtures.ts";
import {
  backendNames,
  countByBackend,
  countPlaywright,
  countVitest,
  type StageCounts,
} from "./testReport.ts";

const reportFolder = join(repositoryRoot, "test-results");
/** Far more than any stage needs on a slow machine: it is for one that hangs. */
const stageLimitMinutes = 30;

const isWindows = process.platform === "win32";

interface Stage {
  readonly name: string;
  /** An npm script and its further arguments. */
  readonly script: readonly [string, ...string[]];
  /** Reads the report; a stage without one counts as a single test. */
  readonly report?: { readonly file: string; readonly count: (report: never) => StageCounts };
}

const stages: readonly Stage[] = [
  { name: "format", script: ["format:check"] },
  { name: "types", script: ["typecheck"] },
  { name: "lint", script: ["lint"] },
  vitestStage("unit", "test:unit"),
  vitestStage("browser", "test:browser"),
  { name: "build", script: ["build"] },
  {
    name: "end to end",
    script: ["test:e2e"],
    report: { file: join(reportFolder, "e2e.json"), count: countPlaywright },
  },
];

function vitestStage(name: string, script: string): Stage {
  const file = join(reportFolder, `${name}.json`);
  const args = ["--", "--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  return { name, script: [script, ...args], report: { file, count: countVitest } };
}

interface StageResult extends StageCounts {
  readonly name: string;
  readonly seconds: number;
}

async function runStage({ name, script, report }: Stage): Promise<StageResult> {
  console.log(`\n━━ ${name} ${"━".repeat(Math.max(0, 74 - name.length))}`);
  if (report !== undefined) rmSync(report.file, { force: true });
  const start = performance.now();
  const succeeded = await runNpm(script);
  const counts = readCounts(report, succeeded);
  return { name, seconds: (performance.now() - start) / 1000, ...counts };
}

function readCounts(report: Stage["report"], succeeded: boolean): StageCounts {
  const plain = {
    passed: succeeded ? 1 : 0,
    failed: succeeded ? 0 : 1,
    skipped: 0,
    passedNames: [],
    skippedNames: [],
  };
  if (report === undefined || !existsSync(report.file)) return plain;
  const counts = report.count(JSON.parse(readFileSync(report.file, "utf8")) as never);
  // E.g. an unhandled rejection: every test passed, and yet the stage failed.
  return !succeeded && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

function runNpm(args: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn("npm", ["run", "--silent", ...args], {
      cwd: repositoryRoot,
      stdio: "inherit",
      shell: isWindows,
      // A process group of its own, so that what npm started ends with it.
      detached: !isWindows,
    });
    const send = (signal: NodeJS.Signals): void => {
      if (isWindows || child.pid === undefined) child.kill(signal);
      else process.kill(-child.pid, signal);
    };
    /** Ctrl+C, which a group of its own does not hear of. */
    const stop = (): void => {
      send("SIGINT");
      process.exit(130);
    };
    process.on("SIGINT", stop);
    const limits = [
      setTimeout(() => {
        console.error(`✗ ${args[0]} is ended: a stage may take ${stageLimitMinutes} minutes.`);
        send("SIGINT");
      }, stageLimitMinutes * 60_000),
      // Browsers are closed in between.
      setTimeout(() => send("SIGKILL"), (stageLimitMinutes + 0.5) * 60_000),
    ];
    const end = (succeeded: boolean): void => {
      limits.forEach(clearTimeout);
      process.off("SIGINT", stop);
      resolve(succeeded);
    };
    child.on("error", (error) => {
      console.error(error.message);
      end(false);
    });
    child.on("exit", (code) => end(code === 0));
  });
}

/** The browser the numeric suites ran in, and the adapter behind its WebGPU; null when there is none. */
async function describeBrowser(): Promise<{ browser: string; webgpu: string | null }> {
  const browser = await chromium.launch(chromiumLaunchOptions({ webgpu: "software" }));
  try {
    const page = await browser.newPage();
    // WebGPU exists in secure contexts only, and about:blank is none.
    await page.route("http://localhost/", (route) => route.fulfill({ contentType: "text/html", body: "" }));
    await page.goto("http://localhost/");
    const webgpu = await page.evaluate(async () => {
      const info = (await navigator.gpu.requestAdapter())?.info;
      return info === undefined ? null : `${info.vendor} ${info.architecture}`.trim();
    });
    return { browser: `Chromium ${browser.version()}`, webgpu };
  } finally {
    await browser.close();
  }
}

async function test(): Promise<boolean> {
  mkdirSync(reportFolder, { recursive: true });
  console.log(`Browser: ${ensureChromium()}`);
  const results: StageResult[] = [];
  for (const stage of stages) results.push(await runStage(stage));
  const { browser, webgpu } = await describeBrowser();
  const inBrowser = results.filter((result) => result.name === "browser");
  const covered = countByBackend(inBrowser.flatMap((result) => result.passedNames));
  const missing = backendNames.filter((name) => covered[name] === 0);

  console.log(`\n━━ summary ${"━".repeat(67)}`);
  for (const { name, seconds, passed, failed, skipped } of results) {
    const skips = skipped === 0 ? "" : `, ${skipped} skipped`;
    console.log(
      `${failed === 0 ? "✓" : "✗"} ${name.padEnd(14)} ${passed} passed, ${failed} failed${skips}  ${seconds.toFixed(1)} s`,
    );
  }
  for (const name of results.flatMap((result) => result.skippedNames)) console.log(`skipped: ${name}`);
  console.log(`${browser}; WebGPU adapter: ${webgpu ?? "none"}`);
  console.log(
    `Tests in it per backend: ${backendNames.map((name) => `${name} ${covered[name]}`).join(", ")}`,
  );
  const larger = existsSync(largerFixtures.folder);
  const passedNames = results.flatMap((result) => result.passedNames);
  const compared = [ownFixtures, ...(larger ? [largerFixtures] : [])].map(({ name }) => ({
    name,
    tests: passedNames.filter((test) => test.includes(`${name}/`)).length,
  }));
  console.log(
    `Tests against PyTorch's numbers: ${compared.map(({ name, tests }) => `${tests} on ${name}`).join(", ")}` +
      (larger ? "" : `; no ${largerFixtures.name} here`),
  );
  const complaints = [
    ...compared.filter(({ tests }) => tests === 0).map(({ name }) => `No test that passed names ${name}.`),
    ...(webgpu === null ? ["No WebGPU adapter was found, so the GPU path was not tested."] : []),
    ...missing.map((name) => `No test that passed names the backend ${name}.`),
  ];
  for (const complaint of complaints) console.log(`✗ ${complaint}`);

  const sum = (key: "passed" | "failed"): number => results.reduce((total, result) => total + result[key], 0);
  const failed = sum("failed") + complaints.length;
  console.log(`${sum("passed")} passed, ${failed} failed`);
  return failed === 0;
}

try {
  process.exitCode = (await test()) ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.log("0 passed, 1 failed");
  process.exitCode = 1;
}
