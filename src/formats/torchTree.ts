import { AppError } from "../contract/errors.ts";
import { describePickle, PickleDict, PickleList, PickleTuple, type PickleValue } from "./pickleValues.ts";
import { quote } from "./quote.ts";
import { elementBytes, elementCount, StoredTensor } from "./storedTensor.ts";
import { TorchNamespace, TorchTensor, type TorchStorage } from "./torchObjects.ts";

export type MetadataValue = string | number | boolean;

/** A checkpoint's nested containers, flattened. */
export interface TorchTree {
  /** By path: keys joined with dots, list positions as `[i]`; a checkpoint that is one tensor calls it "tensor". */
  readonly tensors: ReadonlyMap<string, TorchTensor>;
  /** The numbers, texts and truth values beside them, e.g. "epoch", "optimizer.param_groups[0].lr". */
  readonly metadata: ReadonlyMap<string, MetadataValue>;
  readonly notes: readonly string[];
}

const maxDepth = 64;
const maxNodes = 1_000_000;
const maxTensors = 100_000;
const maxPathLength = 1000;
const maxMetadata = 1000;
const maxTextLength = 500;

/**
 * Walks the containers. Shared ones are walked each time they occur, so the number of visits is bounded; cycles
 * run into the depth limit.
 *
 * @throws AppError "file-refused" over a limit, "file-unreadable" when two tensors have the same path.
 */
export function flattenTree(root: PickleValue): TorchTree {
  const tensors = new Map<string, TorchTensor>();
  const metadata = new Map<string, MetadataValue>();
  let leftOut = 0;
  let nodes = 0;

  const keep = (path: string, value: MetadataValue): void => {
    if (metadata.size < maxMetadata) metadata.set(path, value);
    else leftOut++;
  };
  const visit = (value: PickleValue, path: string, depth: number): void => {
    if (depth > maxDepth) throw refused(`its containers are nested more than ${maxDepth} deep`);
    if (++nodes > maxNodes) throw refused(`its containers hold more than ${maxNodes} values`);
    if (path.length > maxPathLength) throw refused(`a name in it is longer than ${maxPathLength} characters`);
    if (value instanceof TorchTensor) {
      const name = path === "" ? "tensor" : path;
      if (tensors.has(name))
        throw new AppError("file-unreadable", `Two tensors of the checkpoint are called ${quote(name)}.`);
      if (tensors.size === maxTensors) throw refused(`it holds more than ${maxTensors} tensors`);
      tensors.set(name, value);
    } else if (value instanceof PickleDict) {
      for (const [key, item] of value.entries)
        visit(item, path === "" ? keyText(key) : `${path}.${keyText(key)}`, depth + 1);
    } else if (value instanceof TorchNamespace) {
      visit(value.attributes, path, depth + 1);
    } else if (value instanceof PickleList || value instanceof PickleTuple) {
      value.items.forEach((item, i) => visit(item, `${path}[${i}]`, depth + 1));
    } else if (typeof value === "string") {
      keep(path, value.length > maxTextLength ? `${value.slice(0, maxTextLength)}…` : value);
    } else if (typeof value === "number" || typeof value === "boolean") {
      keep(path, value);
    } else if (typeof value === "bigint") {
      keep(path, String(value));
    }
  };
  visit(root, "", 0);
  const notes = leftOut === 0 ? [] : [`${leftOut} further values beside the tensors are not listed.`];
  return { tensors, metadata, notes };
}

function keyText(key: PickleValue): string {
  return typeof key === "string" ? key : describePickle(key);
}

function refused(why: string): AppError {
  return new AppError("file-refused", `The checkpoint was refused: ${why}.`);
}

/**
 * Joins the tensors with the bytes of their storages.
 *
 * A view may repeat its storage's elements (stride 0), and a file of a few bytes so claim terabytes; the sum of
 * all tensors is held to a small multiple of the bytes that are really there.
 */
export function attachStorages(
  tensors: ReadonlyMap<string, TorchTensor>,
  bytesOf: (storage: TorchStorage) => Uint8Array<ArrayBuffer>,
  bigEndian: boolean,
): Map<string, StoredTensor> {
  const storages = new Map<TorchStorage, number>();
  let expanded = 0;
  for (const { storage, dtype, shape } of tensors.values()) {
    storages.set(storage, bytesOf(storage).length);
    expanded += elementCount(shape) * elementBytes[dtype];
  }
  const present = [...storages.values()].reduce((sum, bytes) => sum + bytes, 0);
  const limit = 8 * present + 16 * 1024 * 1024;
  if (expanded > limit)
    throw refused(
      `its tensors would expand ${present} stored bytes to ${expanded}, over the limit of ${limit}`,
    );
  const result = new Map<string, StoredTensor>();
  for (const [name, { storage, dtype, offset, shape, strides }] of tensors)
    result.set(
      name,
      new StoredTensor({ name, dtype, shape, storage: bytesOf(storage), offset, strides, bigEndian }),
    );
  return result;
}
