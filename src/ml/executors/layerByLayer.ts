import { invariant } from "../../lib/invariant.ts";
import { batchNormEval, batchNormTrain } from "../tfjs/batchNorm.ts";
import * as tf from "../tfjs/tf.ts";
import type { ForwardOptions } from "./forwardOptions.ts";
import type { ActivationName, Layer, LayerIndex, Network } from "../models/network.ts";
import type { Weights } from "../models/weights.ts";

/**
 * Runs a network as described, layer by layer, through tfjs with autodiff: the executor that works on every
 * backend and that every other one is tested against.
 *
 * Call inside `tf.tidy` or a gradient function: intermediate results belong to the caller's scope.
 *
 * @param input [N, H, W, C], already normalised.
 * @param wanted layers whose results are returned.
 * @param needed layers to run.
 */
export function forwardLayerByLayer(
  network: Network,
  weights: Weights,
  input: tf.Tensor4D,
  wanted: readonly LayerIndex[],
  needed: ReadonlySet<LayerIndex>,
  options: ForwardOptions,
): tf.Tensor[] {
  const { mode, subBatches = 1 } = options;
  const results: (tf.Tensor | undefined)[] = [];
  const result = (index: LayerIndex): tf.Tensor => {
    const value = results[index];
    invariant(value !== undefined, `layer ${index} is used before it was run`);
    return value;
  };
  const parameter = (name: string): tf.Tensor => {
    const value = weights.parameters.get(name) ?? weights.buffers.get(name);
    invariant(value !== undefined, `weights lack ${name}`);
    return value;
  };

  network.layers.forEach((layer, index) => {
    if (needed.has(index)) results[index] = run(layer);
  });
  return wanted.map(result);

  function run(layer: Layer): tf.Tensor {
    switch (layer.kind) {
      case "input":
        return input;
      case "conv": {
        const x = result(layer.input) as tf.Tensor4D;
        const weight = parameter(`${layer.name}.weight`) as tf.Tensor4D;
        const { groups, inChannels, stride, padding } = layer;
        const y =
          groups === 1
            ? tf.conv2d(x, weight, stride, padding)
            : groups === inChannels
              ? tf.depthwiseConv2d(x, weight, stride, padding)
              : groupedConv2d(x, weight, groups, stride, padding);
        return layer.bias ? tf.add(y, parameter(`${layer.name}.bias`)) : y;
      }
      case "linear": {
        const y = tf.matMul(result(layer.input), parameter(`${layer.name}.weight`));
        return layer.bias ? tf.add(y, parameter(`${layer.name}.bias`)) : y;
      }
      case "batchNorm":
        return runBatchNorm(layer);
      case "activation":
        return activate(result(layer.input), layer.fn);
      case "maxPool":
        return maxPool(result(layer.input) as tf.Tensor4D, layer.kernel, layer.stride, layer.padding);
      case "globalAveragePool":
        return globalAveragePool(result(layer.input) as tf.Tensor4D);
      case "globalMaxPool":
        return globalMaxPool(result(layer.input) as tf.Tensor4D);
      case "add":
        return tf.add(result(layer.inputs[0]), result(layer.inputs[1]));
      case "gate": {
        const gate = result(layer.gate);
        return tf.mul(result(layer.input), tf.reshape(gate, [gate.shape[0], 1, 1, gate.shape[1] as number]));
      }
    }
  }

  function runBatchNorm(layer: Extract<Layer, { kind: "batchNorm" }>): tf.Tensor {
    const x = result(layer.input);
    const gamma = parameter(`${layer.name}.weight`) as tf.Tensor1D;
    const beta = parameter(`${layer.name}.bias`) as tf.Tensor1D;
    const runningMean = weights.buffers.get(`${layer.name}.running_mean`);
    const runningVar = weights.buffers.get(`${layer.name}.running_var`);
    invariant(
      runningMean !== undefined && runningVar !== undefined,
      `weights lack ${layer.name}'s statistics`,
    );
    if (mode === "eval") {
      return batchNormEval(x, { mean: runningMean, variance: runningVar }, gamma, beta, layer.eps);
    }
    const { y, statistics } = batchNormTrain(x, gamma, beta, layer.eps, subBatches);
    const momentum = options.statisticsMomentum ?? layer.momentum;
    follow(runningMean, statistics.mean, momentum);
    follow(runningVar, statistics.variance, momentum);
    return y;
  }
}

/** running ← (1 − momentum)·running + momentum·value */
function follow(running: tf.Variable, value: tf.Tensor, momentum: number): void {
  running.assign(tf.add(tf.mul(running, 1 - momentum), tf.mul(value, momentum)));
}

/** Each part of the channels convolved with its own filters: [N, H, W, C], [k, k, C/groups, O] → [N, H′, W′, O]. */
function groupedConv2d(
  x: tf.Tensor4D,
  weight: tf.Tensor4D,
  groups: number,
  stride: number,
  padding: number,
): tf.Tensor4D {
  const inputs = tf.split<tf.Tensor4D>(x, groups, 3);
  const filters = tf.split<tf.Tensor4D>(weight, groups, 3);
  const outputs = filters.map((filter, i) => tf.conv2d(inputs[i] as tf.Tensor4D, filter, stride, padding));
  return tf.concat4d(outputs, 3);
}

function activate(x: tf.Tensor, fn: ActivationName): tf.Tensor {
  switch (fn) {
    case "relu":
      return tf.relu(x);
    case "relu6":
      return tf.relu6(x);
    case "gelu":
      return tf.mul(tf.mul(x, 0.5), tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))));
    case "sigmoid":
      return tf.sigmoid(x);
    case "silu":
      return tf.mul(x, tf.sigmoid(x));
    case "hardsigmoid":
      return hardsigmoid(x);
    case "hardswish":
      return tf.mul(x, hardsigmoid(x));
  }
}

/** min(max(x + 3, 0), 6)/6, flat outside [−3, 3]. */
function hardsigmoid(x: tf.Tensor): tf.Tensor {
  return tf.div(tf.relu6(tf.add(x, 3)), 6);
}

/** Padded with −∞ as in PyTorch: tfjs's own padding never wins either, since it skips what lies outside. */
function maxPool(x: tf.Tensor4D, kernel: number, stride: number, padding: number): tf.Tensor4D {
  return tf.maxPool(x, kernel, stride, padding);
}

/** [N, H, W, C] → [N, C]; its gradient spreads dy/HW over all places. */
function globalAveragePool(x: tf.Tensor4D): tf.Tensor2D {
  const [samples, height, width, channels] = x.shape;
  const pool = tf.customGrad((input) => ({
    value: tf.reshape(tf.avgPool(input as tf.Tensor4D, [height, width], 1, "valid"), [samples, channels]),
    gradFunc: (dy: tf.Tensor) => {
      const share = tf.reshape(tf.div(dy, height * width), [samples, 1, 1, channels]);
      return tf.tile(share, [1, height, width, 1]);
    },
  }));
  return pool(x) as tf.Tensor2D;
}

/** [N, H, W, C] → [N, C] */
function globalMaxPool(x: tf.Tensor4D): tf.Tensor2D {
  const [samples, height, width, channels] = x.shape;
  return tf.reshape(tf.maxPool(x, [height, width], 1, "valid"), [samples, channels]);
}
