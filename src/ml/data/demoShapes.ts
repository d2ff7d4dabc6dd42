/** The twelve things the demo set shows, each drawn afresh with its own proportions. */
import type { Prng } from "../../lib/prng.ts";
import { arc, box, cosineOfTurns, reversed, sineOfTurns, type Outline } from "./demoGeometry.ts";

/**
 * One shape in the square [−1, 1]², upright, y downwards; overlapping outlines unite, reversed ones cut holes
 * (non-zero winding; `arc` and `box` run clockwise on screen, and so must every other solid outline).
 */
type ShapeMaker = (random: Prng) => Outline[];

const makers = {
  star: (random) => {
    const inner = random.between(0.36, 0.46);
    const points: number[] = [];
    for (let i = 0; i < 10; i++) {
      const radius = i % 2 === 0 ? 1 : inner;
      points.push(radius * cosineOfTurns(i / 10 - 0.25), radius * sineOfTurns(i / 10 - 0.25));
    }
    return [points];
  },

  ring: (random) => {
    const hole = random.between(0.5, 0.66);
    return [arc(0, 0, 0.92, 0.92), reversed(arc(0, 0, hole, hole))];
  },

  cross: (random) => {
    const half = random.between(0.2, 0.3);
    return [box(-0.95, -half, 0.95, half), box(-half, -0.95, half, 0.95)];
  },

  heart: (random) => {
    const dip = random.between(4.4, 5.6);
    const points: number[] = [];
    for (let i = 0; i < 36; i++) {
      const t = i / 36;
      const sine = sineOfTurns(t);
      points.push(
        sine * sine * sine * 0.98,
        -(
          13 * cosineOfTurns(t) -
          dip * cosineOfTurns(2 * t) -
          2 * cosineOfTurns(3 * t) -
          cosineOfTurns(4 * t)
        ) / 17,
      );
    }
    return [points];
  },

  crescent: (random) => {
    const opening = random.between(0.08, 0.12); // turns from the axis to each tip
    const thickness = random.between(0.42, 0.6);
    const tipX = cosineOfTurns(opening);
    const tipY = sineOfTurns(opening);
    const shift = -0.2;
    return [
      [
        ...arc(shift + 0.25, 0, 0.95, 0.95, opening, 1 - opening, 24),
        ...reversed(
          arc(shift + 0.25 + 0.95 * tipX, 0, 0.95 * (1 + tipX) - thickness, 0.95 * tipY, 0.25, 0.75, 18),
        ),
      ],
    ];
  },

  arrow: (random) => {
    const shaft = random.between(0.16, 0.26);
    const neck = random.between(-0.15, 0.1);
    const head = random.between(0.62, 0.8);
    return [[0, -1, head, neck, shaft, neck, shaft, 1, -shaft, 1, -shaft, neck, -head, neck]];
  },

  house: (random) => {
    const eaves = random.between(-0.15, 0.05);
    const chimney = random.between(0.35, 0.5);
    const doorLeft = random.between(-0.45, 0.1);
    const windowLeft = doorLeft > -0.2 ? -0.52 : 0.18;
    return [
      [0, -0.95, 0.98, eaves, -0.98, eaves],
      box(-0.72, eaves - 0.02, 0.72, 0.92),
      box(chimney, -0.9, chimney + 0.22, eaves - 0.1),
      reversed(box(doorLeft, 0.35, doorLeft + 0.34, 0.93)),
      reversed(box(windowLeft, eaves + 0.2, windowLeft + 0.3, eaves + 0.48)),
    ];
  },

  key: (random) => {
    const bow = random.between(0.4, 0.48);
    const hole = bow - random.between(0.2, 0.24);
    const tooth = random.between(0.26, 0.36);
    return [
      arc(0, -0.55, bow, bow),
      reversed(arc(0, -0.55, hole, hole)),
      box(-0.12, -0.55 + hole + 0.08, 0.12, 1),
      box(0, 0.76, 0.12 + tooth, 1),
      box(0, 0.36, 0.12 + tooth * 0.8, 0.58),
    ];
  },

  fish: (random) => {
    const height = random.between(0.42, 0.54);
    const tail = random.between(0.42, 0.58);
    return [
      arc(-0.2, 0, 0.76, height),
      [0.3, 0, 0.98, -tail, 0.82, 0, 0.98, tail],
      [-0.35, -height * 0.8, 0.2, -height - 0.3, 0.25, -height * 0.55],
      reversed(arc(-0.58, -height * 0.22, 0.12, 0.12, 0, 1, 12)),
    ];
  },

  tree: (random) => {
    const spread = random.between(0.66, 0.8);
    const trunk = random.between(0.12, 0.18);
    return [
      [0, -1, spread * 0.62, -0.35, -spread * 0.62, -0.35],
      [0, -0.7, spread * 0.82, 0.12, -spread * 0.82, 0.12],
      [0, -0.35, spread, 0.62, -spread, 0.62],
      box(-trunk, 0.6, trunk, 1),
    ];
  },

  gear: (random) => {
    const teeth = 7 + random.integer(3);
    const root = random.between(0.66, 0.74);
    const hole = random.between(0.24, 0.36);
    const points: number[] = [];
    for (let i = 0; i < teeth; i++) {
      for (const [share, radius] of [
        [0, root],
        [0.12, 0.98],
        [0.45, 0.98],
        [0.57, root],
      ] as const) {
        points.push(radius * cosineOfTurns((i + share) / teeth), radius * sineOfTurns((i + share) / teeth));
      }
    }
    return [points, reversed(arc(0, 0, hole, hole))];
  },

  bolt: (random) => {
    const lean = random.between(-0.08, 0.08);
    return [
      [
        0.3 + lean,
        -1,
        0.05 + lean,
        -0.22,
        0.58,
        -0.22,
        -0.32 - lean,
        1,
        -0.05,
        0.14,
        -0.58,
        0.14,
        -0.2 + lean,
        -1,
      ],
    ];
  },
} as const satisfies Record<string, ShapeMaker>;

/** Class names, in the order of the class indices. */
export const demoLabels: readonly string[] = Object.keys(makers);

const makerList: readonly ShapeMaker[] = Object.values(makers);

/** @param label index into `demoLabels`. */
export function makeDemoShape(label: number, random: Prng): Outline[] {
  const maker = makerList[label];
  if (maker === undefined) throw new RangeError(`there is no demo class ${label}`);
  return maker(random);
}
