/** Something that is measured again and again, in turn with others. */
export interface Lane {
  /** Measures once. @returns how long that took in all. */
  measure(): Promise<number>;
}

export interface RoundLimits {
  /** At most so many measurements of each lane. */
  readonly repetitions: number;
  /** A lane drops out when its next measurement, as long as its longest, would exceed this in all. */
  readonly budgetMs: number;
}

/**
 * A B C A B C …: whatever else the machine does meanwhile meets all lanes alike. Every lane is measured at least once.
 */
export async function measureInRounds(lanes: readonly Lane[], limits: RoundLimits): Promise<void> {
  const spent = lanes.map(() => ({ totalMs: 0, longestMs: 0 }));
  for (let round = 0; round < limits.repetitions; round++) {
    for (const [i, lane] of lanes.entries()) {
      const past = spent[i] as (typeof spent)[number];
      if (round > 0 && past.totalMs + past.longestMs > limits.budgetMs) continue;
      const elapsedMs = await lane.measure();
      past.totalMs += elapsedMs;
      past.longestMs = Math.max(past.longestMs, elapsedMs);
    }
  }
}

/** Steps to run between two looks at the clock, so that looking costs little: about `blockMs`, at most `limit`. */
export function stepsPerBlock(stepMs: number, blockMs: number, limit: number): number {
  return Math.max(1, Math.min(limit, Math.round(blockMs / Math.max(stepMs, 1e-3))));
}
