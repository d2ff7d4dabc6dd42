import type { TeacherCard } from "../../contract/teacher.ts";
import type { Network } from "../models/network.ts";
import { forward } from "../models/referenceExecutor.ts";
import { disposeWeights, type Weights } from "../models/weights.ts";
import { normalizeImages, type Preprocessing } from "../tensors/normalizeImages.ts";
import type * as tf from "../tf.ts";
import { resizeViews } from "./resizeViews.ts";
import type { Embedded, Teacher, TeacherBatchNorm } from "./teacher.ts";

/** A teacher described as one of our networks, with weights from a checkpoint. Owns and disposes of the weights. */
export class NetworkTeacher implements Teacher {
  readonly supportsTrainBatchNorm = true;

  constructor(
    readonly card: TeacherCard,
    readonly network: Network,
    readonly weights: Weights,
    readonly preprocessing: Preprocessing,
  ) {}

  /** The side its network sees of views of another side. */
  sideFor(viewSide: number, inputSize: number): number {
    return inputSize || this.card.inputSize || viewSide;
  }

  embed(images: tf.Tensor4D, batchNorm: TeacherBatchNorm, inputSize: number): Embedded {
    const { network, weights } = this;
    const resized = resizeViews(images, this.sideFor(images.shape[1], inputSize));
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
