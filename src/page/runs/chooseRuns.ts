import type { KeptRunEntry } from "../../contract/keptRun.ts";
import type { RunRecord } from "../stores/runHistory.ts";

/** What the list can be put in order by. */
export const sortings = {
  newest: "newest first",
  oldest: "oldest first",
  knn: "best kNN",
  loss: "lowest loss",
  name: "name",
} as const;
export type Sorting = keyof typeof sortings;

/** A run as a line of the list. */
export interface ListedRun {
  readonly run: RunRecord;
  /** Null while nothing is kept of it. */
  readonly entry: KeptRunEntry | null;
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
      return stars !== 0
        ? stars
        : compare(a.listed.run, b.listed.run, sorting) || ageOrder(a.age, b.age, sorting);
    })
    .map(({ listed }) => listed);
}

function compare(a: RunRecord, b: RunRecord, sorting: Sorting): number {
  const knn = (run: RunRecord): number => run.evaluations.at(-1)?.knn ?? -1;
  const loss = (run: RunRecord): number => {
    const value = run.last?.loss ?? Infinity;
    return Number.isNaN(value) ? Infinity : value;
  };
  switch (sorting) {
    case "knn":
      return knn(b) - knn(a);
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
