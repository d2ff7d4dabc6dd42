import { describe, expect, test } from "vitest";
import type { CheckpointFacts } from "../contract/checkpoint.ts";
import { AppError } from "../contract/errors.ts";
import { metricColumns } from "../contract/metrics.ts";
import { csvFile, shortestFloat32, type CsvRow } from "./csvTable.ts";
import { parseMetricsCsv } from "./metricsCsv.ts";
import { readRunBundle, writeRunBundle } from "./runBundle.ts";
import { readRunCheckpoint, writeRunCheckpoint } from "./runCheckpoint.ts";
import { sampleCheckpoint } from "./testing/sampleCheckpoint.ts";
import { sampleRun } from "./testing/sampleRun.ts";
import { writeZip } from "./zip.ts";

const width = metricColumns.length;
const metrics = Float32Array.from({ length: 3 * width }, (_, i) =>
  i % width === 0 ? i / width + 1 : Math.fround(Math.PI ** (i - 9)),
);
metrics[2 * width + 1] = NaN;
metrics[2 * width + 2] = -Infinity;

async function csvOf(rows: Float32Array, knn = false): Promise<Uint8Array<ArrayBuffer>> {
  const lines: CsvRow[] = [knn ? [...metricColumns, "knn"] : metricColumns];
  for (let at = 0; at < rows.length; at += width)
    lines.push([...[...rows.subarray(at, at + width)].map(shortestFloat32), ...(knn ? [null] : [])]);
  return new Uint8Array(await (await csvFile(lines)).arrayBuffer());
}

const about = { name: "mine", note: "a note, “quoted”", startedAt: "2026-11-29T10:00:00.000Z" };

describe("a run as one zip", () => {
  test.each([true, false])(
    "comes back as it went out, the curve to the bit (kNN column: %s)",
    async (knn) => {
      const student = Uint8Array.of(1, 2, 3);
      const bytes = await writeRunBundle({ run: sampleRun, student, ...about }, await csvOf(metrics, knn));
      const read = await readRunBundle(new Blob([bytes]));
      expect(read).toEqual({ run: sampleRun, student, metrics, ...about, checkpoint: null });
    },
  );

  test("a checkpoint in it comes along, unless it is of another run", async () => {
    const sample = sampleCheckpoint(40);
    const { config, dataFingerprint } = sampleRun;
    const zipOf = async (facts: Partial<CheckpointFacts>): Promise<Blob> => {
      const checkpoint = { ...sample, facts: { ...sample.facts, config, dataFingerprint: images, ...facts } };
      return new Blob([
        await writeZip([
          { path: "run.json", bytes: JSON.stringify({ ...sampleRun, dataFingerprint: images }) },
          { path: "metrics.csv", bytes: await csvOf(metrics) },
          { path: "checkpoint.safetensors", bytes: writeRunCheckpoint(checkpoint) },
        ]),
      ]);
    };
    const images = "0123456789abcdef".repeat(4);
    expect(dataFingerprint).not.toBe(images);
    const { checkpoint } = await readRunBundle(await zipOf({}));
    expect(readRunCheckpoint(checkpoint!).facts).toMatchObject({ step: 40, config });
    await expect(readRunBundle(await zipOf({ config: { ...config, seed: 4 } }))).rejects.toThrow(
      /not of one run: seed is 3 in one and 4 in the other/,
    );
    await expect(readRunBundle(await zipOf({ dataFingerprint: "f".repeat(64) }))).rejects.toThrow(
      /of other images/,
    );
  });

  test("without student, name or note it is a run all the same", async () => {
    const bytes = await writeZip([
      { path: "run.json", bytes: JSON.stringify(sampleRun) },
      { path: "metrics.csv", bytes: await csvOf(metrics) },
      { path: "about.json", bytes: "{" },
    ]);
    expect(await readRunBundle(new Blob([bytes]))).toMatchObject({ student: null, name: "", note: "" });
  });

  test("another zip is told what it lacks, and one that is cut off that it is", async () => {
    const other = await writeZip([{ path: "photo.png", bytes: "x" }]);
    await expect(readRunBundle(new Blob([other]))).rejects.toThrow(/it has no run.json/);
    const whole = await writeRunBundle({ run: sampleRun, student: null, ...about }, await csvOf(metrics));
    for (let length = 0; length < whole.length; length += 97)
      await expect(readRunBundle(new Blob([whole.slice(0, length)]))).rejects.toThrow(AppError);
  });
});

test.each([
  ["", /first line/],
  ["step,loss\n1,2\n", /first line/],
  [`${metricColumns.join()}\n1,2,3\n`, /line 2 has no number for distillation/],
  [`${metricColumns.join()}\n1,2,3,4,5,6,7,\n`, /line 2 has no number for elapsedMs/],
  [`${metricColumns.join()}\n1,2,3,4,5,6,7,x\n`, /line 2 has no number/],
  [`${metricColumns.join()}\n0.5,2,3,4,5,6,7,8\n`, /line 2 is of no step/],
])("metrics that are none are refused by line: %j", (text, why) => {
  expect(() => parseMetricsCsv(text)).toThrow(why);
});
