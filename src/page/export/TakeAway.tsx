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
  const plan = useStore(runStore, (run) => run.plan);
  const hasRun = plan !== null;
  return (
    <section className={`card ${styles.card}`} aria-labelledby={id}>
      <h2 id={id}>Take it away</h2>
      <p className={styles.lead}>
        {hasRun
          ? `The student is a small encoder of pictures. student.zip holds it for PyTorch, ONNX and web pages, with the code that loads it; every file is tried before you get it. The head, which makes the ${plan.embeddingDim} numbers that are compared in training, is dropped unless you tick it, so what describes a picture are the encoder’s own features, of another number. Finished students of this visit stay under Runs.`
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
  const takeToCluster = async (): Promise<void> =>
    (await import("../commands/takeAway.ts")).takeRunToCluster(engine);
  const saveReport = async (): Promise<void> => (await import("../report/runReport.ts")).saveRunReport();
  const download = (
    file: string,
    testId: string,
    task: () => void | Promise<void>,
    { isHeavy = false, ...more }: { isHeavy?: boolean; className?: string | undefined; title?: string } = {},
  ) => (
    <button
      type="button"
      data-testid={testId}
      disabled={!hasRun || (isHeavy && isBusy)}
      onClick={() => attempt(task)}
      {...more}
    >
      <Icon name="download" />
      {file}
    </button>
  );
  return (
    <div className={styles.exports}>
      {download("student.zip", "export-zip", takeStudent, { isHeavy: true, className: styles.main })}
      {download("student.safetensors", "export-student", () =>
        exportStudent(engine, exportStore.getState().withHead),
      )}
      {download("embeddings.zip", "export-embeddings", takeEmbeddings, {
        isHeavy: true,
        title: "What the student makes of every image that is loaded, by name, and the most alike of each",
      })}
      {download("cluster.zip", "export-cluster", takeToCluster, {
        isHeavy: true,
        title:
          "The run as it stands, for PyTorch on several processes or machines; run.zip comes back under Runs",
      })}
      {download("metrics.csv", "export-metrics", exportMetrics)}
      {download("run.json", "export-run", exportRun)}
      {download("report.html", "export-report", saveReport)}
    </div>
  );
}
