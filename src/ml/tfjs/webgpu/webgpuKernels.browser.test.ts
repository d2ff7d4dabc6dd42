/** tfjs's operations by this project's kernels on WebGPU, against tfjs's cpu backend. */
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createPrng } from "../../../lib/prng.ts";
import { browserLoader } from "../../../worker/engine/browserLoader.ts";
import * as tf from "../tf.ts";
import { batchNormTrain } from "../batchNorm.ts";
import { improveBackend } from "../improveBackend.ts";
import { KernelRecorder } from "./kernelRecorder.ts";

const launches = vi.spyOn(KernelRecorder.prototype, "run");

beforeAll(async () => {
  await browserLoader.webgpu();
  await tf.setBackend("webgpu");
  await tf.ready();
  improveBackend("webgpu");
  improveBackend("webgpu"); // once more changes nothing
});

beforeEach(async () => {
  await tf.setBackend("webgpu");
  launches.mockClear();
});

type Shape = readonly [number, number, number, number];
type Pad = "same" | "valid" | number;

interface ConvolutionCase {
  readonly x: Shape;
  readonly filter: Shape;
  readonly stride: number;
  readonly pad: Pad;
  readonly depthwise?: true;
  readonly dilation?: number;
}

/** Launches of forward pass, input gradient and filter gradient together: 3, and one more where parts are summed. */
const done: readonly (readonly [string, ConvolutionCase])[] = [
  ["3×3", { x: [2, 9, 7, 8], filter: [3, 3, 8, 12], stride: 1, pad: 1 }],
  ["3×3, rows longer than a tile", { x: [1, 3, 35, 4], filter: [3, 3, 4, 8], stride: 1, pad: "same" }],
  ["3×3 without padding", { x: [3, 6, 8, 8], filter: [3, 3, 8, 4], stride: 1, pad: "valid" }],
  ["3×3 stride 2, odd sides", { x: [2, 9, 7, 4], filter: [3, 3, 4, 8], stride: 2, pad: 1 }],
  ["3×3 stride 2, even sides", { x: [2, 10, 16, 4], filter: [3, 3, 4, 8], stride: 2, pad: 1 }],
  ["3×3 over one pixel", { x: [1, 1, 1, 4], filter: [3, 3, 4, 4], stride: 1, pad: 1 }],
  ["3×3 stride 3", { x: [2, 11, 8, 4], filter: [3, 3, 4, 8], stride: 3, pad: 1 }],
  ["1×1", { x: [3, 5, 7, 12], filter: [1, 1, 12, 8], stride: 1, pad: 0 }],
  ["1×1 stride 2", { x: [3, 5, 8, 8], filter: [1, 1, 8, 24], stride: 2, pad: 0 }],
  ["5×5, batch 1", { x: [1, 7, 6, 4], filter: [5, 5, 4, 4], stride: 1, pad: 2 }],
  ["7×7 stride 2", { x: [2, 17, 14, 4], filter: [7, 7, 4, 8], stride: 2, pad: 3 }],
  ["depthwise 3×3", { x: [2, 9, 7, 8], filter: [3, 3, 8, 1], stride: 1, pad: 1, depthwise: true }],
  ["depthwise 3×3 stride 2", { x: [2, 9, 8, 12], filter: [3, 3, 12, 1], stride: 2, pad: 1, depthwise: true }],
  ["depthwise 5×5 stride 2", { x: [1, 11, 6, 4], filter: [5, 5, 4, 1], stride: 2, pad: 2, depthwise: true }],
  ["depthwise 5×5", { x: [3, 6, 13, 8], filter: [5, 5, 8, 1], stride: 1, pad: "same", depthwise: true }],
];

const left: readonly (readonly [string, ConvolutionCase])[] = [
  ["channels not in fours", { x: [2, 6, 5, 6], filter: [3, 3, 6, 4], stride: 1, pad: 1 }],
  ["more padding after than before", { x: [2, 8, 8, 4], filter: [3, 3, 4, 4], stride: 2, pad: "same" }],
  ["two filters a channel", { x: [2, 6, 6, 4], filter: [3, 3, 4, 2], stride: 1, pad: 1, depthwise: true }],
];

function convolve({ stride, pad, depthwise, dilation }: ConvolutionCase, x: tf.Tensor, filter: tf.Tensor) {
  const [image, weight] = [x as tf.Tensor4D, filter as tf.Tensor4D];
  return depthwise === true
    ? tf.depthwiseConv2d(image, weight, stride, pad, "NHWC", dilation ?? 1)
    : tf.conv2d(image, weight, stride, pad, "NHWC", dilation ?? 1);
}

const normals = (count: number, stream: string): Float32Array => {
  const prng = createPrng(5, stream);
  return Float32Array.from({ length: count }, () => prng.normal());
};

/** y, dx and dw of random values on one backend. */
async function passes(given: ConvolutionCase, backend: "webgpu" | "cpu"): Promise<Float32Array[]> {
  await tf.setBackend(backend);
  const x = tf.tensor(normals(size(given.x), "x"), [...given.x]);
  const filter = tf.tensor(normals(size(given.filter), "filter"), [...given.filter]);
  const y = convolve(given, x, filter);
  const dy = tf.tensor(normals(y.size, "dy"), y.shape);
  const gradients = tf.grads((a, b) => convolve(given, a, b))([x, filter], dy);
  return read([y, ...gradients], [x, filter, dy]);
}

const size = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/** Their values; disposes of all. */
async function read(results: readonly tf.Tensor[], others: readonly tf.Tensor[]): Promise<Float32Array[]> {
  const values: Float32Array[] = [];
  for (const tensor of results) values.push(Float32Array.from(await tensor.data()));
  tf.dispose([...results, ...others]);
  return values;
}

function expectEqual(actual: readonly Float32Array[], expected: readonly Float32Array[]): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((values, i) => {
    expect(worstRelative(values, expected[i] as Float32Array), `result ${i}`).toBeLessThan(1e-5);
  });
}

/** max |a − b| / max |b|; infinite where lengths differ or values are no numbers. */
function worstRelative(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Infinity;
  let [worst, largest] = [0, 1e-12];
  for (let i = 0; i < b.length; i++) {
    const difference = Math.abs((a[i] as number) - (b[i] as number));
    if (Number.isNaN(difference)) return Infinity;
    worst = Math.max(worst, difference);
    largest = Math.max(largest, Math.abs(b[i] as number));
  }
  return worst / largest;
}

describe("convolutions", () => {
  test.each([
    ["3×3 over images", { x: [2, 9, 7, 3], filter: [3, 3, 3, 8], stride: 1, pad: 1 }],
    ["7×7 stem", { x: [2, 17, 14, 3], filter: [7, 7, 3, 8], stride: 2, pad: 3 }],
  ] as const)("%s: ours but for the gradient by the images", async (_, given) => {
    const actual = await passes(given, "webgpu");
    expect(launches.mock.calls.length).toBeGreaterThanOrEqual(9); // 2 · (2 + 1) forwards, 1 + 1 + 1 for the filter
    expectEqual(actual, await passes(given, "cpu"));
  });

  test.each(done)("%s: ours, forwards and backwards", async (_, given) => {
    const actual = await passes(given, "webgpu");
    expect(launches.mock.calls.length).toBeGreaterThanOrEqual(4); // one of them for y alone
    expectEqual(actual, await passes(given, "cpu"));
  });

  test.each(left)("%s: tfjs's", async (_, given) => {
    const actual = await passes(given, "webgpu");
    expect(launches).not.toHaveBeenCalled();
    expectEqual(actual, await passes(given, "cpu"));
  });

  test("dilated: tfjs's", async () => {
    const given: ConvolutionCase = { x: [1, 9, 9, 4], filter: [3, 3, 4, 4], stride: 1, pad: 2, dilation: 2 };
    const forwards = async (backend: "webgpu" | "cpu"): Promise<Float32Array[]> => {
      await tf.setBackend(backend);
      const x = tf.tensor(normals(size(given.x), "x"), [...given.x]);
      const filter = tf.tensor(normals(size(given.filter), "filter"), [...given.filter]);
      return read([convolve(given, x, filter)], [x, filter]);
    };
    const actual = await forwards("webgpu");
    expect(launches).not.toHaveBeenCalled();
    expectEqual(actual, await forwards("cpu"));
  });

  test("many in a row, submitted when tfjs submits", async () => {
    const chain = async (backend: "webgpu" | "cpu"): Promise<Float32Array[]> => {
      await tf.setBackend(backend);
      const x = tf.tensor4d(normals(2 * 6 * 5 * 4, "x"), [2, 6, 5, 4]);
      const filter = tf.tensor4d(normals(3 * 3 * 4 * 4, "filter"), [3, 3, 4, 4]);
      const y = tf.tidy(() => {
        let value: tf.Tensor4D = x;
        for (let i = 0; i < 40; i++) {
          value = tf.conv2d(value, filter, 1, 1);
          value = tf.div(value, tf.max(tf.abs(value)));
        }
        return value;
      });
      return read([y], [x, filter]);
    };
    const actual = await chain("webgpu");
    expect(worstRelative(actual[0]!, (await chain("cpu"))[0]!)).toBeLessThan(1e-3); // of 40 convolutions
  });
});

describe("BatchNorm in train mode", () => {
  const cases: readonly (readonly [
    shape: readonly number[],
    subBatches: number,
    mean: number,
    launches: number,
  ])[] = [
    [[4, 5, 3, 8], 1, 0, 5],
    [[6, 5, 3, 8], 3, 0, 5],
    [[4, 7, 7, 4], 2, 30, 5],
    [[10, 24], 1, 0, 5],
    [[1, 9, 11, 4], 1, 0, 5],
    [[6, 5, 3, 6], 2, 0, 0], // channels not in fours: tfjs's operations
  ];
  test.each(cases)("%j in %i subBatches, mean %d", async (shape, subBatches, mean, expectedLaunches) => {
    const run = async (backend: "webgpu" | "cpu"): Promise<Float32Array[]> => {
      await tf.setBackend(backend);
      const channels = shape[shape.length - 1] as number;
      const offset = Float32Array.from(normals(size(shape), "x"), (value) => 3 * value + mean);
      const x = tf.tensor(offset, [...shape]);
      const [gamma, beta] = [tf.tensor1d(normals(channels, "γ")), tf.tensor1d(normals(channels, "β"))];
      const dy = tf.tensor(normals(size(shape), "dy"), [...shape]);
      const { y, statistics } = batchNormTrain(x, gamma, beta, 1e-5, subBatches);
      launches.mockClear();
      const { value, grads } = tf.valueAndGrads((a, b, c) =>
        tf.sum(tf.mul(batchNormTrain(a, b as tf.Tensor1D, c as tf.Tensor1D, 1e-5, subBatches).y, dy)),
      )([x, gamma, beta]);
      return read([y, statistics.mean, statistics.variance, value, ...grads], [x, gamma, beta, dy]);
    };
    const actual = await run("webgpu");
    expect(launches).toHaveBeenCalledTimes(expectedLaunches);
    const expected = await run("cpu");
    const exact = mean === 0 ? 1e-5 : 1e-4; // x̂ has lost the digits of the mean
    actual.forEach((values, i) => {
      expect(worstRelative(values, expected[i]!), `result ${i}`).toBeLessThan(exact);
    });
  });
});

describe("products", () => {
  const shapes: readonly (readonly [
    outer: readonly number[],
    rows: number,
    inner: number,
    columns: number,
  ])[] = [
    [[], 5, 7, 6],
    [[], 8, 64, 8],
    [[3], 4, 9, 10],
    [[2, 2], 3, 5, 1],
  ];
  const sides = [false, true].flatMap((a) => [false, true].map((b) => [a, b] as const));
  test.each(shapes)(
    "%j of %i × %i by %i columns, lying as they are or transposed",
    async (outer, rows, inner, columns) => {
      const a = normals(size(outer) * rows * inner, "a");
      const b = normals(size(outer) * inner * columns, "b");
      const slow = slowProducts(size(outer), rows, inner, columns);
      for (const [transposeA, transposeB] of sides) {
        const [x, y] = [
          tf.tensor(a, [...outer, ...(transposeA ? [inner, rows] : [rows, inner])]),
          tf.tensor(b, [...outer, ...(transposeB ? [columns, inner] : [inner, columns])]),
        ];
        launches.mockClear();
        const result = tf.matMul(x, y, transposeA, transposeB);
        expect(launches).toHaveBeenCalledTimes(1);
        expect(result.shape).toEqual([...outer, rows, columns]);
        const [values] = await read([result], [x, y]);
        const expected = slow(
          (s, i, k) => a[s * rows * inner + (transposeA ? k * rows + i : i * inner + k)]!,
          (s, k, j) => b[s * inner * columns + (transposeB ? j * inner + k : k * columns + j)]!,
        );
        expect(worstRelative(values!, expected)).toBeLessThan(1e-6);
      }
    },
  );

  test("of a sample with each of several: tfjs's", async () => {
    const [x, y] = [tf.ones([1, 2, 3]), tf.ones([4, 3, 2])];
    const [values] = await read([tf.matMul(x, y)], [x, y]);
    expect(launches).not.toHaveBeenCalled();
    expect([...values!]).toEqual(Array.from({ length: 16 }, () => 3));
  });
});

type Entry = (sample: number, row: number, column: number) => number;

/** In double precision, by loops. */
function slowProducts(samples: number, rows: number, inner: number, columns: number) {
  return (a: Entry, b: Entry): Float32Array => {
    const c: number[] = [];
    for (let s = 0; s < samples; s++)
      for (let i = 0; i < rows; i++)
        for (let j = 0; j < columns; j++) {
          let sum = 0;
          for (let k = 0; k < inner; k++) sum += a(s, i, k) * b(s, k, j);
          c.push(sum);
        }
    return Float32Array.from(c);
  };
}

test("a hundred training steps leave tensors and memory as they were", async () => {
  const x = tf.randomNormal<tf.Rank.R4>([4, 9, 9, 4]);
  const filter = tf.randomNormal<tf.Rank.R4>([3, 3, 4, 8]);
  const own = tf.randomNormal<tf.Rank.R4>([5, 5, 8, 1]);
  const [gamma, beta] = [tf.ones<tf.Rank.R1>([8]), tf.zeros<tf.Rank.R1>([8])];
  const step = async (): Promise<void> => {
    const gradients = tf.grads((image, weight, each, scale, shift) => {
      const y = tf.conv2d(image as tf.Tensor4D, weight as tf.Tensor4D, 2, 1);
      const z = tf.depthwiseConv2d(y, each as tf.Tensor4D, 1, 2);
      return batchNormTrain(z, scale as tf.Tensor1D, shift as tf.Tensor1D, 1e-5, 2).y;
    })([x, filter, own, gamma, beta]);
    await gradients[0]?.data();
    tf.dispose(gradients);
  };
  const memory = () => {
    const { numTensors, numBytes } = tf.memory();
    return {
      numTensors,
      numBytes,
      gpu: (tf.memory() as tf.MemoryInfo & { numBytesAllocatedInGPU: number }).numBytesAllocatedInGPU,
    };
  };
  for (let i = 0; i < 3; i++) await step();
  const before = memory();
  expect(before.gpu).toBeGreaterThan(0);
  for (let i = 0; i < 100; i++) await step();
  expect(memory()).toEqual(before);
  tf.dispose([x, filter, own, gamma, beta]);
});
