/**
 * Exponential moving average without the pull of its start, over finite values only:
 *
 *     aᵢ = β·aᵢ₋₁ + (1 − β)·vᵢ,   smoothᵢ = aᵢ / (1 − βⁿ)      n = finite values so far
 *
 * A value that is not finite stays as it is and does not touch the average. Of a column that grows only what is new is
 * looked at.
 */
export class MovingAverage {
  readonly #weight: number;
  #smoothed = new Float64Array(256);
  #length = 0;
  #average = 0;
  /** βⁿ */
  #rest = 1;

  /** @param weight β in [0, 1); 0 = the values themselves. */
  constructor(weight: number) {
    this.#weight = weight;
  }

  /**
   * @param values as the last time, and perhaps more.
   * @returns as many, smooth; valid until the next call.
   */
  update(values: ArrayLike<number>): Float64Array {
    if (values.length > this.#smoothed.length) {
      const larger = new Float64Array(Math.max(values.length, 2 * this.#smoothed.length));
      larger.set(this.#smoothed.subarray(0, this.#length));
      this.#smoothed = larger;
    }
    for (let i = this.#length; i < values.length; i++) this.#smoothed[i] = this.#next(values[i]!);
    this.#length = values.length;
    return this.#smoothed.subarray(0, this.#length);
  }

  #next(value: number): number {
    if (!Number.isFinite(value)) return value;
    this.#average = this.#weight * this.#average + (1 - this.#weight) * value;
    this.#rest *= this.#weight;
    return this.#average / (1 - this.#rest);
  }
}
