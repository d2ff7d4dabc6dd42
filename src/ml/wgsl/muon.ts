import { float, overItems, read, repeat, write, type Kernel } from "./kernel.ts";
import { readSettings } from "./stepSettings.ts";
import { Struct } from "./struct.ts";

/**
 * Muon's step on all weights of a network at once; `ml/optim/muon.ts` has the equations. A weight is a matrix [rows,
 * columns] in a flat buffer, and everything quadratic is a square [side, side] in another: D the direction, G = DᵀD or
 * DDᵀ, whichever is smaller. Which matrix an invocation works on it reads in a table (`planMuon.ts`); each computes four
 * by four numbers.
 *
 * Since polynomials of G commute, the iterations work on squares only, of which each is symmetric: the upper half is
 * computed, and written twice.
 *
 *     five times:  P = a·1 + b·G + c·G²;  Q ← P·Q;  G ← P·(P·G)        W ← (1 − lr·λ)·W − lr·scale·D·Q (or Q·D)
 *
 * An iteration makes small eigenvalues of G a²≈12 times as large, and what rounding did to them too. So D·Q and its own G
 * are computed once in between (`startAgainAfter`). In float32 six steps of the fixture 3_disco/muon_resnet9 then move as
 * far from the exact ones as with X itself, 3·10⁻⁶; without it 10⁻⁴.
 */

/** Iterations, after which the Gram matrices are computed anew from the directions. */
export const startAgainAfter = 3;

/** How parameters that are no matrices move: as by Adam. */
export interface VectorRule {
  /** Of the learning rate. */
  readonly rateShare: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** Of one iteration: a·1 + b·G + c·G². */
export interface Polynomial {
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** Rows of a table: so many neighbouring tiles belong to one matrix. */
export const tilesPerRow = 32;

/** The block of 64 numbers of a parameter that is a matrix. */
export const matrixBlock = 0xffff_ffff;

/** A row of a table of tiles: `tilesPerRow` neighbouring ones of one matrix, from its `first` on. */
export const muonTiles = new Struct("Tiles", {
  weight: "i32", // where the matrix begins, in fours
  rows: "i32",
  columns: "i32", // in fours
  square: "i32", // where its square begins, in fours
  first: "i32",
  side: "i32", // of the square, in fours
  matrix: "i32", // which of the matrices it is
  rateScale: "f32",
});

/**
 * Of matrices v ← μ·v + g, and the direction g + μ·v in the gradient's place; of vectors the whole step, which is Adam's,
 * with the first moment in the velocity's place.
 *
 * Operands: settings, blocks (u32; where a block's second moments are, or `matrixBlock`), gradients, velocities,
 * second moments, parameters.
 */
export function muonMomentum(size: number, momentum: number, vectors: VectorRule): Kernel {
  const { enter, ...frame } = overItems(size / 4);
  const { rateShare, beta1, beta2, epsilon } = vectors;
  return {
    label: "Muon: momentum, Adam",
    bindings: [
      readSettings(),
      read("blocks", "u32"),
      write("gradients"),
      write("velocities"),
      write("seconds"),
      write("parameters"),
    ],
    ...frame,
    body: `${enter}
let block = blocks[i / 16];
let g = gradients[i];
if (block == ${matrixBlock}u) {
  let v = ${float(momentum)} * velocities[i] + g;
  velocities[i] = v;
  gradients[i] = g + ${float(momentum)} * v;
  return;
}
let place = i32(block) * 16 + i % 16;
let first = ${float(beta1)} * velocities[i] + ${float(1 - beta1)} * g;
let second = ${float(beta2)} * seconds[place] + ${float(1 - beta2)} * g * g;
velocities[i] = first;
seconds[place] = second;
let scale = sqrt(second / settings.secondMomentShare) + ${float(epsilon)};
parameters[i] -= settings.learningRate * ${float(rateShare)} / settings.firstMomentShare * first / scale;`,
  };
}

/**
 * WGSL: the invocation's matrix by the table, and `tile`, the place of its tile among the matrix' tiles.
 * `columns` and `side` count groups of four; `weight` and `square` are where matrix and square begin, in fours.
 */
const enterTile = `let entry = tiles[i / ${tilesPerRow}];
let weight = entry.weight;
let rows = entry.rows;
let columns = entry.columns;
let square = entry.square;
let tile = entry.first + i % ${tilesPerRow};
let side = entry.side;
let isTall = rows > columns * 4;`;

/**
 * WGSL: row and column of a tile of the upper half of a square. The first row and the last, the second and the last but
 * one, … have side + 1 tiles together.
 */
const enterUpper = `${enterTile}
let down = tile / (side + 1);
let across = tile % (side + 1);
let isFirst = across < side - down;
let row = select(side - 1 - down, down, isFirst);
let column = select(across - 1, down + across, isFirst);
if (tile >= (side + 1) * ((side + 1) / 2) || (!isFirst && row == down)) { return; }`;

const sums = repeat(4, (k) => `var a${k} = vec4f(0);\n`);
/** WGSL: adds l ⊗ r to the tile. */
const addOuter = repeat(4, (k) => `a${k} += l[${k}] * r;\n`);
/** WGSL: writes the tile and its mirror image. */
const storeUpper = `let mirrored = transpose(mat4x4f(a0, a1, a2, a3));
${repeat(4, (k) => `y[square + (row * 4 + ${k}) * side + column] = a${k};\ny[square + (column * 4 + ${k}) * side + row] = mirrored[${k}];\n`)}`;

/** WGSL: adds the product of two squares to the tile. The left one is symmetric: its column is read as a row. */
function addProduct(left: string, right: string): string {
  return `for (var k = 0; k < side * 4; k++) {
  let l = ${left}[square + k * side + row];
  let r = ${right}[square + k * side + column];
  ${addOuter}}`;
}

function overUpper(tableRows: number): Pick<Kernel, "threads" | "workgroup" | "shape"> & {
  readonly enter: string;
} {
  const { enter, ...frame } = overItems(tableRows * tilesPerRow);
  return { ...frame, enter: `${enter}\n${enterUpper}` };
}

/** G of every matrix' direction as it is. Operands: tiles, directions, y (squares). */
export function muonGram(tableRows: number): Kernel {
  const { enter, ...frame } = overUpper(tableRows);
  return {
    label: "Muon: Gram matrices",
    bindings: [read("tiles", muonTiles), read("d"), write("y")],
    ...frame,
    body: `${enter}
${sums}
if (isTall) {
  for (var k = 0; k < rows; k++) {
    let l = d[weight + k * columns + row];
    let r = d[weight + k * columns + column];
    ${addOuter}}
} else {
  ${repeat(4, (k) => `let left${k} = weight + min(row * 4 + ${k}, rows - 1) * columns;\nlet right${k} = weight + min(column * 4 + ${k}, rows - 1) * columns;\n`)}
  for (var k = 0; k < columns; k++) {
    let r = transpose(mat4x4f(${Array.from({ length: 4 }, (_, k) => `d[right${k} + k]`).join(", ")}));
    ${repeat(4, (k) => `a${k} += r * d[left${k} + k];\n`)}}
  // The rows of a depthwise filter do not fill up fours.
  let isThere = vec4i(column * 4) + vec4i(0, 1, 2, 3) < vec4i(rows);
  ${repeat(4, (k) => `a${k} = select(vec4f(0), a${k}, isThere & vec4<bool>(row * 4 + ${k} < rows));\n`)}}
${storeUpper}`,
  };
}

/**
 * G of directions divided by their norms ‖D‖, whose square is the trace. Operands: tiles, squares, y (squares), scales
 * (f32; 1/‖D‖ of each matrix).
 */
export function muonNormalise(tableRows: number, smallestNorm: number): Kernel {
  const { enter, ...frame } = overUpper(tableRows);
  return {
    label: "Muon: norms",
    bindings: [read("tiles", muonTiles), read("x"), write("y"), write("scales", "f32")],
    ...frame,
    body: `${enter}
var trace = 0.0;
for (var k = 0; k < side; k++) {
  let at = square + k * 4 * side + k;
  trace += x[at].x + x[at + side].y + x[at + 2 * side].z + x[at + 3 * side].w;
}
let scale = 1.0 / (sqrt(trace) + ${float(smallestNorm)});
if (tile == 0) { scales[entry.matrix] = scale; }
${repeat(4, (k) => `let a${k} = scale * (scale * x[square + (row * 4 + ${k}) * side + column]);\n`)}
${storeUpper}`,
  };
}

/** P = a·1 + b·G + c·G². Operands: tiles, G, y. */
export function muonPolynomial(tableRows: number, { a, b, c }: Polynomial): Kernel {
  const { enter, ...frame } = overUpper(tableRows);
  return {
    label: "Muon: polynomials",
    bindings: [read("tiles", muonTiles), read("x"), write("y")],
    ...frame,
    body: `${enter}
${sums}
${addProduct("x", "x")}
${repeat(4, (k) => `a${k} = ${float(c)} * a${k} + ${float(b)} * x[square + (row * 4 + ${k}) * side + column];\n`)}
if (row == column) {
  ${repeat(4, (k) => `a${k}[${k}] += ${float(a)};\n`)}}
${storeUpper}`,
  };
}

/** The product of two polynomials of one G. Operands: tiles, left, right, y. */
export function muonProduct(tableRows: number): Kernel {
  const { enter, ...frame } = overUpper(tableRows);
  return {
    label: "Muon: products",
    bindings: [read("tiles", muonTiles), read("left"), read("right"), write("y")],
    ...frame,
    body: `${enter}
${sums}
${addProduct("left", "right")}
${storeUpper}`,
  };
}

/** WGSL: the tile of D·Q or Q·D. Its table is of the matrices' own tiles. */
const directionTile = `${enterTile}
let row = tile / columns * 4;
let column = tile % columns;
if (row >= rows) { return; }
${sums}
if (isTall) {
  ${repeat(4, (k) => `let left${k} = weight + min(row + ${k}, rows - 1) * columns;\n`)}
  for (var k = 0; k < side; k++) {
    let at = square + k * 4 * side + column;
    let r = mat4x4f(q[at], q[at + side], q[at + 2 * side], q[at + 3 * side]);
    ${repeat(4, (k) => `a${k} += r * d[left${k} + k];\n`)}}
} else {
  for (var k = 0; k < rows; k++) {
    let l = q[square + k * side + row / 4];
    let r = d[weight + k * columns + column];
    ${addOuter}}
}`;

/** WGSL: `statement` for the tile's four rows k, which lie at `at`. */
function forEachRow(statement: (k: number) => string): string {
  return repeat(
    4,
    (k) =>
      `if (row + ${k} < rows) {\n  let at = weight + (row + ${k}) * columns + column;\n  ${statement(k)}\n}\n`,
  );
}

/** X = D·Q/‖D‖. Operands: tiles, directions, Q, scales (f32), X. */
export function muonDirections(tableRows: number): Kernel {
  const { enter, ...frame } = overItems(tableRows * tilesPerRow);
  return {
    label: "Muon: directions",
    bindings: [read("tiles", muonTiles), read("d"), read("q"), read("scales", "f32"), write("x")],
    ...frame,
    body: `${enter}
${directionTile}
let scale = scales[entry.matrix];
${forEachRow((k) => `x[at] = scale * a${k};`)}`,
  };
}

/** W ← (1 − lr·λ)·W − lr·scale·X·Q. Operands: settings, tiles, X, Q, parameters. */
export function muonMove(tableRows: number, weightDecay: number): Kernel {
  const { enter, ...frame } = overItems(tableRows * tilesPerRow);
  return {
    label: "Muon: moves",
    bindings: [readSettings(), read("tiles", muonTiles), read("d"), read("q"), write("parameters")],
    ...frame,
    body: `${enter}
${directionTile}
let keep = 1.0 - settings.learningRate * ${float(weightDecay)};
let rate = settings.learningRate * entry.rateScale;
${forEachRow((k) => `parameters[at] = keep * parameters[at] - rate * a${k};`)}`,
  };
}
