import * as tf from "../tf.ts";

/** Bilinear to `size` × `size`, unless it is that already. @param images [N, H, W, 3] */
export function resizeViews(images: tf.Tensor4D, size: number): tf.Tensor4D {
  if (images.shape[1] === size && images.shape[2] === size) return images;
  return tf.image.resizeBilinear(images, [size, size], false, true);
}
