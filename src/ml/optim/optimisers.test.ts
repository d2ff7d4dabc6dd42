import { beforeAll, describe, expect, test } from "vitest";
import { nodeBackends, useNodeBackend } from "../../../tools/nodeBackends.ts";
import { createPrng } from "../../lib/prng.ts";
import * as tf from "../tfjs/tf.ts";
import { Adam } from "./adam.ts";
import { milestoneFactor, risingMomentum, warmupCosineFactor } from "./epochSchedules.ts";
import { Lars } from "./lars.ts";
import { Muon } from "./muon.ts";
import { Sgd } from "./sgd.ts";

type Vector = readonly number[];
/** One parameter's optimiser in plain numbers: the next value from this value, gradient, rate and step (1 is first). */
type SlowStep = (p: Vector, gradient: Vector, rate: number, step: number) => number[];

const norm = (v: Vector): number => Math.hypot(...v);

function slowSgd(momentum: number, decay: number, nesterov: boolean): SlowStep {
  let velocity: number[] | null = null;
  return (p, gradient, rate) => {
    const g = gradient.map((v, i) => v + decay * p[i]!);
    velocity = velocity === null ? g : velocity.map((v, i) => momentum * v + g[i]!);
    const move = nesterov ? g.map((v, i) => v + momentum * velocity![i]!) : velocity;
    return p.map((v, i) => v - rate * move[i]!);
  };
}

function slowAdam(decay: number, decoupled: boolean): SlowStep {
  let [first, second]: [number[], number[]] = [[], []];
  return (p, gradient, rate, step) => {
    const shrunk = decoupled ? p.map((v) => v * (1 - rate * decay)) : p;
    const g = gradient.map((v, i) => (decoupled ? v : v + decay * p[i]!));
    first = g.map((v, i) => 0.8 * (first[i] ?? 0) + 0.2 * v);
    second = g.map((v, i) => 0.95 * (second[i] ?? 0) + 0.05 * v * v);
    return shrunk.map((v, i) => {
      const scale = Math.sqrt(second[i]! / (1 - 0.95 ** step)) + 1e-3;
      return v - (rate * first[i]!) / (1 - 0.8 ** step) / scale;
    });
  };
}

function slowLars(isMatrix: boolean): SlowStep {
  let velocity: number[] | null = null;
  return (p, gradient, rate) => {
    let g = [...gradient];
    if (isMatrix) {
      g = g.map((v, i) => v + 0.1 * p[i]!);
      const scale = norm(p) > 0 && norm(g) > 0 ? (0.02 * norm(p)) / norm(g) : 1;
      g = g.map((v) => v * scale);
    }
    velocity = velocity === null ? g : velocity.map((v, i) => 0.7 * v + g[i]!);
    return p.map((v, i) => v - rate * velocity![i]!);
  };
}

/** PyTorch's way round: the matrix in memory, [in, out], is turned to [out, in] first. */
function slowMuon(decay: number, shape: readonly number[]): SlowStep {
  if (shape.length < 2) return slowAdamOf({ beta1: 0.9, beta2: 0.99, epsilon: 1e-8, share: 0.1 });
  const [columns, rows] = shape as readonly [number, number];
  const at = (r: number, c: number): number => c * rows + r; // in memory
  const product = (a: number[][], b: number[][]): number[][] =>
    a.map((row) => b[0]!.map((_, j) => row.reduce((sum, v, k) => sum + v * b[k]![j]!, 0)));
  const turn = (a: number[][]): number[][] => a[0]!.map((_, j) => a.map((row) => row[j]!));
  const add = (...terms: readonly (readonly [number, number[][]])[]): number[][] =>
    terms[0]![1].map((row, i) => row.map((_, j) => terms.reduce((sum, [f, m]) => sum + f * m[i]![j]!, 0)));
  let velocity = new Array<number>(rows * columns).fill(0);
  return (p, gradient, rate) => {
    velocity = velocity.map((v, i) => 0.9 * v + gradient[i]!);
    const d = gradient.map((g, i) => g + 0.9 * velocity[i]!);
    const length = norm(d) + 1e-7;
    let x = Array.from({ length: rows }, (_, r) =>
      Array.from({ length: columns }, (_, c) => d[at(r, c)]! / length),
    );
    for (let i = 0; i < 5; i++) {
      const a = product(x, turn(x));
      x = add([3.4445, x], [1, product(add([-4.775, a], [2.0315, product(a, a)]), x)]);
    }
    const scale = Math.sqrt(Math.max(1, rows / columns));
    const next = p.map((v) => v * (1 - rate * decay));
    x.forEach((row, r) => row.forEach((v, c) => (next[at(r, c)]! -= rate * scale * v)));
    return next;
  };
}

function slowAdamOf(rule: { beta1: number; beta2: number; epsilon: number; share: number }): SlowStep {
  const { beta1, beta2, epsilon, share } = rule;
  let [first, second]: [number[], number[]] = [[], []];
  return (p, gradient, rate, step) => {
    first = gradient.map((v, i) => beta1 * (first[i] ?? 0) + (1 - beta1) * v);
    second = gradient.map((v, i) => beta2 * (second[i] ?? 0) + (1 - beta2) * v * v);
    return p.map((v, i) => {
      const scale = Math.sqrt(second[i]! / (1 - beta2 ** step)) + epsilon;
      return v - (share * rate * (first[i]! / (1 - beta1 ** step))) / scale;
    });
  };
}

const adam = { beta1: 0.8, beta2: 0.95, epsilon: 1e-3 };
const cases = [
  {
    name: "SGD with momentum and decay",
    make: () => new Sgd({ momentum: 0.9, weightDecay: 0.05 }),
    slow: () => slowSgd(0.9, 0.05, false),
  },
  {
    name: "SGD, Nesterov",
    make: () => new Sgd({ momentum: 0.9, weightDecay: 0.05, nesterov: true }),
    slow: () => slowSgd(0.9, 0.05, true),
  },
  {
    name: "plain SGD",
    make: () => new Sgd({ momentum: 0, weightDecay: 0 }),
    slow: () => slowSgd(0, 0, false),
  },
  {
    name: "Adam",
    make: () => new Adam({ ...adam, weightDecay: 0.1, decoupled: false }),
    slow: () => slowAdam(0.1, false),
  },
  {
    name: "AdamW",
    make: () => new Adam({ ...adam, weightDecay: 0.1, decoupled: true }),
    slow: () => slowAdam(0.1, true),
  },
  {
    name: "LARS",
    make: () => new Lars({ momentum: 0.7, weightDecay: 0.1, trust: 0.02 }),
    slow: (shape: readonly number[]) => slowLars(shape.length > 1),
  },
  {
    name: "Muon",
    make: () => new Muon({ momentum: 0.9, weightDecay: 0.05 }),
    slow: (shape: readonly number[]) => slowMuon(0.05, shape),
  },
];

describe.each(nodeBackends)("on %s", (backend) => {
  beforeAll(() => useNodeBackend(backend));

  test.each(cases)("$name takes the steps that plain numbers take, and leaks nothing", async (it) => {
    const before = tf.memory().numTensors;
    const prng = createPrng(31, it.name);
    const normals = (count: number): number[] => Array.from({ length: count }, () => prng.normal());
    // Matrices with more rows and with more columns, a vector, and zeros, whose norm LARS must not divide by.
    const shapes = { matrix: [2, 3], tall: [5, 2], vector: [4], zeros: [2, 2] } as const;
    const values = new Map<string, number[]>([
      ["matrix", normals(6)],
      ["tall", normals(10)],
      ["vector", normals(4)],
      ["zeros", [0, 0, 0, 0]],
    ]);
    const parameters = new Map<string, tf.Variable>();
    for (const [name, shape] of Object.entries(shapes))
      parameters.set(
        name,
        tf.tidy(() => tf.variable(tf.tensor(values.get(name)!, [...shape]))),
      );
    const slow = new Map(Object.entries(shapes).map(([name, shape]) => [name, it.slow(shape)]));
    const optimiser = it.make();
    for (const [i, rate] of [0.1, 0.1, 0.03, 0.2].entries()) {
      const gradients = new Map<string, tf.Tensor>();
      for (const [name, shape] of Object.entries(shapes)) {
        const gradient = normals(values.get(name)!.length);
        gradients.set(name, tf.tensor(gradient, [...shape]));
        values.set(name, slow.get(name)!(values.get(name)!, gradient, rate, i + 1));
      }
      optimiser.step(parameters, gradients, rate);
      gradients.forEach((gradient) => gradient.dispose());
      for (const [name, variable] of parameters)
        (await variable.data()).forEach((v, j) => expect(v).toBeCloseTo(values.get(name)![j]!, 5));
    }
    optimiser.dispose();
    parameters.forEach((variable) => variable.dispose());
    expect(tf.memory().numTensors).toBe(before);
  });
});

test.each([
  [27, 8],
  [12, 40],
  [64, 64],
])(
  "Muon's step on WASM, from powers of one Gram matrix, is the one that iterates the matrix itself: [%i, %i]",
  async (rows, columns) => {
    const steps: Float32Array[] = [];
    for (const backend of ["cpu", "wasm"] as const) {
      await useNodeBackend(backend);
      const optimiser = new Muon({ momentum: 0.9, weightDecay: 0 });
      const random = (seed: number) => tf.randomNormal([rows, columns], 0, 1, "float32", seed);
      const weight = tf.tidy(() => tf.variable(random(1)));
      for (const seed of [2, 3]) {
        const gradients = new Map([["weight", random(seed)]]);
        optimiser.step(new Map([["weight", weight]]), gradients, 0.1);
        gradients.forEach((gradient) => gradient.dispose());
      }
      steps.push(await weight.data<"float32">());
      optimiser.dispose();
      weight.dispose();
    }
    const [expected, actual] = steps as [Float32Array, Float32Array];
    const differences = expected.map((value, i) => Math.abs(value - actual[i]!));
    expect(Math.max(...differences)).toBeLessThan(2e-6);
  },
);

test("schedules of published recipes", () => {
  expect([0, 4, 5, 52.5, 100].map((epoch) => warmupCosineFactor(epoch, 100, 5))).toEqual([0.2, 1, 1, 0.5, 0]);
  expect([0, 59, 60, 79, 80].map((epoch) => milestoneFactor(epoch, [60, 80], 0.1))).toEqual([
    1,
    1,
    0.1,
    0.1,
    0.1 ** 2,
  ]);
  expect(risingMomentum(0.996, 0)).toBe(0.996);
  expect(risingMomentum(0.996, 0.5)).toBeCloseTo(0.998, 12);
  expect(risingMomentum(0.996, 1)).toBe(1);
});
