/** Any picture that the browser can show, read back from a canvas. */
import { centreSquare } from "./centreSquare.ts";
import { ChannelResizer, triangleTaps } from "./decodeResize.ts";

/** Drawn and read back at a time: 4 MB. */
const stripPixels = 1_000_000;

/**
 * Short side to `size`, long side cropped around the centre, on white where it is transparent; turned as its EXIF
 * says, the first frame of an animation, colours converted to sRGB.
 *
 * @returns [size, size, 3] RGB bytes; null when the browser cannot decode it.
 */
export async function decodeBitmap(file: Blob, size: number): Promise<Uint8Array<ArrayBuffer> | null> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await toBitmap(file);
  } catch {
    return null;
  }
  try {
    return resizeBitmap(bitmap, size);
  } finally {
    bitmap.close();
  }
}

async function toBitmap(file: Blob): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch (error) {
    // Browsers that do not know the option turn pictures as their EXIF says anyway, or not at all.
    if (error instanceof TypeError) return createImageBitmap(file);
    throw error;
  }
}

function resizeBitmap(bitmap: ImageBitmap, size: number): Uint8Array<ArrayBuffer> {
  const { left, top, side } = centreSquare(bitmap);
  const stripRows = Math.max(1, Math.min(side, Math.floor(stripPixels / side)));
  const context = canvasOf(side, stripRows);
  const taps = triangleTaps({ from: 0, length: side, spacing: 1 }, size);
  const channels = [0, 1, 2].map(() => new ChannelResizer(taps, taps, side));
  for (let row = 0; row < side; row += stripRows) {
    const rows = Math.min(stripRows, side - row);
    context.fillRect(0, 0, side, rows);
    context.drawImage(bitmap, left, top + row, side, rows, 0, 0, side, rows);
    const { data } = context.getImageData(0, 0, side, rows);
    for (const [start, channel] of channels.entries())
      channel.addRows({ samples: data, start, step: 4, stride: side * 4, rows });
  }
  const pixels = new Uint8ClampedArray(size * size * 3); // rounds
  for (const [start, channel] of channels.entries()) {
    const values = channel.finish();
    for (let i = 0; i < values.length; i++) pixels[3 * i + start] = values[i]!;
  }
  return new Uint8Array(pixels.buffer);
}

let canvas: OffscreenCanvasRenderingContext2D | null = null;

/** Of exactly this size, filled with white from now on; kept for the next picture, which is often as large. */
function canvasOf(width: number, height: number): OffscreenCanvasRenderingContext2D {
  if (canvas?.canvas.width !== width || canvas.canvas.height !== height) {
    canvas = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true, alpha: false });
    if (canvas === null) throw new Error("This browser gives workers no 2D canvas.");
    canvas.fillStyle = "white";
  }
  return canvas;
}
