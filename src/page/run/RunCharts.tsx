import { useId } from "react";
import { useStore } from "zustand";
import type { ChartId } from "../stores/plotStore.ts";
import { plotStore } from "../stores/plotStore.ts";
import { chartSpecs } from "../plots/chartData.ts";
import { SmoothingField, XUnitField, ZoomField } from "../plots/ChartFields.tsx";
import { closeRun } from "../commands/closeRun.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { notifyError } from "../stores/noticeStore.ts";
import { LiveFigures } from "./LiveFigures.tsx";
import { LiveRate } from "./LiveRate.tsx";
import { datasetStore } from "../stores/datasetStore.ts";
import { runHistory } from "../stores/runHistory.ts";
import { PrefixChart } from "./PrefixChart.tsx";
import { shownRunStore } from "../stores/shownRunStore.ts";
import { MetricChart } from "../plots/MetricChart.tsx";
import styles from "./RunCharts.module.css";

/** Behind the fold: what is rarely the question. */
const folded: readonly ChartId[] = ["cosine", "learningRate", "throughput"];

/** The curves of the current run, largest what matters most. */
export function RunCharts() {
  const id = useId();
  const xUnit = useStore(plotStore, (state) => state.xUnit);
  const smoothing = useStore(plotStore, (state) => state.smoothing);
  const zoomed = useStore(plotStore, (state) => state.zoom !== null);
  const hasLabels = useStore(datasetStore, ({ summary }) => summary === null || summary.labels.length > 1);
  // With labels accuracy is the question; without them, whether it sees as the teacher does.
  const [main, other]: readonly ChartId[] = hasLabels ? ["knn", "overlap"] : ["overlap", "knn"];
  return (
    <section className={styles.card} aria-labelledby={id}>
      <h2 id={id}>Curves</h2>
      <ShownRun />
      <div className={styles.tools}>
        <XUnitField
          unit={xUnit}
          testId="x-unit"
          onChange={(unit) => plotStore.setState({ xUnit: unit, zoom: null })}
        />
        <SmoothingField
          smoothing={smoothing}
          onChange={(weight) => plotStore.setState({ smoothing: weight })}
        />
        <LiveRate />
        <ZoomField isZoomed={zoomed} onShowAll={() => plotStore.setState({ zoom: null })} />
      </div>
      <div className={styles.charts}>
        {[main, "losses"]
          .flatMap((wanted) => chartSpecs.filter(({ id: chart }) => chart === wanted))
          .map((spec) => (
            <MetricChart key={spec.id} spec={spec} className={styles.large ?? ""} />
          ))}
      </div>
      <PrefixChart />
      <details className={styles.more} data-testid="more-curves">
        <summary>More curves and numbers</summary>
        <LiveFigures />
        <div className={styles.charts}>
          {chartSpecs
            .filter(({ id: chart }) => folded.includes(chart) || (chart === other && hasLabels))
            .map((spec) => (
              <MetricChart key={spec.id} spec={spec} className={styles.small ?? ""} />
            ))}
        </div>
      </details>
    </section>
  );
}

/** Says so when the curves are those of an earlier run. */
function ShownRun() {
  const engine = useEngine();
  const hasStudent = useStore(shownRunStore, (state) => state.hasStudent);
  const runId = useStore(shownRunStore, (state) => state.runId);
  const name = useStore(runHistory, ({ runs }) => runs.find((run) => run.runId === runId)?.name ?? "");
  if (runId === "" || name === "") return null;
  return (
    <p className={styles.shown} role="status">
      An earlier run: <b>{name}</b>.{" "}
      {hasStudent ? "The curves and “what it sees” are its own" : "Only the curves are its own"}; the rest of
      the page is of the current run.{" "}
      <button type="button" onClick={() => void closeRun(engine).catch(notifyError)}>
        Back to the current one
      </button>
    </p>
  );
}
