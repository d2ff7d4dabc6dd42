import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { cosineOfTurns, coverOutlines, sineOfTurns, box, reversed, arc } from "./demoGeometry.ts";
import { demoLabels, drawDemoImage } from "./demoSet.ts";

describe("demo set", () => {
  it("draws the same bytes on every machine", () => {
    const hash = createHash("sha256");
    for (let index = 0; index < 48; index++) hash.update(drawDemoImage(7, index, 32).pixels);
    hash.update(drawDemoImage(7, 5, 96).pixels);
    // Changes only with the drawing itself; whoever changes it must expect every fingerprint to change.
    expect(hash.digest("hex")).toBe("204708eedd7fb394d6ab494fdca7167816aa3d9bc4470fc357bb992706f73636");
  });

  it("has at least ten classes and deals them out evenly", () => {
    expect(demoLabels.length).toBeGreaterThanOrEqual(10);
    expect(new Set(demoLabels).size).toBe(demoLabels.length);
    const counts = new Map<number, number>();
    for (let index = 0; index < demoLabels.length * 4; index++) {
      const { label } = drawDemoImage(1, index, 16);
      counts.set(label, (counts.get(label) ?? 0) + 1);
    }
    expect([...counts.values()]).toEqual(demoLabels.map(() => 4));
  });

  it("draws another picture for another seed and another index of the same class", () => {
    const one = drawDemoImage(1, 0, 32).pixels;
    expect(drawDemoImage(2, 0, 32).pixels).not.toEqual(one);
    expect(drawDemoImage(1, demoLabels.length, 32).pixels).not.toEqual(one);
  });

  it("draws the same scene at every size", () => {
    // The mean of each quadrant hardly depends on how finely the scene is drawn; two scenes differ widely.
    const quadrants = (index: number, size: number): number[] => {
      const { pixels } = drawDemoImage(3, index, size);
      const sums = [0, 0, 0, 0];
      pixels.forEach((value, at) => {
        const pixel = Math.floor(at / 3);
        const quadrant = (pixel % size < size / 2 ? 0 : 1) + (pixel < (size * size) / 2 ? 0 : 2);
        sums[quadrant] = (sums[quadrant] as number) + value / (pixels.length / 4);
      });
      return sums;
    };
    const distance = (a: number[], b: number[]): number =>
      Math.max(...a.map((value, i) => Math.abs(value - (b[i] as number))));
    for (const index of [0, 7, 20])
      expect(distance(quadrants(index, 32), quadrants(index, 128))).toBeLessThan(4);
    expect(distance(quadrants(0, 32), quadrants(7, 32))).toBeGreaterThan(8);
  });

  it("cannot be told apart by the neighbours of raw pixels", () => {
    const bank = 960;
    const queries = 240;
    const images = Array.from({ length: bank + queries }, (_, index) => drawDemoImage(11, index, 16));
    let correct = 0;
    for (const query of images.slice(bank)) {
      let nearest = -1;
      let least = Infinity;
      for (let i = 0; i < bank; i++) {
        const candidate = images[i]!.pixels;
        let sum = 0;
        for (let at = 0; at < candidate.length && sum < least; at++) {
          const difference = candidate[at]! - query.pixels[at]!;
          sum += difference * difference;
        }
        if (sum < least) [least, nearest] = [sum, images[i]!.label];
      }
      if (nearest === query.label) correct++;
    }
    // Chance is 1/12 = 8 %.
    expect(correct / queries).toBeLessThan(0.25);
  });
});

describe("geometry", () => {
  it("has the sine of the textbook", () => {
    for (let i = -300; i <= 300; i++) {
      const turns = i / 97;
      expect(Math.abs(sineOfTurns(turns) - Math.sin(2 * Math.PI * turns))).toBeLessThan(1e-8);
      expect(Math.abs(cosineOfTurns(turns) - Math.cos(2 * Math.PI * turns))).toBeLessThan(1e-8);
    }
  });

  it("covers exactly what an outline encloses, holes left out and overlaps counted once", () => {
    const coverage = new Float32Array(64);
    const sum = (): number => coverage.reduce((total, value) => total + value, 0);
    coverOutlines([box(1.25, 2, 5.5, 4.5)], [1, 0, 0, 1, 0, 0], 8, 4, coverage);
    expect(sum()).toBeCloseTo(4.25 * 2.5, 5);
    expect(coverage[2 * 8 + 1]).toBeCloseTo(0.75, 5);
    coverOutlines(
      [box(0, 0, 6, 6), reversed(box(1, 1, 3, 3)), box(4, 4, 8, 8)],
      [1, 0, 0, 1, 0, 0],
      8,
      4,
      coverage,
    );
    expect(sum()).toBeCloseTo(36 - 4 + 16 - 4, 5);
    // Mirrored, everything winds the other way; the area stays.
    coverOutlines(
      [arc(0, 0, 1, 1, 0, 1, 200), reversed(box(-0.5, -0.5, 0.5, 0.5))],
      [-3, 0, 0, 3, 4, 4],
      8,
      16,
      coverage,
    );
    expect(sum()).toBeCloseTo(9 * (Math.PI - 1), 1);
  });
});
