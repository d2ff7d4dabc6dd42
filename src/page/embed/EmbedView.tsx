import { useStore } from "zustand";
import { chartSpecs } from "../plots/chartData.ts";
import { MetricChart } from "../plots/MetricChart.tsx";
import { LiveProgress } from "../run/LiveProgress.tsx";
import { configStore } from "../stores/configStore.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import type { EmbedControls } from "./embedControls.ts";
import { EmbedButtons } from "./EmbedButtons.tsx";
import { EmbedDiagram } from "./EmbedDiagram.tsx";
import { EmbedSetting } from "./EmbedSetting.tsx";
import { EmbedSight } from "./EmbedSight.tsx";
import styles from "./EmbedView.module.css";

interface EmbedViewProps {
  readonly controls: EmbedControls;
  /** The address of the full page with the present settings. */
  readonly fullAddress: () => string;
}

const accuracy = chartSpecs.find(({ id }) => id === "knn")!;
const losses = chartSpecs.find(({ id }) => id === "losses")!;

/** The page for courses and articles, from 480 × 360 on: what there is to see, and the controls that were left in. */
export function EmbedView({ controls, fullAddress }: EmbedViewProps) {
  const summary = useStore(datasetStore, (state) => state.summary);
  useStore(configStore); // the address follows it
  const hasLabels = summary === null || summary.labels.length > 1;
  return (
    <main className={styles.embed} data-testid="embed">
      <h1 className="visually-hidden">DisCo Playground</h1>
      <div className={styles.bar}>
        <EmbedButtons buttons={controls.buttons} />
        <div className={styles.progress}>
          <LiveProgress />
        </div>
        <a href={fullAddress()} target="_blank" rel="noopener" data-testid="full-page">
          Full page ↗
        </a>
      </div>
      {controls.settings.length === 0 ? null : (
        <div className={styles.settings}>
          {controls.settings.map((name) => (
            <EmbedSetting key={name} name={name} />
          ))}
        </div>
      )}
      {controls.unknown.length === 0 ? null : (
        <p className={styles.unknown} role="status">
          Not to be had here: {controls.unknown.join(", ")}.
        </p>
      )}
      <EmbedDiagram />
      <div className={styles.lower}>
        {summary === null ? (
          <p className={styles.wait}>The pictures are being drawn …</p>
        ) : (
          <EmbedSight key={summary.fingerprint} summary={summary} />
        )}
        <MetricChart spec={hasLabels ? accuracy : losses} className={styles.chart ?? ""} plain />
      </div>
    </main>
  );
}
