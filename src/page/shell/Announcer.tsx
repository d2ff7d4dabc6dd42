import { useEffect, useState } from "react";
import { runStore } from "../stores/runStore.ts";
import { engineStore } from "../stores/engineStore.ts";
import { lastRow } from "../metrics/metricLog.ts";
import { metricLogOf } from "../metrics/metricArchive.ts";
import { describeRun } from "../run/describeRun.ts";

const announceEveryMs = 5000;

/** Tells a screen reader how the run goes: at every change of state and every tenth, at most every five seconds. */
export function Announcer() {
  const [text, setText] = useState("");

  useEffect(() => {
    let saidMs = -Infinity;
    let saidKey = stateKey();
    const timer = setInterval(() => {
      const key = stateKey();
      if (key === saidKey || performance.now() - saidMs < announceEveryMs) return;
      saidKey = key;
      saidMs = performance.now();
      setText(describe());
    }, 500);
    return () => clearInterval(timer);
  }, []);

  return (
    <p className="visually-hidden" aria-live="polite">
      {text}
    </p>
  );
}

/** Changes when there is something worth saying. */
function stateKey(): string {
  const run = runStore.getState();
  const total = run.plan?.totalSteps ?? 0;
  const step = lastRow(metricLogOf(run.runId))?.step ?? 0;
  const tenth = total === 0 ? 0 : Math.floor((10 * step) / total);
  return `${run.runId} ${run.state} ${run.preparing} ${run.state === "running" ? tenth : ""}`;
}

function describe(): string {
  const run = runStore.getState();
  const { text, hint } = describeRun(run, engineStore.getState().progress);
  if (run.state !== "running") return `Run ${text}. ${hint}`;
  const last = lastRow(metricLogOf(run.runId));
  if (last === null) return "Run running.";
  return `Running, step ${last.step} of ${run.plan?.totalSteps ?? "?"}, loss ${last.loss.toPrecision(3)}.`;
}
