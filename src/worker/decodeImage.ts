/** One image file's bytes to a square of RGB bytes, or the reason why not. */
import type { DecodedImage, Refusal } from "../contract/decode.ts";
import { readImageHeader } from "./decodeHeader.ts";
import { SquareResizer } from "./decodeResize.ts";

/** Smaller pictures hold nothing to learn from. */
const leastSide = 16;
/** Decoded, 64 megapixels take 256 MB; several are decoded at a time. */
const mostMegapixels = 64;
/** Pictures larger than this are decoded one at a time. */
const largeMegapixels = 8;
/** Drawn and read back at a time: 4 MB. */
const stripPixels = 1_000_000;

export async function decodeImage(
  bytes: Uint8Array<ArrayBuffer>,
  size: number,
): Promise<DecodedImage | Refusal> {
  const measured = measureImage(bytes);
  if ("reason" in measured) return measured;
  const decoding = (): Promise<DecodedImage | Refusal> => decodeMeasured(bytes, measured.format, size);
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
  format: string,
  size: number,
): Promise<DecodedImage | Refusal> {
  let bitmap: ImageBitmap;
  try {
    // Turned as its EXIF says, the first frame of an animation, colours converted to sRGB.
    bitmap = await createImageBitmap(new Blob([bytes]), { imageOrientation: "from-image" });
  } catch {
    return format === "HEIC" // Safari can
      ? unsupported(format)
      : { reason: "corrupt", message: `${format} whose picture cannot be decoded` };
  }
  try {
    const pixels = resizeBitmap(bitmap, size);
    return { pixels, digest: await sha256(bytes) };
  } finally {
    bitmap.close();
  }
}

export interface MeasuredImage {
  readonly format: string;
  readonly width: number;
  readonly height: number;
}

/** Dimensions by the header, or why the file is refused without decoding it. */
export function measureImage(bytes: Uint8Array<ArrayBuffer>): MeasuredImage | Refusal {
  if (bytes.length === 0) return { reason: "not-an-image", message: "the file is empty" };
  const header = readImageHeader(bytes);
  if (header === null) return { reason: "not-an-image", message: "not a kind of picture we know" };
  const { format, dimensions } = header;
  if (!header.decodable || (format === "HEIC" && dimensions === null)) return unsupported(format);
  if (header.truncated) return { reason: "corrupt", message: `${format} that ends before its picture does` };
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
  return { format, width, height };
}

/** Short side to `size`, long side cropped around the centre, on white where it is transparent. */
function resizeBitmap(bitmap: ImageBitmap, size: number): Uint8Array<ArrayBuffer> {
  const side = Math.min(bitmap.width, bitmap.height);
  const left = Math.floor((bitmap.width - side) / 2);
  const top = Math.floor((bitmap.height - side) / 2);
  const stripRows = Math.max(1, Math.min(side, Math.floor(stripPixels / side)));
  const context = new OffscreenCanvas(side, stripRows).getContext("2d", {
    willReadFrequently: true,
    alpha: false,
  });
  if (context === null) throw new Error("This browser gives workers no 2D canvas.");
  const resizer = new SquareResizer(side, size);
  for (let row = 0; row < side; row += stripRows) {
    const rows = Math.min(stripRows, side - row);
    context.fillStyle = "white";
    context.fillRect(0, 0, side, rows);
    context.drawImage(bitmap, left, top + row, side, rows, 0, 0, side, rows);
    resizer.addRows(context.getImageData(0, 0, side, rows).data, rows);
  }
  return resizer.finish();
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function unsupported(format: string): Refusal {
  return { reason: "unsupported", message: `${format} cannot be read here; save it as JPEG or PNG` };
}
