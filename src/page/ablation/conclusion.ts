import { ablationAxes, axisLabel, valueLabel } from "../../contract/ablationAxes.ts";
import type { AblationDesign } from "../../contract/ablationDesign.ts";
import { formatSummary, ranked, widestInterval, type Measure } from "../trials/measures.ts";
import type { AblationPoint, SeedSummary } from "../trials/summarise.ts";

/** With fewer seeds a bootstrap interval is no more than the values themselves. */
const fewestSeeds = 3;

/**
 * What can be said of the values by one measure, in words: which is best, and whether that is more than chance. Best and
 * worst differ clearly where their intervals, of three seeds at least, have nothing in common.
 *
 * @param points in any order; none gives "".
 */
export function conclude(
  { axis }: AblationDesign,
  points: readonly AblationPoint[],
  measure: Measure,
): string {
  const [best, ...others] = ranked(points, measure);
  const worst = others.at(-1);
  if (best === undefined) return "";
  const name = measure.name.charAt(0).toLowerCase() === "k" ? measure.name : measure.name.toLowerCase();
  const told = (point: AblationPoint): string => valueLabel(axis, point.value);
  if (worst === undefined)
    return `${axisLabel(axis)} ${told(best)}: ${name} ${formatSummary(best, measure)}, ${describeSeeds([best])}. One value alone compares with nothing.`;
  const compared = `${told(best)} has ${formatSummary(best, measure)}, the worst, ${told(worst)}, ${formatSummary(worst, measure)}; ${describeSeeds([best, worst])}`;
  if (best.interval === null || worst.interval === null)
    return `By ${name}, best so far is ${told(best)}. ${compared}. One seed does not tell a difference from chance: run more.`;
  if (overlap(best, worst))
    return `No clear difference in ${name}: the 95 % intervals of best and worst overlap. ${compared}.`;
  if (Math.min(best.seeds.length, worst.seeds.length) < fewestSeeds)
    return `By ${name}, best so far is ${told(best)}. ${compared}. With two seeds an interval is only from one to the other, so this is a hint: run more.`;
  const ties = others.filter((point) => point.interval === null || overlap(best, point)).map(told);
  const tied = ties.length === 0 ? "" : ` No clear difference from the best: ${ties.join(", ")}.`;
  return `By ${name}, best is ${told(best)}, and the 95 % intervals of best and worst do not overlap. ${compared}.${tied}`;
}

/** How the best value does against runs without a teacher, in words; "" where there are none of either. */
export function compareWithBaseline(
  points: readonly AblationPoint[],
  baseline: SeedSummary | null,
  measure: Measure,
): string {
  const [best] = ranked(points, measure);
  if (best === undefined || baseline === null) return "";
  const told = `Without a teacher it is ${formatSummary(baseline, measure)}:`;
  if (best.mean <= baseline.mean) return `${told} no value does better.`;
  const isClear =
    Math.min(best.seeds.length, baseline.seeds.length) >= fewestSeeds && !overlap(best, baseline);
  return isClear
    ? `${told} the best is clearly above that.`
    : `${told} the best is above that, but not clearly.`;
}

function overlap(a: SeedSummary, b: SeedSummary): boolean {
  if (a.interval === null || b.interval === null) return true;
  return a.interval.low <= b.interval.high && b.interval.low <= a.interval.high;
}

/** "3 seeds each", "2 and 3 seeds". */
function describeSeeds(points: readonly AblationPoint[]): string {
  const counts = [...new Set(points.map(({ seeds }) => seeds.length))];
  const last = counts.at(-1);
  return `${counts.join(" and ")} ${last === 1 && counts.length === 1 ? "seed" : "seeds"}${points.length > 1 && counts.length === 1 ? " each" : ""}`;
}

/**
 * Whether the loss says more than the accuracy: where values differ in accuracy by no more than the longest interval, and
 * their losses are comparable.
 */
export function leadsWithLoss(
  { axis }: AblationDesign,
  knn: readonly AblationPoint[],
  distillation: readonly AblationPoint[],
): boolean {
  if (!ablationAxes[axis].comparesLoss || distillation.length === 0) return false;
  if (knn.length === 0) return true;
  const widest = widestInterval(knn);
  if (widest === null) return false;
  const means = knn.map(({ mean }) => mean);
  return Math.max(...means) - Math.min(...means) <= widest;
}
