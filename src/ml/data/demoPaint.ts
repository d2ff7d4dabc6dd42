/** Colours and the fields they are spread by. Arithmetic only, for the reason given in `demoGeometry.ts`. */
import type { Prng } from "../../lib/prng.ts";
import { cosineOfTurns, sineOfTurns } from "./demoGeometry.ts";

/** Red, green and blue in [0, 1]. */
export type Colour = readonly [number, number, number];

/** A picture's worth of mixing shares: (x, y) in [0, 1]² → [0, 1]. */
export type Field = (x: number, y: number) => number;

/**
 * A colour of given luma (Rec. 601) and free hue, so that what a thing is never shows in how bright or what
 * colour it is unless its maker wills it.
 */
export function colourOf(luma: number, hueTurns: number, chroma: number): Colour {
  const reach = chroma * Math.min(luma, 1 - luma);
  const red = reach * cosineOfTurns(hueTurns);
  const green = reach * cosineOfTurns(hueTurns - 1 / 3);
  const blue = reach * cosineOfTurns(hueTurns + 1 / 3);
  const offset = luma - (0.299 * red + 0.587 * green + 0.114 * blue);
  return [clampShare(red + offset), clampShare(green + offset), clampShare(blue + offset)];
}

export function clampShare(value: number): number {
  return value < 0 ? 0 : value > 1 ? 1 : value;
}

/** A triangular wave of period 1, in [0, 1], with edges steepened `sharpness` times. */
function wave(phase: number, sharpness: number): number {
  const p = phase - Math.floor(phase);
  const triangle = p < 0.5 ? 4 * p - 1 : 3 - 4 * p;
  return clampShare(0.5 + 0.5 * triangle * sharpness);
}

const fieldMakers: readonly ((random: Prng) => Field)[] = [
  function gradient(random) {
    const angle = random.uniform();
    const dx = cosineOfTurns(angle);
    const dy = sineOfTurns(angle);
    const steepness = random.between(0.7, 1.4);
    return (x, y) => clampShare(0.5 + steepness * ((x - 0.5) * dx + (y - 0.5) * dy));
  },
  function glow(random) {
    const centreX = random.uniform();
    const centreY = random.uniform();
    const falloff = random.between(1, 3);
    return (x, y) => {
      const dx = x - centreX;
      const dy = y - centreY;
      return 1 / (1 + falloff * falloff * (dx * dx + dy * dy));
    };
  },
  function stripes(random) {
    const angle = random.uniform();
    const dx = cosineOfTurns(angle);
    const dy = sineOfTurns(angle);
    const bands = random.between(2, 7);
    const phase = random.uniform();
    const sharpness = random.between(1, 4);
    return (x, y) => wave(bands * (x * dx + y * dy) + phase, sharpness);
  },
  function checkers(random) {
    const angle = random.uniform();
    const dx = cosineOfTurns(angle);
    const dy = sineOfTurns(angle);
    const bands = random.between(1.5, 4);
    const phaseX = random.uniform();
    const phaseY = random.uniform();
    return (x, y) => {
      const u = wave(bands * (x * dx + y * dy) + phaseX, 4);
      const v = wave(bands * (y * dx - x * dy) + phaseY, 4);
      return u + v - 2 * u * v;
    };
  },
  function noise(random) {
    const cells = 3 + random.integer(7);
    const side = cells + 1;
    const lattice = Array.from({ length: side * side }, () => random.uniform());
    const smooth = (t: number): number => t * t * (3 - 2 * t);
    return (x, y) => {
      const column = Math.min(cells - 1, Math.floor(x * cells));
      const row = Math.min(cells - 1, Math.floor(y * cells));
      const u = smooth(x * cells - column);
      const v = smooth(y * cells - row);
      const at = row * side + column;
      const top = (lattice[at] as number) * (1 - u) + (lattice[at + 1] as number) * u;
      const below = (lattice[at + side] as number) * (1 - u) + (lattice[at + side + 1] as number) * u;
      return top * (1 - v) + below * v;
    };
  },
  function blobs(random) {
    const spots = Array.from({ length: 3 + random.integer(4) }, () => {
      const radius = random.between(0.12, 0.35);
      return { x: random.uniform(), y: random.uniform(), perArea: 1 / (radius * radius) };
    });
    return (x, y) => {
      let sum = 0;
      for (const spot of spots) {
        const dx = x - spot.x;
        const dy = y - spot.y;
        const share = 1 - (dx * dx + dy * dy) * spot.perArea;
        if (share > 0) sum += share * share;
      }
      return clampShare(sum);
    };
  },
];

export function randomField(random: Prng): Field {
  return (fieldMakers[random.integer(fieldMakers.length)] as (random: Prng) => Field)(random);
}
