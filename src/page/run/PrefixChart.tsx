import { useStore } from "zustand";
import type { PrefixScore } from "../../contract/metrics.ts";
import { isNested, prefixDims } from "../../contract/prefixDims.ts";
import { ChartFrame, type PlotArea } from "../plots/ChartFrame.tsx";
import { currentRunData } from "../plots/currentRunData.ts";
import { seriesDash } from "../plots/plotTheme.ts";
import { configStore } from "../stores/configStore.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { runHistory } from "../stores/runHistory.ts";
import { runStore } from "../stores/runStore.ts";
import { shownRunStore } from "../stores/shownRunStore.ts";
import { percent } from "../verdict/evidence.ts";
import { describePrefixes } from "./describePrefixes.ts";
import styles from "./PrefixChart.module.css";

const width = 480;
const area: PlotArea = { left: 44, right: 468, top: 10, bottom: 150 };

/** Where prefixes of the embedding learn: what each length is worth by now, beside the teacher's. Else nothing. */
export function PrefixChart() {
  useStore(runStore, (state) => state.evaluations);
  useStore(shownRunStore, (state) => state.runId);
  useStore(runHistory, (state) => state.runs);
  useStore(configStore, (state) => state.config);
  const hasLabels = useStore(datasetStore, ({ summary }) => summary !== null && summary.labels.length > 1);
  const { evaluations, baseline, config } = currentRunData();
  const last = evaluations.findLast(({ prefixes }) => prefixes !== null);
  const prefixes = last?.prefixes ?? [];
  // Of other runs prefixes are measured at the end alone, and say little.
  if (!isNested(config) || (!hasLabels && prefixes.length === 0)) return null;
  const teacher = baseline?.teacherPrefixes ?? null;
  const chance = baseline?.chance ?? null;
  // How long the embedding is, where that is the teacher's, is known with the first numbers.
  const planned = config.embeddingDim === 0 ? [] : prefixDims(config.embeddingDim);
  const dims = prefixes.length > 0 ? prefixes.map((prefix) => prefix.dims) : planned;
  return (
    <figure className={`card ${styles.figure}`} data-testid="prefix-chart">
      <figcaption>
        <b>How many dimensions does it need?</b> <span>kNN accuracy of the first dimensions</span>
      </figcaption>
      <ChartFrame
        width={width}
        area={area}
        xTicks={dims.map((count, i) => ({ at: xOf(i, dims.length), label: String(count) }))}
        yTicks={[0, 0.25, 0.5, 0.75, 1].map((tick) => ({ at: yOf(tick), label: percent(tick) }))}
        xLabel="First dimensions of the embedding"
        description={descriptionOf(last?.step ?? 0, prefixes)}
      >
        {chance === null ? null : (
          <line
            className={styles.chance}
            x1={area.left}
            x2={area.right}
            y1={yOf(chance)}
            y2={yOf(chance)}
            strokeDasharray={seriesDash.ink.join(" ")}
          />
        )}
        {teacher === null ? null : (
          <polyline
            className={styles.teacher}
            points={pointsOf(teacher)}
            strokeDasharray={seriesDash.orange.join(" ")}
          />
        )}
        <polyline className={styles.student} points={pointsOf(prefixes)} />
        {prefixes.map(({ dims: count, knn }, i) => (
          <circle key={count} className={styles.dot} cx={xOf(i, prefixes.length)} cy={yOf(knn)} r={3} />
        ))}
      </ChartFrame>
      <p className={styles.meaning}>
        {last === undefined
          ? "How good each length is comes with the first evaluation."
          : `${describePrefixes(prefixes, teacher)} Blue: the student’s, at step ${last.step}.`}
        {teacher === null ? "" : " Orange: the first directions of the teacher’s (its PCA)."}
        {chance === null ? "" : " Grey: chance."}
      </p>
    </figure>
  );
}

function descriptionOf(step: number, prefixes: readonly PrefixScore[]): string {
  if (prefixes.length === 0) return "kNN accuracy by dimensions kept, not measured yet.";
  const scores = prefixes.map(({ dims, knn }) => `${dims}: ${percent(knn)}`).join(", ");
  return `kNN accuracy by dimensions kept, at step ${step}. ${scores}`;
}

function pointsOf(scores: readonly PrefixScore[]): string {
  return scores.map(({ knn }, i) => `${xOf(i, scores.length)},${yOf(knn)}`).join(" ");
}

/** Each length is twice the one before, but for the last: evenly spaced, as on a logarithmic axis. */
function xOf(i: number, count: number): number {
  const inset = 20;
  const share = count === 1 ? 0.5 : i / (count - 1);
  return area.left + inset + share * (area.right - area.left - 2 * inset);
}

function yOf(share: number): number {
  return area.bottom - share * (area.bottom - area.top);
}
