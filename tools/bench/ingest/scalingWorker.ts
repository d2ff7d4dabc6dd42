/** A peer of the decoding workers: `createImageBitmap` decodes, crops and scales, one file after the other. */
import { pictureHeight, pictureWidth } from "./jpegFiles.ts";
import { SquareReader } from "./squareReader.ts";

const side = Math.min(pictureWidth, pictureHeight);
const left = Math.floor((pictureWidth - side) / 2);
const top = Math.floor((pictureHeight - side) / 2);

async function readAll(files: readonly File[], size: number): Promise<Uint8Array<ArrayBuffer>> {
  const reader = new SquareReader(size);
  const pixels = new Uint8Array(files.length * size * size * 3);
  for (const [i, file] of files.entries()) {
    const bitmap = await createImageBitmap(file, left, top, side, side, {
      resizeWidth: size,
      resizeHeight: size,
      resizeQuality: "high",
    });
    reader.read(bitmap, pixels, i);
    bitmap.close();
  }
  return pixels;
}

self.onmessage = ({ data }: MessageEvent<{ files: readonly File[]; size: number }>) =>
  void readAll(data.files, data.size).then((pixels) =>
    self.postMessage(pixels, { transfer: [pixels.buffer] }),
  );
