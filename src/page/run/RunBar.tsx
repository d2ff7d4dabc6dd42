import { useStore } from "zustand";
import type { RunPlan } from "../../contract/protocol.ts";
import type { Config } from "../../contract/config.ts";
import { describeFittedBatch } from "../../contract/describeFittedBatch.ts";
import { pauseRun, resumeRun, startRun, stepRun, stopRun } from "../commands/startRun.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { beginSlowStep, slowStepStore } from "../method/slowStep.ts";
import { openStation } from "../stores/stationStore.ts";
import { ablationIsGoing, ablationStore } from "../stores/ablationStore.ts";
import { configStore } from "../stores/configStore.ts";
import { engineStore } from "../stores/engineStore.ts";
import { runIsBusy, runStore } from "../stores/runStore.ts";
import { useVerdict } from "../verdict/useVerdict.ts";
import { describeRun } from "./describeRun.ts";
import { describeSetup } from "./describeSetup.ts";
import { formatCount } from "../widgets/formatNumbers.ts";
import { Icon } from "../widgets/Icon.tsx";
import { LiveProgress } from "./LiveProgress.tsx";
import styles from "./RunBar.module.css";

/** Start, pause, step, stop, how far it is, and in two words how it goes. */
export function RunBar() {
  return (
    <div className={styles.panel} role="group" aria-label="Run">
      <div className={styles.work}>
        <div className={styles.bar}>
          <RunButtons />
          <RunStatus />
          <TrainingButton />
          <EngineRestart />
        </div>
        <LiveProgress />
      </div>
      <PhoneBar />
    </div>
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
  const working = useStore(slowStepStore, (slow) => slow.working);
  const isOver = state === "ended" && !preparing;

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
        aria-keyshortcuts="Space"
        onClick={() => void (paused ? resumeRun(engine) : pauseRun(engine))}
      >
        <Icon name="pause" />
        Pause
      </button>
      <button
        type="button"
        data-testid="step"
        disabled={(busy && !paused) || inAblation}
        aria-keyshortcuts="ArrowRight"
        onClick={() => void stepRun(engine)}
      >
        <Icon name="step" />
        Step
      </button>
      <button
        type="button"
        data-testid="slow-step-button"
        disabled={(busy && !paused && state !== "running") || inAblation || working}
        onClick={() => void beginSlowStep(engine)}
      >
        <Icon name="slow" />
        <span className={styles.labels}>
          <span data-shown={!isOver}>One slow step</span>
          <span data-shown={isOver}>Slow step, new run</span>
        </span>
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
      <button
        type="button"
        data-testid="restart-engine"
        onClick={() =>
          void import("../commands/restartEngine.ts").then(({ restartEngine }) => restartEngine(engine))
        }
      >
        Restart the engine
      </button>
      {silentSeconds === 0 ? null : (
        <p className={styles.hint} data-testid="engine-silence">
          The engine has not answered for {silentSeconds} s. It is at one long calculation, or stuck: wait, or
          restart it. The run then goes on from where it was kept last.
        </p>
      )}
    </div>
  );
}

function RunStatus() {
  const run = useStore(runStore);
  const progress = useStore(engineStore, (state) => state.progress);
  const { text, hint, keys, alarming } = describeRun(run, progress);
  const { headline } = useVerdict();
  const config = useStore(configStore, (state) => state.config);
  const isIdle = run.state === "idle" && run.preparing === "";
  const setup = isIdle ? describeSetup(config) : "";
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
        {run.state === "running" && run.preparing === ""
          ? headline
          : hint === "" && keys === "" && run.plan !== null
            ? describePlan(run.config, run.plan)
            : setup || hint}
        {keys === "" ? null : <span className={styles.keys}> {keys}</span>}
      </p>
    </div>
  );
}

/** What the run is made of, and the way to change it. */
function TrainingButton() {
  const { steps, epochs, batchSize, optimiser, learningRate } = useStore(
    configStore,
    (state) => state.config,
  );
  return (
    <button
      type="button"
      className={styles.training}
      data-testid="station-training"
      onClick={() => openStation("training")}
    >
      <Icon name="settings" />
      {steps > 0 ? `${steps} steps` : `${epochs} epochs`} of {batchSize} ·{" "}
      {optimiser === "muon" ? "Muon" : "SGD"} {learningRate}
    </button>
  );
}

/** Always within reach of a thumb: the one button that makes sense now, and how far it is. */
function PhoneBar() {
  const engine = useEngine();
  const state = useStore(runStore, (run) => run.state);
  const preparing = useStore(runStore, (run) => run.preparing !== "");
  const inAblation = useStore(ablationStore, () => ablationIsGoing());
  const going = (state === "running" || state === "starting") && !preparing;
  return (
    <div className={styles.phone}>
      <button
        type="button"
        className={going ? "" : styles.start}
        disabled={preparing || inAblation || state === "starting"}
        onClick={() =>
          void (going ? pauseRun(engine) : state === "paused" ? resumeRun(engine) : startRun(engine))
        }
      >
        <Icon name={going ? "pause" : "play"} />
        {going ? "Pause" : state === "paused" ? "Resume" : "Start"}
      </button>
      <LiveProgress testId="phone-progress" />
    </div>
  );
}

function describePlan(asked: Config | null, plan: RunPlan): string {
  const parts = [
    `${plan.trainImages.toLocaleString("en")} to train on, ${plan.heldOutImages.toLocaleString("en")} held out`,
    `encoder ${formatCount(plan.studentParameters)}, head ${formatCount(plan.headParameters)} parameters`,
  ];
  const fitted = asked === null ? "" : describeFittedBatch(asked, plan);
  if (fitted !== "") parts.push(fitted.replace(/\.$/, ""));
  if (plan.projection !== "") parts.push(plan.projection);
  return parts.join(" · ");
}
