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
  const [first, second] = tellApart(runs);
  expect(first).toMatch(/width 8.* · seed \d+$/);
  expect(second).toMatch(/width 32.* · seed 5$/);
  expect(first).not.toContain("64");
});

test("the visitor's own names stay, and equal ones are numbered", () => {
  const own = { ...unnamed({ hiddenWidth: 8 }), name: "the good one" };
  expect(tellApart([own, unnamed({ hiddenWidth: 32 })])[0]).toBe("the good one");
  const same = unnamed({ batchSize: 64 });
  expect(tellApart([same, same])).toEqual([same.name, `${same.name} (2)`]);
});
