import { useStore } from "zustand";
import type { PrefixScore } from "../../contract/metrics.ts";
import { currentRunData } from "../plots/currentRunData.ts";
import { seriesDash } from "../plots/plotTheme.ts";
import { runHistory } from "../stores/runHistory.ts";
import { runStore } from "../stores/runStore.ts";
import { shownRunStore } from "../stores/shownRunStore.ts";
import { percent } from "../verdict/evidence.ts";
import { describePrefixes } from "./describePrefixes.ts";
import styles from "./PrefixChart.module.css";

const frame = { left: 44, right: 468, top: 10, bottom: 150, width: 480, height: 190 } as const;

/** Where prefixes of the embedding learn: what each length is worth by now, beside the teacher's. Else nothing. */
export function PrefixChart() {
  useStore(runStore, (state) => state.evaluations);
  useStore(shownRunStore, (state) => state.runId);
  useStore(runHistory, (state) => state.runs);
  const { evaluations, baseline } = currentRunData();
  // Of other runs prefixes are measured at the end alone, and say little.
  const isNested = (evaluations[0]?.prefixes ?? null) !== null;
  const last = evaluations.findLast(({ prefixes }) => prefixes !== null);
  const prefixes = last?.prefixes ?? null;
  if (!isNested || last === undefined || prefixes === null) return null;
  const teacher = baseline?.teacherPrefixes ?? null;
  const chance = baseline?.chance ?? null;
  return (
    <figure className={`card ${styles.figure}`} data-testid="prefix-chart">
      <figcaption>
        <b>How many dimensions does it need?</b> <span>kNN accuracy of the first dimensions</span>
      </figcaption>
      <svg
        viewBox={`0 0 ${frame.width} ${frame.height}`}
        role="img"
        aria-label={`kNN accuracy by dimensions kept, at step ${last.step}. ${prefixes.map(({ dims, knn }) => `${dims}: ${percent(knn)}`).join(", ")}`}
      >
        {[0, 0.25, 0.5, 0.75, 1].map((tick) => (
          <g key={tick}>
            <line className={styles.grid} x1={frame.left} x2={frame.right} y1={yOf(tick)} y2={yOf(tick)} />
            <text className={styles.text} x={frame.left - 6} y={yOf(tick) + 4} textAnchor="end">
              {percent(tick)}
            </text>
          </g>
        ))}
        {prefixes.map(({ dims }, i) => (
          <text
            key={dims}
            className={styles.text}
            x={xOf(i, prefixes.length)}
            y={frame.bottom + 18}
            textAnchor="middle"
          >
            {dims}
          </text>
        ))}
        <text
          className={styles.text}
          x={(frame.left + frame.right) / 2}
          y={frame.height - 4}
          textAnchor="middle"
        >
          First dimensions of the embedding
        </text>
        {chance === null ? null : (
          <line
            className={styles.chance}
            x1={frame.left}
            x2={frame.right}
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
        {prefixes.map(({ dims, knn }, i) => (
          <circle key={dims} className={styles.dot} cx={xOf(i, prefixes.length)} cy={yOf(knn)} r={3} />
        ))}
      </svg>
      <p className={styles.meaning}>
        {describePrefixes(prefixes, teacher)} Blue: the student's, at step {last.step}.
        {teacher === null ? "" : " Orange: the first directions of the teacher's (its PCA)."}
        {chance === null ? "" : " Grey: chance."}
      </p>
    </figure>
  );
}

function pointsOf(scores: readonly PrefixScore[]): string {
  return scores.map(({ knn }, i) => `${xOf(i, scores.length)},${yOf(knn)}`).join(" ");
}

/** Each length is twice the one before, but for the last: evenly spaced, as on a logarithmic axis. */
function xOf(i: number, count: number): number {
  const inset = 20;
  const share = count === 1 ? 0.5 : i / (count - 1);
  return frame.left + inset + share * (frame.right - frame.left - 2 * inset);
}

function yOf(share: number): number {
  return frame.bottom - share * (frame.bottom - frame.top);
}
