import { useId, useState } from "react";
import { useStore } from "zustand";
import { exportMetrics, exportRun, exportStudent } from "../commands/exportRun.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { notifyError } from "../stores/noticeStore.ts";
import { runStore } from "../stores/runStore.ts";
import { Icon } from "../widgets/Icon.tsx";
import styles from "./TakeAway.module.css";

/** The student as files. */
export function TakeAway() {
  const id = useId();
  const hasRun = useStore(runStore, (run) => run.plan !== null);
  return (
    <section className={`card ${styles.card}`} aria-labelledby={id}>
      <h2 id={id}>Take it away</h2>
      <p className={styles.lead}>
        {hasRun
          ? "The student is a small encoder of pictures: its weights as safetensors with torchvision’s names, the settings to repeat the run, and every number of it. Finished students of this visit stay under Runs."
          : "After a run you can download the student: a small encoder of pictures, trained here."}
      </p>
      <RunExports />
    </section>
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
      <button
        type="button"
        data-testid="export-student"
        disabled={!hasRun}
        onClick={() => attempt(() => exportStudent(engine, withHead))}
      >
        <Icon name="download" />
        student.safetensors
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
