import { expect, test } from "vitest";
import type { KeptRunEntry } from "../../contract/keptRun.ts";
import type { RunRecord } from "../stores/runHistory.ts";
import { chooseRuns, type ListedRun, type Sorting } from "./chooseRuns.ts";

function listed(
  name: string,
  knn: number | null,
  loss: number,
  more: { note?: string; starred?: boolean } = {},
) {
  const run = {
    name,
    datasetName: "photos",
    teacherName: "bundled",
    evaluations: [{ step: 1, knn }],
    last: { loss },
  } as unknown as RunRecord;
  const entry = { record: { note: "", starred: false, ...more } } as unknown as KeptRunEntry;
  return { run, entry } satisfies ListedRun;
}

const runs = [
  listed("seed 1", 0.4, 2),
  listed("batch 64", 0.6, NaN, { note: "the good one" }),
  listed("seed 3", null, 1),
  listed("width 8", 0.5, 3, { starred: true }),
];
const names = (query: string, sorting: Sorting): string[] =>
  chooseRuns(runs, query, sorting).map(({ run }) => run.name);

test("stars first, then as asked for; what was not measured comes last", () => {
  expect(names("", "newest")).toEqual(["width 8", "seed 3", "batch 64", "seed 1"]);
  expect(names("", "oldest")).toEqual(["width 8", "seed 1", "batch 64", "seed 3"]);
  expect(names("", "knn")).toEqual(["width 8", "batch 64", "seed 1", "seed 3"]);
  expect(names("", "loss")).toEqual(["width 8", "seed 3", "seed 1", "batch 64"]);
  expect(names("", "name")).toEqual(["width 8", "batch 64", "seed 1", "seed 3"]);
});

test("by what was smoothed, which a last value need not follow", () => {
  const [first, second, third] = runs;
  const judged = (knns: readonly number[]) => knns.map((knn, step) => ({ step, knn }));
  const swinging: ListedRun[] = [
    { ...first!, run: { ...first!.run, evaluations: judged([0.9, 0.8, 0.4]) as never } },
    { ...second!, distillation: 0.5 },
    { ...third!, distillation: 0.25 },
  ];
  const by = (sorting: Sorting) => chooseRuns(swinging, "", sorting).map(({ run }) => run.name);
  expect(by("knn")).toEqual(["batch 64", "seed 1", "seed 3"]);
  expect(by("knnSmoothed")).toEqual(["seed 1", "batch 64", "seed 3"]);
  expect(by("distillation")).toEqual(["seed 3", "batch 64", "seed 1"]);
});

test("every word is looked for, in names, notes, data and teacher", () => {
  expect(names("SEED", "oldest")).toEqual(["seed 1", "seed 3"]);
  expect(names("good photos", "oldest")).toEqual(["batch 64"]);
  expect(names("good seed", "oldest")).toEqual([]);
});
