import { softmaxCrossEntropyRows } from "../src/ml/losses/softmaxDivergence.ts";
import type { Layer } from "../src/ml/models/network.ts";
import { milestoneFactor, risingMomentum, warmupCosineFactor } from "../src/ml/optim/epochSchedules.ts";
import { scheduleFactor } from "../src/ml/optim/schedule.ts";
import { followParameters } from "../src/ml/optim/sgd.ts";
import { normalizeRows } from "../src/ml/tensors/unitRows.ts";
import * as tf from "../src/ml/tfjs/tf.ts";
import { checked, failed, worstAbsolute, worstRelative, type CheckRow } from "./checkRow.ts";
import {
  arrayOf,
  floatsOf,
  integersOf,
  listAt,
  matrixShape,
  NotUnderstood,
  numberAt,
  objectAt,
  type Fixture,
} from "./fixture.ts";
import { runLayer } from "./runLayer.ts";

/** What the arrays of an 8_micro/pool_norm_softmax fixture are about, by what stands before their first dot. */
const checks: readonly (readonly [
  name: RegExp,
  check: (fixture: Fixture, name: string) => Promise<CheckRow[]>,
])[] = [
  [/^maxpool_\d+_\d+_\d+$/, verifyMaxPool],
  [/^linear$/, verifyLinear],
  [/^normalize/, verifyNormalize],
  [/^cross_entropy$/, verifyCrossEntropy],
  [/^ema$/, verifyEma],
];

/** Pooling, linear layer, normalisation, cross-entropy, EMA and schedules, on the current backend. */
export async function verifySmallParts(fixture: Fixture): Promise<CheckRow[]> {
  const rows: CheckRow[] = [];
  const names = new Set([...fixture.arrays.keys()].map((array) => array.slice(0, array.indexOf("."))));
  for (const name of names) {
    try {
      const check = checks.find(([pattern]) => pattern.test(name))?.[1];
      if (!check) throw new NotUnderstood(`no part here is called ${name}`);
      rows.push(...(await check(fixture, name)));
    } catch (error) {
      rows.push(failed(name, String(error)));
    }
  }
  return [...rows, ...verifySchedules(fixture)];
}

/** Compares those of our results that the fixture has. */
function compare(
  fixture: Fixture,
  name: string,
  ours: Readonly<Record<string, ArrayLike<number> | undefined>>,
): CheckRow[] {
  const tolerance = numberAt(fixture.manifest, "tolerance", "all");
  return Object.entries(ours)
    .filter(([array]) => fixture.arrays.has(`${name}.${array}`))
    .map(([array, values]) =>
      checked(
        `${name}: ${array}`,
        worstRelative(values ?? [], floatsOf(fixture, `${name}.${array}`)),
        tolerance,
      ),
    );
}

async function verifyMaxPool(fixture: Fixture, name: string): Promise<CheckRow[]> {
  const [kernel = 0, stride = 0, padding = 0] = name.split("_").slice(1).map(Number);
  const layer: Layer = { kind: "maxPool", input: 0, kernel, stride, padding };
  const run = await runLayer(
    layer,
    arrayOf(fixture, `${name}.x`),
    new Map(),
    { mode: "eval" },
    arrayOf(fixture, `${name}.grad_y`),
  );
  return compare(fixture, name, { y: run.output, grad_x: run.inputGradient });
}

async function verifyLinear(fixture: Fixture, name: string): Promise<CheckRow[]> {
  const [outFeatures, inFeatures] = matrixShape(fixture, `${name}.w`);
  const run = await runLayer(
    { kind: "linear", name: "fc", input: 0, inFeatures, outFeatures, bias: true },
    arrayOf(fixture, `${name}.x`),
    new Map([
      ["fc.weight", { shape: [outFeatures, inFeatures], data: floatsOf(fixture, `${name}.w`) }],
      ["fc.bias", { shape: [outFeatures], data: floatsOf(fixture, `${name}.b`) }],
    ]),
    { mode: "eval" },
    arrayOf(fixture, `${name}.grad_y`),
  );
  return compare(fixture, name, {
    y: run.output,
    grad_x: run.inputGradient,
    grad_w: run.gradients.get("fc.weight"),
    grad_b: run.gradients.get("fc.bias"),
  });
}

function matrixOf(fixture: Fixture, name: string): tf.Tensor2D {
  return tf.tensor2d(floatsOf(fixture, name), [...matrixShape(fixture, name)]);
}

async function verifyNormalize(fixture: Fixture, name: string): Promise<CheckRow[]> {
  const x = matrixOf(fixture, `${name}.x`);
  const dy = fixture.arrays.has(`${name}.grad_y`) ? matrixOf(fixture, `${name}.grad_y`) : tf.onesLike(x);
  const normalize = (input: tf.Tensor): tf.Tensor => normalizeRows(input as tf.Tensor2D);
  const { value, grad } = tf.valueAndGrad(normalize)(x, dy);
  const gradient = await grad.data();
  const rows = compare(fixture, name, { y: await value.data(), grad_x: gradient });
  rows.push(checked(`${name}: gradient is finite`, gradient.every(Number.isFinite) ? 0 : Infinity, 0));
  tf.dispose([x, dy, value, grad]);
  return rows;
}

/** Labels as logits so far apart that their softmax is one-hot: the cross-entropy of the soft-label losses. */
async function verifyCrossEntropy(fixture: Fixture, name: string): Promise<CheckRow[]> {
  const logits = matrixOf(fixture, `${name}.logits`);
  const labels = tf.tidy(() => {
    const oneHot = tf.oneHot(tf.tensor1d(integersOf(fixture, `${name}.labels`), "int32"), logits.shape[1]);
    return tf.mul<tf.Tensor2D>(tf.cast(oneHot, "float32"), 1e4);
  });
  const { value, grad } = tf.valueAndGrad((z) => tf.mean(softmaxCrossEntropyRows(labels, z as tf.Tensor2D)))(
    logits,
  );
  const rows = compare(fixture, name, { loss: await value.data(), grad: await grad.data() });
  tf.dispose([logits, labels, value, grad]);
  return rows;
}

async function verifyEma(fixture: Fixture, name: string): Promise<CheckRow[]> {
  const rows: CheckRow[] = [];
  const variable = (array: string): tf.Variable =>
    tf.tidy(() => tf.variable(tf.tensor1d(floatsOf(fixture, `${name}.${array}`))));
  for (const array of fixture.arrays.keys()) {
    const [, result, updates, momentum] = /^ema\.(after_(\d+)_updates_m(.+))$/.exec(array) ?? [];
    if (result === undefined) continue;
    const [mean, source] = [variable("target_0"), variable("source")];
    for (let i = 0; i < Number(updates); i++)
      followParameters(new Map([["p", mean]]), new Map([["p", source]]), Number(momentum));
    rows.push(...compare(fixture, name, { [result]: await mean.data() }));
    tf.dispose([mean, source]);
  }
  return rows;
}

/** The value at an epoch of a schedule, by the fixture's name for it. */
function scheduleNamed(name: string, epochs: number): (epoch: number) => number {
  const start = Number(/_lr0_([\d.]+)/.exec(name)?.[1]);
  const warmup = /^warmup(\d+)_then_cosine/.exec(name)?.[1];
  const steps = /\(x([\d.]+) at ([\d,]+)\)/.exec(name);
  const momentum = /^byol_momentum ([\d.]+)->1$/.exec(name)?.[1];
  if (name.startsWith("cosine_per_epoch"))
    return (epoch) => start * scheduleFactor("cosinePerEpoch", epoch, epochs, 1);
  if (warmup !== undefined) return (epoch) => start * warmupCosineFactor(epoch, epochs, Number(warmup));
  if (name.startsWith("linear_probe_steps") && steps) {
    const milestones = (steps[2] ?? "").split(",").map(Number);
    return (epoch) => start * milestoneFactor(epoch, milestones, Number(steps[1]));
  }
  if (momentum !== undefined) return (epoch) => risingMomentum(Number(momentum), epoch / epochs);
  throw new NotUnderstood(`no schedule here is called ${name}`);
}

function verifySchedules(fixture: Fixture): CheckRow[] {
  const schedules = objectAt(fixture.manifest, "schedules");
  const epochs = numberAt(schedules, "epochs");
  const asked = listAt(schedules, "at_epoch").map(Number);
  const names = Object.keys(schedules).filter((name) => name !== "epochs" && name !== "at_epoch");
  return names.map((name) => {
    try {
      const ours = asked.map(scheduleNamed(name, epochs));
      const golden = listAt(schedules, name).map(Number);
      return checked(`schedule ${name}`, worstAbsolute(ours, golden), 1e-12);
    } catch (error) {
      return failed(`schedule ${name}`, String(error));
    }
  });
}
