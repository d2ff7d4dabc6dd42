/**
 * Which points to draw: of every run of neighbours that share a pixel, the first, the last, and each series'
 * smallest and largest; and everything that is not finite. So no spike is lost.
 *
 * @param series equally long; x is their common index, assumed evenly spread.
 * @param buckets about as many as there are pixels across.
 * @returns rising indices; all of them when there are few enough.
 */
export function decimate(series: readonly ArrayLike<number>[], length: number, buckets: number): Int32Array {
  if (length <= buckets * 2 || buckets < 1) return Int32Array.from({ length }, (_, i) => i);
  const kept: number[] = [];
  for (let bucket = 0; bucket < buckets; bucket++) {
    const from = Math.floor((bucket * length) / buckets);
    const to = Math.floor(((bucket + 1) * length) / buckets);
    const inBucket = new Set([from, to - 1]);
    for (const values of series) {
      let lowest = -1;
      let highest = -1;
      for (let i = from; i < to; i++) {
        const value = values[i]!;
        if (!Number.isFinite(value)) inBucket.add(i);
        else {
          if (lowest < 0 || value < values[lowest]!) lowest = i;
          if (highest < 0 || value > values[highest]!) highest = i;
        }
      }
      if (lowest >= 0) inBucket.add(lowest).add(highest);
    }
    kept.push(...[...inBucket].sort((a, b) => a - b));
  }
  return Int32Array.from(kept);
}
