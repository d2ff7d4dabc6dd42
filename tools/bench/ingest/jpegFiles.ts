import { createPrng } from "../../../src/lib/prng.ts";

/** Of every picture made here: those of ImageNet on average. */
export const pictureWidth = 500;
export const pictureHeight = 375;
const quality = 0.85;

/**
 * JPEGs with soft ground, edges of all directions and some noise, as a camera gives; different ones for each index.
 */
export async function drawJpegs(count: number): Promise<Blob[]> {
  const context = new OffscreenCanvas(pictureWidth, pictureHeight).getContext("2d", {
    willReadFrequently: true,
  });
  if (context === null) throw new Error("This browser has no 2D canvas.");
  const jpegs: Blob[] = [];
  for (let i = 0; i < count; i++) {
    drawPicture(context, i);
    jpegs.push(await context.canvas.convertToBlob({ type: "image/jpeg", quality }));
  }
  return jpegs;
}

function drawPicture(context: OffscreenCanvasRenderingContext2D, index: number): void {
  const random = createPrng(index, "benchmark picture");
  const colour = (alpha: number): string =>
    `hsl(${random.between(0, 360)} ${random.between(0, 90)}% ${random.between(10, 90)}% / ${alpha})`;
  const ground = context.createLinearGradient(0, 0, random.between(0, pictureWidth), pictureHeight);
  ground.addColorStop(0, colour(1));
  ground.addColorStop(1, colour(1));
  context.fillStyle = ground;
  context.fillRect(0, 0, pictureWidth, pictureHeight);
  for (let shape = 0; shape < 60; shape++) {
    context.fillStyle = colour(0.7);
    context.beginPath();
    const [x, y] = [random.between(0, pictureWidth), random.between(0, pictureHeight)];
    context.ellipse(x, y, random.between(2, 60), random.between(2, 60), random.between(0, 6), 0, 7);
    context.fill();
  }
  const pixels = context.getImageData(0, 0, pictureWidth, pictureHeight);
  for (let at = 0; at < pixels.data.length; at++) pixels.data[at]! += random.between(-12, 12); // alpha stays full
  context.putImageData(pixels, 0, 0);
}

/** So many files of few pictures. A few bytes after the end of each make no two alike, as readers look for copies. */
export function jpegFiles(jpegs: readonly Blob[], count: number): File[] {
  return Array.from({ length: count }, (_, i) => {
    const jpeg = jpegs[i % jpegs.length];
    if (jpeg === undefined) throw new Error("There is no picture to make files of.");
    return new File([jpeg, Uint32Array.of(i)], `${String(i).padStart(6, "0")}.jpg`, { type: "image/jpeg" });
  });
}
