import { useState } from "react";
import { useStore } from "zustand";
import { keptStore } from "../stores/keptStore.ts";
import { notifyError } from "../stores/noticeStore.ts";
import { runHistory } from "../stores/runHistory.ts";
import { chooseRuns, sortings, type Sorting } from "./chooseRuns.ts";
import { ImportRun } from "./ImportRun.tsx";
import { RunRow } from "./RunRow.tsx";
import { Icon } from "../widgets/Icon.tsx";
import styles from "./RunsView.module.css";

/** The runs that are kept: their numbers, their curves, their students. */
export function RunsView() {
  const runs = useStore(runHistory, (state) => state.runs);
  const list = useStore(keptStore, (state) => state.list);
  const [query, setQuery] = useState("");
  const [sorting, setSorting] = useState<Sorting>("newest");
  const entries = new Map(list?.runs.map((entry) => [entry.record.runId, entry]));
  const listed = runs.map((run) => ({ run, entry: entries.get(run.runId) ?? null }));
  const shown = chooseRuns(listed, query, sorting);
  return (
    <section className={`card ${styles.view}`} aria-labelledby="runs-title">
      <h2 id="runs-title">Runs</h2>
      <ImportRun />
      {runs.length === 0 ? (
        <p className={styles.lead}>
          No run has ended yet. Each one is listed here with its numbers, its curves and its student.
        </p>
      ) : (
        <>
          <p className={styles.lead}>
            Each is named by what it changes against the defaults. They are kept on this machine until you
            delete them, or clear this site’s data; nothing of them leaves it.
          </p>
          <div className={styles.tools}>
            <label>
              Find{" "}
              <input
                type="search"
                data-testid="find-runs"
                value={query}
                onChange={(event) => setQuery(event.target.value)}
              />
            </label>
            <label>
              Order{" "}
              <select value={sorting} onChange={(event) => setSorting(event.target.value as Sorting)}>
                {Object.entries(sortings).map(([name, label]) => (
                  <option key={name} value={name}>
                    {label}
                  </option>
                ))}
              </select>
            </label>
            {shown.length < runs.length ? (
              <span role="status">
                {shown.length} of {runs.length}
              </span>
            ) : null}
          </div>
          <div className={styles.scroll} tabIndex={0} role="region" aria-label="Table of runs">
            <table data-testid="run-history">
              <thead>
                <tr>
                  <th scope="col">Run</th>
                  <th scope="col" className={styles.ended}>
                    Ended
                  </th>
                  <th scope="col">Steps</th>
                  <th scope="col">Loss</th>
                  <th scope="col">Distillation</th>
                  <th scope="col">kNN untrained</th>
                  <th scope="col">kNN</th>
                  <th scope="col" className={styles.actions}>
                    <span className="visually-hidden">What can be done with it</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {shown.map(({ run, entry }) => (
                  <RunRow key={run.runId} run={run} entry={entry} />
                ))}
              </tbody>
            </table>
          </div>
          <p className={styles.files}>
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
