import { stateDictSpec } from "../src/ml/models/network.ts";
import { forward } from "../src/ml/executors/forward.ts";
import { disposeWeights, loadWeights, saveWeights, toPyTorchLayout } from "../src/ml/models/weights.ts";
import { normalizeRows } from "../src/ml/tensors/unitRows.ts";
import * as tf from "../src/ml/tfjs/tf.ts";
import { checked, worstAbsolute, worstRelative, type CheckRow } from "./checkRow.ts";
import { arrayOf, listAt, numberAt, textAt, type Fixture } from "./fixture.ts";
import { formulaState } from "./formulaState.ts";
import { hashImage, hashUniform } from "./hashUniform.ts";
import { describeNetwork } from "./describeNetwork.ts";

/** Loss, features and every gradient of a 2_gradients fixture's small network, on the current backend. */
export async function verifyGradients(fixture: Fixture): Promise<CheckRow[]> {
  const { manifest } = fixture;
  const { network, prefix, normalised } = describeNetwork(fixture);
  const shape = listAt(manifest, "input", "shape_NCHW").map(Number);
  const seed = numberAt(manifest, "input", "seed");
  const stream = numberAt(manifest, "input", "stream");
  const pixels = hashImage(seed, stream, shape, numberAt(manifest, "input", "phase"));
  const image = tf.tidy(() =>
    tf.transpose(tf.tensor4d(pixels, shape as [number, number, number, number]), [0, 2, 3, 1]),
  );
  const state = formulaState(
    network,
    { seed: numberAt(manifest, "weights", "seed"), gain: numberAt(manifest, "weights", "gain") },
    false,
  );
  const weights = loadWeights(network, state, true);
  const mode = textAt(manifest, "mode").startsWith("training") ? ("train" as const) : ("eval" as const);
  const golden = (name: string): ArrayLike<number> => arrayOf(fixture, name).values as ArrayLike<number>;
  const [samples, dim] = arrayOf(fixture, "features").shape as [number, number];
  const direction = tf.tensor2d(Float32Array.from(hashUniform(seed, stream + 1, samples * dim)), [
    samples,
    dim,
  ]);

  const run = (input: tf.Tensor): tf.Tensor2D => {
    const [raw] = forward(network, weights, input as tf.Tensor4D, [network.embedding], { mode }) as [
      tf.Tensor2D,
    ];
    return normalised ? normalizeRows(raw) : raw;
  };
  const names = [...weights.parameters.keys()];
  let features: tf.Tensor | undefined;
  const gradients = tf.tidy(() => {
    const loss = (): tf.Scalar => {
      const result = run(image);
      features = tf.keep(tf.clone(result));
      return tf.sum(tf.mul(result, direction));
    };
    return tf.variableGrads(loss, [...weights.parameters.values()]);
  });
  const after = mode === "train" ? await saveWeights(network, weights) : null;
  const inputGradient = tf.tidy(() =>
    tf.transpose(tf.grad((x) => tf.sum(tf.mul(run(x), direction)))(image), [0, 3, 1, 2]),
  );

  const featureTolerance = numberAt(manifest, "tolerance", "features");
  const gradientTolerance = numberAt(manifest, "tolerance", "gradients");
  const featureValues = await (features as tf.Tensor).data();
  const rows: CheckRow[] = [
    checked("features", worstRelative(featureValues, golden("features")), featureTolerance),
    // The loss is a sum of many terms of either sign: its error is measured against their size, not its own.
    checked(
      "loss",
      worstAbsolute(await gradients.value.data(), golden("loss")) / Math.sqrt(samples * dim),
      featureTolerance,
    ),
    checked(
      "gradient of the input",
      worstRelative(await inputGradient.data(), golden("grad_input")),
      gradientTolerance,
    ),
  ];
  const zeros =
    "gradients_that_are_zero_up_to_rounding" in (manifest as object)
      ? listAt(manifest, "gradients_that_are_zero_up_to_rounding")
      : [];
  const specs = new Map(stateDictSpec(network).map((spec) => [spec.name, spec]));
  for (const name of names) {
    const spec = specs.get(name);
    const variable = weights.parameters.get(name);
    if (spec === undefined || variable === undefined) continue;
    const gradient = tf.tidy(() => toPyTorchLayout(spec, gradients.grads[variable.name] as tf.Tensor));
    const values = await gradient.data();
    gradient.dispose();
    const error = zeros.includes(`${prefix}${name}`)
      ? worstAbsolute(values, golden(`grad.${prefix}${name}`))
      : worstRelative(values, golden(`grad.${prefix}${name}`));
    rows.push(checked(`gradient of ${name}`, error, gradientTolerance));
  }
  for (const [name, { data }] of after ?? []) {
    if (!fixture.arrays.has(`after.${prefix}${name}`) || name.endsWith("num_batches_tracked")) continue;
    rows.push(
      checked(`${name} after`, worstRelative(data, golden(`after.${prefix}${name}`)), featureTolerance),
    );
  }
  tf.dispose([image, direction, inputGradient, features, gradients.value]);
  tf.dispose(Object.values(gradients.grads));
  disposeWeights(weights);
  return rows;
}
