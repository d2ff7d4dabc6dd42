import { describe, expect, it } from "vitest";
import { float32ToHalf, halfToFloat32 } from "./half.ts";

/** The definition, in floating point. */
function halfValue(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
const all = Uint16Array.from({ length: 65536 }, (_, i) => i);

describe("half precision", () => {
  it("reads all 65 536 halves as their definition says", () => {
    const values = halfToFloat32(all);
    for (let i = 0; i < all.length; i++)
      if (!Object.is(values[i], halfValue(i))) expect(values[i]).toBe(halfValue(i));
  });

  it("writes every half it read as the same bits", () => {
    const written = float32ToHalf(halfToFloat32(all));
    for (let i = 0; i < all.length; i++)
      if (!Number.isNaN(halfValue(i)) && written[i] !== i) expect(written[i]).toBe(i);
    expect(float32ToHalf(Float32Array.of(NaN))[0]! & 0x7fff).toBeGreaterThan(0x7c00);
  });

  it("rounds to nearest, ties to even, at every boundary", () => {
    const finite = [...all].filter((half) => half < 0x7bff);
    for (const half of finite) {
      const below = halfValue(half);
      const above = halfValue(half + 1);
      const middle = (below + above) / 2; // exact in float32
      const step = middle * 2 ** -22 || 2 ** -40;
      const even = half % 2 === 0 ? half : half + 1;
      const got = float32ToHalf(Float32Array.of(middle, middle - step, middle + step, -middle));
      if (got[0] !== even || got[1] !== half || got[2] !== half + 1 || got[3] !== (even | 0x8000))
        expect([half, ...got]).toEqual([half, even, half, half + 1, even | 0x8000]);
    }
  });

  it("turns what is too large into infinity", () => {
    expect([...float32ToHalf(Float32Array.of(65519, 65520, 1e30, -1e30, Infinity))]).toEqual([
      0x7bff, 0x7c00, 0x7c00, 0xfc00, 0x7c00,
    ]);
  });
});
