import { invariant } from "../../lib/invariant.ts";
import type { TfAttribute, TfGraph } from "../../formats/tfjsWriter.ts";
import type { Layer, LayerIndex } from "../models/network.ts";
import type { StateDict } from "../models/weights.ts";
import type { Preprocessing } from "../tensors/normalizeImages.ts";
import { activationOf } from "./tfjsActivations.ts";
import { float32, TfBuilder } from "./tfjsBuilder.ts";
import { layOut, outputsOf, type TrainedNetwork } from "./trainedNetwork.ts";

interface TfjsOptions {
  readonly withHead: boolean;
  readonly generatedBy: string;
}

/**
 * A trained network as a TensorFlow.js graph. Its input, `images`, is RGB in [−1, 1], [batch, S, S, 3], as Keras's
 * mobile networks take them; the student's own normalisation is in the graph.
 */
export function tfjsOf(trained: TrainedNetwork, { withHead, generatedBy }: TfjsOptions): TfGraph {
  const { network, imageSize, preprocessing } = trained;
  const wanted = outputsOf(network, withHead);
  const graph = new LayersAsNodes(trained.state);
  const shape = [-1, imageSize, imageSize, 3];
  const input = graph.placeholder("images", shape);
  const images = graph.normalise(input, preprocessing);
  const nameOf = layOut(network, wanted, (layer, index, before) => graph.add(layer, index, images, before));
  for (const { name, layer } of wanted) graph.node("Identity", name, [nameOf(layer)], float32);
  return {
    nodes: graph.nodes,
    weights: graph.weights,
    inputs: [{ name: "images", shape }],
    outputs: wanted.map(({ name, dim }) => ({ name, shape: [-1, dim] })),
    generatedBy,
    metadata: { architecture: network.title, input_size: String(imageSize), input_range: "-1 1" },
  };
}

/** Lays layers as nodes, weights by their names. */
class LayersAsNodes extends TfBuilder {
  constructor(private readonly state: StateDict) {
    super();
  }

  /** [−1, 1] → (x/2 + ½ − mean)/std */
  normalise(images: string, { mean, std }: Preprocessing): string {
    const scale = this.floats(
      "normalise/scale",
      [3],
      Float32Array.from(std, (each) => 0.5 / each),
    );
    const shift = this.floats(
      "normalise/shift",
      [3],
      Float32Array.from(mean, (each, c) => (0.5 - each) / std[c]!),
    );
    return this.node("AddV2", "normalise", [this.node("Mul", "normalise/scaled", [images, scale]), shift]);
  }

  /** @param at gives the names of results before it. @returns the name of the layer's result. */
  add(layer: Layer, index: LayerIndex, images: string, at: (input: LayerIndex) => string): string {
    const unnamed = `${layer.kind}_${index}`;
    switch (layer.kind) {
      case "input":
        return images;
      case "conv":
        return this.convolution(layer, at(layer.input));
      case "batchNorm": {
        const tensors = ["weight", "bias", "running_mean", "running_var"];
        const weights = tensors.map((tensor) => this.weight(`${layer.name}.${tensor}`));
        return this.node("FusedBatchNormV3", layer.name, [at(layer.input), ...weights], {
          ...float32,
          U: { type: "DT_FLOAT" },
          epsilon: { f: layer.eps },
          is_training: { b: false },
          data_format: { s: btoa("NHWC") },
        });
      }
      case "linear": {
        const { name, inFeatures, outFeatures, bias } = layer;
        const weight = this.weight(`${name}.weight`, [outFeatures, inFeatures]);
        const product = this.node("MatMul", bias ? `${name}/product` : name, [at(layer.input), weight], {
          ...float32,
          transpose_a: { b: false },
          transpose_b: { b: true },
        });
        return bias ? this.node("AddV2", name, [product, this.weight(`${name}.bias`)]) : product;
      }
      case "activation":
        return activationOf(this, layer.fn, unnamed, at(layer.input));
      case "maxPool": {
        const { kernel, stride, padding } = layer;
        const padded =
          padding === 0 ? at(layer.input) : this.padBelowAll(`${unnamed}/padded`, at(layer.input), padding);
        return this.node("MaxPool", unnamed, [padded], {
          ...float32,
          ksize: integers(1, kernel, kernel, 1),
          strides: integers(1, stride, stride, 1),
          padding: { s: btoa("VALID") },
          data_format: { s: btoa("NHWC") },
        });
      }
      case "globalAveragePool":
      case "globalMaxPool":
        return this.node(
          layer.kind === "globalAveragePool" ? "Mean" : "Max",
          unnamed,
          [at(layer.input), this.integers("places", [2], 1, 2)],
          { ...float32, Tidx: { type: "DT_INT32" }, keep_dims: { b: false } },
        );
      case "add":
        return this.node("AddV2", unnamed, layer.inputs.map(at));
      case "gate": {
        const toPlaces = this.node("ExpandDims", `${unnamed}/row`, [
          at(layer.gate),
          this.integers("axis_1", [], 1),
        ]);
        const gate = this.node("ExpandDims", `${unnamed}/place`, [toPlaces, this.integers("axis_1", [], 1)]);
        return this.node("Mul", unnamed, [at(layer.input), gate]);
      }
    }
  }

  private convolution(layer: Extract<Layer, { kind: "conv" }>, x: string): string {
    const { name, groups, inChannels, outChannels, kernel, stride, padding, bias } = layer;
    const isDepthwise = groups > 1 && groups === inChannels;
    invariant(
      groups === 1 || (isDepthwise && outChannels === inChannels),
      `${name}: TensorFlow.js has no such groups`,
    );
    const weight = this.floats(
      `${name}.weight`,
      isDepthwise ? [kernel, kernel, inChannels, 1] : [kernel, kernel, inChannels, outChannels],
      channelsLast(this.tensor(`${name}.weight`), outChannels, inChannels / groups, kernel),
    );
    const convolved = this.node(
      isDepthwise ? "DepthwiseConv2dNative" : "Conv2D",
      bias ? `${name}/product` : name,
      [x, weight],
      {
        ...float32,
        strides: integers(1, stride, stride, 1),
        dilations: integers(1, 1, 1, 1),
        // "SAME" is not symmetric where the stride is 2, and PyTorch's padding is.
        padding: { s: btoa("EXPLICIT") },
        explicit_paddings: integers(0, 0, padding, padding, padding, padding, 0, 0),
        data_format: { s: btoa("NHWC") },
      },
    );
    return bias ? this.node("AddV2", name, [convolved, this.weight(`${name}.bias`)]) : convolved;
  }

  /** With what never is the largest, as PyTorch pads before a maximum. */
  private padBelowAll(name: string, x: string, padding: number): string {
    const paddings = this.integers(
      `${name}/paddings`,
      [4, 2],
      0,
      0,
      padding,
      padding,
      padding,
      padding,
      0,
      0,
    );
    return this.node("PadV2", name, [x, paddings, this.floats("lowest", [], Float32Array.of(-3.4e38))], {
      ...float32,
      Tpaddings: { type: "DT_INT32" },
    });
  }

  private tensor(name: string): Float32Array {
    const tensor = this.state.get(name);
    invariant(tensor !== undefined, `weights lack ${name}`);
    return tensor.data;
  }

  private weight(name: string, shape?: readonly number[]): string {
    const data = this.tensor(name);
    return this.floats(name, shape ?? [data.length], data);
  }
}

function integers(...values: readonly number[]): TfAttribute {
  return { list: { i: values.map(String) } };
}

/** [out, in, k, k] → [k, k, in, out]; of depthwise filters, [C, 1, k, k] → [k, k, C, 1], which has the same order. */
function channelsLast(values: Float32Array, out: number, into: number, kernel: number): Float32Array {
  const area = kernel * kernel;
  const moved = new Float32Array(values.length);
  for (let o = 0; o < out; o++)
    for (let i = 0; i < into; i++)
      for (let at = 0; at < area; at++)
        moved[(at * into + i) * out + o] = values[(o * into + i) * area + at]!;
  return moved;
}
