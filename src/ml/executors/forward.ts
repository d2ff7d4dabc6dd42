import { neededLayers, type LayerIndex, type Network } from "../models/network.ts";
import type { Weights } from "../models/weights.ts";
import * as tf from "../tfjs/tf.ts";
import { WasmHeap } from "../wasm/wasmHeap.ts";
import type { ForwardOptions } from "./forwardOptions.ts";
import { forwardLayerByLayer } from "./layerByLayer.ts";
import { forwardOnHeap, runsOnHeap } from "./wasmPass.ts";

/** Which executor `forward` chooses for a network on the present backend. */
export function executorOf(network: Network): "wasmPass" | "layerByLayer" {
  return heapFor(network) === null ? "layerByLayer" : "wasmPass";
}

/**
 * Runs a network as described, on whatever backend tfjs has: as one pass over WASM's memory where its layers allow that,
 * else layer by layer.
 *
 * Call inside `tf.tidy` or a gradient function: intermediate results belong to the caller's scope.
 *
 * @param input [N, H, W, C], already normalised.
 * @param wanted layers whose results are returned; layers that none of them needs are not run.
 */
export function forward(
  network: Network,
  weights: Weights,
  input: tf.Tensor4D,
  wanted: readonly LayerIndex[],
  options: ForwardOptions,
): tf.Tensor[] {
  const heap = heapFor(network);
  if (heap !== null) return passOnHeap(heap, 1, network, weights, input, wanted, options);
  const needed = neededLayers(network.layers, wanted);
  const results = forwardLayerByLayer(network, weights, input, wanted, needed, options);
  countBatches(1, network, weights, needed, options);
  return results;
}

/**
 * Runs a network on several batches of one size as `forward` does, one after the other: each has BatchNorm statistics of
 * its own, which the running ones follow in that order. On WASM they go in one pass, whose results are the same but for
 * the order in which gradients are summed.
 *
 * @returns for each input what `forward` returns.
 */
export function forwardViews(
  network: Network,
  weights: Weights,
  inputs: readonly tf.Tensor4D[],
  wanted: readonly LayerIndex[],
  options: ForwardOptions,
): tf.Tensor[][] {
  const heap = heapFor(network);
  if (heap === null || inputs.length === 1)
    return inputs.map((input) => forward(network, weights, input, wanted, options));
  const all = tf.concat([...inputs]);
  const results = passOnHeap(heap, inputs.length, network, weights, all, wanted, options);
  const parts = results.map((result) => tf.split(result, inputs.length));
  return inputs.map((_, view) => parts.map((part) => part[view] as tf.Tensor));
}

/** WASM's memory, where a whole pass of the network is one operation. */
function heapFor(network: Network): WasmHeap | null {
  const heap = WasmHeap.current();
  return heap !== null && runsOnHeap(network) ? heap : null;
}

/** @param input of as many views, one behind the other. */
function passOnHeap(
  heap: WasmHeap,
  views: number,
  network: Network,
  weights: Weights,
  input: tf.Tensor4D,
  wanted: readonly LayerIndex[],
  options: ForwardOptions,
): tf.Tensor[] {
  const needed = neededLayers(network.layers, wanted);
  const results = forwardOnHeap(heap, network, weights, input, wanted, needed, options, views);
  countBatches(views, network, weights, needed, options);
  return results;
}

/** A pass that moves running statistics counts. */
function countBatches(
  views: number,
  { layers }: Network,
  weights: Weights,
  needed: ReadonlySet<LayerIndex>,
  { mode }: ForwardOptions,
): void {
  if (mode !== "train") return;
  if (layers.some(({ kind }, index) => kind === "batchNorm" && needed.has(index)))
    weights.batchesTracked += views;
}
