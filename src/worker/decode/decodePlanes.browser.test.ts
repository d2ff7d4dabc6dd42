import { describe, expect, it } from "vitest";
import { decodeBitmap } from "./decodeBitmap.ts";
import { measureImage } from "./decodeImage.ts";
import { decodePlanes } from "./decodePlanes.ts";

/** Soft colours, and a few hard edges. */
async function jpeg(
  width: number,
  height: number,
  quality: number,
  colorSpace: PredefinedColorSpace = "srgb",
): Promise<Uint8Array<ArrayBuffer>> {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { colorSpace })!;
  const ground = context.createLinearGradient(0, 0, width, height);
  ["#274", "#c84", "#46b", "#dcb"].forEach((colour, i) => ground.addColorStop(i / 3, colour));
  context.fillStyle = ground;
  context.fillRect(0, 0, width, height);
  for (let i = 0; i < 12; i++) {
    context.fillStyle = `hsl(${i * 47} 60% ${30 + 4 * i}%)`;
    context.fillRect((width * (i % 4)) / 4, (height * i) / 12, width / 7, height / 9);
  }
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality });
  return new Uint8Array(await blob.arrayBuffer());
}

describe("decodePlanes", () => {
  // Where little is left out, the browser's way of enlarging colour samples still shows at hard edges.
  it.each([
    [500, 375, 0.85, 48, 16, "colour at half the resolution"],
    [500, 375, 1, 48, 16, "colour at full resolution"],
    [375, 500, 0.85, 96, 16, "upright"],
    [501, 378, 0.85, 192, 40, "a square that begins amid a colour sample"],
    [377, 503, 0.7, 64, 16, "the same, upright"],
    [37, 21, 0.85, 48, 40, "enlarged"],
  ])("%i × %i at quality %d to %i: as the browser shows it", async (width, height, quality, size, worst) => {
    const bytes = await jpeg(width, height, quality);
    expect(measureImage(bytes)).toMatchObject({ format: "JPEG", width, height, planar: true });
    const planes = await decodePlanes(bytes, size);
    const shown = await decodeBitmap(new Blob([bytes]), size);
    expect(planes).toHaveLength(size * size * 3);
    const differences = planes!.map((value, i) => Math.abs(value - shown![i]!));
    const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length;
    expect(mean).toBeLessThan(1.5);
    expect(Math.max(...differences)).toBeLessThan(worst);
  });

  it("gives the same bytes every time, also while others are being decoded", async () => {
    const files = await Promise.all([300, 301, 302, 303].map((width) => jpeg(width, 200, 0.8)));
    const alone = [];
    for (const file of files) alone.push(await decodePlanes(file, 32));
    expect(await Promise.all(files.map((file) => decodePlanes(file, 32)))).toEqual(alone);
  });

  it("leaves what it cannot do to the browser", async () => {
    const bytes = await jpeg(100, 80, 0.9);
    expect(await decodePlanes(bytes.fill(0x55, 200), 48)).toBeNull();
    expect(await decodePlanes(new TextEncoder().encode("no picture"), 48)).toBeNull();
  });

  it("is not asked for pictures in other colour spaces", async () => {
    expect(measureImage(await jpeg(100, 80, 0.9, "display-p3"))).toMatchObject({ planar: false });
  });
});
