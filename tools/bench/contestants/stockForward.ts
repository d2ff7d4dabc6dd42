import { invariant } from "../../../src/lib/invariant.ts";
import type { ActivationName, Layer, Network } from "../../../src/ml/models/network.ts";
import type * as tf from "../../../src/ml/tfjs/tf.ts";

/** tfjs, handed in so that this file can only use its public ops. */
export type Tfjs = typeof tf;
/** Parameters and running statistics under torchvision's names, in tfjs's layouts. */
export type StockWeights = ReadonlyMap<string, tf.Variable>;

/**
 * A network's embedding [N, D] by tfjs's core ops alone, as a careful user of tfjs writes it.
 *
 * @param mode "train": batch statistics, and the running ones follow; "eval": the running ones.
 */
export function stockForward(
  tf: Tfjs,
  network: Network,
  weights: StockWeights,
  input: tf.Tensor4D,
  mode: "train" | "eval",
): tf.Tensor2D {
  const results: tf.Tensor[] = [];
  const weight = (name: string): tf.Variable => {
    const found = weights.get(name);
    invariant(found !== undefined, `no tensor ${name}`);
    return found;
  };
  for (const layer of network.layers) results.push(run(layer));
  return results[network.embedding] as tf.Tensor2D;

  function run(layer: Layer): tf.Tensor {
    if (layer.kind === "input") return input;
    if (layer.kind === "add")
      return tf.add(results[layer.inputs[0]] as tf.Tensor, results[layer.inputs[1]] as tf.Tensor);
    const x = results[layer.input] as tf.Tensor;
    switch (layer.kind) {
      case "conv": {
        const { name, stride, padding, groups, inChannels, bias } = layer;
        invariant(!bias && (groups === 1 || groups === inChannels), `${name}: no job has such a convolution`);
        const convolve = groups === 1 ? tf.conv2d : tf.depthwiseConv2d;
        return convolve(x as tf.Tensor4D, weight(`${name}.weight`) as tf.Tensor4D, stride, padding);
      }
      case "linear": {
        const y = tf.matMul(x, weight(`${layer.name}.weight`));
        return layer.bias ? tf.add(y, weight(`${layer.name}.bias`)) : y;
      }
      case "batchNorm":
        return batchNorm(layer, x as tf.Tensor4D);
      case "activation":
        return activate(tf, x, layer.fn);
      case "maxPool":
        return tf.maxPool(x as tf.Tensor4D, layer.kernel, layer.stride, layer.padding);
      case "globalAveragePool":
        return tf.mean(x, [1, 2]);
      case "globalMaxPool":
        return tf.max(x, [1, 2]);
      case "gate": {
        const gate = results[layer.gate] as tf.Tensor2D;
        return tf.mul(x, tf.reshape(gate, [gate.shape[0], 1, 1, gate.shape[1]]));
      }
    }
  }

  function batchNorm(layer: Extract<Layer, { kind: "batchNorm" }>, x: tf.Tensor4D): tf.Tensor {
    const { name, eps, momentum } = layer;
    const vector = (part: string): tf.Variable<tf.Rank.R1> =>
      weight(`${name}.${part}`) as tf.Variable<tf.Rank.R1>;
    const runningMean = vector("running_mean");
    const runningVar = vector("running_var");
    const [shift, scale] = [vector("bias"), vector("weight")];
    if (mode === "eval") return tf.batchNorm(x, runningMean, runningVar, shift, scale, eps);
    const { mean, variance } = tf.moments(x, [0, 1, 2]) as { mean: tf.Tensor1D; variance: tf.Tensor1D };
    const rows = x.size / layer.channels;
    const follow = (running: tf.Variable, value: tf.Tensor): void =>
      running.assign(tf.add(tf.mul(running, 1 - momentum), tf.mul(value, momentum)));
    follow(runningMean, mean);
    follow(runningVar, tf.mul(variance, rows / (rows - 1)));
    return tf.batchNorm(x, mean, variance, shift, scale, eps);
  }
}

function activate(tf: Tfjs, x: tf.Tensor, name: ActivationName): tf.Tensor {
  if (name === "relu") return tf.relu(x);
  if (name === "sigmoid") return tf.sigmoid(x);
  invariant(name === "silu", `no job has the activation ${name}`);
  return tf.mul(x, tf.sigmoid(x));
}
