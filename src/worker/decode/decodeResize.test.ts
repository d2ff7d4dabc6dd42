import { describe, expect, it } from "vitest";
import { ChannelResizer, triangleTaps } from "./decodeResize.ts";

/** The picture whose channels are a known sequence; the channels differ by a constant. */
function picture(side: number, value: (pixel: number) => number): Uint8ClampedArray {
  const rgba = new Uint8ClampedArray(side * side * 4);
  for (let pixel = 0; pixel < side * side; pixel++) {
    rgba.set([value(pixel), 255 - value(pixel), 9, 77], pixel * 4);
  }
  return rgba;
}

/** One of its channels, scaled. */
function resize(
  rgba: Uint8ClampedArray,
  side: number,
  size: number,
  strips: readonly number[] = [side],
  channel = 0,
): number[] {
  const taps = triangleTaps({ from: 0, length: side, spacing: 1 }, size);
  const resizer = new ChannelResizer(taps, taps, side);
  let row = 0;
  for (const rows of strips) {
    const samples = rgba.subarray(row * side * 4, (row + rows) * side * 4);
    resizer.addRows({ samples, start: channel, step: 4, stride: side * 4, rows });
    row += rows;
  }
  return [...resizer.finish()];
}

function expectClose(actual: readonly number[], expected: readonly number[], within: number): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, i) =>
    expect(Math.abs(value - expected[i]!), `[${i}]: ${value}`).toBeLessThan(within),
  );
}

describe("ChannelResizer", () => {
  it("shrinks as PyTorch's antialiased bilinear does", () => {
    // torch.nn.functional.interpolate((arange(49)² · 37 mod 251).reshape(7, 7), 3, mode="bilinear", antialias=True)
    const expected = [96.75, 151.924, 140.092, 127.601, 173.093, 137.315, 113.857, 161.92, 168.061];
    const rgba = picture(7, (pixel) => (pixel * pixel * 37) % 251);
    expectClose(resize(rgba, 7, 3), expected, 0.001);
    const green = expected.map((value) => 255 - value);
    expectClose(resize(rgba, 7, 3, [7], 1), green, 0.001);
  });

  it("enlarges as PyTorch's bilinear does", () => {
    const values = [0, 37, 148, 56, 109, 236, 224, 42, 185]; // the upper left 3 × 3 of the picture above
    const expected = [
      0.0, 14.8, 37.0, 103.6, 148.0, 22.4, 39.76, 65.8, 136.24, 183.2, 56.0, 77.2, 109.0, 185.2, 236.0, 156.8,
      121.6, 68.8, 150.76, 205.4, 224.0, 151.2, 42.0, 127.8, 185.0,
    ];
    const rgba = picture(3, (pixel) => values[pixel]!);
    expectClose(resize(rgba, 3, 5), expected, 0.001);
  });

  it("gives the same whatever the strips", () => {
    const rgba = picture(11, (pixel) => (pixel * 101) % 256);
    const whole = resize(rgba, 11, 4);
    expect(resize(rgba, 11, 4, [1, 1, 5, 4])).toEqual(whole);
    expect(resize(rgba, 11, 4, Array<number>(11).fill(1))).toEqual(whole);
  });

  it("is the identity at the same size and keeps one colour one colour at any", () => {
    const rgba = picture(6, (pixel) => (pixel * 29) % 256);
    expect(resize(rgba, 6, 6)).toEqual(Array.from({ length: 36 }, (_, pixel) => (pixel * 29) % 256));
    for (const [side, size] of [
      [100, 7],
      [5, 32],
      [33, 32],
      [1, 16],
    ] as const) {
      const flat = resize(
        picture(side, () => 255),
        side,
        size,
      );
      expectClose(flat, Array<number>(size * size).fill(255), 0.001);
    }
  });

  it("does not alias: fine stripes become grey", () => {
    const stripes = resize(
      picture(320, (pixel) => (pixel % 2) * 254),
      320,
      32,
    );
    for (const red of stripes) expect(Math.abs(red - 127)).toBeLessThanOrEqual(5);
  });

  it("wants every row, and no more", () => {
    const taps = triangleTaps({ from: 0, length: 4, spacing: 1 }, 2);
    const rowsOf = (rows: number) => ({
      samples: new Uint8ClampedArray(rows * 4),
      start: 0,
      step: 1,
      stride: 4,
      rows,
    });
    const resizer = new ChannelResizer(taps, taps, 4);
    resizer.addRows(rowsOf(3));
    expect(() => resizer.finish()).toThrow("3 of 4 rows");
    expect(() => resizer.addRows(rowsOf(2))).toThrow("4 rows");
  });
});

describe("triangleTaps", () => {
  /** The value that the taps give for samples that say where they are. */
  function places(from: number, length: number, spacing: number, size: number): number[] {
    const { first, count, weights, most } = triangleTaps({ from, length, spacing }, size);
    return Array.from(first, (start, i) => {
      let sum = 0;
      for (let tap = 0; tap < count[i]!; tap++)
        sum += (weights[i * most + tap]! / 2 ** 22) * (start + tap + 0.5) * spacing;
      return sum;
    });
  }

  it.each([
    [0, 12, 1],
    [3, 12, 1],
    [6, 24, 2],
    [7, 24, 2], // begins in the middle of a sample
  ])("looks where the result lies: from %i, %i long, a sample every %i", (from, length, spacing) => {
    const size = length; // enlarging, which keeps straight lines straight
    const found = places(from, length, spacing, size);
    found.forEach((place, i) => {
      const wanted = from + i + 0.5;
      const isAtEnd = wanted < from + spacing || wanted > from + length - spacing; // nothing beyond counts
      expect(Math.abs(place - wanted)).toBeLessThan(isAtEnd ? spacing : 1e-5);
    });
  });

  it("takes no sample from outside", () => {
    const { first, count } = triangleTaps({ from: 62, length: 375, spacing: 2 }, 48);
    expect(first[0]).toBe(31);
    expect(first[47]! + count[47]!).toBe(Math.ceil((62 + 375) / 2));
  });
});
