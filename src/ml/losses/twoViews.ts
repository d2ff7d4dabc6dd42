import { rowDots } from "../tensors/rowDots.ts";
import type { UnitRows } from "../tensors/unitRows.ts";
import * as tf from "../tfjs/tf.ts";

/** One network's unit embeddings of both views of the same N images, [N, D] each. */
export interface TwoViews {
  readonly first: UnitRows;
  readonly second: UnitRows;
}

/** meanᵢ cos over both crossings: view 1's prediction against view 2's target and the other way round. */
export function crossedCosines(predictions: TwoViews, targets: TwoViews): tf.Scalar {
  const mean = (a: UnitRows, b: UnitRows): tf.Scalar => tf.mean(rowDots(a, b));
  return tf.add(mean(predictions.first, targets.second), mean(predictions.second, targets.first));
}
