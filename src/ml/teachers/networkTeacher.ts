import type { TeacherCard } from "../../contract/teacher.ts";
import type { Network } from "../models/network.ts";
import { forward } from "../executors/forward.ts";
import { disposeWeights, type Weights } from "../models/weights.ts";
import { normalizeImages, type Preprocessing } from "../tensors/normalizeImages.ts";
import type * as tf from "../tfjs/tf.ts";
import { resizeViews, type ImageSides } from "./resizeViews.ts";
import type { Embedded, Teacher, TeacherBatchNorm } from "./teacher.ts";

/** A teacher described as one of our networks, with weights from a checkpoint. Owns and disposes of the weights. */
export class NetworkTeacher implements Teacher {
  readonly supportsTrainBatchNorm = true;
  readonly embeds = "now";

  constructor(
    readonly card: TeacherCard,
    readonly network: Network,
    readonly weights: Weights,
    readonly preprocessing: Preprocessing,
  ) {}

  /** How large its network sees views. */
  inputSides(views: ImageSides, inputSize: number): ImageSides {
    const side = inputSize || this.card.inputSize;
    return side === 0 ? views : { height: side, width: side };
  }

  embed(images: tf.Tensor4D, batchNorm: TeacherBatchNorm, inputSize: number): Embedded {
    const { network, weights } = this;
    const [, height, width] = images.shape;
    const resized = resizeViews(images, this.inputSides({ height, width }, inputSize));
    const input = normalizeImages(resized, this.preprocessing);
    const [embedding, features] = forward(network, weights, input, [network.embedding, network.features], {
      mode: batchNorm,
    }) as [tf.Tensor2D, tf.Tensor2D];
    return { embedding, features };
  }

  dispose(): void {
    disposeWeights(this.weights);
  }
}
