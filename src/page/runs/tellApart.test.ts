import { expect, test } from "vitest";
import { runName } from "../commands/runName.ts";
import type { ConfigPatch } from "../../contract/config.ts";
import { recordOf } from "./testing/recordOf.ts";
import { tellApart } from "./tellApart.ts";

function unnamed(patch: ConfigPatch) {
  const run = recordOf(patch);
  return { ...run, name: runName(run.config) };
}

test("names hold what runs differ in, and not what they share", () => {
  const runs = [
    unnamed({ queueSize: 64, hiddenWidth: 8 }),
    unnamed({ queueSize: 64, hiddenWidth: 32, seed: 5 }),
  ];
  const [first, second] = tellApart(runs).map(({ name }) => name);
  expect(first).toMatch(/width 8.* · seed \d+$/);
  expect(second).toMatch(/width 32.* · seed 5$/);
  expect(first).not.toContain("64");
});

test("the visitor's own names stay, and equal ones are numbered", () => {
  const own = { ...unnamed({ hiddenWidth: 8 }), name: "the good one" };
  expect(tellApart([own, unnamed({ hiddenWidth: 32 })])[0]?.name).toBe("the good one");
  const same = unnamed({ batchSize: 64 });
  expect(tellApart([same, same]).map(({ name }) => name)).toEqual([same.name, `${same.name} (2)`]);
});

test("of many differences those are named first that divide the runs in ways of their own, and the seed is kept", () => {
  const alone: ConfigPatch = { teacher: "none", method: "mocov2", temperature: 0.3, steps: 12 };
  const runs = [
    unnamed({ ...alone, seed: 1, hiddenWidth: 64, batchSize: 16 }),
    unnamed({ ...alone, seed: 2 }),
    unnamed({ seed: 1, batchSize: 8 }),
  ];
  const [first, second, third] = tellApart(runs);
  expect(first?.name).toBe("no teacher · head hidden width 64 · batch 16 · 3 more · seed 1");
  expect(second?.name).toBe("no teacher · head hidden width 256 · batch 32 · 3 more · seed 2");
  expect(third?.name).toBe("bundled teacher · head hidden width 256 · batch 8 · 3 more · seed 1");
  expect(tellApart(runs.slice(1))[1]?.name).toBe(
    "bundled teacher · method DisCo · temperature τ 0.2 · 2 more · seed 1",
  );
  expect(first?.whole).toBe(
    "no teacher · head hidden width 64 · method MoCo-v2 (no teacher) · temperature τ 0.3 · batch 16 · steps 12 · seed 1",
  );
});
