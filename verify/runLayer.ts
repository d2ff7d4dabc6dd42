import { stateDictSpec, type Layer, type Network } from "../src/ml/models/network.ts";
import { forward } from "../src/ml/executors/forward.ts";
import type { ForwardOptions } from "../src/ml/executors/forwardOptions.ts";
import {
  disposeWeights,
  loadWeights,
  saveWeights,
  toPyTorchLayout,
  type StateDict,
} from "../src/ml/models/weights.ts";
import * as tf from "../src/ml/tfjs/tf.ts";
import type { FixtureArray } from "./fixture.ts";

/** What one layer makes of an input, channels first as in the fixtures. */
export interface LayerRun {
  readonly output: Float32Array;
  readonly inputGradient: Float32Array;
  /** By parameter name. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
  /** The layer's state dict after the run. */
  readonly after: StateDict;
}

/**
 * Runs a network of one layer forwards and backwards on the current backend.
 *
 * @param layer must take layer 0 as its input.
 * @param input [N, C, H, W] or [N, C].
 * @param outputGradient like the output; ones when absent.
 */
export async function runLayer(
  layer: Layer,
  input: FixtureArray,
  state: StateDict,
  options: ForwardOptions,
  outputGradient?: FixtureArray,
): Promise<LayerRun> {
  const channels = input.shape[1] ?? 1;
  const network: Network = {
    title: "one layer",
    layers: [{ kind: "input", channels }, layer],
    features: 1,
    featureDim: channels,
    embedding: 1,
    embeddingDim: channels,
    taps: {},
  };
  const weights = loadWeights(network, state, true);
  const x = tf.tidy(() => tf.variable(channelsLast(input)));
  try {
    const results = tf.tidy(() => {
      const dy = outputGradient === undefined ? tf.scalar(1) : channelsLast(outputGradient);
      let output: tf.Tensor | undefined;
      const { grads } = tf.variableGrads(() => {
        const [y] = forward(network, weights, x as tf.Tensor as tf.Tensor4D, [1], options) as [tf.Tensor];
        output = tf.keep(tf.clone(y));
        return tf.sum(tf.mul(y, dy));
      }, [x, ...weights.parameters.values()]);
      const gradients: Record<string, tf.Tensor> = {};
      for (const spec of stateDictSpec(network)) {
        const variable = weights.parameters.get(spec.name);
        if (variable) gradients[spec.name] = toPyTorchLayout(spec, grads[variable.name] as tf.Tensor);
      }
      const kept = output as tf.Tensor;
      const turned = {
        output: channelsFirst(kept),
        inputGradient: channelsFirst(grads[x.name] as tf.Tensor),
        gradients,
      };
      kept.dispose();
      return turned;
    });
    const read = async (tensor: tf.Tensor): Promise<Float32Array> => new Float32Array(await tensor.data());
    const gradients = new Map<string, Float32Array>();
    for (const [name, gradient] of Object.entries(results.gradients))
      gradients.set(name, await read(gradient));
    const run: LayerRun = {
      output: await read(results.output),
      inputGradient: await read(results.inputGradient),
      gradients,
      after: await saveWeights(network, weights),
    };
    tf.dispose(results);
    return run;
  } finally {
    x.dispose();
    disposeWeights(weights);
  }
}

/** [N, H, W, C] → [N, C, H, W]; anything else as it is. */
function channelsFirst(tensor: tf.Tensor): tf.Tensor {
  return tensor.rank === 4 ? tf.transpose(tensor, [0, 3, 1, 2]) : tf.clone(tensor);
}

/** [N, C, H, W] → [N, H, W, C]; anything else as it is. */
function channelsLast({ shape, values }: FixtureArray): tf.Tensor {
  const tensor = tf.tensor(Float32Array.from(values as ArrayLike<number>), [...shape]);
  return shape.length === 4 ? tf.transpose(tensor, [0, 2, 3, 1]) : tensor;
}
