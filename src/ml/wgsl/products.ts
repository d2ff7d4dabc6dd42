import { channelsByRows, read, repeat, write, type Kernel } from "./kernel.ts";

/** C = A·B of every sample: [rows, inner] · [inner, columns], of which either may lie transposed in memory. */
export interface ProductShape {
  readonly samples: number;
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/**
 * Products in registers, a tile of four by four in each invocation: for software adapters, where workgroup memory is no
 * faster than other memory and a barrier costs more than the work between two. One pipeline for all shapes.
 *
 * Operands: A, B, C, all f32.
 */
export function batchProduct(given: ProductShape): Kernel {
  const { samples, rows, columns, inner, transposeA, transposeB } = given;
  const [rowTiles, columnTiles] = [Math.ceil(rows / 4), Math.ceil(columns / 4)];
  return {
    label: "products",
    bindings: [read("a", "f32"), read("b", "f32"), write("c", "f32")],
    ...channelsByRows(columnTiles, rowTiles * samples),
    shape: {
      samples,
      rows,
      columns,
      inner,
      rowTiles,
      aRow: transposeA ? 1 : inner,
      aInner: transposeA ? rows : 1,
      bColumn: transposeB ? inner : 1,
      bInner: transposeB ? 1 : columns,
    },
    body: `
let sample = id.y / shape.rowTiles;
let row = id.y % shape.rowTiles * 4;
let column = id.x * 4;
if (sample >= shape.samples || column >= shape.columns) { return; }
let startA = sample * shape.rows * shape.inner;
let startB = sample * shape.columns * shape.inner;
${repeat(
  4,
  (i) => `let a${i} = startA + min(row + ${i}, shape.rows - 1) * shape.aRow;
let b${i} = startB + min(column + ${i}, shape.columns - 1) * shape.bColumn;
var sum${i} = vec4f(0);
`,
)}
for (var k = 0; k < shape.inner; k++) {
  let placeA = k * shape.aInner;
  let placeB = k * shape.bInner;
  let v = vec4f(b[b0 + placeB], b[b1 + placeB], b[b2 + placeB], b[b3 + placeB]);
  ${repeat(4, (i) => `sum${i} += a[a${i} + placeA] * v;\n  `)}
}
let start = (sample * shape.rows + row) * shape.columns + column;
${repeat(
  4,
  (i) => `if (row + ${i} < shape.rows) {
  let out = start + ${i} * shape.columns;
  ${repeat(4, (j) => `if (column + ${j} < shape.columns) { c[out + ${j}] = sum${i}[${j}]; }\n  `)}
}
`,
)}`,
  };
}
