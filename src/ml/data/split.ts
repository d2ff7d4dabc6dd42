import { invariant } from "../../lib/invariant.ts";
import { createPrng } from "../../lib/prng.ts";

export interface Split {
  /** Indices into the store, ascending. */
  readonly train: Int32Array<ArrayBuffer>;
  readonly heldOut: Int32Array<ArrayBuffer>;
}

/**
 * Divides a set into images to train on and images only to judge by, class by class in the same proportion.
 *
 * A class of at least two images has at least one on either side; a single image is trained on.
 *
 * @param classes [count], −1 for "no label", which counts as a class of its own.
 * @param share of each class to hold out, in (0, 1), rounded to whole images.
 */
export function splitByClass(classes: Int16Array, share: number, seed: number): Split {
  invariant(share > 0 && share < 1, `a share between 0 and 1, not ${share}`);
  const members = new Map<number, number[]>();
  classes.forEach((label, index) => {
    const others = members.get(label);
    if (others === undefined) members.set(label, [index]);
    else others.push(index);
  });
  const isHeldOut = new Uint8Array(classes.length);
  for (const [label, indices] of members) {
    // A stream to each class: adding images to one leaves the others' split as it was.
    const order = createPrng(seed, `split ${label}`).permutation(indices.length);
    const wanted = Math.max(1, Math.round(indices.length * share));
    const count = Math.min(wanted, indices.length - 1);
    for (let i = 0; i < count; i++) isHeldOut[indices[order[i] as number] as number] = 1;
  }
  const all = Int32Array.from(classes.keys());
  return {
    train: all.filter((index) => isHeldOut[index] === 0),
    heldOut: all.filter((index) => isHeldOut[index] === 1),
  };
}
