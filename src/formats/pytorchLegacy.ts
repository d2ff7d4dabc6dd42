import { AppError } from "../contract/errors.ts";
import { readPickle } from "./pickle.ts";
import type { PickleHost } from "./pickleMachine.ts";
import { describePickle, PickleDict, PickleList, type PickleValue } from "./pickleValues.ts";
import type { TorchFile } from "./torchFile.ts";
import { TorchHost, type TorchStorage } from "./torchObjects.ts";
import { attachStorages, flattenTree } from "./torchTree.ts";

const magicNumber = 0x1950a86a20f9469cfc6cn;
const protocolVersion = 1001;

/** The first pickle of a legacy checkpoint: PROTO, LONG1 of ten bytes, the magic number, STOP. */
export function isPytorchLegacy(head: Uint8Array): boolean {
  const expected = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];
  return head[0] === 0x80 && expected.every((byte, i) => head[2 + i] === byte);
}

/**
 * Reads a checkpoint as PyTorch wrote it before 1.6: pickles of a magic number, a version, facts about the
 * machine, the object tree and the list of storage keys, one after another; then, in that list's order, each
 * storage as its element count (64 bits) and its elements.
 *
 * @throws AppError naming what is missing, contradictory or not permitted.
 */
export function readPytorchLegacy(bytes: Uint8Array<ArrayBuffer>): TorchFile {
  const host = new TorchHost();
  let at = 0;
  const next = (permitted: PickleHost): PickleValue => {
    const { value, end } = readPickle(bytes, permitted, at);
    at = end;
    return value;
  };
  if (next(plainValues) !== magicNumber)
    throw new AppError(
      "file-unreadable",
      "This is a pickle, but not one that torch.save wrote: the magic number is missing.",
      {
        hint: "Save a state dict: torch.save(model.state_dict(), path).",
      },
    );
  const version = next(plainValues);
  if (version !== protocolVersion)
    throw new AppError(
      "file-unsupported",
      `The checkpoint has format version ${describePickle(version)}; ${protocolVersion} is read here.`,
    );
  const bigEndian = isBigEndian(next(plainValues));
  const tree = flattenTree(next(host));
  const keys = next(plainValues);
  if (!(keys instanceof PickleList)) throw unreadable("the list of its storages is missing");

  const found = new Map<TorchStorage, Uint8Array<ArrayBuffer>>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const key of keys.items) {
    const storage = typeof key === "string" ? host.storages.get(key) : undefined;
    if (storage === undefined) throw unreadable("it lists a storage that no tensor uses");
    if (found.has(storage)) throw unreadable(`it lists storage ${storage.key} twice`);
    if (bytes.length - at < 8) throw unreadable(`it ends before storage ${storage.key}`);
    const length = view.getBigInt64(at, !bigEndian);
    at += 8;
    if (length !== BigInt(storage.length))
      throw unreadable(`storage ${storage.key} has ${length} elements, but ${storage.length} are declared`);
    if (storage.byteLength > bytes.length - at)
      throw unreadable(
        `storage ${storage.key} needs ${storage.byteLength} bytes, but ${bytes.length - at} are left`,
      );
    found.set(storage, bytes.subarray(at, at + storage.byteLength));
    at += storage.byteLength;
  }
  const bytesOf = (storage: TorchStorage): Uint8Array<ArrayBuffer> => {
    const data = found.get(storage);
    if (data === undefined) throw unreadable(`storage ${storage.key} is missing`);
    return data;
  };
  const tensors = attachStorages(tree.tensors, bytesOf, bigEndian);
  const notes =
    at === bytes.length
      ? tree.notes
      : [...tree.notes, `${bytes.length - at} bytes after the end are not read.`];
  return { format: "pytorch-legacy", tensors, metadata: tree.metadata, notes };
}

/** For the pickles around the object tree, which hold numbers, texts, lists and dicts only. */
const plainValues: PickleHost = {
  findGlobal(module, name) {
    throw new AppError(
      "file-refused",
      `The checkpoint was refused: its preamble needs ${JSON.stringify(`${module}.${name}`.slice(0, 100))}.`,
    );
  },
  loadPersistent() {
    throw new AppError("file-refused", "The checkpoint was refused: its preamble refers to a storage.");
  },
};

function isBigEndian(facts: PickleValue): boolean {
  if (!(facts instanceof PickleDict))
    throw unreadable("the facts about the machine that wrote it are missing");
  const littleEndian = facts.entries.get("little_endian");
  if (typeof littleEndian !== "boolean") throw unreadable("its byte order is missing");
  return !littleEndian;
}

function unreadable(why: string): AppError {
  return new AppError("file-unreadable", `The checkpoint cannot be read: ${why}.`, {
    hint: "The file is incomplete or damaged. Download or save it again.",
  });
}
