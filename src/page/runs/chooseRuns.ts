import type { KeptRunEntry } from "../../contract/keptRun.ts";
import type { RunRecord } from "../stores/runHistory.ts";
import { smoothedKnn } from "./runFigures.ts";

/** What the list can be put in order by. */
export const sortings = {
  newest: "newest first",
  oldest: "oldest first",
  knn: "best kNN",
  knnSmoothed: "best kNN, smoothed",
  loss: "lowest loss",
  distillation: "lowest distillation, smoothed",
  name: "name",
} as const;
export type Sorting = keyof typeof sortings;

/** A run as a line of the list. */
export interface ListedRun {
  readonly run: RunRecord;
  /** Null while nothing is kept of it. */
  readonly entry: KeptRunEntry | null;
  /** Distillation loss over the last tenth of its steps; null where there is none, or it has not been read yet. */
  readonly distillation?: number | null;
}

/**
 * The runs whose name, note, data or teacher hold every word of the query; those with a star come first.
 *
 * @param runs the oldest first.
 */
export function chooseRuns(
  runs: readonly ListedRun[],
  query: string,
  sorting: Sorting,
): readonly ListedRun[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const found = runs.filter(({ run, entry }) => {
    const { name, datasetName, teacherName } = run;
    const text = [name, datasetName, teacherName, entry?.record.note ?? ""].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const isStarred = ({ entry }: ListedRun): number => Number(entry?.record.starred === true);
  return found
    .map((listed, age) => ({ listed, age }))
    .sort((a, b) => {
      const stars = isStarred(b.listed) - isStarred(a.listed);
      return stars !== 0 ? stars : compare(a.listed, b.listed, sorting) || ageOrder(a.age, b.age, sorting);
    })
    .map(({ listed }) => listed);
}

/** Above what unit embeddings can be apart: what was not measured comes last. */
const unmeasured = 1e9;

function compare(
  { run: a, ...moreOfA }: ListedRun,
  { run: b, ...moreOfB }: ListedRun,
  sorting: Sorting,
): number {
  const knn = (run: RunRecord): number => run.evaluations.at(-1)?.knn ?? -1;
  const loss = (run: RunRecord): number => {
    const value = run.last?.loss ?? Infinity;
    return Number.isNaN(value) ? Infinity : value;
  };
  switch (sorting) {
    case "knn":
      return knn(b) - knn(a);
    case "knnSmoothed":
      return (smoothedKnn(b) ?? -1) - (smoothedKnn(a) ?? -1);
    case "distillation":
      return (moreOfA.distillation ?? unmeasured) - (moreOfB.distillation ?? unmeasured);
    case "loss":
      return loss(a) === loss(b) ? 0 : loss(a) - loss(b);
    case "name":
      return a.name.localeCompare(b.name);
    case "newest":
    case "oldest":
      return 0;
  }
}

function ageOrder(a: number, b: number, sorting: Sorting): number {
  return sorting === "oldest" ? a - b : b - a;
}
