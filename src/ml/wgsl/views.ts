import { invariant } from "../../lib/invariant.ts";
import { read, repeat, write, type Kernel } from "./kernel.ts";

export interface ViewShape {
  /** Of the source images. */
  readonly sourceHeight: number;
  readonly sourceWidth: number;
  readonly viewSide: number;
}

/** How a source pixel is stored: RGB from the lowest byte of a u32 on, or in [0, 1] in a vec4f; the fourth is idle. */
export type PixelFormat = "bytes" | "floats";

/** Invocations that render one view together. A software adapter would like fewer: it pays for each. */
const lanes = 128;
/** The widest blur there is room for; twice as wide as any setting asks for. */
export const widestBlurRadius = 63;

/**
 * Renders views as `renderViews` does (`augment/`), the whole of each by one workgroup: crop and flip, colour
 * operations with contrast's mean grey in between, grayscale, and the two passes of the blur. Launched with as many
 * workgroups in y as there are views.
 *
 * Operands: images, each view's position among them, the views' rows of numbers, views [N, V, V, 3], scratch of
 * the same size.
 *
 * @param columns names of a row's numbers, in their order.
 */
export function renderViewsKernel(shape: ViewShape, format: PixelFormat, columns: readonly string[]): Kernel {
  return {
    label: "render views",
    bindings: [
      read("images", format === "bytes" ? "u32" : "vec4f"),
      read("positions", "u32"),
      read("parameters", "f32"),
      write("views", "f32"),
      write("scratch", "f32"),
    ],
    shape: { ...shape },
    threads: [lanes, 1, 1],
    workgroup: [lanes, 1, 1],
    declarations: `${pixels[format]}${declarations}`,
    body: bodyFor(columns),
  };
}

const pixels: Readonly<Record<PixelFormat, string>> = {
  bytes: `
const whitest = 255.0;
fn pixel(at: i32) -> vec3f {
  let bytes = images[at];
  return vec3f(vec3u(bytes, bytes >> 8, bytes >> 16) & vec3u(255));
}`,
  floats: `
const whitest = 1.0;
fn pixel(at: i32) -> vec3f { return images[at].xyz; }`,
};

const declarations = `
const lanes = ${lanes};
var<workgroup> laneSums: array<f32, lanes>;
var<workgroup> partSums: array<f32, 16>;
var<workgroup> weights: array<f32, ${widestBlurRadius + 4}>;

// One pixel of a crop resized to side × side: bilinear, and where it shrinks a triangle as wide as two output pixels.
// Distances are exact, in whole (2 · side)ths of a source pixel.
fn cropped(y: i32, x: i32, side: i32, first: i32, height: i32, width: i32) -> vec3f {
  let unit = 2 * side;
  let reach = vec2i(max(unit, 2 * height), max(unit, 2 * width));
  let centre = vec2i(height * (2 * y + 1), width * (2 * x + 1));
  let begin = max(vec2i(0), (centre - reach + side) / unit);
  let end = min(vec2i(height, width), (centre + reach + side) / unit);
  let slope = 1.0 / vec2f(reach);
  let nearest = vec2f(unit * begin + side - centre);
  let step = f32(unit);
  var sum = vec3f(0.0);
  var total = 0.0;
  var down = nearest.x;
  for (var j = begin.x; j < end.x; j++) {
    let weight = max(0.0, 1.0 - abs(down) * slope.x);
    down += step;
    var across = nearest.y;
    let line = first + j * shape.sourceWidth;
    for (var i = begin.y; i < end.y; i++) {
      let both = weight * max(0.0, 1.0 - abs(across) * slope.y);
      across += step;
      sum += both * pixel(line + i);
      total += both;
    }
  }
  return sum / (total * whitest);
}

fn grey(colour: vec3f) -> f32 { return dot(colour, vec3f(0.2989, 0.587, 0.114)); }

fn blended(colour: vec3f, towards: f32, factor: f32) -> vec3f {
  return clamp(factor * colour + (1.0 - factor) * towards, vec3f(0.0), vec3f(1.0));
}

// Each channel is v − range · max(0, min(k, 4 − k, 1)) with k = (n + hue) mod 6, n = 5, 3, 1; hue in sixths.
fn hueTurned(colour: vec3f, turns: f32) -> vec3f {
  let high = max(colour.x, max(colour.y, colour.z));
  let range = high - min(colour.x, min(colour.y, colour.z));
  let isRed = high == colour.x;
  let isGreen = high == colour.y;
  let across = select(select(colour.x - colour.y, colour.z - colour.x, isGreen), colour.y - colour.z, isRed);
  let sector = select(select(4.0, 2.0, isGreen), 0.0, isRed);
  let hue = sector + across / max(range, 1e-20) + 6.0 * turns; // grey has no hue, and no range to give it
  let sixths = (vec3f(5.0, 3.0, 1.0) + hue) / 6.0;
  let k = 6.0 * (sixths - floor(sixths));
  return high - range * clamp(min(k, 4.0 - k), vec3f(0.0), vec3f(1.0));
}

// Some of a view's colour operations, which are numbered as their amounts are stored.
fn jittered(colour: vec3f, first: i32, end: i32, operations: vec4i, amounts: vec4f, mean: f32) -> vec3f {
  var result = colour;
  for (var slot = first; slot < end; slot++) {
    let operation = operations[slot];
    let amount = amounts[operation];
    if (operation == 3) {
      result = hueTurned(result, amount);
    } else if (operation >= 0) {
      let towards = select(select(0.0, mean, operation == 1), grey(result), operation == 2);
      result = blended(result, towards, amount);
    }
  }
  return result;
}

// Where a line of n pixels is mirrored at its end pixels.
fn reflected(index: i32, n: i32) -> i32 {
  if (n == 1) { return 0; }
  var at = index;
  while (at < 0 || at >= n) { at = select(2 * (n - 1) - at, -at, at < 0); }
  return at;
}
`;

/** Four neighbours of a line of `side` pixels blurred, from the `place`-th on. */
function blurFour(
  source: string,
  target: string,
  line: { readonly start: string; readonly step: string; readonly place: string },
): string {
  return `let start = ${line.start};
  let step = ${line.step};
  let place = ${line.place};
  ${repeat(4, (o) => `var sum${o} = vec3f(0.0); var weight${o} = 0.0;`)}
  for (var k = -radius; k <= radius + 3; k++) {
    let at = start + reflected(place + k, side) * step;
    let colour = vec3f(${source}[at], ${source}[at + 1], ${source}[at + 2]);
    weight3 = weight2; weight2 = weight1; weight1 = weight0;
    weight0 = weights[abs(k)];
    ${repeat(4, (o) => `sum${o} += weight${o} * colour;`)}
  }
  ${repeat(
    4,
    (o) => `if (place + ${o} < side) {
    let at = start + (place + ${o}) * step;
    let colour = sum${o} / norm;
    ${target}[at] = colour.x; ${target}[at + 1] = colour.y; ${target}[at + 2] = colour.z;
  }`,
  )}`;
}

function bodyFor(columns: readonly string[]): string {
  /** The index of a view's number, whose row begins at `row`. */
  const at = (name: string): string => {
    invariant(columns.includes(name), `views have no ${name}`);
    return `row + ${columns.indexOf(name)}`;
  };
  const parameter = (name: string): string => `parameters[${at(name)}]`;
  return `
let lane = id.x;
let view = id.y;
let side = shape.viewSide;
let pixels = side * side;
let begin = view * pixels * 3;
let row = view * ${columns.length};
let height = i32(${parameter("cropHeight")});
let width = i32(${parameter("cropWidth")});
let first = i32(positions[view]) * shape.sourceHeight * shape.sourceWidth
  + i32(${parameter("cropTop")}) * shape.sourceWidth + i32(${parameter("cropLeft")});
let flips = ${parameter("flip")} == 1.0;

let jitter = ${at("jitter0")};
let operations = vec4i(vec4f(parameters[jitter], parameters[jitter + 1], parameters[jitter + 2], parameters[jitter + 3]));
let amounts = vec4f(${["brightness", "contrast", "saturation", "hue"].map(parameter).join(", ")});
// Contrast needs the mean grey of what comes before it.
var slots = 0;
var contrastSlot = 4;
for (var slot = 0; slot < 4; slot++) {
  if (operations[slot] >= 0) { slots = slot + 1; }
  if (operations[slot] == 1) { contrastSlot = slot; }
}
var greys = 0.0;
for (var p = lane; p < pixels; p += lanes) {
  let y = p / side;
  let x = p - y * side;
  var colour = cropped(y, select(x, side - 1 - x, flips), side, first, height, width);
  colour = jittered(colour, 0, min(slots, contrastSlot), operations, amounts, 0.0);
  greys += grey(colour);
  let at = begin + p * 3;
  views[at] = colour.x;
  views[at + 1] = colour.y;
  views[at + 2] = colour.z;
}
laneSums[lane] = greys;
workgroupBarrier();
if (lane < 16) {
  var sum = 0.0;
  for (var k = 0; k < lanes / 16; k++) { sum += laneSums[lane * (lanes / 16) + k]; }
  partSums[lane] = sum;
}
workgroupBarrier();
let isGrey = ${parameter("grayscale")} == 1.0;
if (contrastSlot < 4 || isGrey) {
  var mean = 0.0;
  for (var k = 0; k < 16; k++) { mean += partSums[k]; }
  mean /= f32(pixels);
  for (var p = lane; p < pixels; p += lanes) {
    let at = begin + p * 3;
    var colour = vec3f(views[at], views[at + 1], views[at + 2]);
    colour = jittered(colour, contrastSlot, slots, operations, amounts, mean);
    if (isGrey) { colour = vec3f(grey(colour)); }
    views[at] = colour.x;
    views[at + 1] = colour.y;
    views[at + 2] = colour.z;
  }
}

let sigma = ${parameter("blurSigma")};
let radius = i32(${parameter("blurRadius")});
for (var k = lane; k <= radius + 3; k += lanes) {
  let distance = f32(k) / sigma;
  weights[k] = select(0.0, exp(-0.5 * distance * distance), k <= radius);
}
workgroupBarrier();
storageBarrier();
let fours = select(0, (side + 3) / 4, sigma > 0.0); // of four places, which share what they read
var norm = weights[0];
for (var k = 1; k <= radius; k++) { norm += 2.0 * weights[k]; }
for (var item = lane; item < side * fours; item += lanes) {
  let line = item / fours;
  ${blurFour("views", "scratch", { start: "begin + line * side * 3", step: "3", place: "(item - line * fours) * 4" })}
}
storageBarrier();
for (var item = lane; item < side * fours; item += lanes) {
  let four = item / side;
  ${blurFour("scratch", "views", { start: "begin + (item - four * side) * 3", step: "side * 3", place: "four * 4" })}
}
`;
}
