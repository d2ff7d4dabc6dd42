import { useEffect, useRef, type RefObject } from "react";
import { addDrawing, requestDraw } from "../plots/drawLoop.ts";
import { lastRow } from "../metrics/metricLog.ts";
import type { MetricLog } from "../metrics/metricLog.ts";
import { metricLogOf, onMetrics } from "../metrics/metricArchive.ts";
import { runStore } from "../stores/runStore.ts";
import { formatDuration, formatShare } from "../widgets/formatNumbers.ts";
import styles from "./RunPanel.module.css";

/** Before that many steps nobody can say how long a run will take. */
const fewestStepsForTime = 10;

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
        <div key={figure} title={meanings[figure]}>
          <dt>{labels[figure]}</dt>
          <dd data-figure={figure}>–</dd>
        </div>
      ))}
    </dl>
  );
}

/** How far the run is, how fast, and how long it will take; written past React as well. */
export function LiveProgress() {
  const host = useRef<HTMLDivElement>(null);
  useDrawing(host, writeProgress);
  return (
    <div className={styles.progress} ref={host}>
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
  );
}

/** Calls `write` in the drawing loop whenever metrics or the state of the run have changed. */
function useDrawing(ref: RefObject<HTMLElement | null>, write: (host: HTMLElement) => void): void {
  useEffect(() => {
    const host = ref.current;
    if (host === null) return undefined;
    const stops = [addDrawing(() => write(host)), onMetrics(requestDraw), runStore.subscribe(requestDraw)];
    requestDraw();
    return () => stops.forEach((stop) => stop());
  }, [ref, write]);
}

function writeText(host: HTMLElement, name: string, text: string): void {
  const element = host.querySelector(`[data-figure="${name}"]`);
  if (element !== null && element.textContent !== text) element.textContent = text;
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

function writeProgress(host: HTMLElement): void {
  const run = runStore.getState();
  const log = metricLogOf(run.runId);
  const last = lastRow(log);
  const step = last?.step ?? 0;
  const total = run.plan?.totalSteps ?? 0;
  const rate = last?.imagesPerSecond ?? 0;
  const going = run.state === "running" || run.state === "paused";
  writeText(host, "steps", total === 0 ? "no steps yet" : `step ${step} of ${total}`);
  writeText(host, "rate", last === null ? "" : `${rate.toFixed(rate < 20 ? 1 : 0)} images/s`);
  writeText(
    host,
    "left",
    going && step >= fewestStepsForTime ? `${formatDuration(secondsLeft(log, total - step))} left` : "",
  );
  const share = total === 0 ? 0 : Math.min(1, step / total);
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
