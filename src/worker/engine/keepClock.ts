/** The first checkpoint comes early: what a visitor has just begun is lost most easily. */
const firstAfterMs = 2000;
/** Of the time, what checkpoints may take. */
const share = 0.02;

/** Says when a checkpoint is due: every so many seconds, and never so that they take more than 2 % of the time. */
export class KeepClock {
  #dueMs: number;

  /** @param everyMs Infinity for never. */
  constructor(
    private readonly everyMs: number,
    private readonly now: () => number,
  ) {
    this.#dueMs = now() + (everyMs === Infinity ? Infinity : Math.min(firstAfterMs, everyMs));
  }

  /** @param canWait whether a better moment is near: an evaluation under way would be missing. */
  isDue(canWait = false): boolean {
    return this.now() >= this.#dueMs + (canWait ? this.everyMs : 0);
  }

  /** Notes what a checkpoint has taken. */
  taken(startMs: number): void {
    const endMs = this.now();
    this.#dueMs = endMs + Math.max(this.everyMs, (endMs - startMs) / share);
  }
}
