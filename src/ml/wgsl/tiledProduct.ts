import { repeat, type Binding, type Kernel } from "./kernel.ts";

/**
 * How a product of matrices is dealt out to workgroups: each computes `rows` × `columns` of it, each invocation
 * `ownRows` × `ownColumns` of these in registers, from `depth` columns and rows of the factors at a time, which the
 * workgroup has copied into its own memory. All are multiples of four.
 */
export interface ProductTile {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly ownRows: number;
  readonly ownColumns: number;
}

/** Invocations of a workgroup. */
export function lanesOf({ rows, columns, ownRows, ownColumns }: ProductTile): number {
  return (rows / ownRows) * (columns / ownColumns);
}

/** Bytes of workgroup memory. */
export function tileBytes({ rows, columns, depth }: ProductTile): number {
  return (rows + columns) * depth * 4;
}

/**
 * product[row, column] = Σ left[row, d] · right[d, column], the factors given as WGSL that reads them four numbers at a
 * time. In that text `block` is the workgroup and `lane` the invocation in it; `block.x` and `block.y` count tiles of
 * columns and rows. What lies outside a factor must be read as zeros.
 */
export interface TiledProduct {
  readonly label: string;
  readonly bindings: readonly Binding[];
  readonly shape: Kernel["shape"];
  readonly declarations?: string;
  /** How many tiles of columns, tiles of rows, and whatever is beyond. */
  readonly grid: readonly [number, number, number];
  /** Statements before all else. */
  readonly prepare: string;
  /** Turns of the loop over the depth: one number for a whole workgroup. */
  readonly turns: string;
  readonly left: {
    /** What a vector holds: four depths of a row, or four rows of a depth. */
    readonly inFoursOf: "depth" | "rows";
    /** Statements before the loop for the vectors at row (or four rows) `at` of the tile; `name` makes names unique. */
    readonly prepare: (name: string, at: string) => string;
    /** Statements in the loop; `deep` is the depth, in fours or in ones, the same for all vectors of an invocation. */
    readonly enter: (deep: string) => string;
    readonly vector: (name: string, deep: string) => string;
  };
  readonly right: {
    /** Four columns (the `four`-th) of one depth; or, where the depths lie side by side, four depths of one column. */
    readonly inFoursOf: "columns" | "depth";
    readonly vector: (deep: string, column: string) => string;
  };
  /** Statements that store four columns (the `four`-th) of a row of the tile. */
  readonly store: (sum: string, row: string, four: string) => string;
}

/** The kernel of a tiled product. */
export function tiledProduct(product: TiledProduct, tile: ProductTile): Kernel {
  const { rows, columns, depth, ownRows, ownColumns } = tile;
  const lanes = lanesOf(tile);
  const across = columns / ownColumns;
  const down = rows / ownRows;
  const fours = columns / 4;
  const ownFours = ownColumns / 4;
  const byDepth = product.left.inFoursOf === "depth";
  const place = (load: number): string => (load === 0 ? "lane" : `(lane + ${load * lanes})`);
  /** `text` for each of `count` things that the lanes take in turns. */
  const shared = (count: number, text: (load: number) => string): string =>
    repeat(Math.ceil(count / lanes), (load) =>
      (load + 1) * lanes > count
        ? `if (${place(load)} < ${count}) {\n${text(load)}}\n`
        : `{\n${text(load)}}\n`,
    );

  // Neighbouring lanes read neighbouring vectors of a factor.
  const leftVectors = (rows * depth) / 4;
  const line = byDepth ? depth / 4 : rows / 4;
  const leftName = (load: number): string => `Left${load}`;
  const leftAt = (load: number): string =>
    byDepth ? `${place(load)} / ${line}` : `${place(load)} % ${line}`;
  const leftDeep = (load: number): string =>
    byDepth
      ? `turn * ${line} + ${place(load)} % ${line}` // the same for all loads, since lanes are a multiple of a line
      : `turn * ${depth} + ${place(load)} / ${line}`;
  const loadLeft = shared(
    leftVectors,
    (load) => `let deep = ${leftDeep(load)};
${byDepth ? "" : product.left.enter("deep")}
leftTile[${place(load)}] = ${product.left.vector(leftName(load), "deep")};
`,
  );
  const loadRight =
    product.right.inFoursOf === "columns"
      ? shared(
          depth * fours,
          (load) => `let deep = turn * ${depth} + ${place(load)} / ${fours};
rightTile[${place(load)}] = ${product.right.vector("deep", `(block.x * ${fours} + ${place(load)} % ${fours})`)};
`,
        )
      : shared(
          (depth / 4) * fours,
          // Four by four numbers, turned around.
          (load) => `let four = ${place(load)} / ${depth / 4};
let deepFour = ${place(load)} % ${depth / 4};
let deep = turn * ${depth / 4} + deepFour;
let turned = transpose(mat4x4f(${Array.from({ length: 4 }, (_, l) => product.right.vector("deep", `((block.x * ${fours} + four) * 4 + ${l})`)).join(", ")}));
${repeat(4, (l) => `rightTile[(deepFour * 4 + ${l}) * ${fours} + four] = turned[${l}];\n`)}`,
        );

  const rowOf = (i: number): string =>
    byDepth ? `(laneRow + ${down * i})` : `(4 * (laneRow + ${down * Math.floor(i / 4)}) + ${i % 4})`;
  const eachSum = (text: (i: number, j: number) => string): string =>
    repeat(ownRows, (i) => repeat(ownFours, (j) => text(i, j)));
  /** One depth's contribution to all sums, `left(i)` being its number in row i. */
  const addDepth = (d: string, left: (i: number) => string): string =>
    `{
${repeat(ownFours, (j) => `let r${j} = rightTile[(${d}) * ${fours} + laneColumn + ${across * j}];\n`)}
${eachSum((i, j) => `a${i}_${j} += ${left(i)} * r${j};\n`)}}
`;
  const turn = byDepth
    ? `for (var d = 0; d < ${depth / 4}; d++) {
${repeat(ownRows, (i) => `let l${i} = leftTile[${rowOf(i)} * ${depth / 4} + d];\n`)}
${repeat(4, (k) => addDepth(`d * 4 + ${k}`, (i) => `l${i}[${k}]`))}}`
    : `for (var d = 0; d < ${depth}; d++) {
${repeat(ownRows / 4, (i) => `let l${i} = leftTile[d * ${rows / 4} + laneRow + ${down * i}];\n`)}
${addDepth("d", (i) => `l${Math.floor(i / 4)}[${i % 4}]`)}}`;

  return {
    label: product.label,
    bindings: product.bindings,
    shape: product.shape,
    threads: [product.grid[0] * lanes, product.grid[1], product.grid[2]],
    workgroup: [lanes, 1, 1],
    byWorkgroup: true,
    declarations: `${product.declarations ?? ""}
var<workgroup> leftTile: array<vec4f, ${leftVectors}>;
var<workgroup> rightTile: array<vec4f, ${depth * fours}>;`,
    body: `
${product.prepare}
let laneColumn = lane % ${across};
let laneRow = lane / ${across};
${repeat(Math.ceil(leftVectors / lanes), (load) => product.left.prepare(leftName(load), leftAt(load)))}
${eachSum((i, j) => `var a${i}_${j} = vec4f(0);\n`)}
let turns = ${product.turns};
for (var turn = 0; turn < turns; turn++) {
${byDepth ? product.left.enter(`(${leftDeep(0)})`) : ""}
${loadLeft}${loadRight}
workgroupBarrier();
${turn}
workgroupBarrier();
}
${eachSum((i, j) => `{ ${product.store(`a${i}_${j}`, rowOf(i), `(block.x * ${fours} + laneColumn + ${across * j})`)} }\n`)}`,
  };
}
