import { lax, nn, numpy as np, type Array as JaxArray } from "@jax-js/jax";
import { invariant } from "../../../src/lib/invariant.ts";
import type { ActivationName, Layer, LayerIndex, Network } from "../../../src/ml/models/network.ts";

/** Arrays under torchvision's names, in PyTorch's layouts. */
export type JaxTree = Record<string, JaxArray>;

/**
 * A network's embedding [N, D] in jax-js, channels first. jax-js counts references by hand: whatever is used again
 * later is used as `.ref`. Uses up `input`; leaves `parameters` and `statistics` alone.
 *
 * @param batchStatistics receives each BatchNorm's batch mean and unbiased variance in train mode; null: eval mode,
 *   with `statistics`.
 */
export function jaxForward(
  network: Network,
  parameters: JaxTree,
  statistics: JaxTree,
  input: JaxArray,
  batchStatistics: JaxTree | null,
): JaxArray {
  const results: JaxArray[] = [];
  const usesLeft = countUses(network);
  const take = (index: LayerIndex): JaxArray => {
    const value = results[index] as JaxArray;
    const left = (usesLeft[index] as number) - 1;
    usesLeft[index] = left;
    return left === 0 ? value : value.ref;
  };
  const parameter = (name: string): JaxArray => (parameters[name] as JaxArray).ref;
  for (const layer of network.layers) results.push(run(layer));
  return results[network.embedding] as JaxArray;

  function run(layer: Layer): JaxArray {
    switch (layer.kind) {
      case "input":
        return input;
      case "add":
        return take(layer.inputs[0]).add(take(layer.inputs[1]));
      case "conv": {
        const { name, stride, padding, groups, bias } = layer;
        invariant(!bias, `${name}: no job has a convolution with a bias`);
        const pads: [number, number] = [padding, padding];
        return lax.convGeneralDilated(
          take(layer.input),
          parameter(`${name}.weight`),
          [stride, stride],
          [pads, pads],
          groups === 1 ? {} : { featureGroupCount: groups },
        );
      }
      case "linear": {
        const y = np.matmul(take(layer.input), np.transpose(linearWeight(layer)));
        return layer.bias ? y.add(parameter(`${layer.name}.bias`)) : y;
      }
      case "batchNorm":
        return batchNorm(layer, take(layer.input));
      case "activation":
        return activate(take(layer.input), layer.fn);
      case "maxPool": {
        const { kernel, stride, padding } = layer;
        const edge: [number, number] = [padding, padding];
        // jax-js pads with 0 only, which is no more than any of these: they come from a ReLU.
        const padded = np.pad(take(layer.input), [[0, 0], [0, 0], edge, edge]);
        return lax.reduceWindow(padded, (window) => np.max(window), [kernel, kernel], [stride, stride]);
      }
      case "globalAveragePool":
        return np.mean(take(layer.input), [2, 3]);
      case "globalMaxPool":
        return np.max(take(layer.input), [2, 3]);
      case "gate": {
        const gate = take(layer.gate);
        const [samples, channels] = gate.shape as [number, number];
        return take(layer.input).mul(gate.reshape([samples, channels, 1, 1]));
      }
    }
  }

  function linearWeight(layer: Extract<Layer, { kind: "linear" }>): JaxArray {
    return parameter(`${layer.name}.weight`).reshape([layer.outFeatures, layer.inFeatures]);
  }

  function batchNorm(layer: Extract<Layer, { kind: "batchNorm" }>, x: JaxArray): JaxArray {
    const { name, eps, channels } = layer;
    const perChannel = (vector: JaxArray): JaxArray => vector.reshape([1, channels, 1, 1]);
    const scale = perChannel(parameter(`${name}.weight`));
    const shift = perChannel(parameter(`${name}.bias`));
    let mean: JaxArray;
    let variance: JaxArray;
    let centred: JaxArray;
    if (batchStatistics === null) {
      mean = perChannel((statistics[`${name}.running_mean`] as JaxArray).ref);
      variance = perChannel((statistics[`${name}.running_var`] as JaxArray).ref);
      centred = x.sub(mean);
    } else {
      const rows = x.shape.reduce((product, size) => product * size, 1) / channels;
      mean = np.mean(x.ref, [0, 2, 3], { keepdims: true });
      batchStatistics[`${name}.running_mean`] = mean.ref.reshape([channels]);
      centred = x.sub(mean);
      variance = np.mean(np.square(centred.ref), [0, 2, 3], { keepdims: true });
      batchStatistics[`${name}.running_var`] = variance.ref.reshape([channels]).mul(rows / (rows - 1));
    }
    return centred.mul(scale.div(np.sqrt(variance.add(eps)))).add(shift);
  }
}

function activate(x: JaxArray, name: ActivationName): JaxArray {
  if (name === "relu") return nn.relu(x);
  if (name === "sigmoid") return nn.sigmoid(x);
  invariant(name === "silu", `no job has the activation ${name}`);
  return nn.silu(x);
}

/** How often each layer's result is used: by other layers, and as the embedding. */
function countUses(network: Network): number[] {
  const uses = network.layers.map(() => 0);
  const count = (index: LayerIndex): void => void (uses[index] = (uses[index] as number) + 1);
  for (const layer of network.layers) {
    if (layer.kind === "add") layer.inputs.forEach(count);
    else if (layer.kind !== "input") count(layer.input);
    if (layer.kind === "gate") count(layer.gate);
  }
  count(network.embedding);
  return uses;
}
