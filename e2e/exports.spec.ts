import type { RunFile } from "../src/contract/runFile.ts";
import { bytesOf, textOf } from "./downloads.ts";
import { expect, test } from "./playground.ts";

test("the student comes out with torchvision's names, and the run as numbers that belong together", async ({
  playground,
}) => {
  const { page } = playground;
  await playground.open({ student: "resnet18", method: "mocov2", steps: 3, seed: 4 }, "wasm");
  await playground.click("start");
  const { run } = await playground.untilRun("ended");
  expect(run.end).toEqual({ kind: "finished" });

  const metricsDownload = page.waitForEvent("download");
  await playground.click("export-metrics");
  const [header, ...rows] = (await textOf(await metricsDownload))
    .trim()
    .split("\n")
    .map((line) => line.split(","));
  expect(header?.slice(0, 4)).toEqual(["step", "loss", "contrastive", "distillation"]);
  expect(rows.map((cells) => Number(cells[0]))).toEqual([1, 2, 3]);
  expect(rows.every((cells) => Number.isFinite(Number(cells[1])))).toBe(true);

  const runDownload = page.waitForEvent("download");
  await playground.click("export-run");
  const runFile = JSON.parse(await textOf(await runDownload)) as RunFile;
  expect(runFile).toMatchObject({
    seed: 4,
    backend: "wasm",
    config: { steps: 3, seed: 4, method: "mocov2" },
  });
  expect(runFile.dataFingerprint).toMatch(/^[0-9a-f]{64}$/);
  expect(runFile.metrics.steps).toBe(3);
  expect(runFile.metrics.last["loss"]).toBe(Number(rows[2]?.[1]));

  const studentDownload = page.waitForEvent("download");
  await playground.click("export-student");
  const download = await studentDownload;
  expect(download.suggestedFilename()).toBe("student.safetensors");
  const { shapes, dataBytes } = readSafetensorsHeader(await bytesOf(download));
  // Width 4 and the 3×3 stem, by torchvision's names.
  expect(shapes.get("conv1.weight")).toEqual([4, 3, 3, 3]);
  expect(shapes.get("bn1.running_mean")).toEqual([4]);
  expect(shapes.get("layer2.0.downsample.0.weight")).toEqual([8, 4, 1, 1]);
  expect(shapes.get("layer4.1.bn2.bias")).toEqual([32]);
  expect([...shapes.keys()].filter((name) => name.startsWith("fc."))).toEqual([]);
  expect(dataBytes).toBeGreaterThan(0);
});

test("the same seed gives the same curve", async ({ playground }) => {
  const curves: string[] = [];
  for (let repeat = 0; repeat < 2; repeat++) {
    await playground.open({ method: "mocov2", steps: 4, seed: 9 }, "wasm");
    await playground.click("start");
    await playground.untilRun("ended");
    const download = playground.page.waitForEvent("download");
    await playground.click("export-metrics");
    const rows = (await textOf(await download)).trim().split("\n");
    curves.push(rows.map((row) => row.split(",").slice(0, 5).join(",")).join("\n"));
  }
  expect(curves[1]).toBe(curves[0]);
});

function readSafetensorsHeader(file: Buffer): { shapes: ReadonlyMap<string, number[]>; dataBytes: number } {
  const headerBytes = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.subarray(8, 8 + headerBytes).toString("utf8")) as Record<
    string,
    { shape?: number[]; data_offsets?: [number, number] }
  >;
  const tensors = Object.entries(header).filter(([name]) => name !== "__metadata__");
  const ends = tensors.map(([, tensor]) => tensor.data_offsets?.[1] ?? Number.NaN);
  expect(Math.max(...ends)).toBe(file.length - 8 - headerBytes);
  return {
    shapes: new Map(tensors.map(([name, tensor]) => [name, tensor.shape ?? []])),
    dataBytes: file.length - 8 - headerBytes,
  };
}
