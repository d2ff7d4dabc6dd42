import { expect, test } from "vitest";
import { defaultConfig } from "../../contract/config.ts";
import { createPrng } from "../../lib/prng.ts";
import { renderViewSlowly, type Image } from "../../../verify/references/augmentReference.ts";
import { renderViews } from "./renderViews.ts";
import type { viewColumns } from "./viewParameters.ts";
import { drawViewParameters, packViews, viewAt, wholeView, type View } from "./viewParameters.ts";

const everything = {
  ...defaultConfig,
  jitterProbability: 1,
  blurProbability: 0.5,
  grayscaleProbability: 0.2,
};

/** Random bytes with a grey, a black, a white and a pure red patch, where hue and clamping have their corners. */
function randomPictures(seed: number, count: number, size: number): Uint8Array {
  const prng = createPrng(seed, "pictures");
  const pixels = Uint8Array.from({ length: count * size * size * 3 }, () => prng.integer(256));
  for (let i = 0; i < count; i++)
    [
      [90, 90, 90],
      [0, 0, 0],
      [255, 255, 255],
      [255, 0, 0],
    ].forEach((colour, patch) => pixels.set([...colour, ...colour], (i * size * size + patch * 3) * 3));
  return pixels;
}

function imageOf(pixels: Uint8Array, size: number, index: number): Image {
  const at = (y: number, x: number, c: number): number =>
    pixels[((index * size + y) * size + x) * 3 + c]! / 255;
  return Array.from({ length: size }, (_, y) =>
    Array.from({ length: size }, (__, x) => [at(y, x, 0), at(y, x, 1), at(y, x, 2)] as const),
  );
}

function worst(rendered: Float32Array, index: number, size: number, expected: Image): number {
  const flat = expected.flat(2);
  return Math.max(...flat.map((v, i) => Math.abs(v - rendered[index * size * size * 3 + i]!)));
}

// Shrinking, enlarging, both at once by axis, equal.
test.each([
  [24, 9],
  [11, 16],
  [13, 13],
])("every drawn view of a %d px picture at %d px equals the slow definition", (sourceSize, viewSize) => {
  const count = 24; // one of each order of the colour operations, if luck will have it
  const pixels = randomPictures(5, count, sourceSize);
  const parameters = drawViewParameters(createPrng(9, "augment"), everything, sourceSize, count);
  const views = renderViews(pixels, sourceSize, parameters, viewSize);
  expect(Math.min(...views)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...views)).toBeLessThanOrEqual(1.000001);
  for (let i = 0; i < count; i++) {
    const expected = renderViewSlowly(imageOf(pixels, sourceSize, i), viewAt(parameters, i), viewSize);
    expect(worst(views, i, viewSize, expected)).toBeLessThan(2e-6);
  }
});

test.each([
  ["brightness", 0, 1.7],
  ["brightness", 0, 0],
  ["contrast", 1, 1.8],
  ["contrast", 1, 0.3],
  ["saturation", 2, 2],
  ["saturation", 2, 0],
  ["hue", 3, 0.5],
  ["hue", 3, -0.5],
  ["hue", 3, 1 / 6],
  ["hue", 3, -1 / 3],
] as const)("%s (operation %d) by %d equals the slow definition", (column, operation, amount) => {
  const pixels = randomPictures(6, 1, 8);
  const view: View = { ...wholeView(8, 8), jitter0: operation, [column]: Math.fround(amount) };
  const rendered = renderViews(pixels, 8, packViews([view]), 8);
  expect(worst(rendered, 0, 8, renderViewSlowly(imageOf(pixels, 8, 0), view, 8))).toBeLessThan(2e-6);
});

test("a blur wider than the view mirrors on", () => {
  const pixels = randomPictures(7, 1, 5);
  const view: View = { ...wholeView(5, 5), blurSigma: 2, blurRadius: 11 };
  const rendered = renderViews(pixels, 5, packViews([view]), 5);
  expect(worst(rendered, 0, 5, renderViewSlowly(imageOf(pixels, 5, 0), view, 5))).toBeLessThan(2e-6);
});

test("a whole picture at its own size is the picture", () => {
  const pixels = randomPictures(8, 3, 12);
  const plain = renderViews(pixels, 12, packViews(new Array<View>(3).fill(wholeView(12, 12))), 12);
  expect(Array.from(plain, (v) => Math.round(v * 255))).toEqual(Array.from(pixels));
  expect(Math.max(...Array.from(plain, (v, i) => Math.abs(v - pixels[i]! / 255)))).toBeLessThan(1e-7);
});

test("the same parameters give the same bits, and a view depends on no other", () => {
  const pixels = randomPictures(9, 6, 16);
  const parameters = drawViewParameters(createPrng(2, "augment"), everything, 16, 6);
  const all = renderViews(pixels, 16, parameters, 12);
  expect(renderViews(pixels, 16, parameters, 12, new Float32Array(all.length).fill(7))).toEqual(all);
  const fifth = renderViews(pixels.subarray(5 * 16 * 16 * 3), 16, packViews([viewAt(parameters, 5)]), 12);
  expect(fifth).toEqual(all.slice(5 * 12 * 12 * 3));
});

test("drawn parameters follow the options", () => {
  const count = 4000;
  const options = { ...everything, jitterProbability: 0.8, hue: 0.1, brightness: 0.4, cropScaleMin: 0.2 };
  const parameters = drawViewParameters(createPrng(4, "augment"), options, 64, count);
  const views = Array.from({ length: count }, (_, i) => viewAt(parameters, i));
  const share = (holds: (view: View) => boolean): number => views.filter(holds).length / count;
  const between = (low: number, column: (typeof viewColumns)[number], high: number): void =>
    views.forEach((view) => {
      expect(view[column]).toBeGreaterThanOrEqual(low - 1e-6);
      expect(view[column]).toBeLessThanOrEqual(high + 1e-6);
    });
  expect(share((view) => view.jitter0 >= 0)).toBeCloseTo(0.8, 1);
  expect(share((view) => view.grayscale === 1)).toBeCloseTo(0.2, 1);
  expect(share((view) => view.blurSigma > 0)).toBeCloseTo(0.5, 1);
  expect(share((view) => view.flip === 1)).toBeCloseTo(0.5, 1);
  between(0.6, "brightness", 1.4);
  between(-0.1, "hue", 0.1);
  between(0, "blurSigma", 2);

  const jittered = views.filter((view) => view.jitter0 >= 0);
  const orders = new Set(jittered.map((v) => [v.jitter0, v.jitter1, v.jitter2, v.jitter3].join(" ")));
  expect(orders.size).toBe(24);
  orders.forEach((order) => expect(order.split(" ").sort()).toEqual(["0", "1", "2", "3"]));

  views.forEach((view) => {
    expect(view.cropTop + view.cropHeight).toBeLessThanOrEqual(64);
    expect(view.cropLeft + view.cropWidth).toBeLessThanOrEqual(64);
    expect(view.cropHeight * view.cropWidth).toBeGreaterThan(0.2 * 64 * 64 * 0.95);
  });
  const ratios = views.map((view) => Math.log(view.cropWidth / view.cropHeight));
  expect(ratios.reduce((sum, v) => sum + v, 0) / count).toBeCloseTo(0, 1); // symmetric: wide as often as tall
  // The area is uniform between 0.2 and 1 but for rejected draws, which are the large and elongated ones.
  const area = views.reduce((sum, v) => sum + v.cropHeight * v.cropWidth, 0) / count / 64 ** 2;
  expect(area).toBeGreaterThan(0.5);
  expect(area).toBeLessThan(0.61);
  // Crops reach every edge.
  expect(share((view) => view.cropTop === 0)).toBeGreaterThan(0.02);
  expect(share((view) => view.cropTop + view.cropHeight === 64)).toBeGreaterThan(0.02);
});
