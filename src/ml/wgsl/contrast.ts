import { channelsByRows, overItems, read, repeat, write, type Kernel } from "./kernel.ts";
import { readSettings } from "./stepSettings.ts";

/**
 * The loss of DisCo on embeddings, and its gradient. Rows of embeddings are filled up to a multiple of four with
 * zeros; B images, V views of the student (V·B rows, view after view), K keys.
 */
export interface LossShape {
  readonly batch: number;
  readonly views: number;
  readonly dim: number;
  readonly keys: number;
  readonly contrasts: boolean;
  readonly distils: boolean;
}

/** A row no longer than this counts as zero, as in `normalizeRows`. */
const smallestNorm = "1e-12";

/** y = x/‖x‖ row by row, and 1/‖x‖. Operands: x, y, inverse lengths (f32). */
export function normaliseRows(rows: number, dim: number): Kernel {
  const { enter, shape, ...frame } = overItems(rows);
  return {
    label: "normalise rows",
    bindings: [read("x"), write("y"), write("inverse", "f32")],
    ...frame,
    shape: { ...shape, channelGroups: dim / 4 },
    body: `${enter}
var squares = 0.0;
for (var d = 0; d < shape.channelGroups; d++) { let v = x[i * shape.channelGroups + d]; squares += dot(v, v); }
let length = sqrt(squares);
let scale = 1.0 / max(length, ${smallestNorm});
inverse[i] = select(0.0, scale, length > ${smallestNorm});
for (var d = 0; d < shape.channelGroups; d++) { y[i * shape.channelGroups + d] = x[i * shape.channelGroups + d] * scale; }`,
  };
}

/** Keys in one column of `logits`, filled up to a multiple of four. */
export function logitColumns(keys: number): number {
  return Math.ceil(keys / 4) * 4;
}

/**
 * logits[b, j] = q_b · Q_j/τ for every key of the queue, a tile of four by four in each invocation.
 *
 * Operands: settings, q [≥ B, D], queue [K, D], logits [B, K filled up].
 */
export function logits({ batch, dim, keys }: LossShape): Kernel {
  const columns = logitColumns(keys) / 4;
  return {
    label: "logits",
    bindings: [readSettings(), read("q"), read("queue"), write("logits")],
    shape: { batch, keys, columns, channelGroups: dim / 4 },
    ...channelsByRows(columns, Math.ceil(batch / 4)),
    body: `
if (id.x >= shape.columns || id.y * 4 >= shape.batch) { return; }
let first = id.y * 4;
let key = id.x * 4;
${repeat(4, (i) => `let row${i} = min(first + ${i}, shape.batch - 1) * shape.channelGroups;\nlet key${i} = min(key + ${i}, shape.keys - 1) * shape.channelGroups;\nvar a${i} = vec4f(0);\n`)}
for (var d = 0; d < shape.channelGroups; d++) {
  ${repeat(4, (i) => `let k${i} = queue[key${i} + d];\n`)}
  ${repeat(4, (i) => `let q${i} = q[row${i} + d]; a${i} += vec4f(dot(q${i}, k0), dot(q${i}, k1), dot(q${i}, k2), dot(q${i}, k3));\n`)}
}
let scale = 1.0 / settings.temperature;
${repeat(4, (i) => `if (first + ${i} < shape.batch) { logits[(first + ${i}) * shape.columns + id.x] = a${i} * scale; }\n`)}`,
  };
}

/** Parts of the queue that the sums over keys are taken in. */
function keyParts(shape: LossShape, wantedThreads: number): { parts: number; keysPerPart: number } {
  const parts = Math.max(1, Math.min(Math.ceil(shape.keys / 16), Math.ceil(wantedThreads / shape.batch)));
  const keysPerPart = Math.ceil(shape.keys / parts);
  return { parts: Math.ceil(shape.keys / keysPerPart), keysPerPart };
}

/**
 * The largest logit and the sum of exp(logit − largest) over each part of the keys, row by row.
 *
 * Operands: logits (f32), sums [B, parts, 2] (f32).
 */
export function logitSums(shape: LossShape, wantedThreads: number): { kernel: Kernel; parts: number } {
  const { parts, keysPerPart } = keyParts(shape, wantedThreads);
  const { enter, shape: count, ...frame } = overItems(shape.batch * parts);
  const kernel: Kernel = {
    label: "logit sums",
    bindings: [read("logits", "f32"), write("sums", "f32")],
    ...frame,
    shape: { ...count, parts, keysPerPart, keys: shape.keys, columns: logitColumns(shape.keys) },
    body: `${enter}
let row = i / shape.parts;
let begin = (i % shape.parts) * shape.keysPerPart;
let end = min(begin + shape.keysPerPart, shape.keys);
var largest = logits[row * shape.columns + begin];
for (var j = begin + 1; j < end; j++) { largest = max(largest, logits[row * shape.columns + j]); }
var sum = 0.0;
for (var j = begin; j < end; j++) { sum += exp(logits[row * shape.columns + j] - largest); }
sums[i * 2] = largest;
sums[i * 2 + 1] = sum;`,
  };
  return { kernel, parts };
}

/**
 * Each image's losses: [contrastive, distillation, log Σ exp of all its logits, probability of its own key].
 *
 * Operands: (settings), q, (teacher rows), (keys, logit sums (f32)), losses [B] vec4f; what is in brackets only
 * where a contrastive loss or a teacher needs it.
 */
export function rowLosses({ batch, dim, views, contrasts, distils }: LossShape, parts: number): Kernel {
  const { enter, shape, ...frame } = overItems(batch);
  return {
    label: "row losses",
    bindings: [
      ...(contrasts ? [readSettings()] : []),
      read("q"),
      ...(distils ? [read("teacher")] : []),
      ...(contrasts ? [read("keys"), read("sums", "f32")] : []),
      write("losses"),
    ],
    ...frame,
    shape: { ...shape, channelGroups: dim / 4, parts, views },
    body: `${enter}
var result = vec4f(0);
${
  distils
    ? `for (var view = 0; view < shape.views; view++) {
  let start = (view * shape.count + i) * shape.channelGroups;
  for (var d = 0; d < shape.channelGroups; d++) { let gap = q[start + d] - teacher[start + d]; result.y += dot(gap, gap); }
}`
    : ""
}
${
  contrasts
    ? `var own = 0.0;
for (var d = 0; d < shape.channelGroups; d++) { own += dot(q[i * shape.channelGroups + d], keys[i * shape.channelGroups + d]); }
own /= settings.temperature;
var largest = own;
for (var part = 0; part < shape.parts; part++) { largest = max(largest, sums[(i * shape.parts + part) * 2]); }
var sum = exp(own - largest);
for (var part = 0; part < shape.parts; part++) {
  let place = (i * shape.parts + part) * 2;
  sum += sums[place + 1] * exp(sums[place] - largest);
}
result.z = log(sum) + largest;
result.x = result.z - own;
result.w = exp(own - result.z);`
    : ""
}
losses[i] = result;`,
  };
}

/**
 * The step's scalars, means over the batch: loss, contrastive, distillation, cosine with the teacher.
 *
 * Operands: settings, losses, scalars [1] vec4f.
 */
export function averageLosses({ batch, views, contrasts, distils }: LossShape): Kernel {
  return {
    label: "step scalars",
    bindings: [readSettings(), read("losses"), write("scalars")],
    shape: { batch, views },
    threads: [1, 1, 1],
    workgroup: [1, 1, 1],
    body: `
var sum = vec4f(0);
for (var row = 0; row < shape.batch; row++) { sum += losses[row]; }
sum /= f32(shape.batch);
let loss = ${distils ? "settings.distillWeight * sum.y" : "0.0"} + ${contrasts ? "settings.contrastiveWeight" : "0.0"} * sum.x;
scalars[0] = vec4f(loss, sum.x, sum.y, ${distils ? "1.0 - sum.y / (2.0 * f32(shape.views))" : "0.0"});`,
  };
}

/**
 * Σ_j p_j · Q_j over each part of the keys, p_j the probability of key j, for four images at a time.
 *
 * Operands: logits (f32), losses, queue, sums [parts, B, D].
 */
export function attractions(
  shape: LossShape,
  wantedThreads: number,
): { kernel: Kernel; parts: number; size: number } {
  const channelGroups = shape.dim / 4;
  const rows = Math.ceil(shape.batch / 4);
  const wanted = Math.max(
    1,
    Math.min(Math.ceil(shape.keys / 16), Math.ceil(wantedThreads / (channelGroups * rows))),
  );
  const keysPerPart = Math.ceil(shape.keys / wanted);
  const parts = Math.ceil(shape.keys / keysPerPart);
  const kernel: Kernel = {
    label: "attractions",
    bindings: [read("logits", "f32"), read("losses"), read("queue"), write("sums")],
    shape: {
      batch: shape.batch,
      channelGroups,
      keys: shape.keys,
      columns: logitColumns(shape.keys),
      rows,
      parts,
      keysPerPart,
    },
    ...channelsByRows(channelGroups, rows * parts),
    body: `
if (id.x >= shape.channelGroups || id.y >= shape.rows * shape.parts) { return; }
let first = (id.y % shape.rows) * 4;
let part = id.y / shape.rows;
let begin = part * shape.keysPerPart;
let end = min(begin + shape.keysPerPart, shape.keys);
${repeat(4, (i) => `let row${i} = min(first + ${i}, shape.batch - 1);\nlet total${i} = losses[row${i}].z;\nvar a${i} = vec4f(0);\n`)}
for (var j = begin; j < end; j++) {
  let key = queue[j * shape.channelGroups + id.x];
  ${repeat(4, (i) => `a${i} += exp(logits[row${i} * shape.columns + j] - total${i}) * key;\n`)}
}
${repeat(4, (i) => `if (first + ${i} < shape.batch) { sums[(part * shape.batch + first + ${i}) * shape.channelGroups + id.x] = a${i}; }\n`)}`,
  };
  return { kernel, parts, size: parts * shape.batch * shape.dim };
}

/**
 * The gradient of the loss by the student's raw embeddings z, rows q = z/‖z‖:
 *
 *     dq = w·2/B·(q − t)  +  [first view] λ/(B·τ)·( Σ_j p_j·Q_j − (1 − p)·k )        dz = (dq − q·⟨q, dq⟩)/‖z‖
 *
 * Operands: settings, q, inverse lengths (f32), (teacher rows), (keys, losses, attraction sums), dz.
 */
export function embeddingGradient(shape: LossShape, parts: number): Kernel {
  const { batch, views, dim, contrasts, distils } = shape;
  const { enter, shape: count, ...frame } = overItems(views * batch);
  return {
    label: "embedding gradient",
    bindings: [
      readSettings(),
      read("q"),
      read("inverse", "f32"),
      ...(distils ? [read("teacher")] : []),
      ...(contrasts ? [read("keys"), read("losses"), read("sums")] : []),
      write("dz"),
    ],
    ...frame,
    shape: { ...count, batch, channelGroups: dim / 4, parts },
    body: `${enter}
let start = i * shape.channelGroups;
var along = 0.0;
${
  contrasts
    ? `let contrasts = i < shape.batch;
let pull = settings.contrastiveWeight / (f32(shape.batch) * settings.temperature);
let miss = select(0.0, 1.0 - losses[min(i, shape.batch - 1)].w, contrasts);`
    : ""
}
for (var d = 0; d < shape.channelGroups; d++) {
  let unit = q[start + d];
  var dq = vec4f(0);
  ${distils ? "dq += settings.distillWeight * 2.0 / f32(shape.batch) * (unit - teacher[start + d]);" : ""}
  ${
    contrasts
      ? `if (contrasts) {
    var sum = -miss * keys[start + d];
    for (var part = 0; part < shape.parts; part++) { sum += sums[part * shape.batch * shape.channelGroups + start + d]; }
    dq += pull * sum;
  }`
      : ""
  }
  along += dot(unit, dq);
  dz[start + d] = dq;
}
for (var d = 0; d < shape.channelGroups; d++) {
  dz[start + d] = (dz[start + d] - q[start + d] * along) * inverse[i];
}`,
  };
}
