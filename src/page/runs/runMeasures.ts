import { chartSpecs, type ChartSpec } from "../plots/chartData.ts";
import type { ChartId } from "../stores/plotStore.ts";

/** One curve of each run: what a chart of several runs shows. */
export interface RunMeasure {
  readonly id: string;
  /** The field's word for it. */
  readonly term: string;
  /** The chart of a single run, reduced to this curve. */
  readonly spec: ChartSpec;
}

const order: readonly ChartId[] = ["knn", "overlap", "losses", "cosine", "learningRate", "throughput"];

/** Every curve there is of a run, what matters most first. Charts of several curves become several charts. */
export const runMeasures: readonly RunMeasure[] = order.flatMap((id) =>
  chartSpecs
    .filter((spec) => spec.id === id)
    .flatMap((spec) =>
      spec.series.map((series, i): RunMeasure => ({
        id: spec.series.length === 1 ? spec.id : `${spec.id}-${i}`,
        term: spec.series.length === 1 ? spec.term : `${spec.term}: ${series.label.toLowerCase()}`,
        spec: { ...spec, series: [series], references: [] },
      })),
    ),
);
