import { looksLikeOnnx } from "./onnxModel.ts";
import { isPytorchLegacy } from "./pytorchLegacy.ts";

/** Readers exist for these. */
export type ReadableKind = "safetensors" | "zip" | "pytorch-legacy" | "onnx";

/** A file told by its first bytes, never by its name. */
export type FileKind =
  | { readonly kind: ReadableKind }
  /** Something known that is not a checkpoint we read. `what` completes "This is …"; `hint` says what to do. */
  | { readonly kind: "other"; readonly what: string; readonly hint: string }
  | { readonly kind: "unknown" };

/** Bytes of the file's beginning that `fileKind` wants, if there are as many. */
export const kindBytes = 1024;

interface Signature {
  readonly at?: number;
  readonly bytes: readonly number[] | string;
  readonly what: string;
  readonly hint: string;
}

const downloadAgain = "The address probably needs a login or has moved. Download the file itself.";
const convert = "Save the weights as .safetensors, or with torch.save(model.state_dict(), path).";
const unpack = "Unpack it and choose the checkpoint inside.";

const signatures: readonly Signature[] = [
  { bytes: [0x1f, 0x8b], what: "a gzip archive", hint: unpack },
  { bytes: [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a], what: "an HDF5 (Keras) file", hint: convert },
  { bytes: "7z\xbc\xaf\x27\x1c", what: "a 7z archive", hint: unpack },
  { bytes: "Rar!", what: "a RAR archive", hint: unpack },
  { bytes: "BZh", what: "a bzip2 archive", hint: unpack },
  { bytes: "\xfd7zXZ", what: "an xz archive", hint: unpack },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], what: "a Zstandard archive", hint: unpack },
  { at: 257, bytes: "ustar", what: "a tar archive", hint: unpack },
  { bytes: "GGUF", what: "a GGUF language model", hint: "Choose an image encoder." },
  { at: 4, bytes: "TFL3", what: "a TensorFlow Lite model", hint: convert },
  { bytes: "\x93NUMPY", what: "a NumPy array", hint: convert },
  { bytes: "%PDF", what: "a PDF document", hint: "Choose a checkpoint file." },
  { bytes: "\x89PNG", what: "a PNG image", hint: "Images belong under Data." },
  { bytes: [0xff, 0xd8, 0xff], what: "a JPEG image", hint: "Images belong under Data." },
  {
    bytes: "version https://git-lfs",
    what: "a Git LFS pointer: a note that stands for the file, not the file",
    hint: "Fetch the file itself with `git lfs pull`, or download it from the repository's page.",
  },
];

/** @param head the file's first `kindBytes` bytes, or all of them. @param size of the whole file in bytes. */
export function fileKind(head: Uint8Array, size: number): FileKind {
  if (startsWith(head, "PK\x03\x04") || startsWith(head, "PK\x05\x06")) return { kind: "zip" };
  if (isPytorchLegacy(head)) return { kind: "pytorch-legacy" };
  const known = signatures.find(({ at = 0, bytes }) => startsWith(head, bytes, at));
  if (known !== undefined) return { kind: "other", what: known.what, hint: known.hint };
  if (looksLikeSafetensors(head, size)) return { kind: "safetensors" };
  if (looksLikeOnnx(head)) return { kind: "onnx" };
  const text = new TextDecoder("latin1").decode(head).trimStart().toLowerCase();
  if (/^(<!doctype html|<html|<head|<body)/.test(text))
    return { kind: "other", what: "a web page, not the file it was meant to be", hint: downloadAgain };
  if (text.startsWith("<?xml") || text.startsWith("<error"))
    return {
      kind: "other",
      what: "an XML document, most likely a server's error message",
      hint: downloadAgain,
    };
  if (/^\{\s*"/.test(text))
    return {
      kind: "other",
      what: "a JSON file",
      hint: "If it is the model.json of a TensorFlow.js model, choose it together with its weight files.",
    };
  // A pickle of protocol 2 to 5 that is not torch.save's.
  if (head[0] === 0x80 && (head[1] ?? 0) >= 2 && (head[1] ?? 0) <= 5)
    return { kind: "other", what: "a Python pickle that torch.save did not write", hint: convert };
  return { kind: "unknown" };
}

function looksLikeSafetensors(head: Uint8Array, size: number): boolean {
  if (head.length < 10 || head[8] !== 0x7b) return false;
  const length = new DataView(head.buffer, head.byteOffset, 8).getBigUint64(0, true);
  return length >= 2n && length <= BigInt(size - 8);
}

function startsWith(head: Uint8Array, bytes: readonly number[] | string, at = 0): boolean {
  const wanted = typeof bytes === "string" ? Array.from(bytes, (c) => c.charCodeAt(0)) : bytes;
  return wanted.every((byte, i) => head[at + i] === byte);
}
