/** Checkpoints of our own networks as PyTorch would write them, for tests that need a whole teacher in a file. */
import type { NamedShape } from "../../contract/tensorFact.ts";
import { dictionaryOf, storage, tensor, torchZip } from "../../formats/testing/torchWriter.ts";
import { createPrng } from "../../lib/prng.ts";
import { stateDictSpec, type Network } from "../models/network.ts";

/** The names and shapes of a network's state dict, `num_batches_tracked` left out. */
export function tensorsOf(network: Network): readonly NamedShape[] {
  return stateDictSpec(network)
    .filter(({ role }) => role !== "batchesTracked")
    .map(({ name, shape }) => ({ name, shape }));
}

/** `torch.save({"state_dict": …})` in the zip format, with small random values; variances are positive. */
export async function torchCheckpoint(
  tensors: readonly NamedShape[],
  prefix = "",
): Promise<Uint8Array<ArrayBuffer>> {
  const prng = createPrng(1, "checkpoint");
  const records = new Map<string, Uint8Array>();
  const entries = tensors.map(({ name, shape }, i) => {
    const length = shape.reduce((a, b) => a * b, 1);
    const isVariance = name.endsWith("running_var");
    const values = Float32Array.from({ length }, () => (isVariance ? 1 : 0.1 * prng.normal()));
    records.set(String(i), new Uint8Array(values.buffer));
    const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
    return [prefix + name, tensor(storage({ key: String(i), length }), 0, shape, strides)] as const;
  });
  return torchZip(dictionaryOf({ state_dict: dictionaryOf(Object.fromEntries(entries)) }), records);
}
