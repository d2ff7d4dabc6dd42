import { invariant } from "../../lib/invariant.ts";
import type { Prng } from "../../lib/prng.ts";

/** BINGO's bags: beside each training image those that the teacher finds most like it. Empty until filled. */
export class Bags {
  private members: ReadonlyMap<number, Int32Array> = new Map();

  /** @param members image → the images in its bag, itself left out; indices into the store. */
  fill(members: ReadonlyMap<number, Int32Array>): void {
    this.members = members;
  }

  /** The images in one image's bag, most alike first; not to be written to. */
  membersOf(image: number): Int32Array {
    const members = this.members.get(image);
    invariant(members !== undefined && members.length > 0, `image ${image} has no bag`);
    return members;
  }

  /** For each image a member of its bag, each as likely. */
  pick(images: Int32Array, prng: Prng): Int32Array {
    return images.map((image) => {
      const members = this.membersOf(image);
      return members[prng.integer(members.length)]!;
    });
  }
}
