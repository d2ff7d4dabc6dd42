/** Draws pictures small on a canvas, as the browser scales them, and reads the bytes back. */
export class SquareReader {
  readonly #size: number;
  readonly #context: OffscreenCanvasRenderingContext2D;

  constructor(size: number) {
    this.#size = size;
    const context = new OffscreenCanvas(size, size).getContext("2d", { willReadFrequently: true });
    if (context === null) throw new Error("This browser has no 2D canvas.");
    context.imageSmoothingQuality = "high";
    this.#context = context;
  }

  /**
   * The square around the centre.
   *
   * @param into [N, size, size, 3], of which the picture `index` is written.
   */
  read(bitmap: ImageBitmap, into: Uint8Array, index: number): void {
    const size = this.#size;
    const side = Math.min(bitmap.width, bitmap.height);
    const left = Math.floor((bitmap.width - side) / 2);
    const top = Math.floor((bitmap.height - side) / 2);
    this.#context.drawImage(bitmap, left, top, side, side, 0, 0, size, size);
    const { data } = this.#context.getImageData(0, 0, size, size);
    let to = index * size * size * 3;
    for (let from = 0; from < data.length; from += 4) {
      into[to++] = data[from]!;
      into[to++] = data[from + 1]!;
      into[to++] = data[from + 2]!;
    }
  }
}
