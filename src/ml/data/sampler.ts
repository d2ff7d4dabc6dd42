import { AppError } from "../../contract/errors.ts";
import { invariant } from "../../lib/invariant.ts";
import { createPrng, restorePrng, type PrngState } from "../../lib/prng.ts";

/** Where a sampler stands, as plain data. */
export interface SamplerState {
  readonly epoch: number;
  /** Batches of this epoch already given out. */
  readonly batch: number;
  /** The generator before this epoch's order was drawn. */
  readonly prng: PrngState;
}

export interface SampledBatch {
  /** 0 is the first. */
  readonly epoch: number;
  /** [batchSize] indices into the store. */
  readonly indices: Int32Array<ArrayBuffer>;
}

/** A batch of at most so many is filled even by fewer images, each dealt more than once: so two photos train at all. */
const mostFilled = 4;

/** Deals out the training images in a new order each epoch; the last partial batch is dropped, as the authors do. */
export class EpochSampler {
  readonly batchesPerEpoch: number;
  readonly #members: Int32Array;
  readonly #batchSize: number;
  #state: SamplerState;
  #order: Int32Array;
  /** The generator after this epoch's order was drawn. */
  #after: PrngState;

  /**
   * @param members the indices to deal out.
   * @param from a seed (stream "shuffle"), or a state to go on from.
   * @throws AppError "dataset-too-small" when there are none, or fewer than a batch of more than four takes.
   */
  constructor(members: Int32Array, batchSize: number, from: number | SamplerState) {
    invariant(batchSize >= 1, "a batch has at least one image");
    if (members.length < (batchSize <= mostFilled ? 1 : batchSize)) {
      throw new AppError(
        "dataset-too-small",
        `${members.length} training images do not fill one batch of ${batchSize}`,
        { hint: "Add images, or choose a smaller batch." },
      );
    }
    this.#members = members;
    this.#batchSize = batchSize;
    this.batchesPerEpoch = Math.max(1, Math.floor(members.length / batchSize));
    this.#state =
      typeof from === "number"
        ? { epoch: 0, batch: 0, prng: createPrng(from, "shuffle").state() }
        : { ...from };
    invariant(this.#state.batch <= this.batchesPerEpoch, "a state of this very set and batch size");
    const prng = restorePrng(this.#state.prng);
    this.#order = prng.permutation(members.length);
    this.#after = prng.state();
  }

  next(): SampledBatch {
    if (this.#state.batch === this.batchesPerEpoch) {
      const prng = restorePrng(this.#after);
      this.#state = { epoch: this.#state.epoch + 1, batch: 0, prng: this.#after };
      this.#order = prng.permutation(this.#members.length);
      this.#after = prng.state();
    }
    const { epoch, batch } = this.#state;
    const first = batch * this.#batchSize;
    const indices = Int32Array.from(
      { length: this.#batchSize },
      (_, i) => this.#members[this.#order[(first + i) % this.#order.length]!]!,
    );
    this.#state = { ...this.#state, batch: batch + 1 };
    return { epoch, indices };
  }

  state(): SamplerState {
    return this.#state;
  }
}
