import { invariant } from "../../lib/invariant.ts";
import type { Granularity } from "./granularity.ts";
import { channelsByRows, float, read, write, type Kernel } from "./kernel.ts";
import { activation, activationSlope, declarationsFor, type CompiledActivation } from "./activation.ts";
import { sharedRows } from "./sharedRows.ts";
import { Struct } from "./struct.ts";

/**
 * What a train-mode BatchNorm works on: x [views · samples, pixels, C]. Each view has statistics of its own, and with
 * split BatchNorm each of its interleaved sub-batches too (sample n of a view is in sub-batch n mod subBatchesPerView).
 */
export interface NormShape {
  readonly views: number;
  /** Of one view. */
  readonly samples: number;
  readonly subBatchesPerView: number;
  readonly pixels: number;
  readonly channels: number;
  readonly eps: number;
  /** Applied to the sum of the normalised values and the residual. */
  readonly activation: CompiledActivation | undefined;
  readonly residual: boolean;
  /** γ and β, and their gradients, as two operands each: there are bindings enough for that without the extras. */
  readonly affineApart?: true;
}

/** How many sets of statistics there are. */
export function subBatchesOf({
  views,
  subBatchesPerView,
}: Pick<NormShape, "views" | "subBatchesPerView">): number {
  return views * subBatchesPerView;
}

interface Layout {
  readonly subBatches: number;
  /** Values of a channel in one sub-batch. */
  readonly count: number;
  readonly parts: number;
  readonly rowsPerPart: number;
  readonly tiles: number;
  readonly rowsPerTile: number;
}

function layoutOf(shape: NormShape, { threads: wantedThreads, rowWorkgroups }: Granularity): Layout {
  const subBatches = subBatchesOf(shape);
  const count = (shape.samples / shape.subBatchesPerView) * shape.pixels;
  const channelGroups = shape.channels / 4;
  const across = channelGroups * subBatches;
  if (rowWorkgroups !== null) {
    const rows = sharedRows(channelGroups, 2);
    const blocks = Math.ceil(channelGroups / rows.across) * subBatches;
    const divide = (workgroups: number): { pieces: number; rows: number } => {
      const wanted = Math.max(1, Math.min(Math.ceil(count / rows.down), Math.ceil(workgroups / blocks)));
      const size = Math.ceil(count / wanted);
      return { pieces: Math.ceil(count / size), rows: size };
    };
    const parts = divide(2 * rowWorkgroups);
    const tiles = divide(4 * rowWorkgroups);
    return {
      subBatches,
      count,
      parts: parts.pieces,
      rowsPerPart: parts.rows,
      tiles: tiles.pieces,
      rowsPerTile: tiles.rows,
    };
  }
  const parts = Math.min(count, 64, Math.max(4, Math.ceil(wantedThreads / across)));
  const rowsPerPart = Math.ceil(count / parts);
  // Each tile adds up all parts anew: worth it for a few rows at least.
  const rowsPerTile = Math.min(count, Math.max(2 * parts, Math.ceil((count * across) / (4 * wantedThreads))));
  return {
    subBatches,
    count,
    parts: Math.ceil(count / rowsPerPart),
    rowsPerPart,
    tiles: Math.ceil(count / rowsPerTile),
    rowsPerTile,
  };
}

/** WGSL: the row of x that is value r of a sub-batch. */
function rowOf({ subBatchesPerView }: NormShape, subBatch: string, r: string): string {
  if (subBatchesPerView === 1) return `(${subBatch} * shape.count + ${r})`;
  const sample = `((${subBatch} / ${subBatchesPerView}) * shape.samples + ${subBatch} % ${subBatchesPerView} + ${subBatchesPerView} * ((${r}) / shape.pixels))`;
  return `(${sample} * shape.pixels + (${r}) % shape.pixels)`;
}

function uniforms(shape: NormShape, layout: Layout): Kernel["shape"] {
  return {
    channelGroups: shape.channels / 4,
    subBatches: layout.subBatches,
    samples: shape.samples,
    pixels: shape.pixels,
    count: layout.count,
    parts: layout.parts,
    rowsPerPart: layout.rowsPerPart,
    tiles: layout.tiles,
    rowsPerTile: layout.rowsPerTile,
    betaAt: betaAt(shape.channels) / 4,
  };
}

/** γ and β lie in one binding, β this many elements after γ: adapters promise eight bindings, not ten. */
export function betaAt(channels: number): number {
  return Math.ceil(channels / 64) * 64;
}

interface AffineBindings {
  readonly names: readonly string[];
  /** WGSL of γ's and β's channel group c. */
  readonly scale: string;
  readonly shift: string;
}

function affineBindings({ affineApart }: NormShape): AffineBindings {
  return affineApart === true
    ? { names: ["gamma", "beta"], scale: "gamma[c]", shift: "beta[c]" }
    : { names: ["affine"], scale: "affine[c]", shift: "affine[shape.betaAt + c]" };
}

function affineGradientBindings({ affineApart }: NormShape): AffineBindings {
  return affineApart === true
    ? { names: ["dGamma", "dBeta"], scale: "dGamma[c]", shift: "dBeta[c]" }
    : { names: ["dAffine"], scale: "dAffine[c]", shift: "dAffine[shape.betaAt + c]" };
}

/**
 * How invocations go over the rows of a sub-batch: one for each channel group and part of the rows; or, where there is
 * workgroup memory, a workgroup for some channel groups and a part, which reads neighbouring rows side by side.
 */
interface Frame {
  readonly declarations: string;
  readonly enterPart: string;
  readonly enterTile: string;
  /** From one row of an invocation to its next. */
  readonly step: number;
  /** WGSL: its first row, counted from the beginning. */
  readonly first: string;
  /** WGSL: makes sums of several invocations' over all of them, in uniform control flow. */
  readonly sumUp: (a: string, b: string) => string;
  /** WGSL: whether this invocation writes what there is once. */
  readonly writes: string;
  /** WGSL: the place of a part in the sums. */
  readonly place: string;
  readonly launch: (rows: number) => Pick<Kernel, "threads" | "workgroup" | "byWorkgroup" | "rowLength">;
}

function frameFor({ channels }: NormShape, { rowWorkgroups }: Granularity): Frame {
  const divided = (
    index: string,
    count: string,
    size: string,
  ): string => `let subBatch = ${index} / shape.${count};
let piece = ${index} % shape.${count};
let begin = piece * shape.${size};
let end = min(begin + shape.${size}, shape.count);`;
  const parts = ["parts", "rowsPerPart"] as const;
  const tiles = ["tiles", "rowsPerTile"] as const;
  if (rowWorkgroups === null) {
    const enter = (count: string, size: string): string => `let c = id.x;
if (c >= shape.channelGroups || id.y >= shape.subBatches * shape.${count}) { return; }
${divided("id.y", count, size)}`;
    return {
      declarations: "",
      enterPart: enter(...parts),
      enterTile: enter(...tiles),
      step: 1,
      first: "0",
      sumUp: () => "",
      writes: "true",
      place: "id.y",
      launch: (rows) => channelsByRows(channels / 4, rows),
    };
  }
  const rows = sharedRows(channels / 4, 2);
  const enter = (count: string, size: string): string => `${rows.enter("shape.channelGroups")}
${divided("block.y", count, size)}`;
  return {
    declarations: rows.declarations,
    enterPart: enter(...parts),
    enterTile: enter(...tiles),
    step: rows.down,
    first: "select(shape.count, laneRow, present)",
    sumUp: rows.sumUp,
    writes: "laneRow == 0 && present",
    place: "block.y",
    launch: rows.frame,
  };
}

/** WGSL: a and b of channel group c, added up over parts of sums. */
function addParts(frame: Frame, a: string, b: string, from: string, to: string): string {
  return `var ${a} = vec4f(0);
var ${b} = vec4f(0);
for (var part = ${from} + ${frame.step === 1 ? "0" : "laneRow"}; part < ${to}; part += ${frame.step}) {
  let place = part * 2 * shape.channelGroups + c;
  ${a} += sums[place];
  ${b} += sums[place + shape.channelGroups];
}
${frame.sumUp(a, b)}`;
}

/** WGSL: writes a part's sums. */
function writePart(frame: Frame, a: string, b: string): string {
  return `${frame.sumUp(a, b)}
if (${frame.writes}) {
  let place = ${frame.place} * 2 * shape.channelGroups + c;
  sums[place] = ${a};
  sums[place + shape.channelGroups] = ${b};
}`;
}

/** Declarations of several kinds. */
function declare(...texts: readonly (string | undefined)[]): Pick<Kernel, "declarations"> {
  const declarations = texts.filter((text) => text !== undefined && text !== "").join("\n");
  return declarations === "" ? {} : { declarations };
}

/**
 * Train-mode batch normalisation in two launches. μ and σ² (biased) of each sub-batch and channel:
 *
 *     y = act( γ · (x − μ)/√(σ² + ε) + β (+ residual) )
 *
 * Sums are taken of differences from the sub-batch's first value, so a large mean is harmless. `statistics`
 * [subBatches, 2, C] receives μ and σ².
 *
 * Operands of `sums`: x, partial sums [sumsSize]; of `apply`: x, partial sums, γ and β, (residual), y,
 * statistics.
 */
export function batchNorm(
  shape: NormShape,
  granularity: Granularity,
): { readonly sums: Kernel; readonly apply: Kernel; readonly sumsSize: number } {
  const layout = layoutOf(shape, granularity);
  const frame = frameFor(shape, granularity);
  const row = (r: string): string => rowOf(shape, "subBatch", r);
  const label = `batch normalisation${shape.activation === undefined ? "" : ` + ${shape.activation}`}`;
  const sums: Kernel = {
    label: "batch normalisation sums",
    bindings: [read("x"), write("sums")],
    ...declare(frame.declarations),
    shape: uniforms(shape, layout),
    ...frame.launch(layout.subBatches * layout.parts),
    body: `${frame.enterPart}
let origin = x[${row("0")} * shape.channelGroups + c];
var sum = vec4f(0);
var squares = vec4f(0);
for (var r = begin + ${frame.first}; r < end; r += ${frame.step}) {
  let value = x[${row("r")} * shape.channelGroups + c] - origin;
  sum += value;
  squares += value * value;
}
${writePart(frame, "sum", "squares")}`,
  };
  const affine = affineBindings(shape);
  const value = `x[place] * scale + offset${shape.residual ? " + residual[place]" : ""}`;
  const apply: Kernel = {
    label,
    bindings: [
      read("x"),
      read("sums"),
      ...affine.names.map((name) => read(name)),
      ...(shape.residual ? [read("residual")] : []),
      write("y"),
      write("statistics"),
    ],
    shape: uniforms(shape, layout),
    ...frame.launch(layout.subBatches * layout.tiles),
    ...declare(frame.declarations, declarationsFor(shape.activation).declarations),
    body: `${frame.enterTile}
${addParts(frame, "a", "b", "subBatch * shape.parts", "(subBatch + 1) * shape.parts")}
a /= f32(shape.count);
let mean = a + x[${row("0")} * shape.channelGroups + c];
let variance = max(b / f32(shape.count) - a * a, vec4f(0));
if (piece == 0 && ${frame.writes}) {
  statistics[subBatch * 2 * shape.channelGroups + c] = mean;
  statistics[(subBatch * 2 + 1) * shape.channelGroups + c] = variance;
}
let scale = ${affine.scale} * inverseSqrt(variance + ${float(shape.eps)});
let offset = ${affine.shift} - mean * scale;
for (var r = begin + ${frame.first}; r < end; r += ${frame.step}) {
  let place = ${row("r")} * shape.channelGroups + c;
  y[place] = ${activation(shape.activation, value)};
}`,
  };
  return { sums, apply, sumsSize: layout.subBatches * layout.parts * 2 * shape.channels };
}

/**
 * Its gradient in two launches, d being dy through the activation's slope and x̂ the normalised x:
 *
 *     dγ = Σ d·x̂     dβ = Σ d     dx = γ/√(σ² + ε) · (d − mean(d) − x̂·mean(d·x̂))     d residual = d
 *
 * Without a residual the slope is taken at the value computed anew from x; with one at y, which only a ReLU allows.
 * With a residual dy is overwritten by d, which is the residual's gradient.
 *
 * Operands of `sums`: dy, x, statistics, γ and β, (y), partial sums; of `apply`: dy, x, statistics, partial sums, γ
 * and β, (y), dx, dγ and dβ. y is there with a residual and an activation only. With γ and β apart `sums` takes
 * neither, `apply` γ.
 */
export function batchNormGradient(
  shape: NormShape,
  granularity: Granularity,
): {
  readonly sums: Kernel;
  readonly apply: Kernel;
  readonly sumsSize: number;
  readonly readsOutput: boolean;
} {
  const layout = layoutOf(shape, granularity);
  const frame = frameFor(shape, granularity);
  const readsOutput = shape.residual && shape.activation !== undefined;
  const row = (r: string): string => rowOf(shape, "subBatch", r);
  const slope =
    shape.activation === undefined
      ? ""
      : readsOutput
        ? " * select(vec4f(0), vec4f(1), y[place] > vec4f(0))"
        : ` * ${activationSlope(shape.activation, "(x[place] * scale + offset)")}`;
  // Apart, γ is bound where it is needed, and β nowhere: there is no activation whose slope depends on it.
  const apart = shape.affineApart === true;
  invariant(
    !apart || (shape.activation === undefined && !shape.residual),
    "too many operands for γ and β apart",
  );
  const affine = affineBindings(shape);
  const gradients = affineGradientBindings(shape);
  const known = `let mean = statistics[subBatch * 2 * shape.channelGroups + c];
let inverse = inverseSqrt(statistics[(subBatch * 2 + 1) * shape.channelGroups + c] + ${float(shape.eps)});
${apart ? "" : `let scale = ${affine.scale} * inverse;\nlet offset = ${affine.shift} - mean * scale;`}`;
  const sums: Kernel = {
    label: "batch normalisation gradient sums",
    bindings: [
      read("dy"),
      read("x"),
      read("statistics"),
      ...(apart ? [] : [read("affine")]),
      ...(readsOutput ? [read("y")] : []),
      write("sums"),
    ],
    shape: uniforms(shape, layout),
    ...frame.launch(layout.subBatches * layout.parts),
    ...declare(frame.declarations, declarationsFor(shape.activation).declarations),
    body: `${frame.enterPart}
${known}
var sum = vec4f(0);
var products = vec4f(0);
for (var r = begin + ${frame.first}; r < end; r += ${frame.step}) {
  let place = ${row("r")} * shape.channelGroups + c;
  let d = dy[place]${slope};
  sum += d;
  products += d * (x[place] - mean);
}
products *= inverse;
${writePart(frame, "sum", "products")}`,
  };
  const apply: Kernel = {
    label: "batch normalisation gradient",
    bindings: [
      shape.residual ? write("dy") : read("dy"),
      read("x"),
      read("statistics"),
      read("sums"),
      read(apart ? "gamma" : "affine"),
      ...(readsOutput ? [read("y")] : []),
      write("dx"),
      ...gradients.names.map((name) => write(name)),
    ],
    shape: uniforms(shape, layout),
    ...frame.launch(layout.subBatches * layout.tiles),
    ...declare(frame.declarations, declarationsFor(shape.activation).declarations),
    body: `${frame.enterTile}
${known}
${addParts(frame, "a", "b", "subBatch * shape.parts", "(subBatch + 1) * shape.parts")}
if (piece == 0 && subBatch == 0) {
  ${addParts(frame, "shift", "stretch", "shape.parts", "shape.parts * shape.subBatches")}
  if (${frame.writes}) {
    ${gradients.shift} = a + shift;
    ${gradients.scale} = b + stretch;
  }
}
${apart ? `let scale = ${affine.scale} * inverse;` : ""}
a /= f32(shape.count);
b *= inverse / f32(shape.count);
for (var r = begin + ${frame.first}; r < end; r += ${frame.step}) {
  let place = ${row("r")} * shape.channelGroups + c;
  let d = dy[place]${slope};
  ${shape.residual && shape.activation !== undefined ? "dy[place] = d;" : ""}
  dx[place] = scale * (d - a - (x[place] - mean) * b);
}`,
  };
  return { sums, apply, sumsSize: layout.subBatches * layout.parts * 2 * shape.channels, readsOutput };
}

/** Where one BatchNorm's statistics and running statistics lie: one row of `followStatistics`' table. */
export interface StatisticsRow {
  /** Of μ of sub-batch 0 in the statistics of the whole network, in groups of four channels. */
  readonly from: number;
  /** Channel groups of the layer. */
  readonly channelGroups: number;
  /** Of the running mean, and the running variance, in groups of four channels. */
  readonly runningMean: number;
  readonly runningVariance: number;
  /** Values of a channel in one sub-batch. */
  readonly count: number;
  readonly momentum: number;
}

/** `StatisticsRow` for one of the layer's channel groups. */
const statisticsEntry = new Struct("Entry", {
  start: "i32",
  stride: "i32",
  runningMean: "i32",
  runningVariance: "i32",
  unbiased: "f32",
  momentum: "f32",
});

/** The table as it lies in a buffer. */
export function statisticsTable(rows: readonly StatisticsRow[]): {
  readonly data: Uint32Array<ArrayBuffer>;
  readonly channelGroups: number;
} {
  const table: Parameters<typeof statisticsEntry.pack>[0][number][] = [];
  for (const row of rows) {
    for (let c = 0; c < row.channelGroups; c++) {
      const { from, channelGroups, runningMean, runningVariance, count, momentum } = row;
      table.push({
        start: from + c,
        stride: channelGroups,
        runningMean: runningMean + c,
        runningVariance: runningVariance + c,
        unbiased: count / (count - 1),
        momentum,
      });
    }
  }
  return { data: statisticsEntry.pack(table), channelGroups: table.length };
}

/**
 * Moves the running statistics of all BatchNorms of a network, view after view, as separate passes would:
 * running ← (1 − m)·running + m·(mean over the view's sub-batches), the variance unbiased by count/(count − 1).
 *
 * @param viewOrder in which order the views count as having been seen.
 *
 * Operands: table (`statisticsTable`), statistics, running statistics.
 */
export function followStatistics(
  channelGroups: number,
  { views, subBatchesPerView }: Pick<NormShape, "views" | "subBatchesPerView">,
  viewOrder: "forward" | "backward",
): Kernel {
  return {
    label: "running statistics",
    bindings: [read("table", statisticsEntry), read("statistics"), write("running")],
    shape: { channelGroups, views },
    threads: [channelGroups, 1, 1],
    workgroup: [64, 1, 1],
    body: `
if (id.x >= shape.channelGroups) { return; }
let entry = table[id.x];
let runningMean = entry.runningMean;
let runningVariance = entry.runningVariance;
let momentum = entry.momentum;
for (var k = 0; k < shape.views; k++) {
  let view = ${viewOrder === "forward" ? "k" : "shape.views - 1 - k"};
  var mean = vec4f(0);
  var variance = vec4f(0);
  for (var part = 0; part < ${subBatchesPerView}; part++) {
    let place = entry.start + (view * ${subBatchesPerView} + part) * 2 * entry.stride;
    mean += statistics[place];
    variance += statistics[place + entry.stride];
  }
  mean /= ${float(subBatchesPerView)};
  variance *= entry.unbiased / ${float(subBatchesPerView)};
  running[runningMean] = (1.0 - momentum) * running[runningMean] + momentum * mean;
  running[runningVariance] = (1.0 - momentum) * running[runningVariance] + momentum * variance;
}`,
  };
}

/**
 * What running statistics follow after one view: the means over the sub-batches of μ and σ², σ² unbiased by
 * count/(count − 1).
 *
 * Operands: statistics, mean [C], variance [C].
 */
export function meanStatistics(shape: NormShape): Kernel {
  const count = (shape.samples / shape.subBatchesPerView) * shape.pixels;
  return {
    label: "mean statistics",
    bindings: [read("statistics"), write("mean"), write("variance")],
    shape: { channelGroups: shape.channels / 4, subBatches: subBatchesOf(shape), count },
    threads: [shape.channels / 4, 1, 1],
    workgroup: [64, 1, 1],
    body: `
let c = id.x;
if (c >= shape.channelGroups) { return; }
var sum = vec4f(0);
var squares = vec4f(0);
for (var subBatch = 0; subBatch < shape.subBatches; subBatch++) {
  sum += statistics[subBatch * 2 * shape.channelGroups + c];
  squares += statistics[(subBatch * 2 + 1) * shape.channelGroups + c];
}
let subBatches = f32(shape.subBatches);
let count = f32(shape.count);
mean[c] = sum / subBatches;
variance[c] = squares / subBatches * (count / (count - 1.0));`,
  };
}
