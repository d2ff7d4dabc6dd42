import { expect, test } from "vitest";
import { createPrng } from "../../lib/prng.ts";
import { accuracy, confusionMatrix, largestScores, topKAccuracy } from "./classification.ts";
import type { FeatureRows } from "./featureRows.ts";
import {
  fitLogistic,
  fitRidge,
  linearScores,
  meanCrossEntropy,
  type LinearClassifier,
} from "./linearProbe.ts";
import { minimise } from "./minimise.ts";

const [count, dim, classCount] = [60, 5, 3];
const prng = createPrng(17, "probe");
const classes = Int32Array.from({ length: count }, () => prng.integer(classCount));
// Overlapping blobs off the origin, one column 30 times as wide as the others.
const features: FeatureRows = {
  values: Float64Array.from({ length: count * dim }, (_, i) => {
    const [row, d] = [Math.floor(i / dim), i % dim];
    return (d === 2 ? 30 : 1) * (prng.normal() + (classes[row] === d ? 1.5 : 0)) + d;
  }),
  count,
  dim,
};

/** The objective's slope along every parameter, by central differences: all zero at a minimum. */
function largestSlope(objective: (probe: LinearClassifier) => number, probe: LinearClassifier): number {
  const slopes = (["weights", "bias"] as const).flatMap((part) =>
    Array.from(probe[part], (_, i) => {
      const shifted = (by: number): number =>
        objective({ ...probe, [part]: probe[part].map((v, j) => (j === i ? v + by : v)) });
      return Math.abs(shifted(1e-4) - shifted(-1e-4)) / 2e-4;
    }),
  );
  return Math.max(...slopes);
}

const squaredNorm = (weights: Float64Array): number => weights.reduce((sum, w) => sum + w ** 2, 0);

test("ridge sits at the minimum of its objective", () => {
  const objective = (probe: LinearClassifier): number => {
    const scores = linearScores(probe, features);
    const error = scores.reduce((sum, score, i) => {
      const target = classes[Math.floor(i / classCount)] === i % classCount ? 1 : 0;
      return sum + (score - target) ** 2;
    }, 0);
    return error + 2.5 * squaredNorm(probe.weights);
  };
  const probe = fitRidge(features, classes, classCount, 2.5);
  expect(largestSlope(objective, probe)).toBeLessThan(1e-6);
  expect(accuracy(largestScores(linearScores(probe, features), classCount), classes)).toBeGreaterThan(0.6);
});

test("logistic regression sits at the minimum of its objective, badly scaled columns or not", () => {
  const objective = (probe: LinearClassifier): number =>
    meanCrossEntropy(linearScores(probe, features), classes, classCount) + 0.005 * squaredNorm(probe.weights);
  const probe = fitLogistic(features, classes, classCount, 0.01);
  expect(objective(probe)).toBeCloseTo(probe.objective, 12);
  expect(largestSlope(objective, probe)).toBeLessThan(1e-5);
  expect(probe.bias.reduce((sum, b) => sum + b, 0)).toBeCloseTo(0, 8);
});

test("minimise reaches the bottom of Rosenbrock's valley", () => {
  const { point, iterations } = minimise(
    (p, gradient) => {
      const [x, y] = [p[0]!, p[1]!];
      gradient.set([2 * (x - 1) - 400 * x * (y - x * x), 200 * (y - x * x)]);
      return (1 - x) ** 2 + 100 * (y - x * x) ** 2;
    },
    Float64Array.from([-1.2, 1]),
  );
  expect(point[0]).toBeCloseTo(1, 6);
  expect(point[1]).toBeCloseTo(1, 6);
  expect(iterations).toBeLessThan(200);
});

test("accuracies and confusion of a worked example", () => {
  const truth = [0, 1, 2, 1];
  // Right, second, third, right.
  const scores = [5, 1, 2, 3, 2, 1, 9, 8, 7, 0, 1, 0];
  const predictions = largestScores(scores, 3);
  expect(Array.from(predictions)).toEqual([0, 0, 0, 1]);
  expect(accuracy(predictions, truth)).toBe(0.5);
  expect([1, 2, 3].map((k) => topKAccuracy(scores, 3, truth, k))).toEqual([0.5, 0.75, 1]);
  expect(Array.from(confusionMatrix(predictions, truth, 3))).toEqual([1, 0, 0, 1, 1, 0, 1, 0, 0]);
});
