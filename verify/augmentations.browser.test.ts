/** torchvision's views, in the numbers of the repository's own fixture, by the kernel that renders them on a GPU. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { browserLoader } from "../src/worker/engine/browserLoader.ts";
import * as tf from "../src/ml/tfjs/tf.ts";
import { readFixtureArrays, type Json } from "./fixture.ts";
import { verifyAugmentations } from "./verifyAugmentations.ts";

const manifestUrl = new URL("../tools/fixtures/golden/5_augment/augmentations.json", import.meta.url);
const arraysUrl = new URL("../tools/fixtures/golden/5_augment/augmentations.safetensors", import.meta.url);

beforeAll(async () => {
  await browserLoader.webgpu();
  await tf.setBackend("webgpu");
  await tf.ready();
});
afterAll(() => tf.setBackend("cpu"));

test("PyTorch's views are those of the kernel", async () => {
  const read = async (url: URL): Promise<Uint8Array<ArrayBuffer>> =>
    new Uint8Array(await (await fetch(url)).arrayBuffer());
  const rows = await verifyAugmentations({
    name: "augmentations",
    manifest: (await (await fetch(manifestUrl)).json()) as Json,
    arrays: readFixtureArrays(await read(arraysUrl)),
    readFile: () => Promise.reject(new Error("this fixture names no files")),
  });
  expect(rows.filter((row) => !row.passed)).toEqual([]);
  expect(rows.filter(({ check }) => check.endsWith("on the GPU")).length).toBeGreaterThan(1);
});
