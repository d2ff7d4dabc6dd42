import type { Normalisation } from "../../contract/teacher.ts";
import * as tf from "../tfjs/tf.ts";
import { ownKernels } from "./ownKernels.ts";

/** What a network wants done to RGB in [0, 1]: (x − mean)/std per channel. */
export interface Preprocessing {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** The statistics of ImageNet's training set, as torchvision and the authors use them. */
export const imageNetPreprocessing: Preprocessing = {
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};
/** To [−1, 1], as Keras's MobileNets want it. */
const symmetricPreprocessing: Preprocessing = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
/** Nothing at all: the network takes the numbers as they come. */
export const noPreprocessing: Preprocessing = { mean: [0, 0, 0], std: [1, 1, 1] };
/** The statistics of CLIP's training images, as OpenAI published them. */
const clipPreprocessing: Preprocessing = {
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
};
/** Back to bytes, for networks that normalise for themselves. */
const bytePreprocessing: Preprocessing = { mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] };

/** By the names that a visitor chooses among. */
export const preprocessings: Readonly<Record<Normalisation, Preprocessing>> = {
  zeroOne: noPreprocessing,
  symmetric: symmetricPreprocessing,
  imageNet: imageNetPreprocessing,
  clip: clipPreprocessing,
  none: bytePreprocessing,
};

/** @param images [N, H, W, 3] in [0, 1]; a constant. */
export function normalizeImages(images: tf.Tensor4D, { mean, std }: Preprocessing): tf.Tensor4D {
  const kernels = images.size > 0 && images.shape[3] === 3 ? ownKernels("NormaliseChannels") : null;
  if (kernels !== null) return kernels.NormaliseChannels({ x: images }, { mean, std })[0] as tf.Tensor4D;
  return tf.tidy(() => tf.div(tf.sub(images, tf.tensor1d([...mean])), tf.tensor1d([...std])));
}
