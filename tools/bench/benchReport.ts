import type { AugmentReport } from "./augmentPart.ts";
import type { GapRow } from "./gapPart.ts";
import type { IngestReport } from "./ingestPart.ts";
import type { MuonRow } from "./muonPart.ts";
import type { ObjectivesReport } from "./objectivesPart.ts";
import type { OpsReport } from "./opsPart.ts";
import type { PageReport } from "./pagePart.ts";
import type { JobReport } from "./stepPart.ts";
import type { WasmKernelRow } from "./wasmPart.ts";

/** What `--json` writes: of each job and contestant `medianMs` and `minMs` at least. */
export interface BenchReport {
  /** What WebGPU computed on; "none" where nothing was asked of it, or there is none. */
  adapter: string;
  browser?: string;
  logicalCores?: number;
  /** In the order in which they were measured. */
  jobs: JobReport[];
  muon?: readonly MuonRow[];
  objectives?: ObjectivesReport;
  ops?: OpsReport;
  augmentation?: AugmentReport;
  ingest?: IngestReport;
  page?: PageReport;
  gaps?: readonly GapRow[];
  wasmKernels?: readonly WasmKernelRow[];
}
