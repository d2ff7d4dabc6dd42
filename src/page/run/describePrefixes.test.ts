import { expect, test } from "vitest";
import { describePrefixes } from "./describePrefixes.ts";

const scores = (...knns: readonly number[]) => knns.map((knn, i) => ({ dims: 4 * 2 ** i, knn }));

test("names the shortest prefix that is within two points of the whole, and the shortest beside the teacher's", () => {
  expect(describePrefixes(scores(0.4, 0.79, 0.8), scores(0.3, 0.6, 0.9))).toBe(
    "The first 8 of 16 dimensions are as good as all, to two points: 79.0 % and 80.0 %. The first 4 give 40.0 %, the teacher's 30.0 %.",
  );
});

test("says where it takes all of them", () => {
  expect(describePrefixes(scores(0.4, 0.7, 0.8), null)).toBe(
    "It takes all 16 dimensions: 80.0 %, and every shorter prefix is more than two points worse.",
  );
});
