import { createStore } from "zustand/vanilla";

/** What x counts. Images: taken in by training, each once whatever views are drawn of it. */
export type XUnit = "step" | "epoch" | "seconds" | "images";
export type ChartId = "losses" | "knn" | "overlap" | "cosine" | "learningRate" | "throughput";

/** How all charts are drawn. */
interface PlotState {
  readonly xUnit: XUnit;
  /** Weight of the moving average; 0 = none. */
  readonly smoothing: number;
  /** Charts whose y axis is logarithmic. */
  readonly logY: Readonly<Partial<Record<ChartId, boolean>>>;
  /** The part of x in sight, in its unit; null = all of it. */
  readonly zoom: { readonly from: number; readonly to: number } | null;
  /** Names of series that are switched off. */
  readonly hidden: readonly string[];
}

export const plotStore = createStore<PlotState>(() => ({
  xUnit: "step",
  smoothing: 0.6,
  logY: { losses: true }, // the weighted total is far above its parts
  zoom: null,
  hidden: [],
}));
