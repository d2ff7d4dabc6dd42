import { invariant } from "../../lib/invariant.ts";
import type { OnnxGraph } from "../../formats/onnxWriter.ts";
import type { Layer, LayerIndex } from "../models/network.ts";
import type { StateDict } from "../models/weights.ts";
import { activationOf } from "./onnxActivations.ts";
import { OnnxBuilder } from "./onnxBuilder.ts";
import { imagesFromBytes } from "./onnxImages.ts";
import { layOut, outputNames, outputsOf, type TrainedNetwork } from "./trainedNetwork.ts";

interface OnnxOptions {
  /**
   * "float": `pixel_values`, float32 [batch, 3, S, S], normalised by whoever asks. "bytes": `pixels`, uint8
   * [batch, height, width, 3] of any size; the graph cuts the square from the middle, resizes and normalises.
   */
  readonly input: "float" | "bytes";
  /** Another output, `image_embeds`: what the projection head makes of the features. */
  readonly withHead: boolean;
  readonly producer: OnnxGraph["producer"];
}

/** The first opset whose Resize smooths when it shrinks is 18; all else is in 17. */
const opsets = { float: 17, bytes: 18 } as const;

/**
 * A trained network as an ONNX graph, BatchNorm with its running statistics. `pooler_output` are the features; weights
 * keep torchvision's names.
 */
export function onnxOf(trained: TrainedNetwork, { input, withHead, producer }: OnnxOptions): OnnxGraph {
  const { network, imageSize } = trained;
  const wanted = outputsOf(network, withHead);
  const graph = new LayersAsNodes(trained.state);
  const images =
    input === "float" ? "pixel_values" : imagesFromBytes(graph, "pixels", imageSize, trained.preprocessing);
  const nameOf = layOut(network, wanted, (layer, index, before) => graph.add(layer, index, images, before));
  for (const { name, layer } of wanted) graph.node("Identity", name, [nameOf(layer)]);
  return {
    name: "student",
    opset: opsets[input],
    inputs: [
      input === "float"
        ? { name: "pixel_values", type: "float32", shape: ["batch", 3, imageSize, imageSize] }
        : { name: "pixels", type: "uint8", shape: ["batch", "height", "width", 3] },
    ],
    outputs: wanted.map(({ name, dim }) => ({ name, type: "float32", shape: ["batch", dim] })),
    nodes: graph.nodes,
    initializers: graph.initializers,
    metadata: {
      architecture: network.title,
      input_size: String(imageSize),
      image_mean: trained.preprocessing.mean.join(" "),
      image_std: trained.preprocessing.std.join(" "),
    },
    producer,
    description: `${network.title}. ${
      input === "float"
        ? `pixel_values: RGB in 0 … 1, less image_mean, over image_std; ${imageSize} × ${imageSize} pixels.`
        : "pixels: RGB bytes of any size; the graph cuts out the square in the middle, resizes and normalises it."
    } ${outputNames.features}: the features.`,
  };
}

/** Lays layers as nodes, weights by their names. */
class LayersAsNodes extends OnnxBuilder {
  constructor(private readonly state: StateDict) {
    super();
  }

  /** @param at gives the names of results before it. @returns the name of the layer's result. */
  add(layer: Layer, index: LayerIndex, images: string, at: (input: LayerIndex) => string): string {
    const unnamed = `${layer.kind}_${index}`;
    switch (layer.kind) {
      case "input":
        return images;
      case "conv": {
        const { name, kernel, stride, padding, groups, bias } = layer;
        const weights = [this.weight(`${name}.weight`), ...(bias ? [this.weight(`${name}.bias`)] : [])];
        return this.node("Conv", name, [at(layer.input), ...weights], {
          ...window(kernel, stride, padding),
          group: groups,
        });
      }
      case "batchNorm": {
        const tensors = ["weight", "bias", "running_mean", "running_var"];
        const weights = tensors.map((tensor) => this.weight(`${layer.name}.${tensor}`));
        return this.node("BatchNormalization", layer.name, [at(layer.input), ...weights], {
          epsilon: { float: layer.eps },
        });
      }
      case "linear": {
        const { name, inFeatures, outFeatures, bias } = layer;
        const weight = this.weight(`${name}.weight`, [outFeatures, inFeatures]);
        const weights = [weight, ...(bias ? [this.weight(`${name}.bias`)] : [])];
        return this.node("Gemm", name, [at(layer.input), ...weights], { transB: 1 });
      }
      case "activation":
        return activationOf(this, layer.fn, unnamed, at(layer.input));
      case "maxPool":
        return this.node(
          "MaxPool",
          unnamed,
          [at(layer.input)],
          window(layer.kernel, layer.stride, layer.padding),
        );
      case "globalAveragePool":
      case "globalMaxPool": {
        const op = layer.kind === "globalAveragePool" ? "GlobalAveragePool" : "GlobalMaxPool";
        return this.node("Flatten", `${unnamed}_flat`, [this.node(op, unnamed, [at(layer.input)])]);
      }
      case "add":
        return this.node("Add", unnamed, layer.inputs.map(at));
      case "gate": {
        const places = this.constant("gate_axes", [2], [2, 3]);
        const gate = this.node("Unsqueeze", `${unnamed}_places`, [at(layer.gate), places]);
        return this.node("Mul", unnamed, [at(layer.input), gate]);
      }
    }
  }

  /** A tensor of the state dict, in this shape where the file's is another. */
  private weight(name: string, shape?: readonly number[]): string {
    const tensor = this.state.get(name);
    invariant(tensor !== undefined, `weights lack ${name}`);
    return this.constant(name, shape ?? tensor.shape, tensor.data);
  }
}

function window(kernel: number, stride: number, padding: number): Record<string, readonly number[]> {
  return {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: [padding, padding, padding, padding],
  };
}
