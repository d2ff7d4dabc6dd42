import { expect, test } from "vitest";
import { createEngineClient } from "./engineClient.ts";
import { createEngineWorker } from "./engineWorker.ts";

test("the engine's own worker answers, refuses, and hands pictures over", async () => {
  const worker = createEngineWorker();
  const engine = createEngineClient(() => worker, { locks: null });
  expect(await engine.request("memory", null)).toMatchObject({ imageBytes: 0 });
  await expect(engine.request("thumbnails", { indices: [0], side: 8 })).rejects.toHaveProperty("code");
  const heard: string[] = [];
  engine.subscribe(({ type }) => heard.push(type));
  await engine.request("drawDemo", { seed: 1, count: 3000, size: 32 });
  const { pixels } = await engine.request("thumbnails", { indices: [0, 1], side: 8 });
  expect(pixels).toHaveLength(2 * 8 * 8 * 4);
  expect(heard).toContain("progress");
  worker.terminate();
});
