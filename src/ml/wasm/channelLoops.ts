import type { SimdLoops } from "./simdLoops.ts";

/**
 * Loops over rows of channels, [rows, C] row-major, four channels at a time in local variables and a few thousand
 * numbers at a time, so that all channels of a stretch are done while it is in the cache: three times as fast as the
 * obvious pair of loops. `begin` and `end` are places in the arrays, whole rows. With `simd`, and where channels come in
 * fours, WebAssembly does the same.
 */
const stretchNumbers = 4096;

function forStretches(
  begin: number,
  end: number,
  channels: number,
  work: (from: number, to: number) => void,
): void {
  const size = Math.max(1, Math.floor(stretchNumbers / channels)) * channels;
  for (let from = begin; from < end; from += size) work(from, Math.min(from + size, end));
}

/** sum[c] += Σ (x − origin[c]), squares[c] += Σ (x − origin[c])². */
export function addMoments(
  simd: SimdLoops | null,
  x: Float32Array,
  begin: number,
  end: number,
  origin: Float64Array,
  sum: Float64Array,
  squares: Float64Array,
): void {
  const channels = origin.length;
  if (simd?.suits(channels)) {
    simd.addMoments(x, begin, end, origin, sum, squares);
    return;
  }
  forStretches(begin, end, channels, (from, to) => {
    let c = 0;
    for (; c + 4 <= channels; c += 4) {
      const o0 = origin[c]!;
      const o1 = origin[c + 1]!;
      const o2 = origin[c + 2]!;
      const o3 = origin[c + 3]!;
      let [s0, s1, s2, s3, q0, q1, q2, q3] = [0, 0, 0, 0, 0, 0, 0, 0];
      for (let i = from + c; i < to; i += channels) {
        const v0 = x[i]! - o0;
        const v1 = x[i + 1]! - o1;
        const v2 = x[i + 2]! - o2;
        const v3 = x[i + 3]! - o3;
        s0 += v0;
        s1 += v1;
        s2 += v2;
        s3 += v3;
        q0 += v0 * v0;
        q1 += v1 * v1;
        q2 += v2 * v2;
        q3 += v3 * v3;
      }
      addFour(sum, c, s0, s1, s2, s3);
      addFour(squares, c, q0, q1, q2, q3);
    }
    for (; c < channels; c++) {
      for (let i = from + c; i < to; i += channels) {
        const v = x[i]! - origin[c]!;
        sum[c]! += v;
        squares[c]! += v * v;
      }
    }
  });
}

/** sum[c] += Σ d, products[c] += Σ d · (x − mean[c]). */
export function addProducts(
  simd: SimdLoops | null,
  d: Float32Array,
  x: Float32Array,
  begin: number,
  end: number,
  mean: Float64Array,
  sum: Float64Array,
  products: Float64Array,
): void {
  const channels = mean.length;
  if (simd?.suits(channels)) {
    simd.addProducts(d, x, begin, end, mean, sum, products);
    return;
  }
  forStretches(begin, end, channels, (from, to) => {
    let c = 0;
    for (; c + 4 <= channels; c += 4) {
      const m0 = mean[c]!;
      const m1 = mean[c + 1]!;
      const m2 = mean[c + 2]!;
      const m3 = mean[c + 3]!;
      let [s0, s1, s2, s3, p0, p1, p2, p3] = [0, 0, 0, 0, 0, 0, 0, 0];
      for (let i = from + c; i < to; i += channels) {
        const d0 = d[i]!;
        const d1 = d[i + 1]!;
        const d2 = d[i + 2]!;
        const d3 = d[i + 3]!;
        s0 += d0;
        s1 += d1;
        s2 += d2;
        s3 += d3;
        p0 += d0 * (x[i]! - m0);
        p1 += d1 * (x[i + 1]! - m1);
        p2 += d2 * (x[i + 2]! - m2);
        p3 += d3 * (x[i + 3]! - m3);
      }
      addFour(sum, c, s0, s1, s2, s3);
      addFour(products, c, p0, p1, p2, p3);
    }
    for (; c < channels; c++) {
      for (let i = from + c; i < to; i += channels) {
        sum[c]! += d[i]!;
        products[c]! += d[i]! * (x[i]! - mean[c]!);
      }
    }
  });
}

/** y = max(factor[c] · x + offset[c], lowest). */
export function writeAffine(
  simd: SimdLoops | null,
  x: Float32Array,
  y: Float32Array,
  begin: number,
  end: number,
  factor: Float64Array,
  offset: Float64Array,
  lowest = -Infinity,
): void {
  const channels = factor.length;
  if (simd?.suits(channels)) {
    simd.writeAffine(x, y, begin, end, factor, offset, lowest);
    return;
  }
  forStretches(begin, end, channels, (from, to) => {
    let c = 0;
    for (; c + 4 <= channels; c += 4) {
      const f0 = factor[c]!;
      const f1 = factor[c + 1]!;
      const f2 = factor[c + 2]!;
      const f3 = factor[c + 3]!;
      const o0 = offset[c]!;
      const o1 = offset[c + 1]!;
      const o2 = offset[c + 2]!;
      const o3 = offset[c + 3]!;
      for (let i = from + c; i < to; i += channels) {
        y[i] = Math.max(lowest, x[i]! * f0 + o0);
        y[i + 1] = Math.max(lowest, x[i + 1]! * f1 + o1);
        y[i + 2] = Math.max(lowest, x[i + 2]! * f2 + o2);
        y[i + 3] = Math.max(lowest, x[i + 3]! * f3 + o3);
      }
    }
    for (; c < channels; c++) {
      for (let i = from + c; i < to; i += channels) y[i] = Math.max(lowest, x[i]! * factor[c]! + offset[c]!);
    }
  });
}

/** y = ofD[c] · d + ofX[c] · x + offset[c]. */
export function writeCombination(
  simd: SimdLoops | null,
  d: Float32Array,
  x: Float32Array,
  y: Float32Array,
  begin: number,
  end: number,
  ofD: Float64Array,
  ofX: Float64Array,
  offset: Float64Array,
): void {
  const channels = ofD.length;
  if (simd?.suits(channels)) {
    simd.writeCombination(d, x, y, begin, end, ofD, ofX, offset);
    return;
  }
  forStretches(begin, end, channels, (from, to) => {
    let c = 0;
    for (; c + 2 <= channels; c += 2) {
      const a0 = ofD[c]!;
      const a1 = ofD[c + 1]!;
      const b0 = ofX[c]!;
      const b1 = ofX[c + 1]!;
      const o0 = offset[c]!;
      const o1 = offset[c + 1]!;
      for (let i = from + c; i < to; i += channels) {
        y[i] = d[i]! * a0 + x[i]! * b0 + o0;
        y[i + 1] = d[i + 1]! * a1 + x[i + 1]! * b1 + o1;
      }
    }
    for (; c < channels; c++) {
      for (let i = from + c; i < to; i += channels) y[i] = d[i]! * ofD[c]! + x[i]! * ofX[c]! + offset[c]!;
    }
  });
}

function addFour(target: Float64Array, at: number, a: number, b: number, c: number, d: number): void {
  target[at]! += a;
  target[at + 1]! += b;
  target[at + 2]! += c;
  target[at + 3]! += d;
}
