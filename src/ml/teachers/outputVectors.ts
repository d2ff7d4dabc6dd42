import { AppError } from "../../contract/errors.ts";
import { poolings, type Pooling } from "../../contract/teacher.ts";
import { poolingsOf } from "../../formats/outputPoolings.ts";
import * as tf from "../tfjs/tf.ts";

/**
 * One vector an image of a network's output, [N, D], [N, T, D] or feature maps.
 *
 * @param pooling what is made of it; unless told, what its rank asks for.
 * @param channels where the runtime has the channels of maps whose shape does not tell.
 * @throws AppError "file-unsupported" when that cannot be made of it.
 */
export function vectorsOf(
  output: tf.Tensor,
  pooling: Pooling | undefined,
  channels: "first" | "last",
): tf.Tensor2D {
  const possible = poolingsOf(output.rank);
  const chosen = pooling ?? possible[0];
  if (output.rank < 2 || output.rank > 4 || chosen === undefined || !possible.includes(chosen)) {
    const what = `The output is [${output.shape.slice(1).join(", ")}] for an image`;
    throw new AppError(
      "file-unsupported",
      pooling === undefined || output.rank < 2 || output.rank > 4
        ? `${what}, which is neither a vector, nor tokens, nor feature maps`
        : `${what}, of which “${poolings[pooling]}” cannot be made`,
      { hint: "Choose another output, or another way to pool it." },
    );
  }
  switch (chosen) {
    case "none":
      return output as tf.Tensor2D;
    case "firstToken":
      return tf.squeeze(tf.slice3d(output as tf.Tensor3D, [0, 0, 0], [-1, 1, -1]), [1]);
    case "meanToken":
      return tf.mean(output, 1);
    case "average":
      return tf.mean(output, placeAxes(output.shape, channels));
  }
}

/** Where in feature maps the places are. Images are square, so they are two axes of one length. */
function placeAxes([, a, b, c]: readonly number[], channels: "first" | "last"): number[] {
  if (a === b && b === c) return channels === "first" ? [2, 3] : [1, 2];
  return b === c ? [2, 3] : [1, 2];
}
