import { foldBatchNorm } from "../wasm/trainBatchNorm.ts";
import type { WasmHeap } from "../wasm/wasmHeap.ts";
import type * as tf from "../tfjs/tf.ts";
import { freeWith, type Weights } from "../models/weights.ts";

/** A convolution with the frozen BatchNorm behind it. */
export interface FoldedFilter {
  readonly filter: tf.TensorInfo;
  readonly bias: tf.TensorInfo;
}

interface Entry extends FoldedFilter {
  /** What it was made from, so that it is made anew when any of that was assigned. */
  readonly madeFrom: readonly object[];
  free(): void;
}

const kept = new WeakMap<Weights, Map<string, Entry>>();

/** Made once for as long as the weights stay; a frozen teacher's filters are also packed by the backend only once then. */
export function foldedFilter(
  heap: WasmHeap,
  weights: Weights,
  name: string,
  filter: tf.Tensor,
  norm: Record<"mean" | "variance" | "gamma" | "beta", tf.Tensor>,
  eps: number,
): FoldedFilter {
  let entries = kept.get(weights);
  if (entries === undefined) {
    kept.set(weights, (entries = new Map<string, Entry>()));
    freeWith(weights, forgetFoldedFilters);
  }
  const before = entries.get(name);
  const sources = [filter, norm.mean, norm.variance, norm.gamma, norm.beta];
  if (before !== undefined && sources.every(({ dataId }, i) => before.madeFrom[i] === dataId)) return before;
  before?.free();
  const folded = foldBatchNorm(heap, filter, norm, eps);
  entries.set(name, {
    ...folded,
    madeFrom: sources.map(({ dataId }) => dataId),
    free: () => [folded.filter, folded.bias].forEach((info) => heap.free(info)),
  });
  return folded;
}

/** To be called when running statistics are about to change in place; of weights disposed of it happens by itself. */
export function forgetFoldedFilters(weights: Weights): void {
  for (const entry of kept.get(weights)?.values() ?? []) entry.free();
  kept.delete(weights);
}
