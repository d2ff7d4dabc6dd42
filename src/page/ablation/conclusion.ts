import { ablationAxes, axisLabel, valueLabel } from "../../contract/ablationAxes.ts";
import type { AblationDesign } from "../../contract/ablationDesign.ts";
import { formatSummary, ranked, widestInterval, type Measure } from "../trials/measures.ts";
import type { AblationPoint } from "../trials/summarise.ts";

/**
 * What can be said of the values by one measure, in words: which is best, and whether that is more than chance. Best and
 * worst differ clearly where their intervals have nothing in common.
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
  const compared = `${told(best)} has ${formatSummary(best, measure)}, ${told(worst)} at worst ${formatSummary(worst, measure)}; ${describeSeeds([best, worst])}`;
  if (best.interval === null || worst.interval === null)
    return `By ${name}, best so far is ${told(best)}. ${compared}. One seed does not tell a difference from chance: run more.`;
  if (overlap(best, worst))
    return `No clear difference in ${name}: the 95 % intervals of best and worst overlap. ${compared}.`;
  const ties = others.filter((point) => point.interval === null || overlap(best, point)).map(told);
  const tied = ties.length === 0 ? "" : ` No clear difference from the best: ${ties.join(", ")}.`;
  return `By ${name}, best is ${told(best)}, and the 95 % intervals of best and worst do not overlap. ${compared}.${tied}`;
}

function overlap(a: AblationPoint, b: AblationPoint): boolean {
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
