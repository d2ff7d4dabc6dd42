import { invariant } from "../../lib/invariant.ts";

export interface Eigen {
  /** Descending. */
  readonly values: Float64Array;
  /** [n, n] row-major; column j belongs to value j, length 1. */
  readonly vectors: Float64Array;
}

/**
 * Eigenvalues and -vectors of a symmetric matrix: Householder reduction to tridiagonal form, then implicit QL steps
 * (Golub & Van Loan, chapter 8). About 5n³ operations: a second for n = 512.
 *
 * @param matrix [n, n] row-major; only its lower triangle is read.
 */
export function symmetricEigen(matrix: Float64Array, n: number): Eigen {
  invariant(matrix.length === n * n, `${matrix.length} entries are not a matrix of ${n}×${n}`);
  const basis = matrix.slice();
  const { diagonal, offDiagonal } = tridiagonalise(basis, n);
  diagonalise(diagonal, offDiagonal, basis, n);

  const order = Array.from(diagonal.keys()).sort((a, b) => diagonal[b]! - diagonal[a]!);
  const vectors = new Float64Array(n * n);
  order.forEach((from, to) => {
    for (let i = 0; i < n; i++) vectors[i * n + to] = basis[i * n + from]!;
  });
  return { values: Float64Array.from(order, (i) => diagonal[i]!), vectors };
}

/** The eigenvalues alone, descending: a quarter of the work, 20 ms for n = 256. */
export function symmetricEigenvalues(matrix: Float64Array, n: number): Float64Array {
  invariant(matrix.length === n * n, `${matrix.length} entries are not a matrix of ${n}×${n}`);
  const { diagonal, offDiagonal } = tridiagonalise(matrix.slice(), n, false);
  diagonalise(diagonal, offDiagonal, null, n);
  return diagonal.sort().reverse();
}

/**
 * The tridiagonal Qᵀ·a·Q of an orthogonal Q.
 *
 * @param a is replaced by Q, or spoilt where Q is not wanted.
 */
function tridiagonalise(
  a: Float64Array,
  n: number,
  wantsBasis = true,
): { readonly diagonal: Float64Array; readonly offDiagonal: Float64Array } {
  const diagonal = new Float64Array(n);
  const offDiagonal = new Float64Array(n); // offDiagonal[i] couples i − 1 and i
  const reflected = new Float64Array(n); // whether row i holds a reflection: its ½‖u‖², else 0
  for (let i = n - 1; i > 0; i--) {
    // Reflect row i's first i entries onto the one beside the diagonal.
    const row = i * n;
    let scale = 0;
    for (let k = 0; k < i; k++) scale += Math.abs(a[row + k]!);
    if (i === 1 || scale === 0) {
      offDiagonal[i] = a[row + i - 1]!;
      continue;
    }
    let squared = 0;
    for (let k = 0; k < i; k++) {
      a[row + k]! /= scale;
      squared += a[row + k]! ** 2;
    }
    const last = a[row + i - 1]!;
    const length = last > 0 ? -Math.sqrt(squared) : Math.sqrt(squared);
    offDiagonal[i] = scale * length;
    const half = squared - last * length; // ½‖u‖²
    a[row + i - 1] = last - length; // row now holds u
    reflected[i] = half;

    // p = A·u / half, then A ← A − u·qᵀ − q·uᵀ with q = p − (uᵀp / 2·half)·u.
    const p = new Float64Array(i);
    for (let j = 0; j < i; j++) {
      const u = a[row + j]!;
      let sum = a[j * n + j]! * u;
      for (let k = 0; k < j; k++) {
        const entry = a[j * n + k]!;
        sum += entry * a[row + k]!;
        p[k]! += entry * u;
      }
      p[j]! += sum;
    }
    let along = 0;
    for (let j = 0; j < i; j++) {
      p[j]! /= half;
      along += p[j]! * a[row + j]!;
    }
    for (let j = 0; j < i; j++) p[j]! -= (along / (2 * half)) * a[row + j]!;
    for (let j = 0; j < i; j++) {
      const u = a[row + j]!;
      const q = p[j]!;
      for (let k = 0; k <= j; k++) a[j * n + k]! -= u * p[k]! + q * a[row + k]!;
    }
  }

  if (!wantsBasis) {
    for (let i = 0; i < n; i++) diagonal[i] = a[i * n + i]!;
    return { diagonal, offDiagonal };
  }
  // Multiply the reflections out, growing Q from the top left.
  const product = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const row = i * n;
    const half = reflected[i]!;
    if (half !== 0) {
      product.fill(0, 0, i);
      for (let k = 0; k < i; k++) {
        const u = a[row + k]!;
        for (let j = 0; j < i; j++) product[j]! += u * a[k * n + j]!; // uᵀ·Q
      }
      for (let k = 0; k < i; k++) {
        const u = a[row + k]! / half;
        for (let j = 0; j < i; j++) a[k * n + j]! -= u * product[j]!;
      }
    }
    diagonal[i] = a[row + i]!;
    a[row + i] = 1;
    for (let k = 0; k < i; k++) {
      a[row + k] = 0;
      a[k * n + i] = 0;
    }
  }
  return { diagonal, offDiagonal };
}

/** Turns the tridiagonal matrix into its eigenvalues (left in `d`) and `basis`, where there is one, into their vectors. */
function diagonalise(
  d: Float64Array,
  offDiagonal: Float64Array,
  basis: Float64Array | null,
  n: number,
): void {
  const e = new Float64Array(n);
  for (let i = 1; i < n; i++) e[i - 1] = offDiagonal[i]!;
  // Rotations act on columns of `basis`; its transpose has them in a row each, contiguous.
  const rows = new Float64Array(basis === null ? 0 : n * n);
  if (basis !== null)
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) rows[j * n + i] = basis[i * n + j]!;

  for (let l = 0; l < n; l++) {
    for (let sweep = 0; ; sweep++) {
      let m = l;
      while (m < n - 1 && Math.abs(e[m]!) > Number.EPSILON * (Math.abs(d[m]!) + Math.abs(d[m + 1]!))) m++;
      if (m === l) break;
      invariant(sweep < 60, "an eigenvalue did not settle in 60 sweeps");
      // Wilkinson's shift.
      let g = (d[l + 1]! - d[l]!) / (2 * e[l]!);
      let r = Math.hypot(g, 1);
      g = d[m]! - d[l]! + e[l]! / (g + (g >= 0 ? r : -r));
      let [sine, cosine, p] = [1, 1, 0];
      let i = m - 1;
      for (; i >= l; i--) {
        const f = sine * e[i]!;
        const b = cosine * e[i]!;
        r = Math.hypot(f, g);
        e[i + 1] = r;
        if (r === 0) {
          d[i + 1]! -= p;
          e[m] = 0;
          break;
        }
        sine = f / r;
        cosine = g / r;
        g = d[i + 1]! - p;
        r = (d[i]! - g) * sine + 2 * cosine * b;
        p = sine * r;
        d[i + 1] = g + p;
        g = cosine * r - b;
        if (basis === null) continue;
        const [lower, upper] = [i * n, (i + 1) * n];
        for (let k = 0; k < n; k++) {
          const v = rows[upper + k]!;
          const w = rows[lower + k]!;
          rows[upper + k] = sine * w + cosine * v;
          rows[lower + k] = cosine * w - sine * v;
        }
      }
      if (r === 0 && i >= l) continue;
      d[l]! -= p;
      e[l] = g;
      e[m] = 0;
    }
  }
  if (basis !== null)
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) basis[i * n + j] = rows[j * n + i]!;
}
