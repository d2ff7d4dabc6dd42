import { useState } from "react";
import { useStore } from "zustand";
import type { RunExecution, RunPlan } from "../../contract/protocol.ts";
import { parseConfigPatch, type Config } from "../../contract/config.ts";
import { describeFittedBatch } from "../../contract/describeFittedBatch.ts";
import { ablationIsGoing } from "../commands/ablation.ts";
import { changeSetting } from "../commands/changeSetting.ts";
import { exportMetrics, exportRun, exportStudent } from "../commands/exportRun.ts";
import { restartEngine } from "../commands/openBackend.ts";
import { pauseRun, resumeRun, startRun, stepRun, stopRun } from "../commands/startRun.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { ablationStore } from "../stores/ablationStore.ts";
import { configStore } from "../stores/configStore.ts";
import { engineStore } from "../stores/engineStore.ts";
import { notifyError } from "../stores/noticeStore.ts";
import { runIsBusy, runStore } from "../stores/runStore.ts";
import { describeRun } from "./describeRun.ts";
import { formatCount } from "../widgets/formatNumbers.ts";
import { Icon } from "../widgets/Icon.tsx";
import { LiveFigures, LiveProgress } from "./LiveFigures.tsx";
import styles from "./RunPanel.module.css";

/** Start, pause, step, stop, and how far it is. Always in sight, and first for the keyboard. */
export function RunBar() {
  return (
    <section className={styles.panel} aria-label="Run">
      <div className={styles.bar}>
        <RunButtons />
        <RunStatus />
        <EngineRestart />
      </div>
      <LiveProgress />
    </section>
  );
}

/** The newest numbers, the setting most turned while watching, and what can be taken away. */
export function RunPanel() {
  return (
    <section className={styles.panel} aria-label="Figures and files">
      <LiveFigures />
      <div className={styles.foot}>
        <LiveLearningRate />
        <RunExports />
      </div>
    </section>
  );
}

function RunButtons() {
  const engine = useEngine();
  const state = useStore(runStore, (run) => run.state);
  const preparing = useStore(runStore, (run) => run.preparing !== "");
  const busy = useStore(runStore, (run) => runIsBusy(run));
  const inAblation = useStore(ablationStore, () => ablationIsGoing());
  const paused = state === "paused" && !preparing;
  const running = state === "running" || state === "starting";

  return (
    <div className={styles.buttons}>
      <button
        type="button"
        className={styles.start}
        data-testid="start"
        disabled={(busy && !paused) || inAblation}
        onClick={() => void (paused ? resumeRun(engine) : startRun(engine))}
      >
        <Icon name="play" />
        {paused ? "Resume" : "Start"}
      </button>
      <button
        type="button"
        data-testid="pause"
        aria-pressed={paused}
        disabled={(!running && !paused) || preparing || inAblation}
        title="Space"
        onClick={() => void (paused ? resumeRun(engine) : pauseRun(engine))}
      >
        <Icon name="pause" />
        Pause
      </button>
      <button
        type="button"
        data-testid="step"
        disabled={(busy && !paused) || inAblation}
        title="→"
        onClick={() => void stepRun(engine)}
      >
        <Icon name="step" />
        Step
      </button>
      <button type="button" data-testid="stop" disabled={!busy} onClick={() => void stopRun(engine)}>
        <Icon name="stop" />
        Stop
      </button>
    </div>
  );
}

/** When the engine is gone, or does not answer, the way back is where the eye is. */
function EngineRestart() {
  const engine = useEngine();
  const status = useStore(engineStore, (state) => state.status);
  const silentSeconds = useStore(engineStore, (state) => Math.round(state.silentMs / 1000));
  if (status !== "lost" && status !== "failed" && silentSeconds === 0) return null;
  return (
    <div className={styles.restart}>
      <button type="button" data-testid="restart-engine" onClick={() => void restartEngine(engine)}>
        Restart the engine
      </button>
      {silentSeconds === 0 ? null : (
        <p className={styles.hint} data-testid="engine-silence">
          The engine has not answered for {silentSeconds} s. It is at one long calculation, or stuck: wait, or
          restart it. Images and a teacher of your own are then to be given again.
        </p>
      )}
    </div>
  );
}

function RunStatus() {
  const run = useStore(runStore);
  const progress = useStore(engineStore, (state) => state.progress);
  const { text, hint, alarming } = describeRun(run, progress);
  return (
    <div className={styles.status}>
      <p
        className={`${styles.state} ${alarming ? styles.alarming : ""}`}
        data-testid="run-state"
        data-state={run.preparing === "" ? run.state : "starting"}
      >
        {text}
      </p>
      <p className={styles.hint}>
        {hint === "" && run.plan !== null ? describePlan(run.config, run.plan, run.execution) : hint}
      </p>
    </div>
  );
}

function describePlan(asked: Config | null, plan: RunPlan, execution: RunExecution | null): string {
  const parts = [
    `${plan.trainImages} images to train on, ${plan.heldOutImages} held out`,
    `encoder ${formatCount(plan.studentParameters)}, head ${formatCount(plan.headParameters)} parameters`,
    `${plan.embeddingDim} dimensions`,
  ];
  const fitted = asked === null ? "" : describeFittedBatch(asked, plan);
  if (fitted !== "") parts.push(fitted.replace(/\.$/, ""));
  if (plan.projection !== "") parts.push(plan.projection);
  if (execution?.executor === "compiled") parts.push(`step compiled for the GPU: ${execution.details}`);
  if (execution?.executor === "reference") parts.push(`reference executor: ${execution.details}`);
  return parts.join(" · ");
}

/** The one setting people turn while they watch, within reach of the curves. */
function LiveLearningRate() {
  const engine = useEngine();
  const value = useStore(configStore, (state) => state.config.learningRate);
  const [draft, setDraft] = useState<string | null>(null);
  const take = (text: string): void => {
    setDraft(text);
    const { learningRate } = parseConfigPatch({ learningRate: text }).patch;
    if (learningRate !== undefined) void changeSetting(engine, "learningRate", learningRate);
  };
  return (
    <span className={styles.rate}>
      <label htmlFor="live-rate">Learning rate</label>
      <button
        type="button"
        aria-label="Halve the learning rate"
        onClick={() => take(String(Number((value / 2).toPrecision(3))))}
        onBlur={() => setDraft(null)}
      >
        ½×
      </button>
      <input
        id="live-rate"
        data-testid="live-learning-rate"
        type="number"
        step="any"
        min={0}
        value={draft ?? value}
        onChange={(event) => take(event.target.value)}
        onBlur={() => setDraft(null)}
      />
      <button
        type="button"
        aria-label="Double the learning rate"
        onClick={() => take(String(Number((value * 2).toPrecision(3))))}
        onBlur={() => setDraft(null)}
      >
        2×
      </button>
    </span>
  );
}

function RunExports() {
  const engine = useEngine();
  const hasRun = useStore(runStore, (run) => run.plan !== null);
  const [withHead, setWithHead] = useState(false);
  const attempt = (task: () => void | Promise<void>): void => {
    void Promise.resolve().then(task).catch(notifyError);
  };
  return (
    <div className={styles.exports}>
      <span>Take away</span>
      <button
        type="button"
        data-testid="export-student"
        title="student.safetensors: the encoder's weights with torchvision's names"
        disabled={!hasRun}
        onClick={() => attempt(() => exportStudent(engine, withHead))}
      >
        <Icon name="download" />
        student
      </button>
      <label className={styles.check}>
        <input type="checkbox" checked={withHead} onChange={(event) => setWithHead(event.target.checked)} />
        with head
      </label>
      <button
        type="button"
        data-testid="export-metrics"
        disabled={!hasRun}
        onClick={() => attempt(exportMetrics)}
      >
        <Icon name="download" />
        metrics.csv
      </button>
      <button type="button" data-testid="export-run" disabled={!hasRun} onClick={() => attempt(exportRun)}>
        <Icon name="download" />
        run.json
      </button>
    </div>
  );
}
