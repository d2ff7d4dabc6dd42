import { expect, test } from "vitest";
import { methodNames } from "../../src/contract/methods.ts";
import { benchObjectives, formatObjectives, objectivesAreSound } from "./objectivesPart.ts";

type Browser = Parameters<typeof benchObjectives>[0];

/** A host whose steps take what `stepMs` says. */
function host(stepMs: (method: string) => number, loss = 1): Browser {
  const answers: Record<string, (body: { method: string; steps: number }) => unknown> = {
    open: () => "a GPU",
    prepare: ({ method }) => {
      if (stepMs(method) === 0) throw new Error("refused");
      return { details: "3 launches", setUpMs: 10 };
    },
    run: ({ method, steps }) => ({
      steps,
      elapsedMs: stepMs(method) * steps,
      issuedMs: 2 * steps,
      losses: Array.from({ length: steps }, () => loss),
      programs: 30,
      launches: 179,
      submissions: 6,
    }),
  };
  return {
    ask: (_kind: string, _worker: string, name: string, body: unknown) =>
      Promise.resolve().then(() => answers[name]!(body as never)),
    end: () => Promise.resolve(),
  } as unknown as Browser;
}

const limits = { repetitions: 3, budgetMs: 1e6 };

test("every objective is measured against DisCo, and those above its share are named", async () => {
  const report = await benchObjectives(
    host((method) => (method === "bingo" ? 160 : 100)),
    limits,
    () => undefined,
  );
  expect(report.rows.map(({ method }) => method)).toEqual(methodNames);
  expect(report.rows.map(({ ofDisco }) => ofDisco)).toEqual(
    methodNames.map((name) => (name === "bingo" ? 1.6 : 1)),
  );
  expect(objectivesAreSound(report)).toBe(true);
  expect(formatObjectives(report)).toContain(
    "At most 1.5 of DisCo's step: all but BINGO. Issued within 5 ms: all.",
  );
});

test("one that fails, or whose losses are no numbers, is told", async () => {
  const refused = await benchObjectives(
    host((method) => (method === "rkd" ? 0 : 100)),
    limits,
    () => undefined,
  );
  expect(refused.failures).toEqual(["rkd: refused"]);
  expect(objectivesAreSound(refused)).toBe(false);
  const diverged = await benchObjectives(
    host(() => 100, NaN),
    limits,
    () => undefined,
  );
  expect(diverged.failures.length).toBe(methodNames.length);
});
