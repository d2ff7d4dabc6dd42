import { expect, test } from "vitest";
import { createPrng } from "../../lib/prng.ts";
import { KeptFeatures } from "./keptFeatures.ts";

const prng = createPrng(5, "keptFeatures.test");
const [count, dim] = [23, 6];
const indices = Int32Array.from({ length: count }, (_, i) => 3 * i + 1);
const features = Float32Array.from({ length: count * dim }, () => prng.normal());
const kept = new KeptFeatures(indices, features, dim);

test("finds what a full sort by cosine finds, without the image itself", () => {
  for (const asked of [0, 7, 22]) {
    const row = (i: number): number[] => Array.from(features.subarray(i * dim, (i + 1) * dim));
    const cosine = (a: number[], b: number[]): number =>
      a.reduce((sum, v, d) => sum + v * b[d]!, 0) / (Math.hypot(...a) * Math.hypot(...b));
    const expected = Array.from(indices, (index, i) => ({ index, similarity: cosine(row(asked), row(i)) }))
      .filter((_, i) => i !== asked)
      .sort((a, b) => b.similarity - a.similarity);
    for (const most of [1, 5, 100]) {
      const found = kept.nearest(Float32Array.from(row(asked)), most, indices[asked]);
      expect(found.map(({ index }) => index)).toEqual(expected.slice(0, most).map(({ index }) => index));
      found.forEach(({ similarity }, i) => expect(similarity).toBeCloseTo(expected[i]!.similarity, 5));
    }
  }
});

test("knows its images by their index in the set, and gives unit rows", () => {
  const row = kept.of(4);
  expect(Math.hypot(...row!)).toBeCloseTo(1, 6);
  expect(row![0]! / row![1]!).toBeCloseTo(features[dim]! / features[dim + 1]!, 4);
  expect(kept.of(5)).toBeNull();
  expect(kept.nearest(row!, 1)[0]).toMatchObject({ index: 4 });
});
