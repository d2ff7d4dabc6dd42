import type { RunRecord } from "../stores/runHistory.ts";
import { runTraits } from "./runTraits.ts";

/** Something in which two runs differ. */
interface RunDifference {
  readonly label: string;
  readonly first: string;
  readonly second: string;
}

/** In what two runs differ: settings (the seed among them), images, teacher, end, steps taken. */
export function compareRuns(first: RunRecord, second: RunRecord): readonly RunDifference[] {
  const others = runTraits(second);
  return runTraits(first).flatMap(({ label, value }, i) => {
    const other = others[i]?.value ?? "";
    return value === other ? [] : [{ label, first: value, second: other }];
  });
}
