/**
 * The one vocabulary of file kinds: what a file is, told by its first bytes, and where in the playground it belongs.
 * Data and Teacher both ask here, so each can name what was meant for the other.
 */
import { looksLikeOnnx } from "./onnxModel.ts";
import { looksLikePickle } from "./looksLikePickle.ts";
import { isPytorchLegacy } from "./pytorchLegacy.ts";

type FileKindName =
  // weights
  | "safetensors"
  | "pytorch-legacy"
  | "pytorch-zip"
  | "onnx"
  | "tfjs-zip"
  // pictures
  | "image"
  | "parquet"
  /** Told further by what it holds: `zipKindOf`. */
  | "zip"
  /** Told further by what it says: a TensorFlow.js model, an index of shards, anybody's settings. */
  | "json"
  /** Archives that are not opened here: gzip, 7z, tar … */
  | "archive"
  | "pickle"
  | "video"
  | "web-page"
  /** Known by its first bytes, and of no use here. */
  | "other"
  | "empty"
  | "unknown";

/** The panels that take files. */
type FilePanel = "data" | "teacher";

export interface FileKind {
  readonly kind: FileKindName;
  /** Completes "This is …": "a gzip archive". */
  readonly what: string;
  /** The panel it belongs to; null where neither can use it, or where only a look inside tells. */
  readonly panel: FilePanel | null;
  /** What to do with it where it cannot be used. */
  readonly hints: Readonly<Record<FilePanel, string>>;
}

/** Bytes of the file's beginning that `fileKindOf` wants, if there are as many. */
export const kindBytes = 1024;

const images = {
  data: "Accepted: JPEG, PNG, WebP, GIF, BMP or AVIF images.",
  teacher: "Pictures belong under Data: drop them there.",
};
const weights = {
  data: "Weights belong under Teacher: drop the file there.",
  teacher: "Choose a checkpoint, an ONNX file or a TensorFlow.js model.",
};
const unpack = {
  data: "Unpack it and give the folder, or a zip of it.",
  teacher: "Unpack it and choose the checkpoint inside.",
};
const convert = {
  data: "Give images: a folder, a zip, files or a parquet file of them.",
  teacher: "Save the weights as .safetensors, or with torch.save(model.state_dict(), path).",
};
const useless = {
  data: "Give images: a folder, a zip, files or a parquet file of them.",
  teacher: "Choose a checkpoint, an ONNX file or a TensorFlow.js model.",
};
const downloadAgain = "The address probably needs a login or has moved. Download the file itself.";
const again = { data: downloadAgain, teacher: downloadAgain };
const giveRunAlone = "Drop it by itself to set the page to the run's settings.";
const fetchLfs = "Fetch the file itself with `git lfs pull`, or download it from the repository's page.";

interface Signature extends Omit<FileKind, "panel"> {
  readonly at?: number;
  readonly bytes: string;
  readonly panel?: FilePanel;
}

const image = (bytes: string, name: string, at = 0): Signature => ({
  ...{ at, bytes, kind: "image", what: `${name} image`, panel: "data", hints: images },
});
const archive = (bytes: string, name: string, at = 0): Signature => ({
  ...{ at, bytes, kind: "archive", what: `${name} archive`, hints: unpack },
});
const other = (bytes: string, what: string, hints: FileKind["hints"], at = 0): Signature => ({
  ...{ at, bytes, kind: "other", what, hints },
});

/** In latin1. */
const signatures: readonly Signature[] = [
  archive("\x1f\x8b", "a gzip"),
  archive("7z\xbc\xaf\x27\x1c", "a 7z"),
  archive("Rar!", "a RAR"),
  archive("BZh", "a bzip2"),
  archive("\xfd7zXZ", "an xz"),
  archive("\x28\xb5\x2f\xfd", "a Zstandard"),
  archive("\x04\x22\x4d\x18", "an LZ4"),
  archive("ustar", "a tar", 257),
  image("\x89PNG", "a PNG"),
  image("\xff\xd8\xff", "a JPEG"),
  image("GIF8", "a GIF"),
  image("WEBP", "a WebP", 8),
  image("II*\0", "a TIFF"),
  image("MM\0*", "a TIFF"),
  image("8BPS", "a Photoshop"),
  image("ftypavif", "an AVIF", 4),
  image("ftypavis", "an AVIF", 4),
  image("ftyphei", "a HEIC", 4),
  image("ftyphev", "a HEIC", 4),
  image("ftypmif1", "a HEIC", 4),
  image("ftypmsf1", "a HEIC", 4),
  { bytes: "PAR1", kind: "parquet", what: "a parquet file", panel: "data", hints: images },
  ...["ftyp", "moov"].map((bytes): Signature => ({
    ...{ at: 4, bytes, kind: "video", what: "a video" },
    hints: { data: "Save its frames as pictures first.", teacher: useless.teacher },
  })),
  {
    ...{ bytes: "\x1a\x45\xdf\xa3", kind: "video", what: "a video" },
    hints: { data: "Save its frames as pictures first.", teacher: useless.teacher },
  },
  other("\x89HDF\r\n", "an HDF5 (Keras) file", {
    data: weights.data,
    teacher:
      "Convert it for TensorFlow.js (tensorflowjs_converter --input_format keras model.h5 folder) and choose the folder.",
  }),
  other("GGUF", "a GGUF language model", { data: useless.data, teacher: "Choose an image encoder." }),
  other("TFL3", "a TensorFlow Lite model", { data: weights.data, teacher: convert.teacher }, 4),
  other("\x93NUMPY", "a NumPy array", convert),
  other("MATLAB 5.0", "a MATLAB file", convert),
  other("SQLite format 3\0", "an SQLite database", useless),
  other("%PDF", "a PDF document", useless),
  other("RIFF", "a sound or video file", useless),
  other("version https://git-lfs", "a Git LFS pointer: a note that stands for the file, not the file", {
    data: fetchLfs,
    teacher: fetchLfs,
  }),
];

const safetensors: FileKind = {
  ...{ kind: "safetensors", what: "a safetensors checkpoint", panel: "teacher", hints: weights },
};
const pickledTensors: FileKind = {
  ...{ kind: "pytorch-legacy", what: "a PyTorch checkpoint", panel: "teacher", hints: weights },
};
const onnx: FileKind = { kind: "onnx", what: "an ONNX model", panel: "teacher", hints: weights };
const plainZip: FileKind = { kind: "zip", what: "a zip archive", panel: null, hints: unpack };

/**
 * What a file is. Its content decides; its name is asked only where the content says nothing.
 *
 * @param head the file's first `kindBytes` bytes, or all of them.
 * @param size of the whole file in bytes; without it, a safetensors header is believed whatever length it claims.
 */
export function fileKindOf(head: Uint8Array, name: string, size = Infinity): FileKind {
  if (head.length === 0)
    return {
      ...{ kind: "empty", what: "empty (0 bytes)", panel: null },
      hints: { data: "Download it again.", teacher: "Download it again." },
    };
  if (["PK\x03\x04", "PK\x05\x06", "PK\x07\x08"].some((bytes) => startsWith(head, bytes))) return plainZip;
  if (isPytorchLegacy(head)) return pickledTensors;
  if (looksLikeSafetensors(head, size)) return safetensors;
  const known = signatures.find(({ bytes, at }) => startsWith(head, bytes, at));
  if (known !== undefined) {
    const { kind, what, panel = null, hints } = known;
    return { kind, what, panel, hints };
  }
  if (looksLikeBmp(head)) return { kind: "image", what: "a BMP image", panel: "data", hints: images };
  if (looksLikeOnnx(head)) return onnx;
  if (looksLikePickle(head, size))
    return {
      kind: "pickle",
      what: "a Python pickle that torch.save did not write",
      panel: null,
      hints: convert,
    };
  return textKind(head) ?? unknownKind(name);
}

/** What a text's beginning tells; null where it tells nothing. */
function textKind(head: Uint8Array): FileKind | null {
  const text = new TextDecoder("latin1")
    .decode(head)
    .replace(/^\u00ef\u00bb\u00bf/, "")
    .trimStart()
    .toLowerCase();
  if (/^(<!--[^]*?-->\s*)?<(!doctype html|html|head|body)/.test(text))
    return {
      kind: "web-page",
      what: "a web page, not the file it was meant to be",
      panel: null,
      hints: again,
    };
  if (/^(<\?xml[^>]*>\s*)?(<!--[^]*?-->\s*)?(<!doctype svg[^>]*>\s*)?<svg/.test(text))
    return { kind: "image", what: "an SVG drawing", panel: "data", hints: images };
  if (text.startsWith("<?xml") || text.startsWith("<error"))
    return {
      ...{ kind: "web-page", what: "an XML document, most likely a server's error message" },
      ...{ panel: null, hints: again },
    };
  if (text.startsWith("{") && /"format":\s*"disco-playground-run"/.test(text))
    return {
      ...{ kind: "json", what: "the file of a run (run.json)", panel: null },
      hints: { data: giveRunAlone, teacher: giveRunAlone },
    };
  if (/^(\{\s*["}]|\[\s*[[{"\]\d])/.test(text))
    return {
      ...{ kind: "json", what: "a JSON file", panel: null },
      hints: {
        data: useless.data,
        teacher:
          "If it describes a TensorFlow.js model or lists the parts of a checkpoint, choose it together with the weight files.",
      },
    };
  return null;
}

function unknownKind(name: string): FileKind {
  // Without its description a file of bare numbers is nobody's.
  const isRaw = /(weights?|shard\w*)(\.\w+)*\.(bin|dat)$|\.weights\.bin$/i.test(name);
  return {
    ...{ kind: "unknown", panel: isRaw ? "teacher" : null },
    what: isRaw
      ? "a file of raw weights, without a description of them"
      : "not a kind of file that is known here",
    hints: {
      data: isRaw ? weights.data : useless.data,
      teacher: isRaw
        ? "If it belongs to a TensorFlow.js model, choose it together with the model's .json file."
        : "Accepted: .safetensors, PyTorch's .pt, .pth and .pth.tar, and whole networks as ONNX or TensorFlow.js models.",
    },
  };
}

/** What a zip is, told by the paths in it. (A TensorFlow.js model under another name shows in its JSON only.) */
export function zipKindOf(paths: readonly string[]): FileKind {
  const has = (pattern: RegExp): boolean => paths.some((path) => pattern.test(path));
  const unusable = (what: string, hints: FileKind["hints"]): FileKind => ({
    ...{ kind: "other", what, panel: null, hints },
  });
  if (has(/^[^/]+\/data\.pkl$/))
    return { kind: "pytorch-zip", what: "a PyTorch checkpoint", panel: "teacher", hints: weights };
  if (has(/(^|\/)model\.json$/i))
    return { kind: "tfjs-zip", what: "a TensorFlow.js model in a zip", panel: "teacher", hints: weights };
  if (has(/^model\.weights\.h5$/) && has(/^config\.json$/))
    return unusable("a Keras 3 model (.keras)", {
      data: weights.data,
      teacher: "Export it as ONNX (model.export(path, format='onnx')) and choose that file.",
    });
  if (has(/^\[Content_Types\]\.xml$/)) return unusable("an Office document", useless);
  if (has(/^META-INF\/(container\.xml|MANIFEST\.MF)$/))
    return unusable("a book or a program, packed as a zip", useless);
  if (paths.length > 0 && paths.every((path) => path.endsWith(".npy")))
    return unusable("an archive of NumPy arrays (.npz)", convert);
  return plainZip;
}

/** What file systems and archivers leave behind, hidden files included. */
export function isSystemFile(path: string): boolean {
  return path.split("/").some((part) => /^(__macosx|thumbs\.db|desktop\.ini|\..*)$/i.test(part));
}

function looksLikeBmp(head: Uint8Array): boolean {
  if (!startsWith(head, "BM") || head.length < 26) return false;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  return view.getUint32(14, true) >= 12 && view.getUint32(14, true) <= 124;
}

function looksLikeSafetensors(head: Uint8Array, size: number): boolean {
  if (head.length < 10 || head[8] !== 0x7b) return false;
  const length = new DataView(head.buffer, head.byteOffset, 8).getBigUint64(0, true);
  return length >= 2n && Number(length) <= size - 8;
}

function startsWith(head: Uint8Array, bytes: string, at = 0): boolean {
  for (let i = 0; i < bytes.length; i++) if (head[at + i] !== bytes.charCodeAt(i)) return false;
  return true;
}
