/** Calculations of some seconds without a pause are usual. */
const patienceMs = 10_000;
/** Before its first word an engine has its program to fetch. */
const firstPatienceMs = 30_000;
/** An engine that has come back from a long silence is given more than that the next time. */
const patienceGrowth = 3;
const mostPatienceMs = 120_000;

/**
 * Tells for how long an engine that is pinged has been silent. Time is counted in pings, not read from a clock: a
 * machine that slept, or a tab in the background, has not waited.
 */
export class EnginePulse {
  readonly #everyMs: number;
  readonly #tell: (silentMs: number) => void;
  #unanswered = 0;
  #patienceMs = firstPatienceMs;
  #isToldSilent = false;

  /** @param tell is called with 0 when the engine answers again. */
  constructor(everyMs: number, tell: (silentMs: number) => void) {
    this.#everyMs = everyMs;
    this.#tell = tell;
  }

  /** Another engine, of which nothing is known. */
  reset(): void {
    this.#unanswered = 0;
    this.#patienceMs = firstPatienceMs;
    this.#endSilence();
  }

  /**
   * It is time for a ping.
   *
   * @returns whether to send one: an engine that is busy is to find a single one when it is done, not a heap of them.
   */
  ping(): boolean {
    const silentMs = this.#unanswered * this.#everyMs;
    this.#unanswered++;
    if (silentMs >= this.#patienceMs) {
      this.#isToldSilent = true;
      this.#tell(silentMs);
    }
    return this.#unanswered === 1;
  }

  /** Any word is a sign of life. */
  hear(): void {
    const silentMs = this.#unanswered * this.#everyMs;
    this.#unanswered = 0;
    const known = this.#patienceMs === firstPatienceMs ? patienceMs : this.#patienceMs;
    const grown = this.#isToldSilent ? Math.min(mostPatienceMs, patienceGrowth * silentMs) : 0;
    this.#patienceMs = Math.max(known, grown);
    this.#endSilence();
  }

  #endSilence(): void {
    if (!this.#isToldSilent) return;
    this.#isToldSilent = false;
    this.#tell(0);
  }
}
