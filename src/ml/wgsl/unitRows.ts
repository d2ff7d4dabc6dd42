import { overItems, read, write, type Kernel } from "./kernel.ts";

/** A row no longer than this counts as zero, as in `normalizeRows`. */
const smallestNorm = "1e-12";

/**
 * y = x/max(‖x‖, 10⁻¹²) row by row, of any width, and what gradients are multiplied by: 1/‖x‖, or 0 of a row that counts
 * as zero. (`contrast.ts` has the same for rows that are filled up to whole vectors.)
 *
 * Operands: x, y, slopes [rows], all f32.
 */
export function unitRows(rows: number, width: number): Kernel {
  const { enter, shape, ...frame } = overItems(rows);
  return {
    label: "unit rows",
    bindings: [read("x", "f32"), write("y", "f32"), write("slopes", "f32")],
    ...frame,
    shape: { ...shape, width },
    body: `${enter}
let start = i * shape.width;
var squares = 0.0;
for (var d = 0; d < shape.width; d++) { let v = x[start + d]; squares += v * v; }
let size = sqrt(squares);
let scale = 1.0 / max(size, ${smallestNorm});
slopes[i] = select(0.0, scale, size > ${smallestNorm});
for (var d = 0; d < shape.width; d++) { y[start + d] = x[start + d] * scale; }`,
  };
}

/** dx = (dy − y·⟨dy, y⟩)·slope row by row. Operands: dy, y, slopes, dx, all f32. */
export function unitRowsGradient(rows: number, width: number): Kernel {
  const { enter, shape, ...frame } = overItems(rows);
  return {
    label: "gradient by unit rows",
    bindings: [read("dy", "f32"), read("y", "f32"), read("slopes", "f32"), write("dx", "f32")],
    ...frame,
    shape: { ...shape, width },
    body: `${enter}
let start = i * shape.width;
var along = 0.0;
for (var d = 0; d < shape.width; d++) { along += dy[start + d] * y[start + d]; }
for (var d = 0; d < shape.width; d++) { dx[start + d] = (dy[start + d] - y[start + d] * along) * slopes[i]; }`,
  };
}

/** Directions from each row to each row, u[i, j] = (eⱼ − eᵢ)/‖·‖, and slopes as of `unitRows`. Operands: rows, u, slopes, all f32. */
export function pairDirections(count: number, width: number): Kernel {
  const { enter, shape, ...frame } = overItems(count * count);
  return {
    label: "directions of pairs",
    bindings: [read("rows", "f32"), write("u", "f32"), write("slopes", "f32")],
    ...frame,
    shape: { ...shape, rowCount: count, width },
    body: `${enter}
let tail = i / shape.rowCount * shape.width;
let tip = i % shape.rowCount * shape.width;
var squares = 0.0;
for (var d = 0; d < shape.width; d++) { let v = rows[tip + d] - rows[tail + d]; squares += v * v; }
let size = sqrt(squares);
let scale = 1.0 / max(size, ${smallestNorm});
slopes[i] = select(0.0, scale, size > ${smallestNorm});
for (var d = 0; d < shape.width; d++) { u[i * shape.width + d] = (rows[tip + d] - rows[tail + d]) * scale; }`,
  };
}

/** Gradients by differences of rows, g[i, j] by eⱼ − eᵢ, as those by the rows. Operands: g, gradients, both f32. */
export function endsOfPairs(count: number, width: number): Kernel {
  const { enter, shape, ...frame } = overItems(count * width);
  return {
    label: "gradient by ends of pairs",
    bindings: [read("g", "f32"), write("gradients", "f32")],
    ...frame,
    shape: { ...shape, rowCount: count, width },
    body: `${enter}
let row = i / shape.width;
let d = i % shape.width;
var sum = 0.0;
for (var k = 0; k < shape.rowCount; k++) {
  sum += g[(k * shape.rowCount + row) * shape.width + d] - g[(row * shape.rowCount + k) * shape.width + d];
}
gradients[i] = sum;`,
  };
}
