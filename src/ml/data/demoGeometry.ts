/**
 * Outlines and their coverage, by arithmetic alone.
 *
 * Only `+ − × ÷`, `Math.floor` and `Math.sqrt` touch a pixel: IEEE 754 rounds those the same everywhere, whereas
 * `Math.sin` and `Math.exp` may differ in the last bit between engines. So a seed gives the same bytes in every
 * browser and in Node.
 */
import { invariant } from "../../lib/invariant.ts";

/** A closed outline: x₀, y₀, x₁, y₁, … in whatever space its maker says; y grows downwards. */
export type Outline = readonly number[];

/** [a, b, c, d, e, f]: x′ = a·x + c·y + e, y′ = b·x + d·y + f, as in SVG. */
export type Affine = readonly [number, number, number, number, number, number];

const tau = 6.283185307179586;

/** sin(2π·turns) by its Taylor series on a quarter turn; error below 1e-9. */
export function sineOfTurns(turns: number): number {
  let t = turns - Math.floor(turns + 0.5); // [−½, ½)
  if (t > 0.25) t = 0.5 - t;
  else if (t < -0.25) t = -0.5 - t;
  const x = t * tau;
  const xx = x * x;
  return (
    x *
    (1 +
      (xx / -6) *
        (1 + (xx / -20) * (1 + (xx / -42) * (1 + (xx / -72) * (1 + (xx / -110) * (1 + xx / -156))))))
  );
}

export function cosineOfTurns(turns: number): number {
  return sineOfTurns(turns + 0.25);
}

/** Points of an ellipse from one angle to another (in turns, clockwise on screen), both ends included. */
export function arc(
  centreX: number,
  centreY: number,
  radiusX: number,
  radiusY: number,
  from = 0,
  to = 1,
  steps = 28,
): number[] {
  const points: number[] = [];
  for (let i = 0; i <= steps; i++) {
    const turns = from + ((to - from) * i) / steps;
    points.push(centreX + radiusX * cosineOfTurns(turns), centreY + radiusY * sineOfTurns(turns));
  }
  return points;
}

/** The same outline walked backwards: under the non-zero rule it cuts a hole into what surrounds it. */
export function reversed(outline: Outline): number[] {
  const points: number[] = [];
  for (let i = outline.length - 2; i >= 0; i -= 2)
    points.push(outline[i] as number, outline[i + 1] as number);
  return points;
}

export function box(left: number, top: number, right: number, bottom: number): number[] {
  return [left, top, right, top, right, bottom, left, bottom];
}

/**
 * How much of each pixel lies inside the outlines (non-zero winding): exact along x, by `subLines` sample lines
 * along y.
 *
 * @param outlines in any space; `toPixels` maps them to pixels, whose corners are whole numbers.
 * @param coverage [size · size] row-major, overwritten with values in [0, 1].
 */
export function coverOutlines(
  outlines: readonly Outline[],
  toPixels: Affine,
  size: number,
  subLines: number,
  coverage: Float32Array,
): void {
  invariant(coverage.length === size * size, "coverage has one value per pixel");
  coverage.fill(0);
  const [a, b, c, d, e, f] = toPixels;
  // Edges as (top y, bottom y, x at the top, dx/dy, winding).
  const edges: number[] = [];
  let top = Infinity;
  let bottom = -Infinity;
  for (const outline of outlines) {
    const last = outline.length - 2;
    let fromX = a * (outline[last] as number) + c * (outline[last + 1] as number) + e;
    let fromY = b * (outline[last] as number) + d * (outline[last + 1] as number) + f;
    for (let i = 0; i <= last; i += 2) {
      const toX = a * (outline[i] as number) + c * (outline[i + 1] as number) + e;
      const toY = b * (outline[i] as number) + d * (outline[i + 1] as number) + f;
      if (fromY < toY) edges.push(fromY, toY, fromX, (toX - fromX) / (toY - fromY), 1);
      else if (fromY > toY) edges.push(toY, fromY, toX, (fromX - toX) / (fromY - toY), -1);
      top = Math.min(top, toY);
      bottom = Math.max(bottom, toY);
      fromX = toX;
      fromY = toY;
    }
  }
  const weight = 1 / subLines;
  const firstRow = Math.max(0, Math.floor(top));
  const endRow = Math.min(size, Math.floor(bottom) + 1);
  const crossingX: number[] = [];
  const crossingWinding: number[] = [];
  for (let row = firstRow; row < endRow; row++) {
    for (let sub = 0; sub < subLines; sub++) {
      const y = row + (sub + 0.5) * weight;
      let count = 0;
      for (let i = 0; i < edges.length; i += 5) {
        if ((edges[i] as number) > y || (edges[i + 1] as number) <= y) continue;
        const x = (edges[i + 2] as number) + (y - (edges[i] as number)) * (edges[i + 3] as number);
        let at = count++; // insertion sort: a line crosses few edges
        while (at > 0 && (crossingX[at - 1] as number) > x) {
          crossingX[at] = crossingX[at - 1] as number;
          crossingWinding[at] = crossingWinding[at - 1] as number;
          at--;
        }
        crossingX[at] = x;
        crossingWinding[at] = edges[i + 4] as number;
      }
      let winding = 0;
      for (let i = 0; i + 1 < count; i++) {
        winding += crossingWinding[i] as number;
        if (winding !== 0) {
          addSpan(coverage, row * size, size, crossingX[i] as number, crossingX[i + 1] as number, weight);
        }
      }
    }
  }
}

function addSpan(
  coverage: Float32Array,
  rowStart: number,
  size: number,
  fromX: number,
  toX: number,
  weight: number,
): void {
  const left = Math.max(0, fromX);
  const right = Math.min(size, toX);
  if (right <= left) return;
  const first = Math.floor(left);
  const last = Math.min(size - 1, Math.floor(right));
  if (first === last) {
    coverage[rowStart + first] = (coverage[rowStart + first] as number) + (right - left) * weight;
    return;
  }
  coverage[rowStart + first] = (coverage[rowStart + first] as number) + (first + 1 - left) * weight;
  for (let x = first + 1; x < last; x++) {
    coverage[rowStart + x] = (coverage[rowStart + x] as number) + weight;
  }
  coverage[rowStart + last] = (coverage[rowStart + last] as number) + (right - last) * weight;
}
