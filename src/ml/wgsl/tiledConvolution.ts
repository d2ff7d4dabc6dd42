import { read, write, type Kernel } from "./kernel.ts";
import { activation, declarationsFor, type Epilogue } from "./activation.ts";
import { flattened, outputSide, type ConvolutionShape } from "./convolutionShape.ts";
import { tiledProduct, type ProductTile } from "./tiledProduct.ts";

/**
 * Convolutions as products of matrices in workgroup memory, for hardware that has such a memory: a row for each pixel of
 * the result, a column for each of its channels, and as depth the taps times the channels that are summed over. The left
 * factor exists nowhere: its numbers are read from the images as they are needed. Operands as in `convolution.ts`.
 */
export function tiledConvolution(given: ConvolutionShape, epilogue: Epilogue, tile: ProductTile): Kernel {
  const shape = flattened(given);
  const { kernel: k, stride: s, padding: p } = shape;
  const size = sizesOf(shape);
  const { pixels, inGroups, outGroups } = size;
  const depthFours = k * k * inGroups;
  const rowsEnd = pixels % tile.rows !== 0;
  const columnsEnd = (outGroups * 4) % tile.columns !== 0;
  const depthEnds = (depthFours * 4) % tile.depth !== 0;
  const bias = epilogue.bias ? " + bias[four]" : "";
  const residual = epilogue.residual ? " + residual[place]" : "";
  return tiledProduct(
    {
      label: `convolution ${k}×${k}`,
      bindings: [
        read("x"),
        read("w"),
        ...(epilogue.bias ? [read("bias")] : []),
        ...(epilogue.residual ? [read("residual")] : []),
        write("y"),
      ],
      shape: { ...size, depthFours },
      ...declarationsFor(epilogue.activation),
      grid: [Math.ceil((outGroups * 4) / tile.columns), Math.ceil(pixels / tile.rows), 1],
      prepare: "",
      turns: `(shape.depthFours + ${tile.depth / 4 - 1}) / ${tile.depth / 4}`,
      left: {
        inFoursOf: "depth",
        prepare: (name, at) =>
          k === 1 && s === 1 && p === 0
            ? `let pixel${name} = block.y * ${tile.rows} + ${at};
let start${name} = pixel${name} * shape.inGroups;
`
            : `let pixel${name} = block.y * ${tile.rows} + ${at};
let left${name} = (pixel${name} % shape.outWidth) * ${s} - ${p};
let strip${name} = pixel${name} / shape.outWidth;
let top${name} = (strip${name} % shape.outHeight) * ${s} - ${p};
let start${name} = (((strip${name} / shape.outHeight) * shape.height + top${name}) * shape.width + left${name}) * shape.inGroups;
`,
        enter: (deep) =>
          k === 1
            ? ""
            : `let tap = ${deep} / shape.inGroups;
let ky = tap / ${k};
let kx = tap % ${k};
let offset = (ky * shape.width + kx) * shape.inGroups + ${deep} - tap * shape.inGroups;
`,
        vector: (name, deep) =>
          chosen(`x[start${name} + ${k === 1 ? deep : "offset"}]`, [
            ...(rowsEnd ? [`pixel${name} < shape.pixels`] : []),
            ...(depthEnds ? [`${deep} < shape.depthFours`] : []),
            ...(p > 0
              ? [
                  `top${name} + ky >= 0`,
                  `top${name} + ky < shape.height`,
                  `left${name} + kx >= 0`,
                  `left${name} + kx < shape.width`,
                ]
              : []),
          ]),
      },
      right: {
        inFoursOf: "columns",
        vector: (deep, four) =>
          chosen(`w[${deep} * shape.outGroups + ${four}]`, [
            ...(depthEnds ? [`${deep} < 4 * shape.depthFours`] : []),
            ...(columnsEnd ? [`${four} < shape.outGroups`] : []),
          ]),
      },
      store: (sum, row, column) => {
        const conditions = [
          ...(rowsEnd ? ["pixel < shape.pixels"] : []),
          ...(columnsEnd ? ["four < shape.outGroups"] : []),
        ];
        return `let pixel = block.y * ${tile.rows} + ${row};
let four = ${column};
${guarded(
  conditions,
  `let place = pixel * shape.outGroups + four;
y[place] = ${activation(epilogue.activation, `${sum}${bias}${residual}`)};`,
)}`;
      },
    },
    tile,
  );
}

/**
 * The gradient by the input. With a stride, pixels whose places are alike modulo the stride meet the same taps: each of
 * these phases is a product of its own, in the third dimension of the grid.
 */
export function tiledInputGradient(given: ConvolutionShape, accumulate: boolean, tile: ProductTile): Kernel {
  const shape = flattened(given);
  const { kernel: k, stride: s, padding: p } = shape;
  const size = sizesOf(shape);
  const { inGroups, outGroups } = size;
  const phaseHeight = Math.ceil(shape.height / s);
  const phaseWidth = Math.ceil(shape.width / s);
  const pixels = shape.samples * phaseHeight * phaseWidth;
  const plain = k === 1 && s === 1 && p === 0;
  const rowsEnd = pixels % tile.rows !== 0;
  const columnsEnd = (inGroups * 4) % tile.columns !== 0;
  // Taps of a phase times channels: exact where a tap's channels are.
  const depthEnds = (outGroups * 4) % tile.depth !== 0;
  const phaseOf = (axis: string, phase: string): string =>
    `let first${axis} = (${phase} + ${p}) % ${s};
let taps${axis} = (${k - 1 + s} - first${axis}) / ${s};
let reach${axis} = (${phase} + ${p} - first${axis}) / ${s};
`;
  return tiledProduct(
    {
      label: `convolution ${k}×${k} input gradient`,
      bindings: [read("dy"), read("w"), write("dx")],
      shape: { ...size, phaseHeight, phaseWidth, phasePixels: pixels },
      grid: [Math.ceil((inGroups * 4) / tile.columns), Math.ceil(pixels / tile.rows), s * s],
      prepare: plain
        ? "let depthFours = shape.outGroups;"
        : `let phaseY = block.z / ${s};
let phaseX = block.z % ${s};
${phaseOf("Y", "phaseY")}${phaseOf("X", "phaseX")}
let depthFours = tapsY * tapsX * shape.outGroups;`,
      turns: `(depthFours + ${tile.depth / 4 - 1}) / ${tile.depth / 4}`,
      left: {
        inFoursOf: "depth",
        prepare: (name, at) =>
          plain
            ? `let pixel${name} = block.y * ${tile.rows} + ${at};
let start${name} = pixel${name} * shape.outGroups;
`
            : `let pixel${name} = block.y * ${tile.rows} + ${at};
let left${name} = pixel${name} % shape.phaseWidth + reachX;
let strip${name} = pixel${name} / shape.phaseWidth;
let top${name} = strip${name} % shape.phaseHeight + reachY;
let start${name} = (((strip${name} / shape.phaseHeight) * shape.outHeight + top${name}) * shape.outWidth + left${name}) * shape.outGroups;
`,
        enter: (deep) =>
          plain
            ? ""
            : `let tap = ${deep} / shape.outGroups;
let ky = tap / tapsX;
let kx = tap % tapsX;
let offset = ${deep} - tap * shape.outGroups - (ky * shape.outWidth + kx) * shape.outGroups;
`,
        vector: (name, deep) =>
          chosen(`dy[start${name} + ${plain ? deep : "offset"}]`, [
            ...(rowsEnd ? [`pixel${name} < shape.phasePixels`] : []),
            ...(depthEnds ? [`${deep} < depthFours`] : []),
            ...(plain
              ? []
              : [
                  `top${name} - ky >= 0`,
                  `top${name} - ky < shape.outHeight`,
                  `left${name} - kx >= 0`,
                  `left${name} - kx < shape.outWidth`,
                ]),
          ]),
      },
      right: {
        inFoursOf: "depth",
        vector: (deep, column) => {
          const conditions = [
            ...(depthEnds ? [`${deep} < depthFours`] : []),
            ...(columnsEnd ? [`${column} < 4 * shape.inGroups`] : []),
          ];
          if (plain) return chosen(`w[${column} * shape.outGroups + ${deep}]`, conditions);
          return chosen(`w[weightAt(${deep}, ${column}, firstY, firstX, tapsX)]`, conditions);
        },
      },
      ...(plain
        ? {}
        : {
            declarations: `fn weightAt(deep: i32, column: i32, firstY: i32, firstX: i32, tapsX: i32) -> i32 {
  let tap = deep / shape.outGroups;
  let ky = firstY + ${s} * (tap / tapsX);
  let kx = firstX + ${s} * (tap % tapsX);
  return ((ky * ${k} + kx) * 4 * shape.inGroups + column) * shape.outGroups + deep - tap * shape.outGroups;
}`,
          }),
      store: (sum, row, column) => {
        const assign = `dx[place] ${accumulate ? "+=" : "="} ${sum};`;
        const conditions = [
          ...(rowsEnd ? ["pixel < shape.phasePixels"] : []),
          ...(columnsEnd ? ["four < shape.inGroups"] : []),
        ];
        const head = `let pixel = block.y * ${tile.rows} + ${row};
let four = ${column};
`;
        if (s === 1)
          return `${head}${guarded(conditions, `let place = pixel * shape.inGroups + four;\n${assign}`)}`;
        return `${head}let w0 = (pixel % shape.phaseWidth) * ${s} + phaseX;
let strip = pixel / shape.phaseWidth;
let h0 = (strip % shape.phaseHeight) * ${s} + phaseY;
${guarded(
  [...conditions, "h0 < shape.height", "w0 < shape.width"],
  `let place = (((strip / shape.phaseHeight) * shape.height + h0) * shape.width + w0) * shape.inGroups + four;
${assign}`,
)}`;
      },
    },
    tile,
  );
}

/** The gradient by the weights: a row for each tap and channel of x, and the pixels as depth, dealt out in parts. */
export function tiledFilterGradient(
  given: ConvolutionShape,
  tile: ProductTile,
  wantedWorkgroups: number,
): { readonly parts: number; readonly kernel: Kernel; readonly size: number } {
  const shape = flattened(given);
  const { kernel: k, stride: s, padding: p } = shape;
  const size = sizesOf(shape);
  const { pixels, inGroups, outGroups } = size;
  const rowFours = k * k * inGroups;
  const across = Math.ceil((outGroups * 4) / tile.columns);
  const down = Math.ceil((rowFours * 4) / tile.rows);
  const allTurns = Math.ceil(pixels / tile.depth);
  const wanted = Math.min(allTurns, Math.max(1, Math.round(wantedWorkgroups / (across * down))));
  const turnsPerPart = Math.ceil(allTurns / wanted);
  const parts = Math.ceil(allTurns / turnsPerPart);
  const plain = k === 1 && s === 1 && p === 0;
  const rowsEnd = (rowFours * 4) % tile.rows !== 0;
  const columnsEnd = (outGroups * 4) % tile.columns !== 0;
  const depthEnds = pixels % (tile.depth * turnsPerPart) !== 0;
  const kernel = tiledProduct(
    {
      label: `convolution ${k}×${k} filter gradient`,
      bindings: [read("x"), read("dy"), write("sums")],
      shape: { ...size, rowFours, turnsPerPart },
      grid: [across, down, parts],
      prepare: `let firstPixel = block.z * shape.turnsPerPart * ${tile.depth};`,
      turns: "shape.turnsPerPart",
      left: {
        inFoursOf: "rows",
        prepare: (name, at) => {
          const head = `let rowFour${name} = block.y * ${tile.rows / 4} + ${at};\n`;
          if (k === 1) return head;
          return `${head}let tap${name} = rowFour${name} / shape.inGroups;
let ky${name} = tap${name} / ${k} - ${p};
let kx${name} = tap${name} % ${k} - ${p};
let c${name} = rowFour${name} - tap${name} * shape.inGroups;
`;
        },
        enter: (deep) =>
          plain
            ? `let pixel = firstPixel + ${deep};`
            : `let pixel = firstPixel + ${deep};
let j = pixel % shape.outWidth;
let strip = pixel / shape.outWidth;
let i = strip % shape.outHeight;
let sample = strip / shape.outHeight;`,
        vector: (name) => {
          const conditions = [
            ...(rowsEnd ? [`rowFour${name} < shape.rowFours`] : []),
            ...(depthEnds ? ["pixel < shape.pixels"] : []),
          ];
          if (plain) return chosen(`x[pixel * shape.inGroups + rowFour${name}]`, conditions);
          const [row, column, channel] =
            k === 1
              ? [`i * ${s}`, `j * ${s}`, `rowFour${name}`]
              : [`(i * ${s} + ky${name})`, `(j * ${s} + kx${name})`, `c${name}`];
          return chosen(
            `x[((sample * shape.height + ${row}) * shape.width + ${column}) * shape.inGroups + ${channel}]`,
            [
              ...conditions,
              ...(p > 0
                ? [`${row} >= 0`, `${row} < shape.height`, `${column} >= 0`, `${column} < shape.width`]
                : []),
            ],
          );
        },
      },
      right: {
        inFoursOf: "columns",
        vector: (deep, four) =>
          chosen(`dy[(firstPixel + ${deep}) * shape.outGroups + ${four}]`, [
            ...(depthEnds ? [`firstPixel + ${deep} < shape.pixels`] : []),
            ...(columnsEnd ? [`${four} < shape.outGroups`] : []),
          ]),
      },
      store: (sum, row, column) => {
        const conditions = [
          ...(rowsEnd ? ["element < 4 * shape.rowFours"] : []),
          ...(columnsEnd ? ["four < shape.outGroups"] : []),
        ];
        return `let element = block.y * ${tile.rows} + ${row};
let four = ${column};
${guarded(conditions, `sums[(block.z * 4 * shape.rowFours + element) * shape.outGroups + four] = ${sum};`)}`;
      },
    },
    tile,
  );
  return { parts, kernel, size: parts * rowFours * 4 * outGroups * 4 };
}

function sizesOf(shape: ConvolutionShape): {
  readonly height: number;
  readonly width: number;
  readonly inGroups: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly outGroups: number;
  readonly pixels: number;
} {
  const outHeight = outputSide(shape.height, shape);
  const outWidth = outputSide(shape.width, shape);
  return {
    height: shape.height,
    width: shape.width,
    inGroups: shape.inChannels / 4,
    outHeight,
    outWidth,
    outGroups: shape.outChannels / 4,
    pixels: shape.samples * outHeight * outWidth,
  };
}

/** WGSL: the vector where all conditions hold, else zeros. */
function chosen(vector: string, conditions: readonly string[]): string {
  return conditions.length === 0 ? vector : `select(vec4f(0), ${vector}, ${conditions.join(" && ")})`;
}

function guarded(conditions: readonly string[], text: string): string {
  return conditions.length === 0 ? text : `if (${conditions.join(" && ")}) { ${text} }`;
}
