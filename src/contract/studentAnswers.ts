/** What the live student makes of pictures, all at once. */

/** Drawn pictures, and what a student makes of them in the engine. */
export interface StudentWitness {
  /** What computed it: "wasm, 2 threads". */
  readonly backend: string;
  /** Of the pictures, pixels: as the student was trained. */
  readonly side: number;
  readonly count: number;
  /** [count, side, side, 3] bytes. */
  readonly rgb: Uint8Array<ArrayBuffer>;
  /** [count, D]: the backbone's pooled features. */
  readonly features: Float32Array<ArrayBuffer>;
  /** [count, E]: what the head makes of them; null where the student has none. */
  readonly embedding: Float32Array<ArrayBuffer> | null;
}

/** The features of every image of a set by the live student. */
export interface SetEmbeddings {
  /** [names.length, dim] row-major, not normalised. */
  readonly features: Float32Array<ArrayBuffer>;
  readonly dim: number;
  readonly names: readonly string[];
  /** Index into the set's labels, or −1. */
  readonly classes: readonly number[];
}
