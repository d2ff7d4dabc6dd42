import { useEffect, useRef } from "react";
import { addDrawing, requestDraw } from "../plots/drawLoop.ts";
import { lastRow } from "../plots/metricLog.ts";
import type { MetricLog } from "../plots/metricLog.ts";
import { metricLogOf, onMetrics } from "../plots/metricArchive.ts";
import { hasTeacher, runStore } from "../stores/runStore.ts";
import { formatDuration, formatShare } from "./formatNumbers.ts";
import styles from "./RunPanel.module.css";

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

/**
 * The newest numbers and how far the run is. They change with every step, so they are written into the page in the
 * drawing loop, past React.
 */
export function LiveFigures() {
  const root = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const host = root.current;
    if (host === null) return undefined;
    const stops = [
      addDrawing(() => writeFigures(host)),
      onMetrics(requestDraw),
      runStore.subscribe(requestDraw),
    ];
    requestDraw();
    return () => stops.forEach((stop) => stop());
  }, []);

  return (
    <div ref={root}>
      <div className={styles.progress}>
        <div
          className={styles.track}
          role="progressbar"
          aria-label="Steps"
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={0}
          data-figure="bar"
        >
          <div className={styles.fill} data-figure="fill" />
        </div>
        <p className={styles.progressText}>
          <span data-figure="steps" data-testid="run-progress" />
          <span data-figure="rate" />
          <span data-figure="left" />
        </p>
      </div>
      <dl className={styles.figures}>
        {figures.map((figure) => (
          <div key={figure} title={meanings[figure]}>
            <dt>{labels[figure]}</dt>
            <dd data-figure={figure}>–</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function writeFigures(host: HTMLElement): void {
  const run = runStore.getState();
  const log = metricLogOf(run.runId);
  const last = lastRow(log);
  const write = (name: string, text: string): void => {
    const element = host.querySelector(`[data-figure="${name}"]`);
    if (element !== null && element.textContent !== text) element.textContent = text;
  };
  const number = (value: number | undefined): string => {
    if (value === undefined || Number.isNaN(value)) return "–";
    return Math.abs(value) >= 100 ? value.toFixed(1) : value.toFixed(3);
  };
  const taught = run.config !== null && hasTeacher(run.config);
  const judged = run.evaluations.at(-1);
  write("loss", number(last?.loss));
  write("contrastive", number(last?.contrastive));
  write("distillation", taught ? number(last?.distillation) : "–");
  write("cosine", taught ? number(last?.cosine) : "–");
  write("knn", formatShare(judged?.knn));
  write("spread", number(judged?.spread));

  const step = last?.step ?? 0;
  const total = run.plan?.totalSteps ?? 0;
  const share = total === 0 ? 0 : Math.min(1, step / total);
  const going = run.state === "running" || run.state === "paused";
  write("steps", total === 0 ? "no steps yet" : `step ${step} of ${total}`);
  write(
    "rate",
    last === null ? "" : `${last.imagesPerSecond.toFixed(last.imagesPerSecond < 20 ? 1 : 0)} images/s`,
  );
  write("left", going && step > 0 ? `${formatDuration(secondsLeft(log, total - step))} left` : "");
  host.querySelector<HTMLElement>('[data-figure="fill"]')!.style.transform = `scaleX(${share})`;
  const bar = host.querySelector('[data-figure="bar"]')!;
  const percent = String(Math.round(share * 100));
  if (bar.getAttribute("aria-valuenow") !== percent) bar.setAttribute("aria-valuenow", percent);
}

/** From the pace of the last fifty steps, so that a slow first step does not count for ever. */
function secondsLeft(log: MetricLog, stepsLeft: number): number {
  const elapsed = log.column("elapsedMs");
  const from = Math.max(0, log.length - 51);
  const steps = log.length - 1 - from;
  const msPerStep = steps > 0 ? (elapsed[log.length - 1]! - elapsed[from]!) / steps : (elapsed[0] ?? 0);
  return (stepsLeft * msPerStep) / 1000;
}
