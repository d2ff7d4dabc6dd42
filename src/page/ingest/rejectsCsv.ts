import type { Reject } from "../../contract/dataset.ts";
import { toCsv } from "../../formats/csvTable.ts";

export function rejectsCsv(rejects: readonly Reject[]): string {
  return toCsv([
    ["path", "reason", "message"],
    ...rejects.map(({ path, reason, message }) => [path, reason, message]),
  ]);
}
