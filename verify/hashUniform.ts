import type { TensorRole, TensorSpec } from "../src/ml/models/network.ts";

/**
 * The golden fixtures' integer hash ("hash-uniform v1"): every weight and input of a fixture is re-created from a
 * seed, bit for bit, so that fixtures hold results only.
 */
function mix(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

/** v(seed, k, i) for i = 0…count−1: multiples of 2⁻²⁴ in (−1, 1), exact in float32. */
export function hashUniform(seed: number, k: number, count: number): Float64Array {
  const base = mix((Math.imul(k, 0x85ebca77) + Math.imul(seed, 0xc2b2ae3d) + 0x27d4eb2f) | 0);
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const h = mix(Math.imul(i, 0x9e3779b1) ^ base) >>> 8;
    values[i] = (2 * h + 1 - 16777216) / 16777216;
  }
  return values;
}

/** image(seed, stream, [N, C, H, W], phase), NCHW. */
export function hashImage(
  seed: number,
  stream: number,
  shape: readonly number[],
  phase: number,
): Float32Array {
  const [samples, channels, height, width] = shape as [number, number, number, number];
  const fine = hashUniform(seed, stream, samples * channels * height * width);
  const coarse = hashUniform(seed, stream + 1000000, samples * channels);
  const image = new Float32Array(fine.length);
  let i = 0;
  for (let n = 0; n < samples; n++) {
    for (let c = 0; c < channels; c++) {
      const a = 1 + ((3 * n + c) % 5);
      const b = 1 + ((n + 2 * c) % 7);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++, i++) {
          const t = (a * x + b * y + 11 * n + 5 * c + phase) % 29;
          const triangle = Math.abs(2 * t - 29) / 29;
          image[i] =
            2 * triangle - 1 + 0.5 * (fine[i] as number) + 1.5 * (coarse[n * channels + c] as number);
        }
      }
    }
  }
  return image;
}

/** One tensor of a state dict by the "tensors" formula: float32(a·v + c), a and c by its role. */
export function hashTensor(
  spec: Pick<TensorSpec, "role" | "shape">,
  seed: number,
  k: number,
  gain: number,
): Float32Array {
  const size = spec.shape.reduce((product, length) => product * length, 1);
  const { a, c } = scaleOf(spec.role, spec.shape, gain);
  if (spec.role === "batchesTracked") return Float32Array.of(3);
  return Float32Array.from(hashUniform(seed, k, size), (v) => a * v + c);
}

/** What the recipe calls the roles of a network's tensors (`tools/fixtures`). */
export const tensorRoles: Readonly<Record<string, TensorRole>> = {
  conv_w: "convWeight",
  lin_w: "linearWeight",
  bias: "bias",
  bn_w: "normWeight",
  bn_b: "normBias",
  bn_mean: "runningMean",
  bn_var: "runningVar",
  bn_count: "batchesTracked",
};

function scaleOf(role: TensorRole, shape: readonly number[], gain: number): { a: number; c: number } {
  const fanIn = shape.slice(1).reduce((product, length) => product * length, 1);
  switch (role) {
    case "convWeight":
    case "depthwiseWeight":
      return { a: gain * Math.sqrt(3 / fanIn), c: 0 };
    case "linearWeight": // a squeeze-excite's is stored as a convolution and counts as one
      return { a: (shape.length === 4 ? gain : 1) * Math.sqrt(3 / fanIn), c: 0 };
    case "bias":
      return { a: 0.1, c: 0 };
    case "normWeight":
      return { a: 0.25, c: 1 };
    case "normBias":
      return { a: 0.2, c: 0 };
    case "runningMean":
      return { a: 0.2, c: 0 };
    case "runningVar":
      return { a: 0.5, c: 1 };
    case "batchesTracked":
      return { a: 0, c: 3 };
  }
}
