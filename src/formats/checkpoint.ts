import { AppError } from "../contract/errors.ts";
import { fileKindOf, kindBytes } from "./fileKind.ts";
import { readPytorchLegacy } from "./pytorchLegacy.ts";
import { readPytorchZip } from "./pytorchZip.ts";
import { quote } from "./quote.ts";
import { readSafetensors } from "./safetensors.ts";
import type { StoredTensor } from "./storedTensor.ts";
import type { MetadataValue } from "./torchTree.ts";
import { openZip } from "./zip.ts";

/** A file of weights, read whole or refused. */
export interface Checkpoint {
  readonly format: "safetensors" | "pytorch-zip" | "pytorch-legacy";
  /** By the file's own names; nested containers are joined with dots ("state_dict.module.encoder_q.conv1.weight"). */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Numbers and texts beside the tensors, e.g. "epoch". */
  readonly metadata: ReadonlyMap<string, MetadataValue>;
  /** Tensors with NaN or infinite values. They are legal in a file; no network should get them. */
  readonly nonFinite: readonly { readonly name: string; readonly count: number }[];
  /** Facts a person should see. */
  readonly notes: readonly string[];
}

/** What one ArrayBuffer holds in every browser. */
export const maxCheckpointBytes = 2 ** 31 - 1;

/** PyTorch stores weights as they are, and they hardly deflate: what unpacks further is zeros. */
export const mostInflation = 40;
export const freeInflationBytes = 64 * 1024 * 1024;

/**
 * Reads a checkpoint of whatever kind its bytes say it is. Nothing in the file is ever run.
 *
 * @param name for messages, and to say more about a file that is nothing we know.
 * @throws AppError "file-unreadable", "file-unsupported" or "file-refused" with the reason.
 */
export async function readCheckpoint(
  file: Blob | Uint8Array<ArrayBuffer>,
  name: string,
): Promise<Checkpoint> {
  const size = file instanceof Uint8Array ? file.length : file.size;
  const who = quote(name);
  if (size === 0)
    throw new AppError("file-unreadable", `${who} is empty (0 bytes).`, { hint: "Download it again." });
  if (size > maxCheckpointBytes)
    throw new AppError("file-refused", `${who} has ${(size / 1e9).toFixed(1)} GB; at most 2.1 GB are read.`);
  const found = fileKindOf(await readBytes(file, 0, kindBytes), name, size);
  const safetensorsByName = /\.safetensors$/i.test(name);
  let content: Pick<Checkpoint, "format" | "tensors" | "metadata" | "notes">;
  if (found.kind === "safetensors" || (found.kind === "unknown" && safetensorsByName)) {
    content = { format: "safetensors", notes: [], ...readSafetensors(await readBytes(file, 0, size)) };
  } else if (found.kind === "zip" && !safetensorsByName) {
    content = await readPytorchZip(await openCheckpointZip(file));
  } else if (found.kind === "pytorch-legacy" && !safetensorsByName) {
    content = readPytorchLegacy(await readBytes(file, 0, size));
  } else if (found.kind === "zip" || found.kind === "pytorch-legacy") {
    throw new AppError("file-unreadable", `${who} is a PyTorch checkpoint or zip under a safetensors name.`, {
      hint: "Rename it to .pth if that is what you expected; otherwise download it again.",
    });
  } else if (found.kind === "onnx") {
    throw new AppError("file-unsupported", `${who} is an ONNX model, not a checkpoint.`, {
      hint: "Load it as a teacher: the page recognises ONNX models there.",
    });
  } else {
    const code = found.kind === "unknown" ? "file-unreadable" : "file-unsupported";
    throw new AppError(code, `${who} is ${found.what} (${size} bytes).`, { hint: found.hints.teacher });
  }
  const nonFinite = [...content.tensors.values()]
    .map((tensor) => ({ name: tensor.name, count: tensor.countNonFinite() }))
    .filter(({ count }) => count > 0);
  return { ...content, nonFinite };
}

async function openCheckpointZip(file: Blob | Uint8Array<ArrayBuffer>): ReturnType<typeof openZip> {
  const size = file instanceof Uint8Array ? file.length : file.size;
  const totalBytes = Math.min(maxCheckpointBytes, freeInflationBytes + mostInflation * size);
  const archive = await openZip(file, { entries: 100_000, totalBytes });
  if (archive.entries.some(({ path }) => /(^|\/)model\.json$/.test(path)))
    throw new AppError("file-unsupported", "This zip holds a TensorFlow.js model, not a checkpoint.", {
      hint: "Load it as a teacher: the page recognises TensorFlow.js models there.",
    });
  return archive;
}

async function readBytes(
  file: Blob | Uint8Array<ArrayBuffer>,
  start: number,
  end: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (file instanceof Uint8Array) return file.subarray(start, end);
  try {
    return new Uint8Array(await file.slice(start, end).arrayBuffer());
  } catch (error) {
    throw new AppError("file-unreadable", "The file could not be opened.", {
      hint: "It may have been moved, changed or removed since it was chosen. Choose it again.",
      cause: error,
    });
  }
}
