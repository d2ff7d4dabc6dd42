import { acrossRows } from "./acrossRows.ts";
import type { Granularity } from "./granularity.ts";
import { overItems, read, write, type Kernel } from "./kernel.ts";

/** Smooth L1, and its slope. */
const smoothL1 = `fn smoothL1(x: f32) -> f32 {
  let capped = min(abs(x), 1.0);
  return 0.5 * capped * capped + abs(x) - capped;
}`;
const slopeOf = (difference: string): string => `clamp(${difference}, -1.0, 1.0)`;

/** A squared distance no larger than its square counts as this, without a gradient. */
const smallestDistance = "1e-6";

/** Distances of each row to each row, at least 10⁻⁶ but for its own. Operands: rows, distances, both f32. */
export function pairDistances(count: number, width: number): Kernel {
  const { enter, shape, ...frame } = overItems(count * count);
  return {
    label: "distances of pairs",
    bindings: [read("rows", "f32"), write("distances", "f32")],
    ...frame,
    shape: { ...shape, rowCount: count, width },
    body: `${enter}
let one = i / shape.rowCount * shape.width;
let other = i % shape.rowCount * shape.width;
var squares = 0.0;
for (var d = 0; d < shape.width; d++) { let v = rows[one + d] - rows[other + d]; squares += v * v; }
distances[i] = select(max(sqrt(squares), ${smallestDistance}), 0.0, one == other);`,
  };
}

/**
 * RKD's loss of distances in units of their mean; means over all that are not 0 by their place.
 *
 * Operands: distances of the student and of the teacher [N, N], loss [1], statistics [3]: both means, and the mean slope of the
 * loss along the student's distances; all f32.
 */
export function relativeDistanceLoss(count: number, granularity: Granularity): Kernel {
  const { frame, shape, declarations, enter, along } = acrossRows(1, granularity);
  return {
    label: "loss of distances",
    bindings: [
      read("student", "f32"),
      read("teacher", "f32"),
      write("loss", "f32"),
      write("statistics", "f32"),
    ],
    ...frame,
    shape: { ...shape, pairs: count * count, apart: count * (count - 1) },
    declarations: `${declarations}\n${smoothL1}`,
    body: `${enter}
var sums = vec2f(0);
${along("shape.pairs", "sums += vec2f(student[j], teacher[j]);")}
let means = vec2f(sumOf(lane, sums.x), sumOf(lane, sums.y)) / f32(shape.apart);
var found = vec2f(0);
${along(
  "shape.pairs",
  `
  let own = student[j] / means.x;
  let difference = own - teacher[j] / means.y;
  found += vec2f(smoothL1(difference), ${slopeOf("difference")} * own);
`,
)}
found = vec2f(sumOf(lane, found.x), sumOf(lane, found.y)) / f32(shape.pairs);
if (lane == 0) {
  loss[0] = found.x;
  statistics[0] = means.x;
  statistics[1] = means.y;
  statistics[2] = found.y / f32(shape.apart);
}`,
  };
}

/**
 * Its gradient by the student's rows: dd_ij = (slope_ij/N² − mean slope)/mean distance, along eᵢ − eⱼ, from both of a pair.
 *
 * Operands: dy [1], rows [N, D], distances of the student and of the teacher, statistics, gradients [N, D], all f32.
 */
export function relativeDistanceGradient(count: number, width: number): Kernel {
  const { enter, shape, ...frame } = overItems(count * width);
  return {
    label: "gradient by distances",
    bindings: [
      ...["dy", "rows", "student", "teacher", "statistics"].map((name) => read(name, "f32")),
      write("gradients", "f32"),
    ],
    ...frame,
    shape: { ...shape, rowCount: count, width },
    body: `${enter}
let row = i / shape.width;
let d = i % shape.width;
let pairs = f32(shape.rowCount * shape.rowCount);
var sum = 0.0;
for (var k = 0; k < shape.rowCount; k++) {
  let place = row * shape.rowCount + k;
  let size = student[place];
  let difference = size / statistics[0] - teacher[place] / statistics[1];
  let slope = ${slopeOf("difference")} / pairs - statistics[2];
  if (size > ${smallestDistance}) { sum += slope * (rows[i] - rows[k * shape.width + d]) / size; }
}
gradients[i] = 2.0 * dy[0] * sum / statistics[0];`,
  };
}

/** Each corner's share of RKD's loss of angles. Operands: cosines of the student and of the teacher [N, N, N], losses [N], all f32. */
export function angleLosses(count: number, granularity: Granularity): Kernel {
  const { frame, shape, declarations, enter, along } = acrossRows(count, granularity);
  return {
    label: "losses of angles",
    bindings: [read("student", "f32"), read("teacher", "f32"), write("losses", "f32")],
    ...frame,
    shape: { ...shape, pairs: count * count },
    declarations: `${declarations}\n${smoothL1}`,
    body: `${enter}
let start = row * shape.pairs;
var sum = 0.0;
${along("shape.pairs", "sum += smoothL1(student[start + j] - teacher[start + j]);")}
sum = sumOf(lane, sum);
if (lane == 0) { losses[row] = sum / f32(shape.pairs) / f32(shape.rows); }`,
  };
}

/**
 * The matrices S that give the gradient by directions as S·u, corner by corner: a direction is in a cosine from both sides.
 *
 * Operands: dy [1], cosines of the student and of the teacher, S, all [N, N, N] and f32.
 */
export function angleSlopes(count: number): Kernel {
  const { enter, shape, ...frame } = overItems(count ** 3);
  return {
    label: "slopes by angles",
    bindings: [read("dy", "f32"), read("student", "f32"), read("teacher", "f32"), write("slopes", "f32")],
    ...frame,
    shape,
    body: `${enter}
slopes[i] = 2.0 * dy[0] / f32(shape.count) * ${slopeOf("student[i] - teacher[i]")};`,
  };
}
