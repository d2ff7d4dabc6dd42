import type { Sliced } from "../../lib/slices.ts";
import { forward } from "../executors/forward.ts";
import type { Network } from "../models/network.ts";
import type { Weights } from "../models/weights.ts";
import type { Render } from "../teachers/plainEmbeddings.ts";
import { embedInSlices } from "../tensors/embedInSlices.ts";
import { imageNetPreprocessing, normalizeImages } from "../tensors/normalizeImages.ts";
import * as tf from "../tfjs/tf.ts";

/** Batches from which an untrained network's BatchNorm statistics are taken. */
const calibrationBatches = 8;
const calibrationBatchSize = 64;

/** A student as it was at some step. */
export interface Snapshot {
  readonly network: Network;
  readonly weights: Weights;
}

/**
 * Gives an untrained network running statistics: the plain average over some training batches. Its stored ones say
 * nothing, so this is the strongest network that has learnt nothing.
 */
export async function* calibrate(
  { network, weights }: Snapshot,
  bank: Int32Array,
  render: Render,
  task: string,
): Sliced<void> {
  for (let i = 0; i < calibrationBatches; i++) {
    const indices = bank.subarray(i * calibrationBatchSize, (i + 1) * calibrationBatchSize);
    if (indices.length < Math.min(bank.length, calibrationBatchSize)) return;
    tf.tidy(() => {
      const input = normalizeImages(render(indices), imageNetPreprocessing);
      forward(network, weights, input, [network.embedding], {
        mode: "train",
        statisticsMomentum: 1 / (i + 1),
      });
    });
    yield { task, done: 0, total: 1 };
  }
}

/** Results of layers, side by side: [indices.length, the sum of their widths]; the caller disposes of them. */
export function embedBySnapshot(
  snapshot: Snapshot,
  indices: Int32Array,
  render: Render,
  wanted: readonly number[],
  task: string,
): Sliced<tf.Tensor2D> {
  return embedInSlices({ task, indices, render, embed: (views) => layersOf(snapshot, views, wanted) });
}

/** @param views [N, V, V, 3] in [0, 1]. */
export function layersOf(
  { network, weights }: Snapshot,
  views: tf.Tensor4D,
  wanted: readonly number[],
): tf.Tensor2D {
  return tf.tidy(() => {
    const input = normalizeImages(views, imageNetPreprocessing);
    const results = forward(network, weights, input, wanted, { mode: "eval" }) as tf.Tensor2D[];
    return results.length === 1 ? results[0]! : tf.concat(results, 1);
  });
}
