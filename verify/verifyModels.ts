import { recogniseArchitecture } from "../src/formats/architecture.ts";
import { invariant } from "../src/lib/invariant.ts";
import { CompiledEncoder } from "../src/ml/compiled/compiledEncoder.ts";
import { softwareGranularity } from "../src/ml/wgsl/granularity.ts";
import { tfjsGpu } from "../src/ml/tfjs/tfjsGpu.ts";
import { stateDictSpec, type Network } from "../src/ml/models/network.ts";
import { networkOf } from "../src/ml/teachers/networkOf.ts";
import { forward } from "../src/ml/executors/forward.ts";
import { parameterCount } from "../src/ml/models/parameterCount.ts";
import { disposeWeights, loadWeights, type StateDict, type Weights } from "../src/ml/models/weights.ts";
import { noPreprocessing } from "../src/ml/tensors/normalizeImages.ts";
import * as tf from "../src/ml/tfjs/tf.ts";
import { checked, checkedEqual, worstAbsolute, worstRelative, type CheckRow } from "./checkRow.ts";
import {
  arrayOf,
  at,
  floatsOf,
  listAt,
  NotUnderstood,
  numberAt,
  textAt,
  type Fixture,
  type Json,
} from "./fixture.ts";
import { hashImage, hashTensor, tensorRoles } from "./hashUniform.ts";

/** Features and stage outputs of a 1_models fixture's network in its three modes, on the current backend. */
export async function verifyModels(fixture: Fixture): Promise<CheckRow[]> {
  const { manifest } = fixture;
  const table = (listAt(manifest, "state_dict", "rows") as readonly (readonly Json[])[]).map((row) => ({
    k: Number(row[0]),
    name: textAt(row, 1),
    role: tensorRoles[textAt(row, 2)],
    shape: row[3] as readonly number[],
  }));
  const architecture = recogniseArchitecture(table);
  if (architecture === null) throw new NotUnderstood(`${fixture.name}: no architecture known here`);
  const network = withStages(networkOf(architecture, null), fixture);
  const seed = numberAt(manifest, "weights", "seed");
  const gain = numberAt(manifest, "weights", "gain");
  const own = new Set(stateDictSpec(network).map((spec) => spec.name));
  const state = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  for (const { k, name, role, shape } of table) {
    if (role === undefined) throw new NotUnderstood(`${fixture.name}: the role of ${name}`);
    if (own.has(name)) state.set(name, { shape, data: hashTensor({ role, shape }, seed, k, gain) });
  }
  const rows: CheckRow[] = [
    checkedEqual(
      "tensor names of the backbone",
      stateDictSpec(network).map((spec) => spec.name),
      table.filter(({ name }) => !/^(fc|classifier)\./.test(name)).map(({ name }) => name),
    ),
    checked(
      "parameter count",
      Math.abs(
        parameterCount(network) - numberAt(manifest, "parameter_count", "backbone_without_fc_or_classifier"),
      ),
      0,
    ),
  ];
  const shape = listAt(manifest, "input", "shape_NCHW").map(Number) as [number, number, number, number];
  const pixels = hashImage(
    numberAt(manifest, "input", "seed"),
    numberAt(manifest, "input", "stream"),
    shape,
    numberAt(manifest, "input", "phase"),
  );
  const input = tf.tidy(() => tf.transpose(tf.tensor4d(pixels, shape), [0, 2, 3, 1]));
  for (const mode of Object.keys(at(manifest, "modes") as object)) {
    const weights = loadWeights(
      network,
      mode === "eval_calibrated" ? calibrated(fixture, state) : state,
      false,
    );
    rows.push(...(await verifyMode(fixture, network, weights, input, mode)));
    if (mode !== "train" && tf.getBackend() === "webgpu")
      rows.push(await verifyCompiled(fixture, network, weights, input, mode));
    disposeWeights(weights);
  }
  input.dispose();
  return rows;
}

/** The same features by the compiled executor, BatchNorm multiplied into the convolutions. */
async function verifyCompiled(
  fixture: Fixture,
  network: Network,
  weights: Weights,
  input: tf.Tensor4D,
  mode: string,
): Promise<CheckRow> {
  const gpu = tfjsGpu();
  invariant(gpu !== null, "this is WebGPU");
  const [samples, height, width] = input.shape;
  const shape = { samples, height, width };
  const encoder = await CompiledEncoder.compile(
    gpu,
    network,
    weights,
    shape,
    noPreprocessing,
    softwareGranularity,
  );
  const { embedding, features } = encoder.run(input);
  const values = await features.data<"float32">();
  tf.dispose([embedding, features]);
  encoder.dispose();
  const error = worstRelative(values, floatsOf(fixture, `${mode}.features`));
  return checked(`compiled: ${mode}: features`, error, numberAt(fixture.manifest, "tolerance", mode));
}

async function verifyMode(
  fixture: Fixture,
  network: Network,
  weights: Weights,
  input: tf.Tensor4D,
  mode: string,
): Promise<CheckRow[]> {
  const tolerance = numberAt(fixture.manifest, "tolerance", mode);
  const stages = listAt(fixture.manifest, "probe_stages") as readonly (readonly Json[])[];
  const taps = stages.map((stage) => network.taps[textAt(stage, 0)] as number);
  const outputs = tf.tidy(() =>
    forward(network, weights, input, [network.features, ...taps], {
      mode: mode === "train" ? "train" : "eval",
    }).map((output) => (output.shape.length === 4 ? tf.transpose(output, [0, 3, 1, 2]) : output)),
  );
  const [features, ...stageValues] = (await Promise.all(
    outputs.map((output) => output.data()),
  )) as Float32Array[];
  tf.dispose(outputs);
  const rows = [
    checked(
      `${mode}: features`,
      worstRelative(features as Float32Array, floatsOf(fixture, `${mode}.features`)),
      tolerance,
    ),
  ];
  const probes = arrayOf(fixture, `${mode}.probe_values`);
  const stats = arrayOf(fixture, `${mode}.probe_stats`).values as ArrayLike<number>;
  const perStage = probes.shape[1] as number;
  stageValues.forEach((values, s) => {
    const wanted = Array.from({ length: perStage }, (_, j) =>
      Math.floor(((2 * j + 1) * values.length) / (2 * perStage)),
    );
    const golden = floatsOf(fixture, `${mode}.probe_values`).subarray(s * perStage, (s + 1) * perStage);
    // The tolerance is relative to the whole map, of which the probes are a sample: its root mean square stands in.
    const rms = stats[2 * s + 1] as number;
    const scale = Math.max(rms, ...golden.map(Math.abs));
    const error =
      worstAbsolute(
        wanted.map((index) => values[index] as number),
        golden,
      ) / scale;
    rows.push(checked(`${mode}: ${textAt(stages, s, 0)}`, error, tolerance));
  });
  if (mode === "train") rows.push(await verifyStatistics(fixture, weights, tolerance));
  return rows;
}

/** Sum and sum of squares of every BatchNorm's running statistics after the pass. */
async function verifyStatistics(fixture: Fixture, weights: Weights, tolerance: number): Promise<CheckRow> {
  const golden = arrayOf(fixture, "train.bn_checks").values as ArrayLike<number>;
  const names = (listAt(fixture.manifest, "bn_layers", "rows") as readonly (readonly Json[])[]).map((row) =>
    textAt(row, 0),
  );
  let worst = 0;
  for (const [i, name] of names.entries()) {
    for (const [j, kind] of ["running_mean", "running_var"].entries()) {
      const values = await (weights.buffers.get(`${name}.${kind}`) as tf.Variable).data<"float32">();
      const squares = values.reduce((sum, value) => sum + value * value, 0);
      const sum = values.reduce((total, value) => total + value, 0);
      // A sum of mixed signs is compared on the scale of the values it adds up.
      const scale = Math.sqrt(squares * values.length) || 1;
      worst = Math.max(worst, Math.abs(sum - (golden[i * 4 + 2 * j] as number)) / scale);
      worst = Math.max(worst, Math.abs(squares / (golden[i * 4 + 2 * j + 1] as number) - 1));
    }
  }
  return checked("train: running statistics", worst, tolerance);
}

/** The state with every running statistic replaced by the stored ones, concatenated in the order of `bn_layers`. */
function calibrated(fixture: Fixture, state: StateDict): StateDict {
  const result = new Map(state);
  let offset = 0;
  const means = floatsOf(fixture, "calib.running_mean");
  const variances = floatsOf(fixture, "calib.running_var");
  for (const row of listAt(fixture.manifest, "bn_layers", "rows") as readonly (readonly Json[])[]) {
    const [name, channels] = [textAt(row, 0), Number(row[1])];
    result.set(`${name}.running_mean`, { shape: [channels], data: means.slice(offset, offset + channels) });
    result.set(`${name}.running_var`, {
      shape: [channels],
      data: variances.slice(offset, offset + channels),
    });
    offset += channels;
  }
  return result;
}

/** The fixture's own names of the stem's output, which torchvision's ResNets do not have a module for. */
function withStages(network: Network, fixture: Fixture): Network {
  const stages = listAt(fixture.manifest, "probe_stages") as readonly (readonly Json[])[];
  const taps: Record<string, number> = { ...network.taps };
  const pool = network.layers.findIndex((layer) => layer.kind === "maxPool");
  if (pool >= 0) taps["maxpool"] = pool;
  if (network.taps["stem"] !== undefined) taps["relu (stem output)"] = network.taps["stem"];
  const missing = stages.find((stage) => taps[textAt(stage, 0)] === undefined);
  if (missing !== undefined) throw new NotUnderstood(`${fixture.name}: the stage ${textAt(missing, 0)}`);
  return { ...network, taps };
}
