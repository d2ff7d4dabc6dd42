import { expect, test } from "vitest";
import { createPrng, type Prng } from "../../lib/prng.ts";
import { centredCrop, cropSize, drawCrop, fits } from "./randomCrop.ts";

const ratio = [3 / 4, 4 / 3] as const;

test("a crop has the area and the ratio drawn, halves rounded to even", () => {
  expect(cropSize(100, 100, 0.25, 0)).toEqual({ height: 50, width: 50 });
  expect(cropSize(100, 100, 0.25, Math.log(4))).toEqual({ height: 25, width: 100 });
  expect(cropSize(5, 5, 0.25, 0)).toEqual({ height: 2, width: 2 }); // 2.5
  expect(cropSize(7, 7, 0.25, 0)).toEqual({ height: 4, width: 4 }); // 3.5
});

test("what does not fit is refused", () => {
  expect(fits({ height: 40, width: 41 }, 48, 40)).toBe(false);
  expect(fits({ height: 0, width: 1 }, 48, 40)).toBe(false);
  expect(fits({ height: 48, width: 40 }, 48, 40)).toBe(true);
});

test("after ten misses the largest centred box of an allowed ratio is taken", () => {
  expect(centredCrop(20, 97, ratio)).toEqual({ top: 0, left: 35, height: 20, width: 27 });
  expect(centredCrop(90, 15, ratio)).toEqual({ top: 35, left: 0, height: 20, width: 15 });
  expect(centredCrop(48, 40, ratio)).toEqual({ top: 0, left: 0, height: 48, width: 40 });

  let draws = 0;
  const prng = createPrng(1, "crop");
  const counting: Prng = { ...prng, between: (low, high) => (draws++, prng.between(low, high)) };
  expect(drawCrop(counting, 20, 97, { scale: [0.9, 1], ratio })).toEqual(centredCrop(20, 97, ratio));
  expect(draws).toBe(20);
});

test("boxes lie anywhere they fit, every place as likely", () => {
  const prng = createPrng(2, "crop");
  const tops = new Map<number, number>();
  for (let i = 0; i < 3000; i++) {
    const box = drawCrop(prng, 8, 8, { scale: [0.25, 0.25], ratio: [1, 1] });
    expect([box.height, box.width]).toEqual([4, 4]);
    tops.set(box.top, (tops.get(box.top) ?? 0) + 1);
  }
  expect([...tops.keys()].sort()).toEqual([0, 1, 2, 3, 4]);
  tops.forEach((times) => expect(times / 3000).toBeCloseTo(0.2, 1));
});
