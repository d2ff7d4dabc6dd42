import { createPrng } from "../../src/lib/prng.ts";
import { knownUnitRows, normalizeRows } from "../../src/ml/tensors/unitRows.ts";
import * as tf from "../../src/ml/tfjs/tf.ts";
import { bingo } from "../../src/ml/losses/bingo.ts";
import { byol } from "../../src/ml/losses/byol.ts";
import { compress } from "../../src/ml/losses/compress.ts";
import { coss } from "../../src/ml/losses/coss.ts";
import { distillationLoss } from "../../src/ml/losses/distillationLoss.ts";
import { doGo } from "../../src/ml/losses/doGo.ts";
import { infoNce } from "../../src/ml/losses/infoNce.ts";
import { overPrefixes } from "../../src/ml/losses/overPrefixes.ts";
import { ntXent } from "../../src/ml/losses/ntXent.ts";
import { rkdAngle, rkdDistance } from "../../src/ml/losses/rkd.ts";
import { seedLoss } from "../../src/ml/losses/seedLoss.ts";
import { simReg } from "../../src/ml/losses/simReg.ts";
import { simSiam } from "../../src/ml/losses/simSiam.ts";

/**
 * Every loss a second time, by loops in double precision with gradients by finite differences: what the tests, in
 * Node and in browsers, compare the tensor versions with.
 */
type Matrix = readonly (readonly number[])[];

// Every size differs, so that a sum over the wrong axis or a mean over the wrong count shows.
const [images, width, teacherWidth, keys] = [5, 3, 4, 11];
const prng = createPrng(7, "losses.test");
const matrix = (rows: number, columns: number): number[][] =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, () => prng.normal()));
const student = matrix(images, width);
const other = matrix(images, width);
const teacher = matrix(images, width);
const teacherOther = matrix(images, width);
const wide = matrix(images, teacherWidth);
const unit = (rows: Matrix): Matrix =>
  rows.map((row) => {
    const length = Math.hypot(...row);
    return row.map((v) => v / length);
  });
const queue = unit(matrix(keys, width));
const wideQueue = unit(matrix(keys, teacherWidth));
const third = matrix(images, width);

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, v, d) => sum + v * b[d]!, 0);
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const softmax = (logits: readonly number[]): number[] => {
  const powers = logits.map((v) => Math.exp(v - Math.max(...logits)));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((v) => v / total);
};
const crossEntropy = (p: readonly number[], q: readonly number[]): number =>
  -p.reduce((sum, v, j) => sum + v * Math.log(q[j]!), 0);
const kl = (p: readonly number[], q: readonly number[]): number => crossEntropy(p, q) - crossEntropy(p, p);
const smoothL1 = (x: number): number => (Math.abs(x) < 1 ? x ** 2 / 2 : Math.abs(x) - 0.5);
const columns = (rows: Matrix): Matrix => rows[0]!.map((_, d) => rows.map((row) => row[d]!));
const logits = (rows: Matrix, others: Matrix, t: number): Matrix =>
  rows.map((row) => others.map((key) => dot(row, key) / t));
const cosines = (a: Matrix, b: Matrix): number[] => unit(a).map((row, i) => dot(row, unit(b)[i]!));

const distance = (a: readonly number[], b: readonly number[]): number =>
  Math.hypot(...a.map((v, d) => v - b[d]!));
function relativeDistances(rows: Matrix): number[] {
  const all = rows.flatMap((a) => rows.map((b) => distance(a, b)));
  const average = mean(all.filter((d) => d > 0));
  return all.map((d) => d / average);
}
function angles(rows: Matrix): number[] {
  const direction = (i: number, j: number): number[] => {
    const length = distance(rows[i]!, rows[j]!) || 1;
    return rows[j]!.map((v, d) => (v - rows[i]![d]!) / length);
  };
  const all = rows.map((_, i) => i);
  return all.flatMap((i) => all.flatMap((j) => all.map((k) => dot(direction(i, j), direction(i, k)))));
}

export interface LossCase {
  readonly name: string;
  readonly inputs: readonly Matrix[];
  /** In double precision, by loops. */
  readonly slow: (...inputs: Matrix[]) => number;
  readonly ours: (...inputs: tf.Tensor2D[]) => tf.Scalar;
}
const unitTensor = (rows: Matrix) => knownUnitRows(tf.tensor2d(rows.map((row) => [...row])));
const normal = normalizeRows;

const prefix = (rows: Matrix, dims: number): Matrix => unit(rows.map((row) => row.slice(0, dims)));

export const lossCases: readonly LossCase[] = [
  {
    name: "infoNce over prefixes of 1, 2 and all 3 dimensions",
    inputs: [student],
    slow: (s) =>
      mean(
        [1, 2, 3].map((dims) => {
          const [query, key, keys] = [prefix(unit(s), dims), prefix(unit(other), dims), prefix(queue, dims)];
          return mean(
            query.map((q, i) => {
              const scores = [dot(q, key[i]!), ...keys.map((k) => dot(q, k))].map((v) => v / 0.3);
              return -Math.log(softmax(scores)[0]!);
            }),
          );
        }),
      ),
    ours: (s) =>
      overPrefixes([1, 2, 3], [normal(s), unitTensor(unit(other)), unitTensor(queue)], (query, key, keys) =>
        infoNce(query, key, keys, 0.3),
      ),
  },
  {
    name: "distillationLoss",
    inputs: [student],
    slow: (s) => mean(unit(s).map((row, i) => distance(row, unit(teacher)[i]!) ** 2)),
    ours: (s) => distillationLoss(normal(s), unitTensor(unit(teacher))),
  },
  ...[0.2, 0.01].map((t) => ({
    name: `infoNce at τ ${t}`,
    inputs: [student],
    slow: (s: Matrix) =>
      mean(
        unit(s).map((row, i) => {
          const all = [dot(row, unit(teacher)[i]!), ...queue.map((key) => dot(row, key))].map((v) => v / t);
          return -Math.log(softmax(all)[0]!);
        }),
      ),
    ours: (s: tf.Tensor2D) => infoNce(normal(s), unitTensor(unit(teacher)), unitTensor(queue), t),
  })),
  {
    name: "ntXent",
    inputs: [student, other],
    slow: (a, b) => {
      const z = [...unit(a), ...unit(b)];
      return mean(
        z.map((row, i) => {
          const rest = z.map((_, j) => j).filter((j) => j !== i);
          const p = softmax(rest.map((j) => dot(row, z[j]!) / 0.5));
          return -Math.log(p[rest.indexOf((i + images) % (2 * images))]!);
        }),
      );
    },
    ours: (a, b) => ntXent(normal(a), normal(b), 0.5),
  },
  {
    name: "seed",
    inputs: [student],
    slow: (s) =>
      mean(
        unit(s).map((row, i) => {
          const t = unit(teacher)[i]!;
          const bank = [t, ...queue];
          const target = softmax(bank.map((key) => dot(t, key) / 0.05));
          return crossEntropy(target, softmax(bank.map((key) => dot(row, key) / 0.2)));
        }),
      ),
    ours: (s) =>
      seedLoss(normal(s), unitTensor(unit(teacher)), unitTensor(queue), { student: 0.2, teacher: 0.05 }),
  },
  {
    name: "compress with two memories",
    inputs: [student],
    slow: (s) => {
      const target = logits(unit(wide), wideQueue, 0.3).map(softmax);
      return mean(
        logits(unit(s), queue, 0.3)
          .map(softmax)
          .map((q, i) => kl(target[i]!, q)),
      );
    },
    ours: (s) => compress(normal(s), unitTensor(unit(wide)), unitTensor(queue), unitTensor(wideQueue), 0.3),
  },
  {
    name: "simReg",
    inputs: [student],
    slow: (s) => 2 - 2 * mean(cosines(s, teacher)),
    ours: (s) => simReg(normal(s), unitTensor(unit(teacher))),
  },
  {
    name: "rkdDistance",
    inputs: [student],
    slow: (s) => {
      const target = relativeDistances(wide);
      return mean(relativeDistances(s).map((d, i) => smoothL1(d - target[i]!)));
    },
    ours: (s) => rkdDistance(s, tf.tensor2d(wide)),
  },
  {
    name: "rkdAngle",
    inputs: [student],
    slow: (s) => {
      const target = angles(wide);
      return mean(angles(s).map((a, i) => smoothL1(a - target[i]!)));
    },
    ours: (s) => rkdAngle(s, tf.tensor2d(wide)),
  },
  {
    name: "coss",
    inputs: [student],
    slow: (s) =>
      -(2 * mean(cosines(s, teacher)) + 3 * mean(cosines(columns(s), columns(teacher)))) / (0.5 * 0.25),
    ours: (s) =>
      coss(s, tf.tensor2d(teacher), {
        rowWeight: 2,
        columnWeight: 3,
        studentTemperature: 0.5,
        teacherTemperature: 0.25,
      }).loss,
  },
  {
    name: "doGo",
    inputs: [student, other],
    slow: (a, b) => {
      const target = logits(unit(teacher), unit(teacherOther), 0.3).map(softmax);
      const ours = logits(unit(a), unit(b), 0.3).map(softmax);
      return mean(ours.map((q, i) => kl(target[i]!, q))) / images;
    },
    ours: (a, b) =>
      doGo(
        { first: normal(a), second: normal(b) },
        { first: unitTensor(unit(teacher)), second: unitTensor(unit(teacherOther)) },
        0.3,
      ),
  },
  {
    name: "bingo",
    inputs: [student, other, third],
    slow: (a, b, m) => {
      const recognise = (rows: Matrix, key: Matrix): number =>
        mean(
          unit(rows).map((row, i) => {
            const all = [unit(key)[i]!, ...queue].map((v) => dot(row, v) / 0.2);
            return -Math.log(softmax(all)[0]!);
          }),
        );
      const anchor = (recognise(a, teacher) + recognise(a, teacherOther)) / 2;
      const member = (recognise(b, teacher) + recognise(b, teacherOther)) / 2;
      const mixture = 0.7 * recognise(m, teacher) + 0.3 * recognise(m, teacherOther);
      return (anchor + member + mixture) / 3;
    },
    ours: (a, b, m) =>
      bingo(
        { anchor: normal(a), member: normal(b), mixture: normal(m) },
        { anchor: unitTensor(unit(teacher)), member: unitTensor(unit(teacherOther)) },
        unitTensor(queue),
        { anchorShare: 0.7, temperature: 0.2 },
      ),
  },
  {
    name: "byol",
    inputs: [student, other],
    slow: (a, b) => 4 - 2 * mean(cosines(a, teacherOther)) - 2 * mean(cosines(b, teacher)),
    ours: (a, b) =>
      byol(
        { first: normal(a), second: normal(b) },
        { first: unitTensor(unit(teacher)), second: unitTensor(unit(teacherOther)) },
      ),
  },
  {
    name: "simSiam",
    inputs: [student, other],
    slow: (a, b) => -(mean(cosines(a, teacherOther)) + mean(cosines(b, teacher))) / 2,
    ours: (a, b) =>
      simSiam(
        { first: normal(a), second: normal(b) },
        { first: unitTensor(unit(teacher)), second: unitTensor(unit(teacherOther)) },
      ),
  },
];

/** The slow loss's gradient by central differences, in double precision. */
function slowGradients(slow: LossCase["slow"], inputs: readonly Matrix[]): number[][] {
  const h = 1e-6;
  return inputs.map((input, n) =>
    input.flatMap((row, i) =>
      row.map((_, d) => {
        const shifted = (by: number): number =>
          slow(
            ...inputs.map((m, k) =>
              k === n ? m.map((r, j) => r.map((v, e) => (j === i && e === d ? v + by : v))) : m,
            ),
          );
        return (shifted(h) - shifted(-h)) / (2 * h);
      }),
    ),
  );
}

/** How far the tensor version is from the slow one on the current backend, relative to the largest value. */
export async function lossErrors(
  it: LossCase,
): Promise<{ readonly value: number; readonly gradient: number }> {
  const tensors = it.inputs.map((rows) => tf.tensor2d(rows.map((row) => [...row])));
  const { value, grads } = tf.valueAndGrads((...inputs) => it.ours(...(inputs as tf.Tensor2D[])))(tensors);
  const expected = it.slow(...it.inputs);
  const valueError = Math.abs(Number((await value.data())[0]) / expected - 1);
  let gradientError = 0;
  for (const [n, slow] of slowGradients(it.slow, it.inputs).entries()) {
    const ours = await grads[n]!.data();
    const largest = Math.max(...slow.map(Math.abs));
    slow.forEach((v, i) => {
      const error = Math.abs(v - ours[i]!) / largest;
      gradientError = error <= gradientError ? gradientError : error; // a NaN stays
    });
  }
  tf.dispose([...tensors, value, ...grads]);
  return { value: valueError, gradient: gradientError };
}
