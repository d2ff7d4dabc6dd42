import { snapshotParts, type Movement } from "./contestants/contestant.ts";

/** What a contestant computed before any of it was timed. */
export interface Evidence {
  /** Of the first steps, in order. */
  readonly losses: readonly number[];
  /** How far those steps took each part of the state. */
  readonly movement: Movement;
}

export interface Agreement {
  /** Largest relative difference of the first losses. */
  readonly lossDifference: number;
  /** Largest relative difference of how far a part of the state moved. */
  readonly movementDifference: number;
  readonly agrees: boolean;
}

/**
 * The first shows the forward passes, the second gradients and queue, the third momentum. In later ones rounding has
 * grown: where a ReLU's input is near 0, the order of a sum decides whether gradient passes. At 64 pixels and batch 8
 * the fourth loss of a narrow ResNet-18 differed by 1e-3 between three libraries whose first ones agreed.
 */
const comparedLosses = 3;
/** Relative. Rounding makes some 1e-6 at first, and up to 1e-4 where such a ReLU is in a small layer. */
export const lossTolerance = 2e-4;
/**
 * Distances moved. The mean student moves by a thousandth of what the student does, which is near the last bits of its
 * weights; a part that was not updated differs by 1.
 */
export const movementTolerance = 0.02;
/** Whether two contestants did the same work; what is not a number never agrees. */
export function compareEvidence(a: Evidence, b: Evidence): Agreement {
  const lossDifference = largest(
    Array.from({ length: comparedLosses }, (_, i) => relativeDifference(a.losses[i], b.losses[i])),
  );
  const movementDifference = largest(
    snapshotParts.map((part) => relativeDifference(a.movement[part], b.movement[part])),
  );
  const agrees = lossDifference <= lossTolerance && movementDifference <= movementTolerance;
  return { lossDifference, movementDifference, agrees };
}

function relativeDifference(a = NaN, b = NaN): number {
  return a === b ? 0 : Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b));
}

/** As `Math.max`, and NaN counts as the largest. */
function largest(values: readonly number[]): number {
  return values.reduce((worst, value) => (value > worst || Number.isNaN(value) ? value : worst), 0);
}
