import type { KeptTeacher } from "../../contract/keptRun.ts";
import { AppError } from "../../contract/errors.ts";
import { layOutSafetensors, readSafetensors } from "../../formats/safetensors.ts";
import { listOf, z } from "../../formats/zod.ts";
import { teacherRecipeSchema } from "../../formats/runFile.ts";
import { ImageStore } from "../../ml/data/imageStore.ts";
import { noRoom, type FileStore } from "./fileStore.ts";

/** The visitor's own images and teacher, which a run needs to go on. Named by what they are, so runs share them. */

export const imagesPrefix = "images-";
export const teacherPrefix = "teacher-";
const ending = ".safetensors";

/** Larger sets and teachers are asked for again. */
const mostImageBytes = 512 * 1024 * 1024;
const mostTeacherBytes = 256 * 1024 * 1024;
const pieceBytes = 8 * 1024 * 1024;

export function keptHash(name: string, prefix: string): string {
  return name.slice(prefix.length, -ending.length);
}

/** Bytes that may still be written, and are sure not to fill the disk; Infinity where the browser does not say. */
export type RoomLeft = () => Promise<number>;

const imagesAbout = z.object({ name: z.string(), labels: listOf(z.string()), names: listOf(z.string()) });

/**
 * Keeps the images of a sealed store, unless they are there.
 *
 * @returns whether they are kept: sets that are too large for this are not.
 * @throws AppError "storage-failed" when there is no room.
 */
export async function keepImages(files: FileStore, store: ImageStore, room: RoomLeft): Promise<boolean> {
  const { summary } = store;
  if (summary?.kind !== "own" || store.bytes > mostImageBytes) return false;
  const name = `${imagesPrefix}${summary.fingerprint}${ending}`;
  const { size, count, labels } = summary;
  const names = Array.from({ length: count }, (_, i) => store.nameOf(i));
  const about = { about: JSON.stringify({ name: summary.name, labels, names }) };
  const header = layOutSafetensors(
    [
      { name: "classes", dtype: "int16", shape: [count] },
      { name: "pixels", dtype: "uint8", shape: [count, size, size, 3] },
    ],
    about,
  );
  const wanted = header.length + 2 * count + store.bytes;
  if ((await files.sizeOf(name)) === wanted) return true;
  if ((await room()) < 2 * wanted) throw noRoom(wanted, null);
  const classes = new Uint8Array(store.allClasses().buffer);
  await writeWhole(files, name, function* () {
    yield header;
    yield classes;
    const atOnce = Math.max(1, Math.floor(pieceBytes / store.imageBytes));
    for (let first = 0; first < count; first += atOnce)
      yield store.gather(Array.from({ length: Math.min(atOnce, count - first) }, (_, i) => first + i));
  });
  return true;
}

/** The images of a fingerprint; null when they are not kept, or not whole. */
export async function readImages(files: FileStore, fingerprint: string): Promise<ImageStore | null> {
  const bytes = await files.read(`${imagesPrefix}${fingerprint}${ending}`);
  if (bytes === null) return null;
  try {
    const { tensors, metadata } = readSafetensors(bytes);
    const { name, labels, names } = imagesAbout.parse(JSON.parse(metadata.get("about") ?? ""));
    const [pixels, classes] = [tensors.get("pixels"), tensors.get("classes")];
    const [count = 0, size = 0] = pixels?.shape ?? [];
    if (pixels?.dtype !== "uint8" || classes?.dtype !== "int16" || names.length !== count) return null;
    const store = new ImageStore(size);
    const block = {
      size,
      pixels: pixels.toBytes(),
      classes: new Int16Array(classes.toBytes().buffer),
      names: [...names],
    };
    store.append(block);
    const summary = await store.seal({ name, kind: "own", labels });
    return summary.fingerprint === fingerprint ? store : null;
  } catch {
    return null; // torn: as good as not there
  }
}

const teacherAbout = z.object({
  names: listOf(z.string()),
  recipe: teacherRecipeSchema.exactOptional(),
});

/** Keeps a teacher's files. @returns as `keepImages`. @throws as `keepImages`. */
export async function keepTeacher(
  files: FileStore,
  hash: string,
  { files: given, recipe }: KeptTeacher,
  room: RoomLeft,
): Promise<boolean> {
  const bytes = given.reduce((sum, { size }) => sum + size, 0);
  if (bytes > mostTeacherBytes) return false;
  const about = { names: given.map(({ name }) => name), ...(recipe === undefined ? {} : { recipe }) };
  const header = layOutSafetensors(
    given.map(({ size }, i) => ({ name: `file ${i}`, dtype: "uint8", shape: [size] })),
    { about: JSON.stringify(about) },
  );
  const name = `${teacherPrefix}${hash}${ending}`;
  const wanted = header.length + bytes;
  if ((await files.sizeOf(name)) === wanted) return true;
  if ((await room()) < 2 * wanted) throw noRoom(wanted, null);
  const contents: Uint8Array<ArrayBuffer>[] = [];
  for (const file of given) contents.push(new Uint8Array(await file.arrayBuffer()));
  await writeWhole(files, name, () => [header, ...contents]);
  return true;
}

export async function readTeacher(files: FileStore, hash: string): Promise<KeptTeacher | null> {
  const bytes = await files.read(`${teacherPrefix}${hash}${ending}`);
  if (bytes === null) return null;
  try {
    const { tensors, metadata } = readSafetensors(bytes);
    const { names, recipe } = teacherAbout.parse(JSON.parse(metadata.get("about") ?? ""));
    const kept = names.map((name, i) => {
      const content = tensors.get(`file ${i}`);
      if (content === undefined) throw new AppError("file-unreadable", `${name} is missing`);
      return new File([content.toBytes()], name);
    });
    return { files: kept, ...(recipe === undefined ? {} : { recipe }) };
  } catch {
    return null;
  }
}

/** A file broken off is of no use to anybody, and in the way. */
async function writeWhole(
  files: FileStore,
  name: string,
  parts: () => Iterable<Uint8Array<ArrayBuffer>>,
): Promise<void> {
  try {
    await files.write(name, parts());
  } catch (error) {
    if (!(error instanceof AppError && error.code === "busy")) await files.remove(name);
    throw error;
  }
}
