import type { Evaluation } from "../../contract/metrics.ts";
import type { Engine, EngineEvent, RunEnd } from "../../contract/protocol.ts";
import { runName } from "./runName.ts";
import { lastRow } from "../metrics/metricLog.ts";
import { announceMetrics, metricLogOf } from "../metrics/metricArchive.ts";
import { ablationStore } from "../stores/ablationStore.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { engineStore } from "../stores/engineStore.ts";
import { notify } from "../stores/noticeStore.ts";
import { rememberRun } from "../stores/runHistory.ts";
import { hasTeacher, runIsGoing, runStore } from "../stores/runStore.ts";
import { teacherStore } from "../stores/teacherStore.ts";

/** Progress may come faster than it can be read. */
const progressEveryMs = 200;

/** Brings what the engine says into the stores and the metric logs. @returns a function that ends it. */
export function followEngine(engine: Engine): () => void {
  let progressShownMs = 0;

  return engine.subscribe((event: EngineEvent) => {
    // An event of a run that is not shown any more says nothing about the one that is.
    if ("runId" in event && event.runId !== runStore.getState().runId) return;
    switch (event.type) {
      case "progress": {
        const over = event.done >= event.total;
        const now = performance.now();
        if (!over && now - progressShownMs < progressEveryMs) return;
        progressShownMs = now;
        const { task, done, total } = event;
        engineStore.setState({ progress: over ? null : { task, done, total } });
        return;
      }
      case "runState":
        if (event.state === "ended") return; // "runEnded" follows, and says how
        runStore.setState({ state: event.state, step: event.step });
        engineStore.setState({ progress: null });
        announceMetrics();
        return;
      case "execution":
        runStore.setState({ execution: event.execution });
        return;
      case "metrics":
        metricLogOf(event.runId).append(event.rows);
        announceMetrics();
        return;
      case "baseline":
        runStore.setState({ baseline: event.baseline });
        announceMetrics();
        return;
      case "evaluation":
        runStore.setState(({ evaluations }) => ({
          evaluations: withEvaluation(evaluations, event.evaluation),
        }));
        announceMetrics();
        return;
      case "keepingFailed": // `followKept` says so
      case "pictures":
      case "neighboursChanged":
        return; // `lookAround` follows them
      case "runEnded":
        engineStore.setState({ memory: event.memory, progress: null });
        // After "backendLost" the run has ended already, and not because someone stopped it.
        if (runIsGoing()) concludeRun(event.end);
        return;
      case "silence":
        engineStore.setState({ silentMs: event.silentMs });
        return;
      case "backendLost":
        engineStore.setState({ status: "lost", error: event.error, progress: null });
        notify("error", event.error.message, {
          hint: event.error.hint,
          details: event.error.details,
          cause: "engine",
        });
        // A worker that is gone cannot say that its run has ended.
        if (runIsGoing()) concludeRun({ kind: "failed", error: event.error });
        return;
    }
  });
}

/** A run that went on measures its beginning again. */
function withEvaluation(known: readonly Evaluation[], evaluation: Evaluation): readonly Evaluation[] {
  const others = known.filter(({ step }) => step !== evaluation.step);
  return [...others, evaluation].sort((a, b) => a.step - b.step);
}

/** For an end that the engine cannot tell of any more. */
export function concludeRun(end: RunEnd): void {
  const { runId, config, plan, baseline, evaluations, step } = runStore.getState();
  const last = lastRow(metricLogOf(runId));
  if (config !== null) {
    rememberRun({
      runId,
      name: runName(config),
      config,
      plan,
      end,
      baseline,
      evaluations,
      last,
      datasetName: datasetStore.getState().summary?.name ?? "",
      dataFingerprint: datasetStore.getState().summary?.fingerprint ?? "",
      teacherName: hasTeacher(config) ? (teacherStore.getState().card?.name ?? "") : "",
      ablation: ablationStore.getState().jobs.some((job) => job.runId === runId),
    });
  }
  runStore.setState({ state: "ended", end, step: last?.step ?? step });
  announceMetrics();
}
