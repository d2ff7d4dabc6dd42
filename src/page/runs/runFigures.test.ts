import { expect, test } from "vitest";
import { smoothedKnn } from "./runFigures.ts";

test("accuracy is smoothed over three evaluations that have one, but not the untrained student's", () => {
  const evaluations = [0.1, 0.4, null, 0.6, 0.8].map((knn, i) => ({
    ...{ step: 50 * i, cosine: 0, spread: 1, overlap: null, effectiveRank: null, prefixes: null },
    knn,
  }));
  expect(smoothedKnn({ evaluations })).toBeCloseTo(0.6, 10);
  expect(smoothedKnn({ evaluations: evaluations.slice(0, 2) })).toBe(0.4);
  expect(smoothedKnn({ evaluations: evaluations.slice(0, 1) })).toBeNull();
  expect(smoothedKnn({ evaluations: [] })).toBeNull();
});
