import type { Granularity } from "./granularity.ts";
import { channelsByRows, packed, read, repeat, write, type Kernel } from "./kernel.ts";
import { activation, declarationsFor, type Epilogue } from "./activation.ts";
import { flattened, outputSide, type ConvolutionShape } from "./convolutionShape.ts";
import { chooseTile } from "./tile.ts";

/**
 * y[n, i, j, o] = Σ x[n, i·s + a − p, j·s + b − p, c] · w[a, b, c, o], then `epilogue`: + bias[o], + residual, activation.
 *
 * Operands: x, w, (bias), (residual), y.
 */
export function convolution(given: ConvolutionShape, epilogue: Epilogue, granularity: Granularity): Kernel {
  const shape = flattened(given);
  const { kernel: k, stride, padding } = shape;
  return overWindows(
    {
      label: `convolution ${k}×${k}`,
      samples: shape.samples,
      from: { name: "x", height: shape.height, width: shape.width, channelGroups: shape.inChannels / 4 },
      to: {
        height: outputSide(shape.height, shape),
        width: outputSide(shape.width, shape),
        channelGroups: shape.outChannels / 4,
      },
      kernel: k,
      stride,
      padding,
      matrixAt: (ky, kx, group) => ({
        start: `((${ky} * ${k} + ${kx}) * shape.fromGroups + c) * 4 * shape.toGroups + ${group}`,
        rows: "shape.toGroups",
      }),
      product: (matrix, vector) => `${matrix} * ${vector}`,
    },
    granularity,
    {
      bindings: [
        ...(epilogue.bias ? [read("bias")] : []),
        ...(epilogue.residual ? [read("residual")] : []),
        write("y"),
      ],
      ...declarationsFor(epilogue.activation),
      store: (sum, place, group) => {
        const bias = epilogue.bias ? ` + bias[${group}]` : "";
        const residual = epilogue.residual ? ` + residual[${place}]` : "";
        return `y[${place}] = ${activation(epilogue.activation, `${sum}${bias}${residual}`)};`;
      },
    },
  );
}

/**
 * The gradient of `convolution` by its input: dx[n, h, w, c] = Σ dy[n, i, j, o] · w[a, b, c, o] over all taps (a, b)
 * that saw the pixel.
 *
 * @param accumulate adds to what dx holds.
 *
 * Operands: dy, w, dx.
 */
export function convolutionInputGradient(
  given: ConvolutionShape,
  accumulate: boolean,
  granularity: Granularity,
): Kernel {
  const shape = flattened(given);
  if (shape.stride > 1) return stridedInputGradient(shape, accumulate, granularity);
  const { kernel: k } = shape;
  const last = k - 1;
  // A convolution of dy with the filter turned by 180° and its channels exchanged.
  return overWindows(
    {
      label: `convolution ${k}×${k} input gradient`,
      samples: shape.samples,
      from: {
        name: "dy",
        height: outputSide(shape.height, shape),
        width: outputSide(shape.width, shape),
        channelGroups: shape.outChannels / 4,
      },
      to: { height: shape.height, width: shape.width, channelGroups: shape.inChannels / 4 },
      kernel: k,
      stride: 1,
      padding: last - shape.padding,
      matrixAt: (ky, kx, group) => ({
        start: `(((${last} - ${ky}) * ${k} + ${last - kx}) * shape.toGroups + ${group}) * 4 * shape.fromGroups + c`,
        rows: "shape.fromGroups",
      }),
      product: (matrix, vector) => `${vector} * ${matrix}`,
    },
    granularity,
    {
      bindings: [write("dx")],
      shape: { accumulate: accumulate ? 1 : 0 },
      declarations: put,
      store: (sum, place) => `put(${place}, ${sum});`,
    },
  );
}

/** Writes a gradient, or adds it to what dx holds: a uniform decides, so that one pipeline does both. */
const put = `fn put(place: i32, sum: vec4f) {
  var before = vec4f(0);
  if (shape.accumulate == 1) { before = dx[place]; }
  dx[place] = before + sum;
}`;

interface Picture {
  readonly height: number;
  readonly width: number;
  readonly channelGroups: number;
}

/** Sums over windows: to[n, i, j] = Σ from[n, i·s + a − p, j·s + b − p, c] · matrix(a, b, c). */
interface WindowSums {
  readonly label: string;
  readonly samples: number;
  readonly from: Picture & { readonly name: string };
  readonly to: Picture;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  /** WGSL: where the 4×4 numbers between channel group c of `from` and a group of `to` lie in w: start, and step. */
  readonly matrixAt: (
    ky: string,
    kx: number,
    group: string,
  ) => { readonly start: string; readonly rows: string };
  readonly product: (matrix: string, vector: string) => string;
}

interface WindowOutput {
  readonly bindings: Kernel["bindings"];
  readonly shape?: Kernel["shape"];
  readonly declarations?: string;
  readonly store: (sum: string, place: string, group: string) => string;
}

/** One invocation computes a tile of pixels in some groups of channels, in registers. */
function overWindows(sums: WindowSums, granularity: Granularity, output: WindowOutput): Kernel {
  const { from, to, kernel: k, stride: s, padding: p } = sums;
  const columnsOf = (columns: number): number => (columns - 1) * s + k;
  const space = {
    samples: sums.samples,
    rows: to.height,
    columns: to.width,
    channelGroups: to.channelGroups,
  };
  const { rows, columns, channelGroups } = chooseTile(space, granularity, (tile) => ({
    loads: tile.rows * columnsOf(tile.columns) + k * 4 * tile.channelGroups,
    products: tile.rows * tile.columns * tile.channelGroups * k,
  }));
  const across = Math.ceil(to.width / columns);
  const down = Math.ceil(to.height / rows);
  const seen = columnsOf(columns);
  // Columns that some tile sees outside; the others need no test.
  const mayMiss = (j: number): boolean => j < p || (across - 1) * columns * s - p + j >= from.width;
  const load = (r: number, j: number): string => {
    const conditions = [...(rows > 1 ? [`has${r}`] : []), ...(mayMiss(j) ? [`in${j}`] : [])];
    const value = `${from.name}[start${r} + at${j} + c]`;
    return conditions.length === 0 ? value : `select(vec4f(0), ${value}, ${conditions.join(" && ")})`;
  };
  const each = (text: (r: number, i: number, g: number) => string): string =>
    repeat(rows, (r) => repeat(columns, (i) => repeat(channelGroups, (g) => text(r, i, g))));
  return {
    label: sums.label,
    bindings: [read(from.name), read("w"), ...output.bindings],
    shape: {
      fromHeight: from.height,
      fromWidth: from.width,
      fromGroups: from.channelGroups,
      toHeight: to.height,
      toWidth: to.width,
      toGroups: to.channelGroups,
      across,
      down,
      tiles: sums.samples * down * across,
      kernel: k,
      ...output.shape,
    },
    ...channelsByRows(to.channelGroups / channelGroups, sums.samples * down * across),
    ...(output.declarations === undefined ? {} : { declarations: output.declarations }),
    body: `
let o = id.x * ${channelGroups};
if (o >= shape.toGroups || id.y >= shape.tiles) { return; }
let firstColumn = (id.y % shape.across) * ${columns};
let strip = id.y / shape.across;
let firstRow = (strip % shape.down) * ${rows};
let sample = strip / shape.down;
let left = firstColumn * ${s} - ${p};
let top = firstRow * ${s} - ${p};
${repeat(seen, (j) => columnOf(j, `left + ${j}`, mayMiss(j), "shape.fromWidth", "shape.fromGroups"))}
${each((r, i, g) => `var a${r}_${i}_${g} = vec4f(0);\n`)}
for (var ky = 0; ky < shape.kernel; ky++) {
  ${repeat(
    rows,
    (r) => `let row${r} = top + ky + ${r * s};
  let has${r} = row${r} >= 0 && row${r} < shape.fromHeight;
  let start${r} = (sample * shape.fromHeight + clamp(row${r}, 0, shape.fromHeight - 1)) * shape.fromWidth * shape.fromGroups;
  `,
  )}
  if (!(${Array.from({ length: rows }, (_, r) => `has${r}`).join(" || ")})) { continue; }
  for (var c = 0; c < shape.fromGroups; c++) {
    ${repeat(rows, (r) => repeat(seen, (j) => `let v${r}_${j} = ${load(r, j)};\n`))}
    ${repeat(k, (kx) =>
      repeat(channelGroups, (g) => {
        const { start, rows: step } = sums.matrixAt("ky", kx, `(o + ${g})`);
        return `{
      let tap = ${start};
      let m = mat4x4f(w[tap], w[tap + ${step}], w[tap + 2 * ${step}], w[tap + 3 * ${step}]);
      ${repeat(rows, (r) => repeat(columns, (i) => `a${r}_${i}_${g} += ${sums.product("m", `v${r}_${i * s + kx}`)};\n`))}
    }
    `;
      }),
    )}
  }
}
${repeat(rows, (r) =>
  inside(to.height % rows !== 0, `firstRow + ${r} < shape.toHeight`, () =>
    repeat(columns, (i) =>
      inside(
        to.width % columns !== 0,
        `firstColumn + ${i} < shape.toWidth`,
        () => `let place = ((sample * shape.toHeight + firstRow + ${r}) * shape.toWidth + firstColumn + ${i}) * shape.toGroups + o;
${repeat(channelGroups, (g) => `${output.store(`a${r}_${i}_${g}`, `place + ${g}`, `o + ${g}`)}\n`)}`,
      ),
    ),
  ),
)}`,
  };
}

/** WGSL: a block, behind a condition where there may be need of one. */
function inside(needed: boolean, condition: string, text: () => string): string {
  return `${needed ? `if (${condition}) ` : ""}{\n${text()}}\n`;
}

function stridedInputGradient(
  shape: ConvolutionShape,
  accumulate: boolean,
  granularity: Granularity,
): Kernel {
  const { kernel: k, stride: s, padding: p } = shape;
  const outHeight = outputSide(shape.height, shape);
  const outWidth = outputSide(shape.width, shape);
  const inGroups = shape.inChannels / 4;
  // A tile starts at a multiple of s, so which taps meet which of its pixels is known beforehand.
  const meetingsOf = (pixels: number): Meeting[] => {
    const meetings: Meeting[] = [];
    for (let pixel = 0; pixel < pixels; pixel++)
      for (let kx = 0; kx < k; kx++) {
        const offset = pixel + p - kx;
        if (offset % s === 0) meetings.push({ pixel, kx, column: offset / s });
      }
    return meetings;
  };
  const space = {
    samples: shape.samples,
    rows: shape.height,
    columns: Math.ceil(shape.width / s),
    channelGroups: inGroups,
  };
  const tile = chooseTile(space, granularity, ({ rows, columns, channelGroups }) => {
    if (rows > 1 || (columns > 1 && columns * s * channelGroups > granularity.sums)) return null;
    const met = meetingsOf(columns * s);
    const seen = new Set(met.map(({ column }) => column)).size;
    return { loads: seen + k * 4 * channelGroups, products: met.length * channelGroups };
  });
  const [pixels, channelGroups] = [tile.columns * s, tile.channelGroups];
  const meetings = meetingsOf(pixels);
  const columns = [...new Set(meetings.map(({ column }) => column))].sort((a, b) => a - b);
  const name = (column: number): number => column - (columns[0] as number);
  const across = Math.ceil(shape.width / pixels);
  const mayMiss = (column: number): boolean => column < 0 || ((across - 1) * pixels) / s + column >= outWidth;
  const each = (text: (i: number, g: number) => string): string =>
    repeat(pixels, (i) => repeat(channelGroups, (g) => text(i, g)));
  return {
    label: `convolution ${k}×${k} input gradient`,
    bindings: [read("dy"), read("w"), write("dx")],
    shape: {
      width: shape.width,
      height: shape.height,
      inGroups,
      outHeight,
      outWidth,
      outGroups: shape.outChannels / 4,
      across,
      tiles: shape.samples * shape.height * across,
      kernel: k,
      accumulate: accumulate ? 1 : 0,
    },
    ...channelsByRows(inGroups / channelGroups, shape.samples * shape.height * across),
    declarations: put,
    body: `
let c = id.x * ${channelGroups};
if (c >= shape.inGroups || id.y >= shape.tiles) { return; }
let first = (id.y % shape.across) * ${pixels};
let inRow = id.y / shape.across;
let h = inRow % shape.height;
let sample = inRow / shape.height;
let left = first / ${s};
${columns.map((column) => columnOf(name(column), `left + ${column}`, mayMiss(column), "shape.outWidth", "shape.outGroups")).join("")}
${each((i, g) => `var a${i}_${g} = vec4f(0);\n`)}
for (var ky = 0; ky < shape.kernel; ky++) {
  let reach = h + ${p} - ky;
  let row = reach / ${s};
  if (reach < 0 || reach % ${s} != 0 || row >= shape.outHeight) { continue; }
  let rowStart = (sample * shape.outHeight + row) * shape.outWidth * shape.outGroups;
  for (var o = 0; o < shape.outGroups; o++) {
    ${columns
      .map((column) => {
        const j = name(column);
        const value = `dy[rowStart + at${j} + o]`;
        return `let d${j} = ${mayMiss(column) ? `select(vec4f(0), ${value}, in${j})` : value};\n`;
      })
      .join("")}
    ${repeat(k, (kx) => {
      const met = meetings.filter((meeting) => meeting.kx === kx);
      if (met.length === 0) return "";
      return repeat(
        channelGroups,
        (g) => `{
      let tap = ((ky * ${k} + ${kx}) * shape.inGroups + c + ${g}) * 4 * shape.outGroups + o;
      let m = mat4x4f(w[tap], w[tap + shape.outGroups], w[tap + 2 * shape.outGroups], w[tap + 3 * shape.outGroups]);
      ${met.map(({ pixel, column }) => `a${pixel}_${g} += d${name(column)} * m;\n`).join("")}
    }
    `,
      );
    })}
  }
}
let out = (inRow * shape.width + first) * shape.inGroups + c;
${repeat(pixels, (i) =>
  inside(shape.width % pixels !== 0, `first + ${i} < shape.width`, () =>
    repeat(channelGroups, (g) => `put(out + ${i} * shape.inGroups + ${g}, a${i}_${g});\n`),
  ),
)}`,
  };
}

/** A pixel of a tile, a tap that saw it, and the column of dy that the tap belongs to, from the tile's first. */
interface Meeting {
  readonly pixel: number;
  readonly kx: number;
  readonly column: number;
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
 * Operands: x, dy, partial sums.
 */
export function convolutionFilterGradient(
  given: ConvolutionShape,
  granularity: Granularity,
): FilterGradientParts {
  return given.kernel === 1
    ? pointwiseFilterGradient(given, granularity.threads)
    : windowFilterGradient(given, granularity);
}

function windowFilterGradient(shape: ConvolutionShape, { threads, sums }: Granularity): FilterGradientParts {
  const { kernel: k, stride: s, padding: p } = shape;
  const inGroups = shape.inChannels / 4;
  const outGroups = shape.outChannels / 4;
  const outHeight = outputSide(shape.height, shape);
  const outWidth = outputSide(shape.width, shape);
  const rows = shape.samples * outHeight;
  // Two groups of dy to one of x, where there are sums enough and lanes left.
  const outTile = outGroups % 2 === 0 && outGroups >= 4 && 2 * 4 * k <= sums ? 2 : 1;
  const products = outerProducts(k, outTile);
  const { parts, rowsPerPart } = partsOf(rows, (outGroups / outTile) * inGroups * k, threads);
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
    ...packed([outGroups / outTile, inGroups * k, parts]),
    body: `
let o = id.x * ${outTile};
if (o >= shape.outGroups || id.y >= shape.inGroups * ${k} || id.z >= shape.parts) { return; }
let c = id.y % shape.inGroups;
let ky = id.y / shape.inGroups;
${products.declared}
let end = min((id.z + 1) * shape.rowsPerPart, shape.rows);
for (var row = id.z * shape.rowsPerPart; row < end; row++) {
  let h = (row % shape.outHeight) * ${s} + ky - ${p};
  if (h < 0 || h >= shape.height) { continue; }
  let rowStart = ((row / shape.outHeight) * shape.height + h) * shape.width * shape.inGroups;
  var place = row * shape.outWidth * shape.outGroups + o;
  ${slides ? repeat(k - 1, (kx) => `var x${kx} = ${load(`(${kx} - ${p})`)};\n`) : ""}
  for (var j = 0; j < shape.outWidth; j++) {
    ${repeat(outTile, (g) => `let d${g} = dy[place + ${g}];\n`)}
    place += shape.outGroups;
    ${slides ? `let x${k - 1} = ${load(`(j + ${k - 1 - p})`)};\n` : repeat(k, (kx) => `let x${kx} = ${load(`(j * ${s} + ${kx - p})`)};\n`)}
    ${repeat(k, products.add)}
    ${slides ? repeat(k - 1, (kx) => `x${kx} = x${kx + 1};\n`) : ""}
  }
}
let start = id.z * ${k * k} * shape.inGroups * 4 * shape.outGroups + o;
${products.stored((kx) => `((ky * ${k} + ${kx}) * shape.inGroups + c)`)}`,
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
  const products = outerProducts(inTile, outTile);
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
    ...packed([outGroups / outTile, inGroups / inTile, parts]),
    body: `
let o = id.x * ${outTile};
let c = id.y * ${inTile};
if (o >= shape.outGroups || c >= shape.inGroups || id.z >= shape.parts) { return; }
${products.declared}
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
  ${products.add(i)}`,
  )}
}
let start = id.z * shape.inGroups * 4 * shape.outGroups + o;
${products.stored((i) => `(c + ${i})`)}`,
  };
  return { parts, kernel, size: parts * shape.inChannels * shape.outChannels };
}

/**
 * WGSL of the sums of a filter gradient in registers: x₀ … of four channels each times d₀ … of four, all with all.
 *
 * @param xs how many x. @param ds how many d.
 */
function outerProducts(
  xs: number,
  ds: number,
): {
  readonly declared: string;
  /** Adds one x's products with every d. */
  readonly add: (x: number) => string;
  /** @param rowOf the row of the gradient, in fours, that an x belongs to. */
  readonly stored: (rowOf: (x: number) => string) => string;
} {
  const each = (text: (l: number, d: number) => string): string =>
    repeat(4, (l) => repeat(ds, (d) => text(l, d)));
  return {
    declared: repeat(xs, (x) => each((l, d) => `var a${x}_${l}_${d} = vec4f(0);\n`)),
    add: (x) => each((l, d) => `a${x}_${l}_${d} += x${x}[${l}] * d${d};\n`),
    stored: (rowOf) =>
      repeat(xs, (x) =>
        each(
          (l, d) => `sums[start + (${rowOf(x)} * 4 + ${l}) * shape.outGroups + ${d}] = a${x}_${l}_${d};\n`,
        ),
      ),
  };
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

/** WGSL: the place of column j of a row, clamped, and whether the column is inside, where it may miss. */
function columnOf(j: number, column: string, mayMiss: boolean, width: string, channelGroups: string): string {
  if (!mayMiss) return `let at${j} = (${column}) * ${channelGroups};\n`;
  return `let in${j} = ${column} >= 0 && ${column} < ${width};
let at${j} = clamp(${column}, 0, ${width} - 1) * ${channelGroups};
`;
}
