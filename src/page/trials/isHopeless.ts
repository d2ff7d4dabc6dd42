import { widestInterval, type Measure } from "./measures.ts";
import type { SeedSummary } from "./summarise.ts";

/**
 * Whether a run may be ended at half its length: it is worse than the worst mean of the values that have at least two
 * seeds done, by more than the longest of their intervals. While no value has two, nothing is hopeless.
 *
 * A run that would have caught up in its second half is ended too: what is saved is paid for with that.
 *
 * @param half the measure at half length.
 */
export function isHopeless(
  half: number,
  finished: readonly SeedSummary[],
  { better }: Pick<Measure, "better">,
): boolean {
  const known = finished.filter(({ interval }) => interval !== null);
  const margin = widestInterval(known);
  if (margin === null) return false;
  const means = known.map(({ mean }) => mean);
  return better === "higher" ? half < Math.min(...means) - margin : half > Math.max(...means) + margin;
}
