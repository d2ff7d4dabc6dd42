import { AppError } from "../contract/errors.ts";
import { readCheckpoint, type Checkpoint } from "./checkpoint.ts";
import { fileKindOf, kindBytes } from "./fileKind.ts";
import { readOnnxModel, type OnnxModel } from "./onnxModel.ts";
import { quote } from "./quote.ts";
import { hasTfjsModel, readTfjsModel, readTfjsZip, type TfjsModelFiles } from "./tfjsModel.ts";
import { openZip } from "./zip.ts";

/** A file under the path by which it was chosen or dropped. */
export interface GivenFile {
  readonly path: string;
  readonly content: Blob | Uint8Array<ArrayBuffer>;
}

export type Weights =
  | { readonly kind: "checkpoint"; readonly checkpoint: Checkpoint }
  | { readonly kind: "tfjs"; readonly model: TfjsModelFiles }
  | { readonly kind: "onnx"; readonly model: OnnxModel };

/**
 * Reads the weights that somebody gave: a checkpoint, an ONNX file, or a TensorFlow.js model as files or as a zip.
 * What it is is told by content, not by extension.
 *
 * @throws AppError with what was wrong and what to do.
 */
export async function readWeightFiles(files: readonly GivenFile[]): Promise<Weights> {
  const [file] = files;
  if (file === undefined) throw new AppError("not-found", "No file was given");
  if (hasTfjsModel(files.map(({ path }) => path))) {
    const named = files.map(({ path, content }) => ({ path, read: () => bytesOf(content) }));
    return { kind: "tfjs", model: await readTfjsModel(named, "TensorFlow.js model") };
  }
  if (files.length > 1) {
    for (const { path, content } of files) {
      if (!(await isOnnx(content))) continue;
      const name = lastName(path);
      readOnnxModel(await bytesOf(content), name); // if its weights lie in the other files, that is what is said
      throw new AppError(
        "file-unsupported",
        `${files.length} files were given, of which ${quote(name)} is an ONNX file.`,
        {
          hint: "Give the ONNX file alone.",
        },
      );
    }
    throw new AppError(
      "file-unsupported",
      `${files.length} files were given, but no model.json is among them`,
      {
        hint: "Give one checkpoint, or all files of a TensorFlow.js model: model.json and its shards.",
        details: files.map(({ path }) => path),
      },
    );
  }
  const name = lastName(file.path);
  // PyTorch's own format is a zip too, so a zip is opened to see.
  if (hasTfjsModel(await pathsInZip(file.content)))
    return { kind: "tfjs", model: await readTfjsZip(file.content, name) };
  if (await isOnnx(file.content))
    return { kind: "onnx", model: readOnnxModel(await bytesOf(file.content), name) };
  return { kind: "checkpoint", checkpoint: await readCheckpoint(file.content, name) };
}

async function isOnnx(content: GivenFile["content"]): Promise<boolean> {
  return fileKindOf(await start(content, kindBytes), "", sizeOf(content)).kind === "onnx";
}

/** For people: what the files look like from outside, said also of those that cannot be read. */
export async function describeContainer(files: readonly GivenFile[]): Promise<string> {
  const [file] = files;
  if (file === undefined) return "nothing";
  if (hasTfjsModel(files.map(({ path }) => path))) return "TensorFlow.js model";
  if (files.length > 1) return `${files.length} files`;
  const found = fileKindOf(await start(file.content, kindBytes), file.path, sizeOf(file.content));
  switch (found.kind) {
    case "safetensors":
      return "safetensors";
    case "onnx":
      return "ONNX";
    case "pytorch-legacy":
      return "PyTorch checkpoint, legacy pickle";
    case "zip": {
      const paths = await pathsInZip(file.content);
      if (hasTfjsModel(paths)) return "TensorFlow.js model in a zip";
      const isPytorch = paths.some((path) => /(^|\/)data\.pkl$/.test(path));
      return isPytorch ? "PyTorch checkpoint, zip" : "zip archive";
    }
    case "unknown":
      return "not known";
    default:
      return found.what.replace(/^an? /, "");
  }
}

/** None when it is no zip or one that cannot be opened; whoever reads it then says why. */
async function pathsInZip(content: GivenFile["content"]): Promise<readonly string[]> {
  const [p, k] = await start(content, 2);
  if (p !== 0x50 || k !== 0x4b) return [];
  try {
    return (await openZip(content)).entries.map(({ path }) => path);
  } catch {
    return [];
  }
}

/** Empty when the file has gone since it was chosen; whoever reads it then says so. */
async function start(content: GivenFile["content"], bytes: number): Promise<Uint8Array> {
  if (content instanceof Uint8Array) return content.subarray(0, bytes);
  try {
    return new Uint8Array(await content.slice(0, bytes).arrayBuffer());
  } catch {
    return new Uint8Array();
  }
}

async function bytesOf(content: GivenFile["content"]): Promise<Uint8Array<ArrayBuffer>> {
  if (content instanceof Uint8Array) return content;
  try {
    return new Uint8Array(await content.arrayBuffer());
  } catch (error) {
    throw new AppError("file-unreadable", "The file, or one of the model's files, could not be opened.", {
      hint: "It may have been moved, changed or removed since it was chosen. Choose the files again.",
      cause: error,
    });
  }
}

function sizeOf(content: GivenFile["content"]): number {
  return content instanceof Uint8Array ? content.length : content.size;
}

/** Name and size of the one file that a checkpoint is. */
export function aboutFile([file]: readonly GivenFile[]): { name: string; bytes: number } {
  return file === undefined
    ? { name: "", bytes: 0 }
    : { name: lastName(file.path), bytes: sizeOf(file.content) };
}

function lastName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
