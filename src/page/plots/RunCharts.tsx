import { useId } from "react";
import { useStore } from "zustand";
import type { ChartId, XUnit } from "../stores/plotStore.ts";
import { plotStore } from "../stores/plotStore.ts";
import { chartSpecs } from "./chartData.ts";
import { MetricChart } from "./MetricChart.tsx";
import styles from "./RunCharts.module.css";

const places: Readonly<Record<ChartId, string>> = {
  losses: styles["losses"] ?? "",
  knn: styles["knn"] ?? "",
  cosine: styles["small"] ?? "",
  learningRate: styles["small"] ?? "",
  throughput: styles["small"] ?? "",
};

/** The curves of the current run, largest what matters most. */
export function RunCharts() {
  const id = useId();
  const xUnit = useStore(plotStore, (state) => state.xUnit);
  const smoothing = useStore(plotStore, (state) => state.smoothing);
  const zoomed = useStore(plotStore, (state) => state.zoom !== null);
  return (
    <section aria-labelledby={id}>
      <h2 id={id} className="visually-hidden">
        Curves
      </h2>
      <div className={styles.tools}>
        <label>
          x axis
          <select
            value={xUnit}
            data-testid="x-unit"
            onChange={(event) => plotStore.setState({ xUnit: event.target.value as XUnit, zoom: null })}
          >
            <option value="step">steps</option>
            <option value="epoch">epochs</option>
            <option value="seconds">seconds</option>
          </select>
        </label>
        <label>
          Smoothing
          <input
            type="range"
            min={0}
            max={0.99}
            step={0.01}
            value={smoothing}
            onChange={(event) => plotStore.setState({ smoothing: Number(event.target.value) })}
          />
          {smoothing.toFixed(2)}
        </label>
        {zoomed ? (
          <button type="button" onClick={() => plotStore.setState({ zoom: null })}>
            Show all
          </button>
        ) : (
          <span>Drag across a chart to zoom.</span>
        )}
      </div>
      <div className={styles.charts}>
        {chartSpecs.map((spec) => (
          <MetricChart key={spec.id} spec={spec} className={places[spec.id]} />
        ))}
      </div>
    </section>
  );
}
