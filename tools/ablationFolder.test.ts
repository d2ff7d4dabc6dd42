import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { defaultConfig } from "../src/contract/config.ts";
import { metricColumns } from "../src/contract/metrics.ts";
import { presets } from "../src/contract/presets.ts";
import { formatRunFile } from "../src/contract/runFile.ts";
import { sampleRun } from "../src/formats/testing/sampleRun.ts";
import { openAblation, readResult, runFolder, writeAblation } from "./ablationFolder.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "ablation-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const design = { ...presets.bottleneck.design, values: [8, 32], seeds: [1, 2] };

/** As a run leaves it: twenty steps whose distillation is 4 for ten steps and then 0.5. */
function leaveRun(name: string): void {
  mkdirSync(join(folder, name));
  writeFileSync(join(folder, name, "run.json"), formatRunFile(sampleRun));
  const lines = Array.from({ length: 20 }, (_, i) =>
    metricColumns.map((column) => (column === "step" ? i + 1 : i < 10 ? 4 : 0.5)).join(),
  );
  writeFileSync(join(folder, name, "metrics.csv"), `${[metricColumns.join(), ...lines].join("\n")}\n`);
}

test("what is done is there when it is opened again, with more seeds too, and what was deleted is done anew", () => {
  const opened = openAblation(folder, design, defaultConfig);
  expect(opened.jobs.every(({ state }) => state === "queued")).toBe(true);
  const names = opened.jobs.map((job) => runFolder(design.axis, job));
  expect(names.slice(0, 2)).toEqual(["hiddenWidth-8-seed-1", "hiddenWidth-32-seed-1"]);
  leaveRun(names[0]!);
  leaveRun(names[1]!);
  const { result, dataFingerprint } = readResult(join(folder, names[0]!));
  expect(result).toMatchObject({ knn: sampleRun.metrics.evaluations.at(-1)?.knn, distillation: 0.5 });
  const jobs = opened.jobs.map((job, i) => (i < 2 ? { ...job, state: "done" as const, result } : job));
  writeAblation(folder, { ...opened, dataFingerprint, jobs });
  rmSync(join(folder, names[1]!), { recursive: true });

  const again = openAblation(folder, { ...design, seeds: [1, 2, 3] }, defaultConfig);
  expect(again.dataFingerprint).toBe(sampleRun.dataFingerprint);
  expect(again.jobs.map(({ state }) => state)).toEqual([
    "done",
    ...Array.from({ length: 5 }, () => "queued"),
  ]);
  expect(again.jobs[0]?.result?.distillation).toBe(0.5);
  expect(readFileSync(join(folder, "ablation.csv"), "utf8")).toContain("\n8,1,200,");
  expect(readFileSync(join(folder, "figure.svg"), "utf8")).toContain("Head hidden width");
});

test("a folder of another ablation is refused, whatever differs", () => {
  const opened = openAblation(folder, design, defaultConfig);
  writeAblation(folder, opened);
  const again = (more: object, config = defaultConfig) =>
    openAblation(folder, { ...design, ...more }, config);
  expect(() => again({ axis: "embeddingDim" })).toThrow(/holds an ablation of hiddenWidth, 200 steps/);
  expect(() => again({ steps: 10 })).toThrow(/200 steps/);
  expect(() => again({}, { ...defaultConfig, temperature: 0.1 })).toThrow(/other settings: temperature/);
  writeFileSync(join(folder, "ablation.json"), "{");
  expect(() => again({})).toThrow(/not valid JSON/);
});
