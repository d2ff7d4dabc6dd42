import { useId } from "react";
import { useStore } from "zustand";
import { exportMetrics, exportRun, exportStudent } from "../commands/exportRun.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { exportStore } from "../stores/exportStore.ts";
import { notifyError } from "../stores/noticeStore.ts";
import { runStore } from "../stores/runStore.ts";
import { Icon } from "../widgets/Icon.tsx";
import { ExportChecks } from "./ExportChecks.tsx";
import { ExportFormats } from "./ExportFormats.tsx";
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
          ? "The student is a small encoder of pictures. student.zip holds it for PyTorch, ONNX and web pages, with the code that loads it; every file is tried before you get it. Finished students of this visit stay under Runs."
          : "After a run you can download the student: a small encoder of pictures, trained here, for use elsewhere."}
      </p>
      <Exports hasRun={hasRun} />
      <ExportFormats />
      <ExportChecks />
    </section>
  );
}

function Exports({ hasRun }: { readonly hasRun: boolean }) {
  const engine = useEngine();
  const isBusy = useStore(exportStore, ({ task }) => task !== "");
  const attempt = (task: () => void | Promise<void>): void => {
    void Promise.resolve().then(task).catch(notifyError);
  };
  // Loaded when it is asked for: nobody needs it before.
  const takeStudent = async (): Promise<void> =>
    (await import("../commands/takeAway.ts")).takeStudentAway(engine);
  const takeEmbeddings = async (): Promise<void> =>
    (await import("../commands/takeAway.ts")).takeEmbeddingsAway(engine);
  const saveReport = async (): Promise<void> => (await import("../report/runReport.ts")).saveRunReport();
  return (
    <div className={styles.exports}>
      <button
        type="button"
        className={styles.main}
        data-testid="export-zip"
        disabled={!hasRun || isBusy}
        onClick={() => attempt(takeStudent)}
      >
        <Icon name="download" />
        student.zip
      </button>
      <button
        type="button"
        data-testid="export-student"
        disabled={!hasRun}
        onClick={() => attempt(() => exportStudent(engine, exportStore.getState().withHead))}
      >
        <Icon name="download" />
        student.safetensors
      </button>
      <button
        type="button"
        data-testid="export-embeddings"
        title="What the student makes of every image that is loaded, by name, and the most alike of each"
        disabled={!hasRun || isBusy}
        onClick={() => attempt(takeEmbeddings)}
      >
        <Icon name="download" />
        embeddings.zip
      </button>
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
      <button
        type="button"
        data-testid="export-report"
        disabled={!hasRun}
        onClick={() => attempt(saveReport)}
      >
        <Icon name="download" />
        report.html
      </button>
    </div>
  );
}
