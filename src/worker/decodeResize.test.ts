import { describe, expect, it } from "vitest";
import { SquareResizer } from "./decodeResize.ts";

/** The picture whose channels are a known sequence; the channels differ by a constant. */
function picture(side: number, value: (pixel: number) => number): Uint8ClampedArray {
  const rgba = new Uint8ClampedArray(side * side * 4);
  for (let pixel = 0; pixel < side * side; pixel++) {
    rgba.set([value(pixel), 255 - value(pixel), 9, 77], pixel * 4);
  }
  return rgba;
}

function resize(rgba: Uint8ClampedArray, side: number, size: number, strips: readonly number[]): Uint8Array {
  const resizer = new SquareResizer(side, size);
  let row = 0;
  for (const rows of strips) {
    resizer.addRows(rgba.subarray(row * side * 4, (row + rows) * side * 4), rows);
    row += rows;
  }
  return resizer.finish();
}

const reds = (pixels: Uint8Array): number[] => [...pixels].filter((_, at) => at % 3 === 0);

describe("SquareResizer", () => {
  it("shrinks as PyTorch's antialiased bilinear does", () => {
    // torch.nn.functional.interpolate((arange(49)² · 37 mod 251).reshape(7, 7), 3, mode="bilinear", antialias=True)
    const expected = [96.75, 151.924, 140.092, 127.601, 173.093, 137.315, 113.857, 161.92, 168.061];
    const pixels = resize(
      picture(7, (pixel) => (pixel * pixel * 37) % 251),
      7,
      3,
      [7],
    );
    expect(reds(pixels)).toEqual(expected.map(Math.round));
  });

  it("enlarges as PyTorch's bilinear does", () => {
    const values = [0, 37, 148, 56, 109, 236, 224, 42, 185]; // the upper left 3 × 3 of the picture above
    const expected = [
      0.0, 14.8, 37.0, 103.6, 148.0, 22.4, 39.76, 65.8, 136.24, 183.2, 56.0, 77.2, 109.0, 185.2, 236.0, 156.8,
      121.6, 68.8, 150.76, 205.4, 224.0, 151.2, 42.0, 127.8, 185.0,
    ];
    const pixels = resize(
      picture(3, (pixel) => values[pixel]!),
      3,
      5,
      [3],
    );
    expect(reds(pixels)).toEqual(expected.map(Math.round));
  });

  it("gives the same whatever the strips", () => {
    const rgba = picture(11, (pixel) => (pixel * 101) % 256);
    const whole = resize(rgba, 11, 4, [11]);
    expect(resize(rgba, 11, 4, [1, 1, 5, 4])).toEqual(whole);
    expect(resize(rgba, 11, 4, Array<number>(11).fill(1))).toEqual(whole);
  });

  it("is the identity at the same size and keeps one colour one colour at any", () => {
    const rgba = picture(6, (pixel) => (pixel * 29) % 256);
    expect(reds(resize(rgba, 6, 6, [6]))).toEqual(
      reds(rgba.filter((_, at) => at % 4 !== 3) as unknown as Uint8Array),
    );
    for (const [side, size] of [
      [100, 7],
      [5, 32],
      [33, 32],
      [1, 16],
    ] as const) {
      const flat = resize(
        picture(side, () => 200),
        side,
        size,
        [side],
      );
      expect(new Set(reds(flat))).toEqual(new Set([200]));
    }
  });

  it("does not alias: fine stripes become grey", () => {
    const stripes = resize(
      picture(320, (pixel) => (pixel % 2) * 254),
      320,
      32,
      [320],
    );
    for (const red of reds(stripes)) expect(Math.abs(red - 127)).toBeLessThanOrEqual(5);
  });

  it("wants every row", () => {
    const resizer = new SquareResizer(4, 2);
    resizer.addRows(new Uint8ClampedArray(3 * 16), 3);
    expect(() => resizer.finish()).toThrow("3 of 4 rows");
  });
});
