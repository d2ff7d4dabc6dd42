import type { Granularity } from "./granularity.ts";
import { float, floatBits, overItems, read, repeat, write, type Kernel } from "./kernel.ts";
import { activation, activationSlope, declarationsFor, type CompiledActivation } from "./activation.ts";
import { rowSums } from "./rowSums.ts";
import { readSettings } from "./stepSettings.ts";

/** y = act(x) over `size` elements. Operands: x, y. */
export function activate(size: number, fn: CompiledActivation): Kernel {
  const { enter, ...frame } = overItems(size / 4);
  return {
    label: fn,
    bindings: [read("x"), write("y")],
    ...frame,
    ...declarationsFor(fn),
    body: `${enter}
y[i] = ${activation(fn, "x[i]")};`,
  };
}

/** dx = dy · act′(x); `accumulate` adds. Operands: dy, x, dx. */
export function activateGradient(size: number, fn: CompiledActivation, accumulate: boolean): Kernel {
  const { enter, ...frame } = overItems(size / 4);
  return {
    label: `${fn} gradient`,
    bindings: [read("dy"), read("x"), write("dx")],
    ...frame,
    ...declarationsFor(fn),
    body: `${enter}
dx[i] ${accumulate ? "+=" : "="} dy[i] * ${activationSlope(fn, "x[i]")};`,
  };
}

/** y = a + b. Operands: a, b, y. */
export function add(size: number): Kernel {
  const { enter, ...frame } = overItems(size / 4);
  return {
    label: "add",
    bindings: [read("a"), read("b"), write("y")],
    ...frame,
    body: `${enter}
y[i] = a[i] + b[i];`,
  };
}

/** y = x. Operands: x, y. */
export function copy(size: number): Kernel {
  const { enter, ...frame } = overItems(size / 4);
  return {
    label: "copy",
    bindings: [read("x"), write("y")],
    ...frame,
    body: `${enter}
y[i] = x[i];`,
  };
}

/** y += x. Operands: x, y. */
export function addTo(size: number): Kernel {
  const { enter, ...frame } = overItems(size / 4);
  return {
    label: "add to",
    bindings: [read("x"), write("y")],
    ...frame,
    body: `${enter}
y[i] += x[i];`,
  };
}

/** y = Σ over parts of sums [parts, size]. Operands: sums, y. */
export function sumParts(parts: number, size: number): Kernel {
  const { enter, shape, ...frame } = overItems(size / 4);
  return {
    label: "sum of parts",
    bindings: [read("sums"), write("y")],
    ...frame,
    shape: { ...shape, parts },
    body: `${enter}
var sum = sums[i];
for (var part = 1; part < shape.parts; part++) { sum += sums[part * shape.count + i]; }
y[i] = sum;`,
  };
}

/** y[c] = Σ over rows of x [rows, C]: the gradient of a bias. Operands: x, y. */
export function sumRows(rows: number, channels: number, granularity: Granularity): Kernel {
  return rowSums(
    {
      label: "sum of rows",
      bindings: [read("x"), write("y")],
      segments: 1,
      rows,
      channels,
      value: "x[place]",
      store: "y[out] = sum;",
    },
    granularity,
  );
}

/** y [rows, to] from x [rows, from]: rows cut, or filled up with zeros. Operands: x, y. */
export function resizeRows(rows: number, from: number, to: number): Kernel {
  const { enter, shape, ...frame } = overItems(rows * to);
  return {
    label: "resize rows",
    bindings: [read("x", "f32"), write("y", "f32")],
    ...frame,
    shape: { ...shape, width: from, wanted: to },
    body: `${enter}
let column = i % shape.wanted;
y[i] = select(0.0, x[i / shape.wanted * shape.width + min(column, shape.width - 1)], column < shape.width);`,
  };
}

/**
 * Three channels in [0, 1] to a network's input: (x − mean)/std, with a fourth channel of zeros.
 *
 * @param from the first pixel to be read.
 *
 * Operands: images [≥ from + pixels, 3] f32, constants [8] (mean, 0, 1/std, 0), y.
 */
export function normaliseImages(pixels: number, from: number): Kernel {
  const { enter, shape, ...frame } = overItems(pixels);
  return {
    label: "normalise images",
    bindings: [read("images", "f32"), read("constants"), write("y")],
    ...frame,
    shape: { ...shape, start: from },
    body: `${enter}
let place = (shape.start + i) * 3;
let colour = vec4f(${repeat(3, (channel) => `images[place + ${channel}], `)}0);
y[i] = (colour - constants[0]) * constants[1];`,
  };
}

/** (x − mean)/std of a channel, three of them side by side. Operands: x, y, both f32. */
export function normaliseChannels(
  size: number,
  mean: readonly [number, number, number],
  std: readonly [number, number, number],
): Kernel {
  const { enter, shape, ...frame } = overItems(size);
  const [mean0, mean1, mean2] = mean.map(floatBits) as [number, number, number];
  const [std0, std1, std2] = std.map(floatBits) as [number, number, number];
  return {
    label: "normalise channels",
    bindings: [read("x", "f32"), write("y", "f32")],
    ...frame,
    shape: { ...shape, mean0, mean1, mean2, std0, std1, std2 },
    body: `${enter}
let channel = i % 3;
let mean = bitcast<f32>(select(select(shape.mean2, shape.mean1, channel == 1), shape.mean0, channel == 0));
let deviation = bitcast<f32>(select(select(shape.std2, shape.std1, channel == 1), shape.std0, channel == 0));
y[i] = (x[i] - mean) / deviation;`,
  };
}

/**
 * SGD with momentum and weight decay over all parameters at once: g ← dp + λ·p, v ← μ·v + g, p ← p − lr·v.
 *
 * Operands: settings, gradients, velocities, parameters.
 */
export function sgd(
  size: number,
  options: { readonly momentum: number; readonly weightDecay: number },
): Kernel {
  const { enter, ...frame } = overItems(size / 4);
  return {
    label: "SGD",
    bindings: [readSettings(), read("gradients"), write("velocities"), write("parameters")],
    ...frame,
    body: `${enter}
let p = parameters[i];
let v = ${float(options.momentum)} * velocities[i] + (gradients[i] + ${float(options.weightDecay)} * p);
velocities[i] = v;
parameters[i] = p - settings.learningRate * v;`,
  };
}

/** mean ← momentum·mean + (1 − momentum)·source. Operands: source, mean. */
export function follow(size: number, momentum: number): Kernel {
  const { enter, ...frame } = overItems(size / 4);
  return {
    label: "moving average",
    bindings: [read("source"), write("mean")],
    ...frame,
    body: `${enter}
mean[i] = ${float(momentum)} * mean[i] + ${float(1 - momentum)} * source[i];`,
  };
}
