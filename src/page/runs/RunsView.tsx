import { useStore } from "zustand";
import type { RunEnd } from "../../contract/protocol.ts";
import { keptStudents, saveKeptStudent } from "../commands/keepStudents.ts";
import { notifyError } from "../stores/noticeStore.ts";
import { runHistory, type RunRecord } from "../stores/runHistory.ts";
import { hasTeacher, runStore } from "../stores/runStore.ts";
import { shownRunStore } from "../stores/shownRunStore.ts";
import { showView } from "../stores/viewStore.ts";
import { formatShare } from "../widgets/formatNumbers.ts";
import { Icon } from "../widgets/Icon.tsx";
import styles from "./RunsView.module.css";

/** The runs of this visit, newest first: their numbers, their curves, their students. */
export function RunsView() {
  const runs = useStore(runHistory, (state) => state.runs);
  return (
    <section className={`card ${styles.view}`} aria-labelledby="runs-title">
      <h2 id="runs-title">Runs of this visit</h2>
      {runs.length === 0 ? (
        <p className={styles.lead}>
          No run has ended yet. Each one is listed here with its numbers, its curves and its student.
        </p>
      ) : (
        <>
          <p className={styles.lead}>
            Each is named by what it changes against the defaults. Its student stays here until the page is
            closed; download what you want to keep.
          </p>
          <div className={styles.scroll} tabIndex={0} role="region" aria-label="Table of runs">
            <table data-testid="run-history">
              <thead>
                <tr>
                  <th scope="col">Run</th>
                  <th scope="col">Ended</th>
                  <th scope="col">Steps</th>
                  <th scope="col">Loss</th>
                  <th scope="col">Distillation</th>
                  <th scope="col">kNN untrained</th>
                  <th scope="col">kNN</th>
                  <th scope="col">
                    <span className="visually-hidden">What can be done with it</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {[...runs].reverse().map((run) => (
                  <Row key={run.runId} run={run} />
                ))}
              </tbody>
            </table>
          </div>
          <p className={styles.actions}>
            <button type="button" data-testid="runs-csv" onClick={() => void save("csv").catch(notifyError)}>
              <Icon name="download" /> runs.csv
            </button>
            <button
              type="button"
              data-testid="runs-latex"
              onClick={() => void save("latex").catch(notifyError)}
            >
              <Icon name="download" /> runs.tex
            </button>
          </p>
        </>
      )}
    </section>
  );
}

async function save(kind: "csv" | "latex"): Promise<void> {
  const { saveRuns } = await import("./runsTable.ts");
  saveRuns(kind);
}

function Row({ run }: { readonly run: RunRecord }) {
  const kept = useStore(keptStudents, ({ files }) => files.has(run.runId));
  const open = (): void => {
    shownRunStore.setState({ runId: run.runId === runStore.getState().runId ? "" : run.runId });
    showView("train");
  };
  return (
    <tr>
      <th scope="row">{run.name}</th>
      <td>{endWords[run.end.kind]}</td>
      <td>{run.last?.step ?? 0}</td>
      <td>{run.last?.loss.toFixed(3) ?? "–"}</td>
      <td>{hasTeacher(run.config) ? (run.last?.distillation.toFixed(3) ?? "–") : "–"}</td>
      <td>{formatShare(run.baseline?.untrainedKnn)}</td>
      <td>{formatShare(run.evaluations.at(-1)?.knn)}</td>
      <td className={styles.actions}>
        <button type="button" onClick={open} aria-label={`Show the curves of ${run.name}`}>
          Curves
        </button>
        <button
          type="button"
          disabled={!kept}
          onClick={() => saveKeptStudent(run.runId)}
          aria-label={`Download the student of ${run.name}`}
        >
          <Icon name="download" /> Student
        </button>
      </td>
    </tr>
  );
}

const endWords: Readonly<Record<RunEnd["kind"], string>> = {
  finished: "finished",
  stopped: "stopped",
  diverged: "diverged",
  failed: "failed",
};
