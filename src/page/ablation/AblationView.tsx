import { useStore } from "zustand";
import { ablationAxes } from "../../contract/ablationAxes.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { ablationStore } from "../stores/ablationStore.ts";
import { notifyError } from "../stores/noticeStore.ts";
import { jobsLeft } from "../trials/ablationJobs.ts";
import { Icon } from "../widgets/Icon.tsx";
import { AblationChart } from "./AblationChart.tsx";
import { ablationFigures } from "./ablationFigures.ts";
import { ablationTable } from "./ablationTable.ts";
import styles from "./AblationView.module.css";
import { DesignForm } from "./DesignForm.tsx";
import { JobQueue } from "./JobQueue.tsx";
import { openRun } from "../commands/openRun.ts";
import { describePublished } from "./publishedFinding.ts";
import type { AblationFile } from "./saveAblation.ts";

/** One thing varied, everything else held: what it changes. */
export function AblationView() {
  const { draft, design, status, jobs } = useStore(ablationStore);
  const shown = jobs.length === 0 ? draft : design;
  const { question } = ablationAxes[draft.axis];
  const over = jobs.length - jobsLeft(jobs).length;
  return (
    <section className={`card ${styles.view}`} aria-labelledby="ablation-title">
      <h2 id="ablation-title">{question}</h2>
      <p className={styles.brief} role="status">
        {jobs.length === 0 ? "Nothing has been run yet." : `${over} of ${jobs.length} runs, ${status}`}
      </p>
      <p className={styles.lead}>
        One thing is varied. Every value is trained with every seed, one run after another, on the same split
        of the same pictures; everything else is as set up under Train. Runs without a teacher have the best
        settings known for them, so that the comparison is fair. {ablationAxes[draft.axis].note}
      </p>
      <DesignForm />
      {jobs.length === 0 ? null : (
        <>
          <Figures />
          <ResultTable />
        </>
      )}
      <p className={styles.lead} data-testid="ablation-published">
        {describePublished(shown.axis)}
      </p>
      {jobs.length === 0 ? null : <JobQueue />}
    </section>
  );
}

function Figures() {
  const engine = useEngine();
  const { design, config, jobs } = useStore(ablationStore);
  const figures = ablationFigures(design, config, jobs).filter(({ points }) => points.length > 0);
  const conclusion = figures[0]?.conclusion ?? "";
  if (figures.length === 0)
    return <p className={styles.small}>The figure fills in as runs come to their end.</p>;
  return (
    <>
      {conclusion === "" ? null : (
        <p className={styles.conclusion} data-testid="ablation-conclusion">
          {conclusion}
        </p>
      )}
      <div className={styles.figures} data-testid="ablation-chart">
        {figures.map((figure, i) => (
          <figure key={figure.id} className={styles.figure}>
            <figcaption>{figure.title}</figcaption>
            <AblationChart
              figure={figure}
              onOpen={(runId) => void openRun(engine, runId).catch(notifyError)}
            />
            {i === 0 || figure.conclusion === "" ? null : <p className={styles.small}>{figure.conclusion}</p>}
          </figure>
        ))}
      </div>
    </>
  );
}

function ResultTable() {
  const { design, jobs } = useStore(ablationStore);
  const { header, rows, caption } = ablationTable(design, jobs);
  return (
    <>
      <div className={styles.table}>
        <table data-testid="ablation-table">
          <caption>{caption}</caption>
          <thead>
            <tr>
              {header.map((cell) => (
                <th key={cell} scope="col">
                  {cell}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(([value, ...cells]) => (
              <tr key={value}>
                <th scope="row">{value}</th>
                {cells.map((cell, i) => (
                  <td key={header[i + 1]}>{cell}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className={styles.buttons}>
        {files.map(([kind, label]) => (
          <button
            key={kind}
            type="button"
            data-testid={`ablation-${kind}`}
            onClick={() => void save(kind).catch(notifyError)}
          >
            <Icon name="download" />
            {label}
          </button>
        ))}
      </p>
    </>
  );
}

const files: readonly (readonly [AblationFile, string])[] = [
  ["csv", "ablation.csv"],
  ["latex", "ablation.tex"],
  ["svg", "Figures, SVG"],
  ["png", "Figures, PNG"],
  ["report", "Report"],
];

async function save(kind: AblationFile): Promise<void> {
  const { saveAblation } = await import("./saveAblation.ts");
  await saveAblation(kind);
}
