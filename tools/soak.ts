/**
 * Breaks runs off at random moments, in every way there is, and says whether they went on as if nothing had happened:
 *
 *     npm run soak -- [--short] [--seed 7] [--kills 20]
 *
 * One line a check, then `N passed, N failed`. Curves are compared on WASM bit for bit, on WebGPU (software) to 10⁻⁴.
 */
import { parseArgs } from "node:util";
import { chromium, type Browser, type BrowserContext } from "playwright";
import { defaultConfig, type Config } from "../src/contract/config.ts";
import { createPrng } from "../src/lib/prng.ts";
import { chromiumLaunchOptions, ensureChromium } from "./browser.ts";
import { buildSiteIfStale, distFolder } from "./build.ts";
import { serveSite } from "./serve.ts";
import { areEqual, compareCurves } from "./soak/curve.ts";
import { SoakTab } from "./soak/soakTab.ts";

const { values } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    seed: { type: "string", default: "7" },
    kills: { type: "string", default: "20" },
  },
});
const killsWanted = Number(values.kills);
const prng = createPrng(Number(values.seed), "soak");

/** Several seconds on two cores: enough checkpoints to be broken off between any two. */
const base: Config = {
  ...defaultConfig,
  imageSize: 24,
  studentWidth: 8,
  hiddenWidth: 64,
  batchSize: 32,
  queueSize: 256,
  evaluateEvery: 100,
  evaluationImages: 100,
  schedule: "cosinePerStep",
  steps: values.short ? 120 : 1000,
};
const subjects: readonly (readonly [string, Partial<Config>])[] = [
  ["DisCo, Muon", { method: "disco", optimiser: "muon" }],
  ["DisCo, SGD", { method: "disco", optimiser: "sgd", learningRate: 0.03 }],
  ["SimCLR, Muon", { method: "simclr", optimiser: "muon" }],
  [
    "BINGO, SGD",
    { method: "bingo", optimiser: "sgd", learningRate: 0.03, teacherViews: "same", teacherInputSize: 16 },
  ],
];

const kills = ["reload", "engine ended", "tab closed"] as const;
type Kill = (typeof kills)[number];

let passed = 0;
let failed = 0;

async function check(name: string, work: () => Promise<string>): Promise<void> {
  const startMs = performance.now();
  const seconds = (): string => `${((performance.now() - startMs) / 1000).toFixed(0)} s`;
  try {
    const said = await work();
    passed++;
    console.log(`✓ ${name}: ${said} (${seconds()})`);
  } catch (error) {
    failed++;
    console.log(`✗ ${name}: ${error instanceof Error ? error.message : String(error)} (${seconds()})`);
  }
}

function require(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

/** The curve of a run that nothing happens to. */
async function wholeCurve(context: BrowserContext, url: string, config: Config): Promise<readonly number[]> {
  const tab = await SoakTab.open(context, url);
  await tab.visit(config, "wasm");
  const runId = await tab.start();
  await tab.untilEnded();
  const curve = await tab.keptMetrics(runId);
  await tab.page.close();
  return curve;
}

/** One run, broken off `often` times. */
async function brokenRun(
  context: BrowserContext,
  url: string,
  config: Config,
  often: number,
): Promise<{ curve: readonly number[]; kills: string[] }> {
  let tab = await SoakTab.open(context, url);
  await tab.visit(config, "wasm");
  const runId = await tab.start();
  const done: string[] = [];
  for (let i = 0; i < often; i++) {
    const before = await keptAfter(
      tab,
      runId,
      done.length === 0 ? 0 : Number(done.at(-1)?.split(" ").at(-1)),
    );
    await new Promise((resolve) => setTimeout(resolve, 1500 * prng.uniform()));
    const { run } = await tab.until(() => true);
    if (run.state === "ended") break; // it was faster
    const kill = kills[prng.integer(kills.length)] as Kill;
    tab = await breakOff(tab, context, url, config, kill);
    if (kill === "engine ended")
      await tab.until(({ run }) => run.state === "running" || run.state === "ended");
    else await tab.continue();
    done.push(`${kill} at ${run.step}, kept ${before}`);
  }
  await tab.untilEnded();
  require(tab.faults.length === 0, tab.faults.join("; "));
  const curve = await tab.keptMetrics(runId);
  await tab.page.close();
  return { curve, kills: done };
}

/** Waits for a checkpoint that is further than the one before. */
async function keptAfter(tab: SoakTab, runId: string, before: number): Promise<number> {
  for (let tries = 0; ; tries++) {
    const step = await tab.keptStep(runId);
    const { run } = await tab.until(() => true);
    if (step > before || run.state === "ended") return step;
    require(tries < 1000, "no checkpoint was written");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function breakOff(
  tab: SoakTab,
  context: BrowserContext,
  url: string,
  config: Config,
  kill: Kill,
): Promise<SoakTab> {
  switch (kill) {
    case "reload":
      await tab.page.reload();
      await tab.until(({ backend }) => backend !== null);
      return tab;
    case "engine ended":
      await tab.endEngine();
      return tab;
    case "tab closed": {
      await tab.page.close();
      const next = await SoakTab.open(context, url);
      await next.visit(config, "wasm");
      return next;
    }
  }
}

async function checkKills(browser: Browser, url: string): Promise<void> {
  let count = 0;
  for (let round = 0; count < killsWanted; round++) {
    const [name, patch] = subjects[round % subjects.length] as (typeof subjects)[number];
    const config = { ...base, ...patch, seed: 1 + round };
    const context = await browser.newContext();
    await check(`${name}, seed ${config.seed}`, async () => {
      const whole = await wholeCurve(context, url, config);
      const broken = await brokenRun(context, url, config, Math.min(3, killsWanted - count));
      count += Math.max(1, broken.kills.length);
      const difference = compareCurves(whole, broken.curve);
      require(areEqual(
        difference,
        0,
      ), `the curves differ by ${difference.largest}, steps ${difference.steps.join(" and ")}`);
      return `${broken.kills.length} kills (${broken.kills.join("; ")}), ${difference.steps[0]} steps equal bit for bit`;
    });
    await context.close();
  }
}

async function checkGpu(browser: Browser, url: string): Promise<void> {
  const config: Config = {
    ...base,
    imageSize: 16,
    studentWidth: 4,
    hiddenWidth: 32,
    batchSize: 8,
    queueSize: 32,
    teacherInputSize: 8,
    evaluateEvery: 0,
    evaluationImages: 20,
    steps: 60,
  };
  const context = await browser.newContext();
  await check("GPU process crashed, DisCo on WebGPU", async () => {
    const curves: (readonly number[])[] = [];
    let kept = 0;
    for (const crashes of [0, 1]) {
      const tab = await SoakTab.open(context, url);
      await tab.visit(config, "webgpu");
      const runId = await tab.start();
      if (crashes > 0) {
        kept = await keptAfter(tab, runId, 0);
        await tab.crashGpu();
        await tab.until(({ notices }) => notices.some(({ message }) => /went on from step/.test(message)));
      }
      await tab.untilEnded();
      curves.push(await tab.keptMetrics(runId));
      await tab.page.close();
    }
    const difference = compareCurves(curves[0] ?? [], curves[1] ?? []);
    require(areEqual(
      difference,
      1e-4,
    ), `the curves differ by ${difference.largest}, ${difference.steps.join(" and ")} steps`);
    return `recovered unasked, kept ${kept}; ${difference.steps[0]} steps within ${difference.largest.toExponential(1)}`;
  });
  await context.close();
}

async function checkMemory(browser: Browser, url: string): Promise<void> {
  const context = await browser.newContext();
  await check("memory over a run that is kept every second", async () => {
    const tab = await SoakTab.open(context, url);
    await tab.visit({ ...base, evaluateEvery: 0, steps: 100_000 }, "wasm");
    await tab.start();
    const tensors: number[] = [];
    for (let i = 0; i < 4; i++) {
      await new Promise((resolve) => setTimeout(resolve, values.short ? 4000 : 20_000));
      await tab.page.getByTestId("pause").click();
      await tab.until(({ run }) => run.state === "paused");
      await new Promise((resolve) => setTimeout(resolve, 1500)); // what is measured at a pause
      const memory = await tab.page.evaluate(() => window.playground?.memory());
      tensors.push(memory?.tensors ?? NaN);
      await tab.page.getByTestId("start").click();
    }
    await tab.page.getByTestId("stop").click();
    await tab.untilEnded();
    const settled = tensors.slice(1); // the teacher is measured until then
    require(new Set(settled).size === 1, `tensors: ${tensors.join(", ")}`);
    return `${settled[0]} tensors at each of ${settled.length} looks`;
  });
  await context.close();
}

async function checkRoom(browser: Browser, url: string): Promise<void> {
  const context = await browser.newContext();
  await check("no room", async () => {
    const tab = await SoakTab.open(context, url);
    const devtools = await context.newCDPSession(tab.page);
    await devtools.send("Storage.overrideQuotaForOrigin", {
      origin: new URL(url).origin,
      quotaSize: 100_000,
    });
    await tab.visit({ ...base, evaluateEvery: 0, steps: 150 }, "wasm");
    await tab.start();
    const { notices } = await tab.until(({ notices }) =>
      notices.some(({ message }) => /is not kept/.test(message)),
    );
    const { run } = await tab.untilEnded();
    require(run.end?.kind === "finished", `it ended as ${run.end?.kind}`);
    return `the run finished in memory; “${notices.at(-1)?.message}”`;
  });
  await context.close();
}

async function checkTabs(browser: Browser, url: string): Promise<void> {
  const context = await browser.newContext();
  await check("two tabs", async () => {
    const config: Config = { ...base, evaluateEvery: 0, steps: 100_000 };
    const [first, second] = [await SoakTab.open(context, url), await SoakTab.open(context, url)];
    await first.visit(config, "wasm");
    const firstRun = await first.start();
    await keptAfter(first, firstRun, 0);
    await second.visit(config, "wasm");
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const offered = await second.page.getByTestId("continue-card").isVisible();
    require(!offered, "a run that is going in one tab was offered in another");
    const secondRun = await second.start();
    const [a, b] = [await keptAfter(first, firstRun, 0), await keptAfter(second, secondRun, 0)];
    await keptAfter(first, firstRun, a);
    await keptAfter(second, secondRun, b);
    await second.page.close();
    await first.page.reload();
    await first.continue();
    const { run } = await first.until(({ run }) => run.state === "running");
    await first.page.getByTestId("stop").click();
    await first.untilEnded();
    return `each kept its own; after both were gone ${run.runId === secondRun ? "the newer" : "the older"} was offered`;
  });
  await context.close();
}

ensureChromium();
await buildSiteIfStale("error");
const site = await serveSite({ folder: distFolder });
const browser = await chromium.launch(chromiumLaunchOptions({ webgpu: "software" }));
try {
  console.log(`Chromium ${browser.version()}, seed ${values.seed}`);
  await checkKills(browser, site.url);
  await checkGpu(browser, site.url);
  await checkMemory(browser, site.url);
  await checkRoom(browser, site.url);
  await checkTabs(browser, site.url);
} finally {
  await browser.close();
  await site.close();
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
