import { acrossRows } from "./acrossRows.ts";
import type { Granularity } from "./granularity.ts";
import { floatBits, overItems, read, write, type Kernel } from "./kernel.ts";

/** WGSL: less than every logit. */
const lowest = "-3.0e38";

/**
 * How far softmax(s·z) is from a target softmax(s·t), row by row, and the slope of that by z: s·(softmax(s·z) − softmax(s·t)).
 *
 * Operands: targets t, logits z, values [rows], slopes, all f32.
 *
 * @param measure Kullback–Leibler divergence, or cross-entropy.
 */
export function softmaxDistance(
  rows: number,
  columns: number,
  { measure, scale }: { readonly measure: "divergence" | "crossEntropy"; readonly scale: number },
  granularity: Granularity,
): Kernel {
  const { frame, shape, declarations, enter, along } = acrossRows(rows, granularity);
  return {
    label: "distance of softmax rows",
    bindings: [read("targets", "f32"), read("logits", "f32"), write("values", "f32"), write("slopes", "f32")],
    ...frame,
    shape: { ...shape, columns, scale: floatBits(scale), diverges: measure === "divergence" ? 1 : 0 },
    declarations,
    body: `${enter}
let start = row * shape.columns;
let scale = bitcast<f32>(shape.scale);
var largestTarget = ${lowest};
var largest = ${lowest};
${along("shape.columns", "largestTarget = max(largestTarget, targets[start + j] * scale); largest = max(largest, logits[start + j] * scale);")}
largestTarget = largestOf(lane, largestTarget);
largest = largestOf(lane, largest);
var targetTotal = 0.0;
var total = 0.0;
${along("shape.columns", "targetTotal += exp(targets[start + j] * scale - largestTarget); total += exp(logits[start + j] * scale - largest);")}
targetTotal = sumOf(lane, targetTotal);
total = sumOf(lane, total);
let share = select(0.0, 1.0, shape.diverges == 1);
var expected = 0.0;
${along(
  "shape.columns",
  `
  let t = targets[start + j] * scale;
  let z = logits[start + j] * scale;
  let p = exp(t - largestTarget) / targetTotal;
  expected += p * (share * t - z);
  slopes[start + j] = scale * (exp(z - largest) / total - p);
`,
)}
expected = sumOf(lane, expected);
if (lane == 0) { values[row] = expected + largest + log(total) - share * (largestTarget + log(targetTotal)); }`,
  };
}

/**
 * SimCLR's losses of 2N views from their cosines: row by row, log Σ exp over all others less the logit of the other view.
 *
 * Operands: cosines [2N, 2N], losses [2N], log Σ exp [2N], all f32.
 */
export function ntXentLosses(views: number, scale: number, granularity: Granularity): Kernel {
  const { frame, shape, declarations, enter, along } = acrossRows(views, granularity);
  return {
    label: "NT-Xent",
    bindings: [read("cosines", "f32"), write("losses", "f32"), write("logSums", "f32")],
    ...frame,
    shape: { ...shape, scale: floatBits(scale) },
    declarations,
    body: `${enter}
let start = row * shape.rows;
let scale = bitcast<f32>(shape.scale);
var largest = ${lowest};
${along("shape.rows", "if (j != row) { largest = max(largest, cosines[start + j] * scale); }")}
largest = largestOf(lane, largest);
var total = 0.0;
${along("shape.rows", "if (j != row) { total += exp(cosines[start + j] * scale - largest); }")}
total = sumOf(lane, total);
if (lane == 0) {
  let logSum = largest + log(total);
  logSums[row] = logSum;
  losses[row] = logSum - cosines[start + (row + shape.rows / 2) % shape.rows] * scale;
}`,
  };
}

/**
 * The matrix S that gives NT-Xent's gradient by its views as S·views: what either of two views does to their cosine.
 *
 * Operands: dy [1], cosines, log Σ exp, S [2N, 2N], all f32.
 */
export function ntXentSlopes(views: number, scale: number): Kernel {
  const { enter, shape, ...frame } = overItems(views * views);
  return {
    label: "slopes of NT-Xent",
    bindings: [read("dy", "f32"), read("cosines", "f32"), read("logSums", "f32"), write("slopes", "f32")],
    ...frame,
    shape: { ...shape, views, scale: floatBits(scale) },
    body: `${enter}
let row = i / shape.views;
let column = i % shape.views;
let scale = bitcast<f32>(shape.scale);
let logit = cosines[i] * scale;
let chosen = exp(min(0.0, logit - logSums[row])) + exp(min(0.0, logit - logSums[column]));
let wanted = select(0.0, 2.0, column == (row + shape.views / 2) % shape.views);
slopes[i] = select(dy[0] * scale / f32(shape.views) * (chosen - wanted), 0.0, row == column);`,
  };
}

interface BagShape {
  readonly images: number;
  readonly width: number;
  readonly keys: number;
  /** 1/τ */
  readonly scale: number;
}

/**
 * BINGO's losses of 3N queries towards two keys each, among those of a queue: shares of the whole loss, and how strongly
 * the loss pulls each query to the queue's keys and to its own two.
 *
 * Operands: queries [3N, D], anchor keys and member keys [N, D], cosines with the queue [3N, K], weights of the anchor [3],
 * losses [3N], pulls of the queue [3N, K], pulls of its own keys [3N, 2], all f32.
 */
export function bagLosses({ images, width, keys, scale }: BagShape, granularity: Granularity): Kernel {
  const { frame, shape, declarations, enter, along } = acrossRows(3 * images, granularity);
  return {
    label: "losses of bags",
    bindings: [
      ...["queries", "anchors", "members", "cosines", "weights"].map((name) => read(name, "f32")),
      ...["losses", "pulls", "ownPulls"].map((name) => write(name, "f32")),
    ],
    ...frame,
    shape: { ...shape, images, width, keys, scale: floatBits(scale) },
    declarations: `${declarations}
fn softplus(x: f32) -> f32 {
  let e = exp(-abs(x));
  return max(x, 0.0) + select(log(1.0 + e), e, e < 1e-4);
}
fn sigmoid(x: f32) -> f32 {
  let e = exp(-abs(x));
  return select(e, 1.0, x >= 0.0) / (1.0 + e);
}`,
    body: `${enter}
let start = row * shape.keys;
let query = row * shape.width;
let own = row % shape.images * shape.width;
let scale = bitcast<f32>(shape.scale);
var toAnchor = 0.0;
var toMember = 0.0;
${along("shape.width", "toAnchor += queries[query + j] * anchors[own + j]; toMember += queries[query + j] * members[own + j];")}
toAnchor = sumOf(lane, toAnchor);
toMember = sumOf(lane, toMember);
var largest = ${lowest};
${along("shape.keys", "largest = max(largest, cosines[start + j] * scale);")}
largest = largestOf(lane, largest);
var total = 0.0;
${along("shape.keys", "total += exp(cosines[start + j] * scale - largest);")}
total = sumOf(lane, total);
let logSum = largest + log(total);
let gaps = vec2f(logSum - toAnchor * scale, logSum - toMember * scale);
let weight = weights[row / shape.images];
let shares = vec2f(weight, 1.0 - weight) / f32(shape.rows);
let slopes = scale * shares * vec2f(sigmoid(gaps.x), sigmoid(gaps.y));
${along("shape.keys", "pulls[start + j] = (slopes.x + slopes.y) * exp(cosines[start + j] * scale - logSum);")}
if (lane == 0) {
  losses[row] = dot(shares, vec2f(softplus(gaps.x), softplus(gaps.y)));
  ownPulls[row * 2] = -slopes.x;
  ownPulls[row * 2 + 1] = -slopes.y;
}`,
  };
}

/**
 * BINGO's gradient by its queries, given what the queue's keys come to.
 *
 * Operands: dy [1], pulled by the queue [3N, D], pulls of its own keys [3N, 2], anchor keys and member keys [N, D], the gradients
 * by anchors, members and mixtures [N, D] each, all f32.
 */
export function bagGradient(images: number, width: number): Kernel {
  const { enter, shape, ...frame } = overItems(images * width);
  const results = ["byAnchor", "byMember", "byMixture"];
  return {
    label: "gradient of bags",
    bindings: [
      ...["dy", "pulled", "ownPulls", "anchors", "members"].map((name) => read(name, "f32")),
      ...results.map((name) => write(name, "f32")),
    ],
    ...frame,
    shape: { ...shape, images, width },
    body: `${enter}
let image = i / shape.width;
${results
  .map((name, part) => {
    const row = `(${part} * shape.images + image)`;
    return `${name}[i] = dy[0] * (pulled[${part} * shape.count + i] + ownPulls[${row} * 2] * anchors[i] + ownPulls[${row} * 2 + 1] * members[i]);`;
  })
  .join("\n")}`,
  };
}
