import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { visibleRange } from "./visibleRange.ts";

describe("visibleRange", () => {
  const grid = { width: 308, height: 100, scrollTop: 0, count: 1000, side: 48, gap: 4 };

  it("fills rows from edge to edge", () => {
    const { columns, pitch, totalHeight } = visibleRange(grid);
    expect(columns).toBe(6);
    expect(columns * pitch - grid.gap).toBeCloseTo(308);
    expect(totalHeight).toBeCloseTo(Math.ceil(1000 / 6) * pitch - 4);
  });

  it("shows nothing while folded away, and nothing of an empty set", () => {
    expect(visibleRange({ ...grid, width: 0 })).toMatchObject({ first: 0, end: 0 });
    expect(visibleRange({ ...grid, count: 0 })).toMatchObject({ first: 0, end: 0, totalHeight: 0 });
  });

  it("has every cell in sight, and few that are not, wherever it is scrolled", () => {
    const lengths = fc.record({
      width: fc.integer({ min: 1, max: 2000 }),
      height: fc.integer({ min: 1, max: 1000 }),
      count: fc.integer({ min: 1, max: 100_000 }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(lengths, ({ width, height, count, share }) => {
        const still = { ...grid, width, height, count };
        const { totalHeight } = visibleRange(still);
        const scrollTop = share * Math.max(0, totalHeight - height);
        const { first, end, columns, pitch } = visibleRange({ ...still, scrollTop });
        const firstInSight = Math.floor(scrollTop / pitch) * columns;
        const endInSight = Math.min(count, Math.ceil((scrollTop + height) / pitch) * columns);
        expect(first).toBeLessThanOrEqual(firstInSight);
        expect(end).toBeGreaterThanOrEqual(endInSight);
        expect(end).toBeLessThanOrEqual(count);
        expect(end - first).toBeLessThanOrEqual((height / pitch + 6) * columns);
      }),
    );
  });
});
