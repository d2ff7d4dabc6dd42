/**
 * Arrays that are done with, for whoever needs one next: memory that is new costs about as much time as filling it.
 * What is in them is left over from before.
 */
export class SpareArrays<T extends Uint8Array | Int32Array> {
  readonly #create: (length: number) => T;
  /** The one used last comes first. */
  readonly #spare: T[] = [];
  readonly #limits: { readonly arrays: number; readonly bytes: number };

  /** @param limits how many are kept, and how large each may be. */
  constructor(create: (length: number) => T, limits: { readonly arrays: number; readonly bytes: number }) {
    this.#create = create;
    this.#limits = limits;
  }

  /** @returns an array at least so long. */
  take(length: number): T {
    const fitting = this.#spare.findIndex((array) => array.length >= length);
    return this.#spare.splice(fitting, fitting < 0 ? 0 : 1)[0] ?? this.#create(length);
  }

  giveBack(array: T): void {
    if (array.byteLength > this.#limits.bytes) return;
    this.#spare.unshift(array);
    this.#spare.splice(this.#limits.arrays);
  }
}
