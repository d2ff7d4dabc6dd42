/** One image file's bytes to a square of RGB bytes, or the reason why not. */
import type { DecodedImage, Refusal } from "../../contract/decode.ts";
import { fileKindOf, kindBytes } from "../../formats/fileKind.ts";
import { hex, sha256 } from "../../lib/sha256.ts";
import { decodeBitmap } from "./decodeBitmap.ts";
import { completeImage } from "./decodeUnended.ts";
import { readImageHeader, type Turn } from "./decodeHeader.ts";
import { decodePlanes } from "./decodePlanes.ts";
import { turnSquare } from "./decodeTurn.ts";

/** Smaller pictures hold nothing to learn from. */
const leastSide = 16;
/** Decoded, 64 megapixels take 256 MB; several are decoded at a time. */
const mostMegapixels = 64;
/** Pictures larger than this are decoded one at a time. */
const largeMegapixels = 8;

/** @param file the same bytes, where they come from one: saves a copy where the bytes are not enough. */
export async function decodeImage(
  bytes: Uint8Array<ArrayBuffer>,
  size: number,
  file?: Blob,
): Promise<DecodedImage | Refusal> {
  const measured = measureImage(bytes);
  if ("reason" in measured) return measured;
  const decoding = (): Promise<DecodedImage | Refusal> => decodeMeasured(bytes, measured, size, file);
  return measured.width * measured.height > largeMegapixels * 1e6 ? oneAtATime(decoding) : decoding();
}

let lastLarge: Promise<unknown> = Promise.resolve();

function oneAtATime<T>(work: () => Promise<T>): Promise<T> {
  const result = lastLarge.then(work);
  lastLarge = result.catch(() => undefined);
  return result;
}

async function decodeMeasured(
  bytes: Uint8Array<ArrayBuffer>,
  measured: MeasuredImage,
  size: number,
  file: Blob | undefined,
): Promise<DecodedImage | Refusal> {
  const { format, unended } = measured;
  const digest = sha256(bytes).then(hex);
  const complete = unended ? await completeImage(format, bytes) : bytes;
  if (complete === null) return cutOff(format);
  const pixels = await decodeComplete(complete, measured, size, complete === bytes ? file : undefined);
  if (pixels !== null) return { pixels, digest: await digest };
  return format === "HEIC" // Safari can
    ? unsupported(format)
    : { reason: "corrupt", message: `${format} whose picture cannot be decoded` };
}

async function decodeComplete(
  bytes: Uint8Array<ArrayBuffer>,
  { planar, turn }: MeasuredImage,
  size: number,
  file: Blob | undefined,
): Promise<Uint8Array<ArrayBuffer> | null> {
  if (turn !== null) {
    // With its EXIF set to "upright" the picture comes as it is stored, from browsers that obey it as from others.
    const upright = bytes.slice();
    new DataView(upright.buffer).setUint16(turn.at, 1, turn.littleEndian);
    const pixels = await decodeBitmap(new Blob([upright]), size);
    return pixels === null ? null : turnSquare(pixels, size, turn.orientation);
  }
  return (
    (planar ? await decodePlanes(bytes, size) : null) ?? (await decodeBitmap(file ?? new Blob([bytes]), size))
  );
}

export interface MeasuredImage {
  readonly format: string;
  readonly width: number;
  readonly height: number;
  /** These as in `ImageHeader`. */
  readonly planar: boolean;
  readonly unended: boolean;
  readonly turn: Turn | null;
}

/** Dimensions by the header, or why the file is refused without decoding it. */
export function measureImage(bytes: Uint8Array<ArrayBuffer>): MeasuredImage | Refusal {
  if (bytes.length === 0) return { reason: "not-an-image", message: "the file is empty" };
  const header = readImageHeader(bytes);
  if (header === null) return notAnImage(bytes);
  const { format, dimensions, planar, unended, turn } = header;
  if (!header.decodable || (format === "HEIC" && dimensions === null)) return unsupported(format);
  if (header.truncated) return cutOff(format);
  if (dimensions === null || dimensions.width === 0 || dimensions.height === 0) {
    return { reason: "corrupt", message: `${format} without the dimensions of its picture` };
  }
  const { width, height } = dimensions;
  if (Math.min(width, height) < leastSide) {
    const needed = `at least ${leastSide} × ${leastSide} are needed`;
    return { reason: "too-small", message: `${width} × ${height} pixels, ${needed}` };
  }
  const megapixels = (width * height) / 1e6;
  if (megapixels > mostMegapixels) {
    const message = `${width} × ${height} pixels (${Math.round(megapixels)} megapixels), the limit is ${mostMegapixels}`;
    return { reason: "too-large", message };
  }
  return { format, width, height, planar, unended, turn };
}

/** @param head of a file that is no picture, named for what it is. */
export function notAnImage(head: Uint8Array<ArrayBuffer>): Refusal {
  const { kind, what, panel, hints } = fileKindOf(head.subarray(0, kindBytes), "");
  if (kind === "unknown") return { reason: "not-an-image", message: "not a kind of picture we know" };
  return { reason: panel === "teacher" ? "misplaced" : "not-an-image", message: `${what}. ${hints.data}` };
}

function cutOff(format: string): Refusal {
  return { reason: "corrupt", message: `${format} that ends before its picture does` };
}

function unsupported(format: string): Refusal {
  return { reason: "unsupported", message: `${format} cannot be read here; save it as JPEG or PNG` };
}
