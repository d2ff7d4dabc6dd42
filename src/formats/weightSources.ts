import { AppError } from "../contract/errors.ts";
import { freeInflationBytes, maxCheckpointBytes, mostInflation } from "./checkpoint.ts";
import { fileKindOf, isSystemFile, kindBytes, zipKindOf, type FileKind } from "./fileKind.ts";
import { quote } from "./quote.ts";
import { openZip } from "./zip.ts";

/** A file under the path by which it was chosen or dropped. */
export interface GivenFile {
  readonly path: string;
  readonly content: Blob | Uint8Array<ArrayBuffer>;
}

/** A file that may hold weights, given as it is or inside a zip. */
export interface WeightSource {
  readonly path: string;
  readonly size: number;
  readonly kind: FileKind;
  /** What a reader that wants a file takes. */
  readonly content: () => Promise<Blob | Uint8Array<ArrayBuffer>>;
  readonly read: () => Promise<Uint8Array<ArrayBuffer>>;
  /** What an archive holds; null for every other file and for a PyTorch checkpoint, which is read as one. */
  readonly inside: readonly WeightSource[] | null;
  /** Files in the archive, those that were not looked at included. */
  readonly filesInside: number;
}

/** Looked into at most; of more, only those whose names look like weights. */
const mostExamined = 500;
const weightsName =
  /\.(safetensors|pth|pt|ckpt|bin|onnx|json|zip|tar|pkl|pickle|model|weights|h5|keras|hdf5|npz|gz|7z|pb|tflite|msgpack)$/i;
const maxWeightBytes = 1024 * 1024 * 1024;

/** What was given, each looked at from outside. Nothing is read but first bytes and the directories of zips. */
export async function weightSources(files: readonly GivenFile[]): Promise<readonly WeightSource[]> {
  const wanted = worthALook(files);
  const sources: WeightSource[] = [];
  for (const file of wanted) sources.push(await sourceOf(file));
  return sources;
}

/** Without what file systems leave behind, unless that is all there is. */
function worthALook<T extends { readonly path: string }>(files: readonly T[]): readonly T[] {
  const visible = files.filter(({ path }) => !isSystemFile(path));
  if (visible.length === 0) return files.slice(0, 1);
  if (visible.length <= mostExamined) return visible;
  const likely = visible.filter(({ path }) => weightsName.test(path));
  return (likely.length === 0 ? visible : likely).slice(0, mostExamined);
}

async function sourceOf({ path, content }: GivenFile): Promise<WeightSource> {
  const size = content instanceof Uint8Array ? content.length : content.size;
  const kind = fileKindOf(await headOf(content), path, size);
  const source = { path, size, content: () => Promise.resolve(content), read: () => bytesOf(content) };
  if (kind.kind !== "zip") return { ...source, kind, inside: null, filesInside: 0 };
  const archive = await openZip(content, {
    entries: 100_000,
    entryBytes: maxCheckpointBytes,
    totalBytes: 4 * maxCheckpointBytes,
    ratio: Infinity, // counted for all entries that are read
  }).catch((error: unknown) => {
    if (error instanceof AppError) return error;
    throw error;
  });
  // Whoever reads it as a checkpoint then says what is wrong with it.
  if (archive instanceof AppError) return { ...source, kind, inside: null, filesInside: 0 };
  const paths = archive.entries.map(({ path }) => path);
  const zipKind = zipKindOf(paths);
  if (zipKind.kind === "pytorch-zip" || zipKind.kind === "other")
    return { ...source, kind: zipKind, inside: null, filesInside: 0 };
  let left = freeInflationBytes + mostInflation * size;
  const inside: WeightSource[] = [];
  for (const entry of worthALook(archive.entries)) {
    let bytes: Promise<Uint8Array<ArrayBuffer>> | undefined;
    const read = (): Promise<Uint8Array<ArrayBuffer>> => {
      if (bytes !== undefined) return bytes;
      left -= entry.size;
      if (left < 0 || entry.size > maxWeightBytes)
        throw new AppError(
          "file-refused",
          `The entry ${quote(entry.path)} would unpack to ${entry.size} bytes, out of a zip of ${size}: too many for weights.`,
          { hint: "Unpack it and give the files themselves." },
        );
      return (bytes = entry.read());
    };
    // Its name decides whether an entry is unpacked to see what it is: heads cannot be read alone.
    const isLikely = weightsName.test(entry.path) && entry.size <= maxWeightBytes;
    const small = isLikely && (/\.json$/i.test(entry.path) || left > entry.size);
    const head = small ? (await read()).subarray(0, kindBytes) : null;
    const seen =
      head === null ? fileKindOf(Uint8Array.of(0), entry.path) : fileKindOf(head, entry.path, entry.size);
    const kind = seen.kind === "zip" ? await kindOfZip(await read(), seen) : seen;
    inside.push({
      path: entry.path,
      size: entry.size,
      kind,
      content: read,
      read,
      inside: null,
      filesInside: 0,
    });
  }
  const [refused] = archive.refused.filter(({ path }) => !isSystemFile(path));
  if (refused !== undefined && inside.some(({ path }) => weightsName.test(path)))
    throw new AppError(
      "file-refused",
      `The entry ${quote(refused.path)} of ${quote(path)} was refused: ${refused.reason}.`,
    );
  return { ...source, kind: zipKind, inside, filesInside: archive.entries.length };
}

/** Of a zip in a zip, which is a PyTorch checkpoint more often than not. */
async function kindOfZip(bytes: Uint8Array<ArrayBuffer>, unopened: FileKind): Promise<FileKind> {
  try {
    const { entries } = await openZip(bytes, { entries: 100_000 });
    return zipKindOf(entries.map(({ path }) => path));
  } catch (error) {
    if (error instanceof AppError) return unopened;
    throw error;
  }
}

/** Empty when the file has gone since it was chosen; whoever reads it then says so. */
async function headOf(content: GivenFile["content"]): Promise<Uint8Array> {
  if (content instanceof Uint8Array) return content.subarray(0, kindBytes);
  try {
    return new Uint8Array(await content.slice(0, kindBytes).arrayBuffer());
  } catch {
    return Uint8Array.of(0);
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

export function lastName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}
