import { channelsByRows, read, repeat, write, type Kernel } from "../kernel.ts";
import { activation, declarationsFor, type Fused } from "./activation.ts";

/** A convolution with one group; all tensors NHWC with channels filled up to a multiple of four, weights HWIO. */
export interface ConvolutionShape {
  readonly samples: number;
  readonly height: number;
  readonly width: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
}

export function outputSide(
  side: number,
  { kernel, stride, padding }: Pick<ConvolutionShape, "kernel" | "stride" | "padding">,
): number {
  return Math.floor((side + 2 * padding - kernel) / stride) + 1;
}

/** A 1×1 convolution without stride does not know rows from samples: it is a product over one long row of pixels. */
export function flattened(shape: ConvolutionShape): ConvolutionShape {
  const { samples, height, width, kernel, stride, padding } = shape;
  if (kernel !== 1 || stride !== 1 || padding !== 0) return shape;
  return { ...shape, samples: 1, height: 1, width: samples * height * width };
}

/** Pixels of one row that one invocation computes: what fills the row with the least waste. */
function tilePixels(row: number): number {
  if (row >= 8 && (row % 8 === 0 || row % 8 > 4 || row > 24)) return 8;
  return row > 2 ? 4 : 2;
}

/**
 * y[n, i, j, o] = Σ x[n, i·s + a − p, j·s + b − p, c] · w[a, b, c, o], then `fused`: + bias[o], + residual, activation.
 *
 * One invocation computes a run of pixels of one row in four output channels, in registers.
 *
 * Operands: x, w, (bias), (residual), y.
 */
export function convolution(given: ConvolutionShape, fused: Fused = {}): Kernel {
  const shape = flattened(given);
  const { kernel: k, stride: s, padding: p } = shape;
  const outHeight = outputSide(shape.height, shape);
  const outWidth = outputSide(shape.width, shape);
  const tile = tilePixels(outWidth);
  const runs = Math.ceil(outWidth / tile);
  const outGroups = shape.outChannels / 4;
  const columns = (tile - 1) * s + k;
  const bindings = [
    read("x"),
    read("w"),
    ...(fused.bias ? [read("bias")] : []),
    ...(fused.residual ? [read("residual")] : []),
    write("y"),
  ];
  return {
    label: `convolution ${k}×${k}`,
    bindings,
    shape: {
      height: shape.height,
      width: shape.width,
      inGroups: shape.inChannels / 4,
      outHeight,
      outWidth,
      outGroups,
      runs,
      rows: shape.samples * outHeight,
      kernel: k,
    },
    ...channelsByRows(outGroups, shape.samples * outHeight * runs),
    ...declarationsFor(fused.activation),
    body: `
let o = id.x;
if (o >= shape.outGroups || id.y >= shape.rows * shape.runs) { return; }
let first = (id.y % shape.runs) * ${tile};
let outRow = id.y / shape.runs;
let top = (outRow % shape.outHeight) * ${s} - ${p};
let sample = outRow / shape.outHeight;
let left = first * ${s} - ${p};
${repeat(columns, (j) => columnOf(j, `left + ${j}`, "shape.width", "shape.inGroups"))}
${repeat(tile, (i) => `var a${i} = vec4f(0);\n`)}
for (var ky = 0; ky < shape.kernel; ky++) {
  let row = top + ky;
  if (row < 0 || row >= shape.height) { continue; }
  let rowStart = (sample * shape.height + row) * shape.width * shape.inGroups;
  let tapStart = ky * ${k} * shape.inGroups * 4;
  for (var c = 0; c < shape.inGroups; c++) {
    ${repeat(columns, (j) => `let x${j} = select(vec4f(0), x[rowStart + at${j} + c], in${j});\n`)}
    ${repeat(
      k,
      (kx) => `{
      let tap = ((tapStart + ${kx} * shape.inGroups * 4) + c * 4) * shape.outGroups + o;
      ${repeat(4, (l) => `let w${l} = w[tap + ${l} * shape.outGroups];\n`)}
      ${repeat(tile, (i) => {
        const x = `x${i * s + kx}`;
        return `a${i} += ${x}.x * w0 + ${x}.y * w1 + ${x}.z * w2 + ${x}.w * w3;\n`;
      })}
    }`,
    )}
  }
}
let out = (outRow * shape.outWidth + first) * shape.outGroups + o;
${fused.bias ? "let shift = bias[o];" : ""}
${repeat(tile, (i) => {
  const place = `out + ${i} * shape.outGroups`;
  const sum = `a${i}${fused.bias ? " + shift" : ""}${fused.residual ? ` + residual[${place}]` : ""}`;
  return `if (first + ${i} < shape.outWidth) { y[${place}] = ${activation(fused.activation, sum)}; }\n`;
})}`,
  };
}

/**
 * The gradient of `convolution` by its input: dx[n, h, w, c] = Σ dy[n, i, j, o] · w[a, b, c, o] over all taps (a, b)
 * that saw the pixel.
 *
 * @param accumulate adds to what dx holds.
 *
 * Operands: dy, w, dx.
 */
export function convolutionInputGradient(given: ConvolutionShape, accumulate: boolean): Kernel {
  const shape = flattened(given);
  const { kernel: k, stride: s, padding: p } = shape;
  const outHeight = outputSide(shape.height, shape);
  const outWidth = outputSide(shape.width, shape);
  const tile = s === 1 ? tilePixels(shape.width) : Math.max(1, tilePixels(Math.ceil(shape.width / s)) / 2);
  const pixels = tile * s; // starts at a multiple of s, so which taps meet which pixels is known beforehand
  const runs = Math.ceil(shape.width / pixels);
  const inGroups = shape.inChannels / 4;
  const meetings: { pixel: number; kx: number; column: number }[] = [];
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let kx = 0; kx < k; kx++) {
      const offset = pixel + p - kx;
      if (offset % s === 0) meetings.push({ pixel, kx, column: offset / s });
    }
  }
  const columns = [...new Set(meetings.map(({ column }) => column))].sort((a, b) => a - b);
  const name = (column: number): number => column - (columns[0] as number);
  return {
    label: `convolution ${k}×${k} input gradient`,
    bindings: [read("dy"), read("w"), write("dx")],
    shape: {
      height: shape.height,
      width: shape.width,
      inGroups,
      outHeight,
      outWidth,
      outGroups: shape.outChannels / 4,
      runs,
      rows: shape.samples * shape.height,
      kernel: k,
    },
    ...channelsByRows(inGroups, shape.samples * shape.height * runs),
    body: `
let c = id.x;
if (c >= shape.inGroups || id.y >= shape.rows * shape.runs) { return; }
let first = (id.y % shape.runs) * ${pixels};
let inRow = id.y / shape.runs;
let h = inRow % shape.height;
let sample = inRow / shape.height;
let left = first / ${s};
${columns.map((column) => columnOf(name(column), `left + ${column}`, "shape.outWidth", "shape.outGroups")).join("")}
${repeat(pixels, (i) => `var a${i} = vec4f(0);\n`)}
for (var ky = 0; ky < shape.kernel; ky++) {
  let reach = h + ${p} - ky;
  ${s > 1 ? `if (reach % ${s} != 0) { continue; }` : ""}
  let row = reach / ${s};
  if (reach < 0 || row >= shape.outHeight) { continue; }
  let rowStart = (sample * shape.outHeight + row) * shape.outWidth * shape.outGroups;
  for (var o = 0; o < shape.outGroups; o++) {
    ${columns
      .map((column) => {
        const j = name(column);
        return `let d${j} = select(vec4f(0), dy[rowStart + at${j} + o], in${j});\n`;
      })
      .join("")}
    ${repeat(k, (kx) => {
      const met = meetings.filter((meeting) => meeting.kx === kx);
      if (met.length === 0) return "";
      return `{
      let tap = ((ky * ${k} + ${kx}) * shape.inGroups + c) * 4 * shape.outGroups + o;
      ${repeat(4, (l) => `let w${l} = w[tap + ${l} * shape.outGroups];\n`)}
      ${met
        .map(({ pixel, column }) => {
          const d = `d${name(column)}`;
          return `a${pixel} += vec4f(dot(${d}, w0), dot(${d}, w1), dot(${d}, w2), dot(${d}, w3));\n`;
        })
        .join("")}
    }`;
    })}
  }
}
let out = (inRow * shape.width + first) * shape.inGroups + c;
${repeat(
  pixels,
  (i) =>
    `if (first + ${i} < shape.width) { dx[out + ${i} * shape.inGroups] ${accumulate ? "+=" : "="} a${i}; }\n`,
)}`,
  };
}

/** How the rows of a filter gradient are dealt out: `parts` invocations sum each element, their sums are added after. */
export interface FilterGradientParts {
  readonly parts: number;
  readonly kernel: Kernel;
  /** Elements of the partial sums, [parts, k, k, in, out]. */
  readonly size: number;
}

/**
 * The gradient of `convolution` by its weights, as partial sums over parts of the rows of dy:
 * dw[a, b, c, o] = Σ x[n, i·s + a − p, j·s + b − p, c] · dy[n, i, j, o]. `sumParts` adds them up.
 *
 * @param wantedThreads how many invocations keep the device busy.
 *
 * Operands: x, dy, partial sums.
 */
export function convolutionFilterGradient(
  given: ConvolutionShape,
  wantedThreads: number,
): FilterGradientParts {
  return given.kernel === 1
    ? pointwiseFilterGradient(given, wantedThreads)
    : windowFilterGradient(given, wantedThreads);
}

function windowFilterGradient(shape: ConvolutionShape, wantedThreads: number): FilterGradientParts {
  const { kernel: k, stride: s, padding: p } = shape;
  const inGroups = shape.inChannels / 4;
  const outGroups = shape.outChannels / 4;
  const outHeight = outputSide(shape.height, shape);
  const outWidth = outputSide(shape.width, shape);
  const rows = shape.samples * outHeight;
  const { parts, rowsPerPart } = partsOf(rows, outGroups * inGroups * k, wantedThreads);
  // Without stride each pixel of x is read once and handed on from tap to tap.
  const slides = s === 1;
  const load = (column: string): string =>
    `select(vec4f(0), x[rowStart + clamp(${column}, 0, shape.width - 1) * shape.inGroups + c], ${column} >= 0 && ${column} < shape.width)`;
  const size = parts * k * k * shape.inChannels * shape.outChannels;
  const kernel: Kernel = {
    label: `convolution ${k}×${k} filter gradient`,
    bindings: [read("x"), read("dy"), write("sums")],
    shape: {
      height: shape.height,
      width: shape.width,
      inGroups,
      outHeight,
      outWidth,
      outGroups,
      rows,
      rowsPerPart,
      parts,
    },
    threads: [outGroups, inGroups * k, parts],
    workgroup: [4, 4, 4],
    body: `
let o = id.x;
if (o >= shape.outGroups || id.y >= shape.inGroups * ${k} || id.z >= shape.parts) { return; }
let c = id.y % shape.inGroups;
let ky = id.y / shape.inGroups;
${repeat(k, (kx) => repeat(4, (l) => `var a${kx}_${l} = vec4f(0);\n`))}
let end = min((id.z + 1) * shape.rowsPerPart, shape.rows);
for (var row = id.z * shape.rowsPerPart; row < end; row++) {
  let h = (row % shape.outHeight) * ${s} + ky - ${p};
  if (h < 0 || h >= shape.height) { continue; }
  let rowStart = ((row / shape.outHeight) * shape.height + h) * shape.width * shape.inGroups;
  var place = row * shape.outWidth * shape.outGroups + o;
  ${slides ? repeat(k - 1, (kx) => `var x${kx} = ${load(`(${kx} - ${p})`)};\n`) : ""}
  for (var j = 0; j < shape.outWidth; j++) {
    let d = dy[place];
    place += shape.outGroups;
    ${slides ? `let x${k - 1} = ${load(`(j + ${k - 1 - p})`)};\n` : repeat(k, (kx) => `let x${kx} = ${load(`(j * ${s} + ${kx - p})`)};\n`)}
    ${repeat(k, (kx) => repeat(4, (l) => `a${kx}_${l} += x${kx}[${l}] * d;\n`))}
    ${slides ? repeat(k - 1, (kx) => `x${kx} = x${kx + 1};\n`) : ""}
  }
}
let start = id.z * ${k * k} * shape.inGroups * 4 * shape.outGroups + o;
${repeat(k, (kx) =>
  repeat(
    4,
    (l) =>
      `sums[start + (((ky * ${k} + ${kx}) * shape.inGroups + c) * 4 + ${l}) * shape.outGroups] = a${kx}_${l};\n`,
  ),
)}`,
  };
  return { parts, kernel, size };
}

/** One tap: a product of matrices, [M, in]ᵀ · [M, out]; a tile of up to 8 × 8 elements in registers. */
function pointwiseFilterGradient(given: ConvolutionShape, wantedThreads: number): FilterGradientParts {
  const shape = flattened(given);
  const inGroups = shape.inChannels / 4;
  const outGroups = shape.outChannels / 4;
  const outHeight = outputSide(shape.height, shape);
  const outWidth = outputSide(shape.width, shape);
  const inTile = inGroups % 2 === 0 ? 2 : 1;
  const outTile = outGroups % 2 === 0 ? 2 : 1;
  const pixels = shape.samples * outHeight * outWidth;
  const tiles = (inGroups / inTile) * (outGroups / outTile);
  const { parts, rowsPerPart } = partsOf(pixels, tiles, wantedThreads);
  const strided = shape.stride > 1;
  const kernel: Kernel = {
    label: "convolution 1×1 filter gradient",
    bindings: [read("x"), read("dy"), write("sums")],
    shape: {
      height: shape.height,
      width: shape.width,
      inGroups,
      outHeight,
      outWidth,
      outGroups,
      pixels,
      pixelsPerPart: rowsPerPart,
      parts,
    },
    threads: [outGroups / outTile, inGroups / inTile, parts],
    workgroup: [4, 4, 4],
    body: `
let o = id.x * ${outTile};
let c = id.y * ${inTile};
if (o >= shape.outGroups || c >= shape.inGroups || id.z >= shape.parts) { return; }
${repeat(inTile, (i) => repeat(4, (l) => repeat(outTile, (j) => `var a${i}_${l}_${j} = vec4f(0);\n`)))}
let end = min((id.z + 1) * shape.pixelsPerPart, shape.pixels);
for (var pixel = id.z * shape.pixelsPerPart; pixel < end; pixel++) {
  ${
    strided
      ? `let j = pixel % shape.outWidth;
  let row = pixel / shape.outWidth;
  let seen = ((row / shape.outHeight) * shape.height + (row % shape.outHeight) * ${shape.stride}) * shape.width + j * ${shape.stride};`
      : "let seen = pixel;"
  }
  ${repeat(outTile, (j) => `let d${j} = dy[pixel * shape.outGroups + o + ${j}];\n`)}
  ${repeat(
    inTile,
    (i) => `let x${i} = x[seen * shape.inGroups + c + ${i}];
  ${repeat(4, (l) => repeat(outTile, (j) => `a${i}_${l}_${j} += x${i}[${l}] * d${j};\n`))}`,
  )}
}
let start = id.z * shape.inGroups * 4 * shape.outGroups + o;
${repeat(inTile, (i) =>
  repeat(4, (l) =>
    repeat(
      outTile,
      (j) => `sums[start + ((c + ${i}) * 4 + ${l}) * shape.outGroups + ${j}] = a${i}_${l}_${j};\n`,
    ),
  ),
)}`,
  };
  return { parts, kernel, size: parts * shape.inChannels * shape.outChannels };
}

/** So many parts of the rows that tiles × parts invocations are about as many as wanted. */
export function partsOf(
  rows: number,
  tiles: number,
  wantedThreads: number,
): { parts: number; rowsPerPart: number } {
  const wanted = Math.min(rows, Math.max(1, Math.ceil(wantedThreads / tiles)));
  const rowsPerPart = Math.ceil(rows / wanted);
  return { parts: Math.ceil(rows / rowsPerPart), rowsPerPart };
}

/** WGSL: the clamped place of column j of a row, and whether the column is inside. */
function columnOf(j: number, column: string, width: string, groups: string): string {
  return `let in${j} = ${column} >= 0 && ${column} < ${width};
let at${j} = clamp(${column}, 0, ${width} - 1) * ${groups};
`;
}
