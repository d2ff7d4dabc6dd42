import { rowDots } from "../tensors/rowDots.ts";
import type { UnitRows } from "../tensors/unitRows.ts";
import * as tf from "../tfjs/tf.ts";

type Pair = readonly [student: UnitRows, teacher: UnitRows];

/** How alike student and teacher embed both views, [N, D] each: the mean over images and views of ⟨s, t⟩, in [−1, 1]. */
export function meanCosine(first: Pair, second: Pair): tf.Scalar {
  return tf.tidy(() => tf.mean(tf.add(rowDots(...first), rowDots(...second))).div(2));
}
