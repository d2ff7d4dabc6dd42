import { invariant } from "../../lib/invariant.ts";
import type { Network } from "../models/network.ts";
import type { Weights } from "../models/weights.ts";
import type { Preprocessing } from "../tensors/normalizeImages.ts";
import * as tf from "../tfjs/tf.ts";
import { planForward } from "./lowering/planForward.ts";
import { placeNetwork, type NetworkMemory } from "./plan/placeNetwork.ts";
import type { Value } from "./plan/value.ts";
import type { Granularity } from "../wgsl/granularity.ts";
import { normaliseImages } from "../wgsl/elementwise.ts";
import { allTensors } from "./plan/parameterLayout.ts";
import { Plan, type BuiltPlan, type PlanTensor } from "./plan/plan.ts";
import { profilePlan, type LaunchTimes } from "./plan/profilePlan.ts";
import { tensorOver, type TfjsGpu } from "../tfjs/tfjsGpu.ts";

export interface ImagesShape {
  readonly samples: number;
  readonly height: number;
  readonly width: number;
}

/** Images as they come, [samples, H, W, 3] in [0, 1], and as networks take them. */
export interface PlannedImages {
  readonly raw: PlanTensor;
  readonly height: number;
  readonly width: number;
  readonly constants: { readonly tensor: PlanTensor; readonly data: Float32Array<ArrayBuffer> };
}

export function planImages(
  plan: Plan,
  { samples, height, width }: ImagesShape,
  { mean, std }: Preprocessing,
): PlannedImages {
  const data = Float32Array.of(...mean, 0, ...std.map((value) => 1 / value), 0);
  return {
    raw: plan.persistent("images", samples * height * width * 3),
    height,
    width,
    constants: { tensor: plan.persistent("preprocessing", 8), data },
  };
}

/** Some of the images as a network takes them. */
export function planInput(
  plan: Plan,
  { raw, height, width, constants }: PlannedImages,
  from: number,
  samples: number,
): Value {
  const pixels = samples * height * width;
  const tensor = plan.transient("normalised images", pixels * 4);
  plan.launch(normaliseImages(pixels, from * height * width), [raw, constants.tensor, tensor]);
  return { tensor, samples, height, width, channels: 4 };
}

/** Fills what a plan needs once. */
export function writeConstants(
  built: BuiltPlan,
  constants: readonly {
    readonly tensor: PlanTensor;
    readonly data: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;
  }[],
): void {
  for (const { tensor, data } of constants) built.device.queue.writeBuffer(built.bufferOf(tensor), 0, data);
}

/**
 * A network's evaluation-mode forward pass for one size of batch, as a plan: BatchNorm multiplied into the layers
 * before it, so that a ResNet is nothing but convolutions. Its weights are those of the moment it was made.
 */
export class CompiledEncoder {
  private constructor(
    private readonly gpu: TfjsGpu,
    private readonly built: BuiltPlan,
    private readonly images: PlannedImages,
    readonly shape: ImagesShape,
    private readonly outputs: readonly {
      readonly value: Value;
      readonly width: number;
      readonly tensor: PlanTensor;
    }[],
  ) {}

  static async compile(
    gpu: TfjsGpu,
    network: Network,
    weights: Weights,
    shape: ImagesShape,
    preprocessing: Preprocessing,
    granularity: Granularity,
  ): Promise<CompiledEncoder> {
    const plan = new Plan();
    const images = planImages(plan, shape, preprocessing);
    const input = planInput(plan, images, 0, shape.samples);
    const memory = placeNetwork(plan, network, "encoder");
    const wanted = [network.embedding, network.features];
    const tape = planForward(plan, memory, input, { kind: "folded" }, wanted, granularity);
    const outputs = [
      [network.embedding, network.embeddingDim] as const,
      [network.features, network.featureDim] as const,
    ].map(([layer, width]) => {
      const value = tape.values.get(layer);
      invariant(value !== undefined, "what is wanted is there");
      plan.keep(value.tensor);
      return { value, width, tensor: value.tensor };
    });
    const built = await plan.build(gpu.device);
    writeConstants(built, [images.constants, ...tape.constants]);
    uploadFolded(gpu, memory, weights, built);
    return new CompiledEncoder(gpu, built, images, shape, outputs);
  }

  /**
   * @param images [samples, H, W, 3] in [0, 1].
   * @returns [samples, embeddingDim] and [samples, featureDim], the caller's.
   */
  run(images: tf.Tensor4D): { embedding: tf.Tensor2D; features: tf.Tensor2D } {
    const { gpu, built } = this;
    const source = gpu.bufferOf(images);
    gpu.flush();
    const encoder = gpu.device.createCommandEncoder();
    encoder.copyBufferToBuffer(source, 0, built.bufferOf(this.images.raw), 0, images.size * 4);
    const pass = encoder.beginComputePass();
    built.encode(pass);
    pass.end();
    gpu.device.queue.submit([encoder.finish()]);
    const [embedding, features] = this.outputs.map(({ value, width, tensor }) =>
      tf.tidy(() =>
        tf.slice(
          tensorOver(built.bufferOf(tensor), [value.samples, value.channels]),
          [0, 0],
          [value.samples, width],
        ),
      ),
    ) as [tf.Tensor2D, tf.Tensor2D];
    gpu.flush(); // before the next run overwrites what was sliced
    return { embedding, features };
  }

  profile(): Promise<readonly LaunchTimes[] | null> {
    return profilePlan(this.built);
  }

  dispose(): void {
    this.built.dispose();
  }
}

/**
 * Uploads parameters with each BatchNorm multiplied into the layer before it: w·γ/√(σ²+ε), and the shift as its bias.
 * Behind a max pool it stays a scale and a shift, both with the statistics in them.
 */
function uploadFolded(gpu: TfjsGpu, memory: NetworkMemory, weights: Weights, built: BuiltPlan): void {
  const { network, parameters } = memory;
  tf.tidy(() => {
    const values = new Map<string, tf.Tensor>(allTensors(weights));
    for (const layer of network.layers) {
      if (layer.kind !== "batchNorm") continue;
      const before = network.layers[layer.input];
      const isProduct = before?.kind === "conv" || before?.kind === "linear";
      invariant(isProduct || before?.kind === "maxPool", "BatchNorm follows a product or a max pool");
      const of = (name: string): tf.Tensor => values.get(name) as tf.Tensor;
      const scale = tf.mul(
        of(`${layer.name}.weight`),
        tf.rsqrt(tf.add(of(`${layer.name}.running_var`), layer.eps)),
      );
      const mean = of(`${layer.name}.running_mean`);
      if (!isProduct) {
        values.set(`${layer.name}.weight`, scale);
        values.set(`${layer.name}.bias`, tf.sub(of(`${layer.name}.bias`), tf.mul(mean, scale)));
        continue;
      }
      const weight = of(`${before.name}.weight`);
      const isDepthwise = before.kind === "conv" && before.groups > 1;
      values.set(
        `${before.name}.weight`,
        tf.mul(weight, isDepthwise ? tf.reshape(scale, [1, 1, -1, 1]) : scale),
      );
      const centre = before.bias ? tf.sub(of(`${before.name}.bias`), mean) : tf.neg(mean);
      values.set(`${layer.name}.bias`, tf.add(of(`${layer.name}.bias`), tf.mul(centre, scale)));
    }
    parameters.upload(gpu, values, built.bufferOf(memory.parameterTensor));
  });
}
