import type { Reject } from "../../contract/dataset.ts";
import { toCsv } from "../commands/csv.ts";

export function rejectsCsv(rejects: readonly Reject[]): string {
  return toCsv([
    ["path", "reason", "message"],
    ...rejects.map(({ path, reason, message }) => [path, reason, message]),
  ]);
}
