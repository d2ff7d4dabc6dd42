import * as tf from "../tfjs/tf.ts";

export interface ImageSides {
  readonly height: number;
  readonly width: number;
}

/** Bilinear to these sides, unless it has them already. @param images [N, H, W, 3] */
export function resizeViews(images: tf.Tensor4D, { height, width }: ImageSides): tf.Tensor4D {
  if (images.shape[1] === height && images.shape[2] === width) return images;
  return tf.image.resizeBilinear(images, [height, width], false, true);
}
