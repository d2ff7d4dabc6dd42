import type { Granularity } from "./granularity.ts";
import { channelsByRows, overItems, read, write, type Kernel } from "./kernel.ts";
import { activation, declarationsFor, type CompiledActivation } from "./activation.ts";
import { outputSide } from "./convolutionShape.ts";
import { rowSums } from "./rowSums.ts";

export interface PoolShape {
  readonly samples: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
}

function uniforms(shape: PoolShape): Kernel["shape"] {
  return {
    height: shape.height,
    width: shape.width,
    channelGroups: shape.channels / 4,
    outHeight: outputSide(shape.height, shape),
    outWidth: outputSide(shape.width, shape),
    samples: shape.samples,
    kernel: shape.kernel,
  };
}

/**
 * The largest value of each window, padded with −∞, and which of the window's places it was (the first of equals, as
 * PyTorch counts).
 *
 * Operands: x, y, places.
 */
export function maxPool(shape: PoolShape): Kernel {
  return {
    label: "max pool",
    bindings: [read("x"), write("y"), write("places", "vec4u")],
    ...overWindows(shape),
    body: `${windowMaximum(shape)}
let out = id.y * shape.channelGroups + c;
y[out] = best;
places[out] = place;`,
  };
}

/**
 * The same where a BatchNorm by stored statistics is between the pool and an activation: y = act(γ·largest + β). γ may be
 * negative, so it cannot be multiplied into the convolution before the pool.
 *
 * Operands: x, γ, β, y.
 */
export function maxPoolNormalised(shape: PoolShape, fn: CompiledActivation | undefined): Kernel {
  return {
    label: `max pool + normalisation${fn === undefined ? "" : ` + ${fn}`}`,
    bindings: [read("x"), read("gamma"), read("beta"), write("y")],
    ...overWindows(shape),
    ...declarationsFor(fn),
    body: `${windowMaximum(shape)}
y[id.y * shape.channelGroups + c] = ${activation(fn, "(best * gamma[c] + beta[c])")};`,
  };
}

function overWindows(shape: PoolShape): Pick<Kernel, "shape" | "threads" | "workgroup" | "rowLength"> {
  const windows = shape.samples * outputSide(shape.height, shape) * outputSide(shape.width, shape);
  return { shape: uniforms(shape), ...channelsByRows(shape.channels / 4, windows) };
}

/** WGSL: `best` and its `place` in the window of the invocation. */
function windowMaximum({ stride, padding }: PoolShape): string {
  return `
let c = id.x;
if (c >= shape.channelGroups || id.y >= shape.samples * shape.outHeight * shape.outWidth) { return; }
let column = id.y % shape.outWidth;
let outRow = id.y / shape.outWidth;
let sample = outRow / shape.outHeight;
let top = (outRow % shape.outHeight) * ${stride} - ${padding};
let left = column * ${stride} - ${padding};
var best = vec4f(-3.4028234e38);
var place = vec4u(0);
for (var ky = 0; ky < shape.kernel; ky++) {
  for (var kx = 0; kx < shape.kernel; kx++) {
    let h = top + ky;
    let w = left + kx;
    if (h < 0 || h >= shape.height || w < 0 || w >= shape.width) { continue; }
    let value = x[((sample * shape.height + h) * shape.width + w) * shape.channelGroups + c];
    let larger = value > best;
    best = select(best, value, larger);
    place = select(place, vec4u(u32(ky * shape.kernel + kx)), larger);
  }
}`;
}

/**
 * Its gradient: each dy goes to the place that won. `accumulate` adds to what dx holds.
 *
 * Operands: dy, places, dx.
 */
export function maxPoolGradient(shape: PoolShape, accumulate: boolean): Kernel {
  const { stride, padding } = shape;
  const channelGroups = shape.channels / 4;
  return {
    label: "max pool gradient",
    bindings: [read("dy"), read("places", "vec4u"), write("dx")],
    shape: uniforms(shape),
    ...channelsByRows(channelGroups, shape.samples * shape.height * shape.width),
    body: `
let c = id.x;
if (c >= shape.channelGroups || id.y >= shape.samples * shape.height * shape.width) { return; }
let column = id.y % shape.width;
let inRow = id.y / shape.width;
let h = inRow % shape.height;
let sample = inRow / shape.height;
var sum = vec4f(0);
for (var ky = 0; ky < shape.kernel; ky++) {
  let down = h + ${padding} - ky;
  if (down < 0 || down % ${stride} != 0 || down / ${stride} >= shape.outHeight) { continue; }
  for (var kx = 0; kx < shape.kernel; kx++) {
    let across = column + ${padding} - kx;
    if (across < 0 || across % ${stride} != 0 || across / ${stride} >= shape.outWidth) { continue; }
    let place = ((sample * shape.outHeight + down / ${stride}) * shape.outWidth + across / ${stride}) * shape.channelGroups + c;
    sum += select(vec4f(0), dy[place], places[place] == vec4u(u32(ky * shape.kernel + kx)));
  }
}
dx[id.y * shape.channelGroups + c] ${accumulate ? "+=" : "="} sum;`,
  };
}

export interface PixelsShape {
  readonly samples: number;
  readonly pixels: number;
  readonly channels: number;
}

/** The mean over all pixels: [N, P, C] → [N, C]. Operands: x, y. */
export function globalAveragePool(
  { samples, pixels, channels }: PixelsShape,
  granularity: Granularity,
): Kernel {
  return rowSums(
    {
      label: "global average pool",
      bindings: [read("x"), write("y")],
      segments: samples,
      rows: pixels,
      channels,
      value: "x[place]",
      store: "y[out] = sum / f32(shape.rows);",
    },
    granularity,
  );
}

/** Its gradient, dy/P everywhere; `accumulate` adds. Operands: dy, dx. */
export function globalAveragePoolGradient(shape: PixelsShape, accumulate: boolean): Kernel {
  return globalPoolGradient("average", [], "dy[out] / f32(shape.pixels)", shape, accumulate);
}

/**
 * The largest value over all pixels, and which pixel it was (the first of equals): [N, P, C] → [N, C].
 *
 * Operands: x, y, places.
 */
export function globalMaxPool({ samples, pixels, channels }: PixelsShape): Kernel {
  const channelGroups = channels / 4;
  return {
    label: "global max pool",
    bindings: [read("x"), write("y"), write("places", "vec4u")],
    shape: { channelGroups, pixels, samples },
    ...channelsByRows(channelGroups, samples),
    body: `
if (id.x >= shape.channelGroups || id.y >= shape.samples) { return; }
let start = id.y * shape.pixels * shape.channelGroups + id.x;
var best = x[start];
var place = vec4u(0);
for (var pixel = 1; pixel < shape.pixels; pixel++) {
  let value = x[start + pixel * shape.channelGroups];
  let larger = value > best;
  best = select(best, value, larger);
  place = select(place, vec4u(u32(pixel)), larger);
}
let out = id.y * shape.channelGroups + id.x;
y[out] = best;
places[out] = place;`,
  };
}

/** Its gradient: each dy goes to the pixel that won; `accumulate` adds. Operands: dy, places, dx. */
export function globalMaxPoolGradient(shape: PixelsShape, accumulate: boolean): Kernel {
  const won = "places[out] == vec4u(u32(row % shape.pixels))";
  const places = read("places", "vec4u");
  return globalPoolGradient("max", [places], `select(vec4f(0), dy[out], ${won})`, shape, accumulate);
}

/** @param value WGSL: what goes to pixel `row` (of all samples) from place `out` of dy. */
function globalPoolGradient(
  pool: "average" | "max",
  bindings: Kernel["bindings"],
  value: string,
  { samples, pixels, channels }: PixelsShape,
  accumulate: boolean,
): Kernel {
  const channelGroups = channels / 4;
  const items = overItems(samples * pixels * channelGroups);
  return {
    label: `global ${pool} pool gradient`,
    bindings: [read("dy"), ...bindings, write("dx")],
    threads: items.threads,
    workgroup: items.workgroup,
    shape: { ...items.shape, channelGroups, pixels },
    body: `${items.enter}
let row = i / shape.channelGroups;
let out = row / shape.pixels * shape.channelGroups + i % shape.channelGroups;
dx[i] ${accumulate ? "+=" : "="} ${value};`,
  };
}

/** Squeeze-excite's last step: y[n, p, c] = x[n, p, c] · gate[n, c]. Operands: x, gate, y. */
export function gate(shape: PixelsShape): Kernel {
  return timesGate("gate", "x", "y", shape, false);
}

/** Its gradient by x, dy · gate; `accumulate` adds. Operands: dy, gate, dx. */
export function gateInputGradient(shape: PixelsShape, accumulate: boolean): Kernel {
  return timesGate("gate input gradient", "dy", "dx", shape, accumulate);
}

function timesGate(
  label: string,
  from: string,
  to: string,
  { samples, pixels, channels }: PixelsShape,
  accumulate: boolean,
): Kernel {
  const channelGroups = channels / 4;
  const items = overItems(samples * pixels * channelGroups);
  return {
    label,
    bindings: [read(from), read("gate"), write(to)],
    threads: items.threads,
    workgroup: items.workgroup,
    shape: { ...items.shape, channelGroups, pixels },
    body: `${items.enter}
${to}[i] ${accumulate ? "+=" : "="} ${from}[i] * gate[i / (shape.channelGroups * shape.pixels) * shape.channelGroups + i % shape.channelGroups];`,
  };
}

/** Its gradient by the gate: Σ over pixels of dy · x. Operands: dy, x, dGate. */
export function gateGradient({ samples, pixels, channels }: PixelsShape, granularity: Granularity): Kernel {
  return rowSums(
    {
      label: "gate gradient",
      bindings: [read("dy"), read("x"), write("dGate")],
      segments: samples,
      rows: pixels,
      channels,
      value: "dy[place] * x[place]",
      store: "dGate[out] = sum;",
    },
    granularity,
  );
}
