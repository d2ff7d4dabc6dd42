import { useRef } from "react";
import { metricLogOf } from "../metrics/metricArchive.ts";
import { lastRow, type MetricLog } from "../metrics/metricLog.ts";
import { useDrawing, writeText } from "../plots/useDrawing.ts";
import { runStore } from "../stores/runStore.ts";
import { formatDuration } from "../widgets/formatNumbers.ts";
import styles from "./LiveProgress.module.css";

/** Before that many steps nobody can say how long a run will take. */
const fewestStepsForTime = 10;

/** How far the run is, how fast, and how long it will take; written past React as well. */
export function LiveProgress({ testId = "run-progress" }: { readonly testId?: string }) {
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
        <span data-figure="steps" data-testid={testId} />
        <span data-figure="rate" />
        <span data-figure="left" />
      </p>
    </div>
  );
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
