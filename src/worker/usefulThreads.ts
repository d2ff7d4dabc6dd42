/** tfjs compiles its thread pool for at most this many. */
const poolThreads = 8;

/** Every core of a small machine; half of a large one, whose logical cores mostly share a unit. */
export function usefulThreads(logicalCores: number): number {
  return Math.min(poolThreads, Math.max(Math.min(logicalCores, 4), Math.floor(logicalCores / 2)));
}
