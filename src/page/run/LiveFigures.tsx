import { useRef } from "react";
import { metricLogOf } from "../metrics/metricArchive.ts";
import { lastRow } from "../metrics/metricLog.ts";
import { useDrawing, writeText } from "../plots/useDrawing.ts";
import { runStore } from "../stores/runStore.ts";
import { formatShare } from "../widgets/formatNumbers.ts";
import styles from "./LiveFigures.module.css";

const figures = ["loss", "contrastive", "distillation", "cosine", "knn", "spread"] as const;
type Figure = (typeof figures)[number];

const labels: Readonly<Record<Figure, string>> = {
  loss: "Loss",
  contrastive: "Contrastive",
  distillation: "Distillation",
  cosine: "Cosine",
  knn: "kNN",
  spread: "Spread",
};
const meanings: Readonly<Record<Figure, string>> = {
  loss: "Total, as optimised",
  contrastive: "InfoNCE",
  distillation: "0 = equal to the teacher, 8 = opposite",
  cosine: "Of student and teacher on the same view; 1 = equal",
  knn: "Accuracy on held-out images; needs labels",
  spread: "Of the student's embeddings; 0 = collapsed, 1 = healthy",
};

/** The newest numbers. They change with every step, so they are written in the drawing loop, past React. */
export function LiveFigures() {
  const host = useRef<HTMLDListElement>(null);
  useDrawing(host, writeFigures);
  return (
    <dl className={styles.figures} ref={host}>
      {figures.map((figure) => (
        <div key={figure}>
          <dt>{labels[figure]}</dt>
          <dd data-figure={figure}>–</dd>
          <dd className={styles.meaning}>{meanings[figure]}</dd>
        </div>
      ))}
    </dl>
  );
}

function writeFigures(host: HTMLElement): void {
  const run = runStore.getState();
  const last = lastRow(metricLogOf(run.runId));
  const judged = run.evaluations.at(-1);
  writeText(host, "loss", formatFigure(last?.loss));
  for (const part of ["contrastive", "distillation", "cosine"] as const) {
    // Exactly 0 stands for a part that the method does not have.
    writeText(host, part, last?.[part] === 0 ? "–" : formatFigure(last?.[part]));
  }
  writeText(host, "knn", formatShare(judged?.knn));
  writeText(host, "spread", formatFigure(judged?.spread));
}

function formatFigure(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "–";
  return Math.abs(value) >= 100 ? value.toFixed(1) : value.toFixed(3);
}
