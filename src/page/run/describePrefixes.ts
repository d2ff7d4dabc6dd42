import type { PrefixScore } from "../../contract/metrics.ts";
import { formatShare } from "../widgets/formatNumbers.ts";

/** An embedding may lose so much of its accuracy and count as nearly as good. */
const nearlyAsGood = 0.02;

/**
 * How short the embedding may be cut, in a sentence: the shortest prefix that is at most two points worse than the whole.
 *
 * @param student rising in length, at least one.
 * @param teacher of the same lengths; null where it was not measured.
 */
export function describePrefixes(
  student: readonly PrefixScore[],
  teacher: readonly PrefixScore[] | null,
): string {
  const whole = student.at(-1)!;
  const enough = student.find(({ knn }) => knn >= whole.knn - nearlyAsGood) ?? whole;
  const told =
    enough.dims === whole.dims
      ? `It takes all ${whole.dims} dimensions: ${formatShare(whole.knn)}, and every shorter prefix is more than two points worse.`
      : `The first ${enough.dims} of ${whole.dims} dimensions are as good as all, to two points: ${formatShare(enough.knn)} and ${formatShare(whole.knn)}.`;
  const shortest = student[0]!;
  const ceiling = teacher?.find(({ dims }) => dims === shortest.dims);
  if (ceiling === undefined || shortest.dims === whole.dims) return told;
  return `${told} The first ${shortest.dims} give ${formatShare(shortest.knn)}, the teacher's ${formatShare(ceiling.knn)}.`;
}
