import { createStore } from "zustand/vanilla";
import { exportPartNames, type ExportCheck, type ExportPart } from "../../contract/studentExport.ts";

/** A zip that was packed, and what was found when its models were tried. */
export interface PackedZip {
  readonly runId: string;
  readonly checks: readonly ExportCheck[];
  readonly files: number;
  readonly bytes: number;
}

interface ExportState {
  /** For whom the zip is packed. */
  readonly parts: readonly ExportPart[];
  readonly withHead: boolean;
  /** What is under way; "" when nothing is. */
  readonly task: string;
  readonly last: PackedZip | null;
}

export const exportStore = createStore<ExportState>(() => ({
  parts: exportPartNames,
  withHead: false,
  task: "",
  last: null,
}));
