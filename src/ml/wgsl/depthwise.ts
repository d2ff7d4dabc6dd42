import type { Granularity } from "./granularity.ts";
import { channelsByRows, packed, read, repeat, write, type Kernel } from "./kernel.ts";
import { activation, declarationsFor, type Epilogue } from "./activation.ts";
import { partsOf, type FilterGradientParts } from "./convolution.ts";
import { outputSide, type ConvolutionShape } from "./convolutionShape.ts";

/** A convolution of each channel with a filter of its own; weights [k, k, C]. */
export type DepthwiseShape = Omit<ConvolutionShape, "outChannels">;

/** Pixels of a row in one invocation. */
const tile = 4;

/**
 * y[n, i, j, c] = Σ x[n, i·s + a − p, j·s + b − p, c] · w[a, b, c], then `epilogue`.
 *
 * Operands: x, w, (bias), y.
 */
export function depthwise(shape: DepthwiseShape, epilogue: Omit<Epilogue, "residual"> = {}): Kernel {
  const { kernel: k, stride: s, padding: p } = shape;
  const channelGroups = shape.inChannels / 4;
  const outHeight = outputSide(shape.height, shape);
  const outWidth = outputSide(shape.width, shape);
  const runs = Math.ceil(outWidth / tile);
  const columns = (tile - 1) * s + k;
  return {
    label: `depthwise ${k}×${k}`,
    bindings: [read("x"), read("w"), ...(epilogue.bias ? [read("bias")] : []), write("y")],
    shape: {
      height: shape.height,
      width: shape.width,
      channelGroups,
      outHeight,
      outWidth,
      runs,
      rows: shape.samples * outHeight,
      kernel: k,
    },
    ...channelsByRows(channelGroups, shape.samples * outHeight * runs),
    ...declarationsFor(epilogue.activation),
    body: `
let c = id.x;
if (c >= shape.channelGroups || id.y >= shape.rows * shape.runs) { return; }
let first = (id.y % shape.runs) * ${tile};
let outRow = id.y / shape.runs;
let top = (outRow % shape.outHeight) * ${s} - ${p};
let sample = outRow / shape.outHeight;
let left = first * ${s} - ${p};
${repeat(tile, (i) => `var a${i} = vec4f(0);\n`)}
for (var ky = 0; ky < shape.kernel; ky++) {
  let row = top + ky;
  if (row < 0 || row >= shape.height) { continue; }
  let rowStart = (sample * shape.height + row) * shape.width;
  ${repeat(columns, (j) => {
    const column = `left + ${j}`;
    return `let x${j} = select(vec4f(0), x[(rowStart + clamp(${column}, 0, shape.width - 1)) * shape.channelGroups + c], ${column} >= 0 && ${column} < shape.width);\n`;
  })}
  ${repeat(
    k,
    (kx) => `{
    let tap = w[(ky * ${k} + ${kx}) * shape.channelGroups + c];
    ${repeat(tile, (i) => `a${i} += x${i * s + kx} * tap;\n`)}
  }`,
  )}
}
let out = (outRow * shape.outWidth + first) * shape.channelGroups + c;
${epilogue.bias ? "let shift = bias[c];" : ""}
${repeat(
  tile,
  (i) =>
    `if (first + ${i} < shape.outWidth) { y[out + ${i} * shape.channelGroups] = ${activation(epilogue.activation, `a${i}${epilogue.bias ? " + shift" : ""}`)}; }\n`,
)}`,
  };
}

/**
 * Its gradient by the input; `accumulate` adds to what dx holds.
 *
 * Operands: dy, w, dx.
 */
export function depthwiseInputGradient(shape: DepthwiseShape, accumulate: boolean): Kernel {
  const { kernel: k, stride: s, padding: p } = shape;
  const channelGroups = shape.inChannels / 4;
  const outHeight = outputSide(shape.height, shape);
  const outWidth = outputSide(shape.width, shape);
  return {
    label: `depthwise ${k}×${k} input gradient`,
    bindings: [read("dy"), read("w"), write("dx")],
    shape: {
      height: shape.height,
      width: shape.width,
      channelGroups,
      outHeight,
      outWidth,
      rows: shape.samples * shape.height,
      kernel: k,
    },
    ...channelsByRows(channelGroups, shape.samples * shape.height * shape.width),
    body: `
let c = id.x;
if (c >= shape.channelGroups || id.y >= shape.rows * shape.width) { return; }
let column = id.y % shape.width;
let inRow = id.y / shape.width;
let h = inRow % shape.height;
let sample = inRow / shape.height;
var a = vec4f(0);
for (var ky = 0; ky < shape.kernel; ky++) {
  let reach = h + ${p} - ky;
  let row = reach / ${s};
  if (reach < 0 || reach % ${s} != 0 || row >= shape.outHeight) { continue; }
  let rowStart = (sample * shape.outHeight + row) * shape.outWidth;
  for (var kx = 0; kx < shape.kernel; kx++) {
    let across = column + ${p} - kx;
    let j = across / ${s};
    if (across < 0 || across % ${s} != 0 || j >= shape.outWidth) { continue; }
    a += dy[(rowStart + j) * shape.channelGroups + c] * w[(ky * ${k} + kx) * shape.channelGroups + c];
  }
}
let out = id.y * shape.channelGroups + c;
dx[out] ${accumulate ? "+=" : "="} a;`,
  };
}

/**
 * Its gradient by the weights, as partial sums [parts, k, k, C] for `sumParts`.
 *
 * Operands: x, dy, partial sums.
 */
export function depthwiseFilterGradient(
  shape: DepthwiseShape,
  { threads }: Granularity,
): FilterGradientParts {
  const { kernel: k, stride: s, padding: p } = shape;
  const channelGroups = shape.inChannels / 4;
  const outHeight = outputSide(shape.height, shape);
  const outWidth = outputSide(shape.width, shape);
  const rows = shape.samples * outHeight;
  const { parts, rowsPerPart } = partsOf(rows, channelGroups * k, threads);
  const kernel: Kernel = {
    label: `depthwise ${k}×${k} filter gradient`,
    bindings: [read("x"), read("dy"), write("sums")],
    shape: {
      height: shape.height,
      width: shape.width,
      channelGroups,
      outHeight,
      outWidth,
      rows,
      rowsPerPart,
      parts,
    },
    ...packed([channelGroups, k, parts]),
    body: `
let c = id.x;
let ky = id.y;
if (c >= shape.channelGroups || ky >= ${k} || id.z >= shape.parts) { return; }
${repeat(k, (kx) => `var a${kx} = vec4f(0);\n`)}
let end = min((id.z + 1) * shape.rowsPerPart, shape.rows);
for (var row = id.z * shape.rowsPerPart; row < end; row++) {
  let h = (row % shape.outHeight) * ${s} + ky - ${p};
  if (h < 0 || h >= shape.height) { continue; }
  let rowStart = ((row / shape.outHeight) * shape.height + h) * shape.width;
  for (var j = 0; j < shape.outWidth; j++) {
    let d = dy[(row * shape.outWidth + j) * shape.channelGroups + c];
    ${repeat(k, (kx) => {
      const column = `(j * ${s} + ${kx - p})`;
      return `if (${column} >= 0 && ${column} < shape.width) { a${kx} += x[(rowStart + ${column}) * shape.channelGroups + c] * d; }\n`;
    })}
  }
}
let start = (id.z * ${k * k} + ky * ${k}) * shape.channelGroups + c;
${repeat(k, (kx) => `sums[start + ${kx} * shape.channelGroups] = a${kx};\n`)}`,
  };
  return { parts, kernel, size: parts * k * k * shape.inChannels };
}
