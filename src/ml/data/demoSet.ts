/**
 * The built-in demo set: twelve kinds of thing, drawn by arithmetic from a seed, the same bytes on every machine.
 *
 * What tells the classes apart is form alone. Pose, size, proportions, colour, polarity (light on dark or dark on
 * light), light, texture, background, clutter and occluders are drawn without regard to the class, so neighbours
 * by pixels or by an untrained network are near chance; a network that has learnt form tells them apart. Several
 * copies of a thing may be in one picture, each in its own pose and paint: then two crops share what the thing
 * is more than how it looks, which is what contrastive learning is to find.
 */
import { invariant } from "../../lib/invariant.ts";
import { createPrng, type Prng } from "../../lib/prng.ts";
import {
  box,
  cosineOfTurns,
  coverOutlines,
  sineOfTurns,
  arc,
  type Affine,
  type Outline,
} from "./demoGeometry.ts";
import { clampShare, colourOf, randomField, type Colour, type Field } from "./demoPaint.ts";
import { demoLabels, makeDemoShape } from "./demoShapes.ts";

export { demoLabels };

export interface DemoImage {
  /** size · size · 3 bytes, RGB, row-major. */
  readonly pixels: Uint8Array<ArrayBuffer>;
  /** Index into `demoLabels`. */
  readonly label: number;
}

/**
 * One picture of the demo set.
 *
 * Pictures are independent of each other: the same `seed` and `index` give the same scene at any size, and
 * classes take turns, so any run of consecutive indices is balanced.
 *
 * @param size side in pixels, 8 to 1024; meant for 16 to 224.
 */
export function drawDemoImage(seed: number, index: number, size: number): DemoImage {
  invariant(
    Number.isInteger(size) && size >= 8 && size <= 1024,
    `demo images have 8 to 1024 pixels a side, not ${size}`,
  );
  invariant(Number.isInteger(index) && index >= 0, `demo images are numbered from 0, not ${index}`);
  const random = createPrng(seed, `demo image ${index}`);
  const label = index % demoLabels.length;
  const canvas = createCanvas(size);
  const things = arrange(random);
  const lumas = drawLumas(random);

  canvas.fill(randomPaint(random, lumas.ground));
  const clutter = random.integer(4);
  for (let i = 0; i < clutter; i++)
    canvas.paint(...randomScrap(random, 0.05, 0.16), randomPaint(random, lumas.ground));
  for (const thing of things) {
    canvas.paint(makeDemoShape(label, random), poseOf(thing, random), randomPaint(random, lumas.thing));
  }
  if (random.uniform() < 0.35) {
    canvas.paint(
      ...randomScrap(random, 0.05, 0.11),
      randomPaint(random, random.uniform() < 0.5 ? lumas.ground : lumas.thing),
    );
  }
  canvas.light(random);
  return { pixels: canvas.toBytes(random), label };
}

/** Where a thing is, in shares of the picture's side. */
interface Place {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

/** One thing most often, else two to four smaller ones that hardly overlap. */
function arrange(random: Prng): Place[] {
  const draw = random.uniform();
  if (draw < 0.5) return [placeWithin(random.between(0.26, 0.46), random)];
  const count = draw < 0.8 ? 2 : 3 + random.integer(2);
  const places: Place[] = [];
  for (let attempt = 0; places.length < count && attempt < 30; attempt++) {
    const place = placeWithin(count === 2 ? random.between(0.22, 0.32) : random.between(0.18, 0.26), random);
    const free = places.every((other) => {
      const dx = place.x - other.x;
      const dy = place.y - other.y;
      const apart = 0.85 * (place.radius + other.radius);
      return dx * dx + dy * dy >= apart * apart;
    });
    if (free) places.push(place);
  }
  return places;
}

/** Anywhere, as long as at most a fifth of the radius is cut off by the edge. */
function placeWithin(radius: number, random: Prng): Place {
  const margin = 0.8 * radius;
  return { x: random.between(margin, 1 - margin), y: random.between(margin, 1 - margin), radius };
}

function poseOf(place: Place, random: Prng): Affine {
  const turn = random.between(-0.15, 0.15); // ±54°
  const stretch = random.between(0.82, 1.22);
  const mirror = random.uniform() < 0.5 ? -1 : 1;
  const slant = random.between(-0.2, 0.2);
  const cosine = cosineOfTurns(turn) * place.radius;
  const sine = sineOfTurns(turn) * place.radius;
  const width = mirror * stretch;
  const height = 1 / stretch;
  return [
    cosine * width,
    sine * width,
    cosine * slant - sine * height,
    sine * slant + cosine * height,
    place.x,
    place.y,
  ];
}

/** A bit of something else: a bar, a triangle or a disc. */
function randomScrap(random: Prng, smallest: number, largest: number): [Outline[], Affine] {
  const kinds: Outline[] = [
    box(-1, -1, 1, 1),
    [0, -1, 1, 1, -1, 1],
    arc(0, 0, 1, 1, 0, 1, 16),
    box(-4, -0.45, 4, 0.45),
  ];
  const pose = poseOf(
    { x: random.uniform(), y: random.uniform(), radius: random.between(smallest, largest) },
    random,
  );
  return [[kinds[random.integer(kinds.length)] as Outline], pose];
}

/** Two bands of luma, far enough apart that the thing stands out in grey; which is lighter is a coin's toss. */
interface Lumas {
  readonly ground: Band;
  readonly thing: Band;
}
interface Band {
  readonly low: number;
  readonly high: number;
}

function drawLumas(random: Prng): Lumas {
  const gap = random.between(0.2, 0.34);
  const middle = random.between(0.36, 0.64);
  const dark = { low: Math.max(0.04, middle - gap / 2 - 0.3), high: middle - gap / 2 };
  const light = { low: middle + gap / 2, high: Math.min(0.96, middle + gap / 2 + 0.3) };
  return random.uniform() < 0.5 ? { ground: dark, thing: light } : { ground: light, thing: dark };
}

/** Two colours within a band of luma and the field that mixes them. */
interface Paint {
  readonly from: Colour;
  readonly to: Colour;
  readonly field: Field;
}

function randomPaint(random: Prng, band: Band): Paint {
  const colour = (): Colour =>
    colourOf(random.between(band.low, band.high), random.uniform(), random.between(0, 0.8));
  return { from: colour(), to: colour(), field: randomField(random) };
}

interface Canvas {
  fill(paint: Paint): void;
  /** @param pose from the outlines' space to the unit square. */
  paint(outlines: readonly Outline[], pose: Affine, paint: Paint): void;
  /** Light falling from one side. */
  light(random: Prng): void;
  /** Grain added, rounded to bytes. */
  toBytes(random: Prng): Uint8Array<ArrayBuffer>;
}

function createCanvas(size: number): Canvas {
  const rgb = new Float64Array(size * size * 3);
  const coverage = new Float32Array(size * size);
  const subLines = size <= 64 ? 4 : 3;
  const mixIn = (pixel: number, share: number, { from, to, field }: Paint): void => {
    const x = ((pixel % size) + 0.5) / size;
    const y = (Math.floor(pixel / size) + 0.5) / size;
    const towards = field(x, y);
    for (let channel = 0; channel < 3; channel++) {
      const at = pixel * 3 + channel;
      const start = from[channel] as number;
      const value = start + towards * ((to[channel] as number) - start);
      const below = rgb[at] as number;
      rgb[at] = below + share * (value - below);
    }
  };
  return {
    fill: (paint) => {
      for (let pixel = 0; pixel < size * size; pixel++) mixIn(pixel, 1, paint);
    },
    paint: (outlines, pose, paint) => {
      const toPixels = pose.map((value) => value * size) as unknown as Affine;
      coverOutlines(outlines, toPixels, size, subLines, coverage);
      for (let pixel = 0; pixel < size * size; pixel++) {
        const share = coverage[pixel] as number;
        if (share > 0) mixIn(pixel, share, paint);
      }
    },
    light: (random) => {
      const angle = random.uniform();
      const strength = random.between(0, 0.5);
      const dx = (strength * cosineOfTurns(angle)) / size;
      const dy = (strength * sineOfTurns(angle)) / size;
      for (let pixel = 0; pixel < size * size; pixel++) {
        const gain = 1 + dx * ((pixel % size) - size / 2) + dy * (Math.floor(pixel / size) - size / 2);
        for (let at = pixel * 3; at < pixel * 3 + 3; at++) rgb[at] = (rgb[at] as number) * gain;
      }
    },
    toBytes: (random) => {
      const bytes = new Uint8Array(rgb.length);
      const grain = random.between(0, 0.12);
      for (let i = 0; i < rgb.length; i++) {
        const jitter = grain * (random.uniform() + random.uniform() - 1);
        bytes[i] = Math.floor(clampShare((rgb[i] as number) + jitter) * 255 + 0.5);
      }
      return bytes;
    },
  };
}
