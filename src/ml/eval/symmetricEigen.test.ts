import { expect, test } from "vitest";
import { createPrng } from "../../lib/prng.ts";
import { symmetricEigen, symmetricEigenvalues } from "./symmetricEigen.ts";

/** Largest |A·v − λ·v|, and how far the vectors are from orthonormal. */
function residuals(matrix: Float64Array, n: number) {
  const { values, vectors } = symmetricEigen(matrix, n);
  let [equation, orthogonality] = [0, 0];
  for (let j = 0; j < n; j++) {
    for (let i = 0; i < n; i++) {
      let sum = -values[j]! * vectors[i * n + j]!;
      let dot = i === j ? -1 : 0;
      for (let k = 0; k < n; k++) {
        sum += matrix[i * n + k]! * vectors[k * n + j]!;
        dot += vectors[k * n + i]! * vectors[k * n + j]!;
      }
      equation = Math.max(equation, Math.abs(sum));
      orthogonality = Math.max(orthogonality, Math.abs(dot));
    }
  }
  return { values, equation, orthogonality };
}

test.each([1, 2, 3, 10, 57])("A·v = λ·v with orthonormal v, for a random matrix of %d", (n) => {
  const prng = createPrng(n, "eigen");
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) matrix[i * n + j] = matrix[j * n + i] = prng.normal();
  const { values, equation, orthogonality } = residuals(matrix, n);
  expect(equation).toBeLessThan(1e-12 * n);
  expect(orthogonality).toBeLessThan(1e-13 * n);
  expect(Array.from(values)).toEqual(Array.from(values).sort((a, b) => b - a));
  symmetricEigenvalues(matrix, n).forEach((value, i) => expect(value).toBeCloseTo(values[i]!, 10));
  const trace = Array.from({ length: n }, (_, i) => matrix[i * n + i]!).reduce((a, b) => a + b, 0);
  expect(values.reduce((a, b) => a + b, 0)).toBeCloseTo(trace, 10);
});

test.each([
  ["zero", [0, 0, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0]],
  ["diagonal with equal values", [2, 0, 0, 0, 5, 0, 0, 0, 2], [5, 2, 2]],
  ["of rank one", [1, 2, 3, 2, 4, 6, 3, 6, 9], [14, 0, 0]],
  ["with very different scales", [1e12, 1, 0, 1, 1, 1e-6, 0, 1e-6, 1e-12], [1e12, 1, 0]],
])("a matrix that is %s", (_, entries, expected) => {
  const { values, equation, orthogonality } = residuals(Float64Array.from(entries), 3);
  const largest = Math.max(1, ...expected);
  values.forEach((value, i) => expect(Math.abs(value - expected[i]!) / largest).toBeLessThan(1e-14));
  expect(equation / largest).toBeLessThan(1e-14);
  expect(orthogonality).toBeLessThan(1e-14);
});
