import { describe, expect, test } from "vitest";
import type { ContestantName } from "./contestants/contestant.ts";
import type { StepRequests } from "./page/workerMessages.ts";
import { stepJobs } from "./stepJobs.ts";
import { benchStep, type StepBrowser } from "./stepPart.ts";

const job = stepJobs[0]!;
const movement = { student: 2, studentStatistics: 3, meanStudent: 0.002, meanStudentStatistics: 1, queue: 5 };
const limits = { repetitions: 3, budgetMs: 60_000 };

/** How a contestant behaves: ms a step in each of its ways to run, its n-th loss, and when it breaks. */
interface Script {
  readonly ways: Readonly<Record<string, number>>;
  readonly loss: (step: number) => number;
  readonly breaksAtStep?: number;
}

/** Workers that answer by script instead of computing, and note what they were asked. */
function scripted(
  scripts: Partial<Record<ContestantName, Script>>,
): StepBrowser & { readonly asked: string[] } {
  const asked: string[] = [];
  const state = new Map<string, { script: Script; way: string; step: number }>();
  const answers: { [K in keyof StepRequests]: (worker: string, body: StepRequests[K]["in"]) => unknown } = {
    setUp: (worker, { contestant }) => {
      const script = scripts[contestant]!;
      const variants = Object.keys(script.ways);
      state.set(worker, { script, way: variants[0]!, step: 0 });
      return { runsOn: "a script", setUpMs: 1, variants: variants.length > 1 ? variants : [] };
    },
    run: (worker, { steps, variant }) => {
      const runner = state.get(worker)!;
      runner.way = variant ?? runner.way;
      const losses = Array.from({ length: steps }, () => runner.script.loss(++runner.step));
      if (runner.step >= (runner.script.breaksAtStep ?? Infinity)) throw new Error("device lost\nand more");
      const elapsedMs = steps * runner.script.ways[runner.way]!;
      return { steps, elapsedMs, issuedMs: elapsedMs / 2, losses };
    },
    movement: () => movement,
    breakdown: (worker) => [{ label: worker, launches: 1, ms: 2 }],
  };
  return {
    asked,
    ask: (async (_kind: string, worker: string, name: keyof StepRequests, body: never) => {
      asked.push(`${worker.replace(`${job.name} `, "")} ${name}`);
      return answers[name](worker, body);
    }) as StepBrowser["ask"],
    end: async (worker) => void state.delete(worker),
  };
}

const halving = (step: number): number => 8 / 2 ** step;

describe("a step job", () => {
  test("is written as issue and readers expect: name, contestants, median and minimum", async () => {
    const browser = scripted({
      "ours-webgpu": { ways: { only: 50 }, loss: halving },
      "tfjs-webgpu": { ways: { naive: 3000, products: 2000 }, loss: halving },
    });
    const report = await benchStep(browser, job, ["ours-webgpu", "tfjs-webgpu"], limits, () => undefined);
    const written = JSON.parse(JSON.stringify({ adapter: "a script", jobs: [report] })) as unknown;
    expect(written).toMatchObject({
      adapter: "a script",
      jobs: [
        {
          name: "STEP-XS",
          contestants: {
            "ours-webgpu": { medianMs: 50, minMs: 50, stepsPerRepetition: 8, repetitions: 3 },
            "tfjs-webgpu": { medianMs: 2000, minMs: 2000, stepsPerRepetition: 1, variant: "products" },
          },
          failures: {},
          agreements: [{ pair: ["ours-webgpu", "tfjs-webgpu"], agrees: true, lossDifference: 0 }],
        },
      ],
    });
    const turns = browser.asked.slice(-8);
    expect(turns).toEqual([
      ...[0, 1, 2].flatMap(() => ["ours-webgpu run", "tfjs-webgpu run"]),
      "ours-webgpu breakdown", // when all that is timed is over
      "tfjs-webgpu breakdown",
    ]);
  });

  test("tells who computed something else, and whose worker broke, at once or later", async () => {
    const browser = scripted({
      "ours-wasm": { ways: { only: 50 }, loss: halving },
      "tfjs-cpu": { ways: { only: 900 }, loss: (step) => (step === 2 ? 2.1 : halving(step)) },
      "jax-js": { ways: { only: 900 }, loss: halving, breaksAtStep: 1 },
      "jax-js-wasm": { ways: { only: 900 }, loss: halving, breaksAtStep: 6 },
    });
    const names = ["ours-wasm", "tfjs-cpu", "jax-js", "jax-js-wasm"] as const;
    const report = await benchStep(browser, job, names, limits, () => undefined);
    expect(Object.keys(report.contestants)).toEqual(["ours-wasm", "tfjs-cpu"]);
    expect(report.failures).toEqual({ "jax-js": "device lost", "jax-js-wasm": "device lost" });
    expect(report.agreements).toHaveLength(1);
    expect(report.agreements[0]?.agrees).toBe(false);
    expect(report.agreements[0]?.lossDifference).toBeCloseTo(0.1 / 2.1, 6);
  });
});
