import { useMemo, useState } from "react";
import { useStore } from "zustand";
import { deletedRuns } from "../stores/deletedRuns.ts";
import { keptStore } from "../stores/keptStore.ts";
import { notifyError } from "../stores/noticeStore.ts";
import { metricLogOf } from "../metrics/metricArchive.ts";
import { chooseRun, dismissAllRuns, mostChosen, overlayStore } from "../stores/overlayStore.ts";
import { runHistory, type RunRecord } from "../stores/runHistory.ts";
import { hasTeacher } from "../stores/runStore.ts";
import { chooseRuns, sortings, type ListedRun, type Sorting } from "./chooseRuns.ts";
import { GroupBy } from "./GroupBy.tsx";
import { settingsThatVary } from "./groupRuns.ts";
import { GroupTable } from "./GroupTable.tsx";
import { Overlay } from "./Overlay.tsx";
import { endMean } from "../metrics/endMean.ts";
import { useMetricLogs } from "./useMetricLogs.ts";
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
  const needed = useMemo(() => (sorting === "distillation" ? runs : []), [sorting, runs]);
  useMetricLogs(needed);
  const listed = runs.map((run): ListedRun => ({
    run,
    entry: entries.get(run.runId) ?? null,
    ...(sorting === "distillation" ? { distillation: smoothedDistillation(run) } : {}),
  }));
  const shown = chooseRuns(listed, query, sorting);
  return (
    <div className={styles.page}>
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
              delete them, or clear this site’s data; nothing of them leaves it. kNN is the share of held-out
              images whose nearest training images vote for the right class.
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
            <Chosen listed={shown} />
            <div className={styles.scroll} tabIndex={0} role="region" aria-label="Table of runs">
              <table data-testid="run-history">
                <thead>
                  <tr>
                    <th scope="col">
                      <span className="visually-hidden">Chosen</span>
                    </th>
                    <th scope="col" className={styles.name}>
                      Run
                    </th>
                    <th scope="col" className={styles.ended}>
                      Ended
                    </th>
                    <th scope="col">Seed</th>
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
              <button
                type="button"
                data-testid="runs-csv"
                onClick={() => void save("csv").catch(notifyError)}
              >
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
            <Groups listed={shown.map(({ run }) => run)} />
          </>
        )}
      </section>
      <Overlay runs={runs} />
    </div>
  );
}

/** How many are chosen to be drawn over each other, and that there is no room for more. */
function Chosen({ listed }: { readonly listed: readonly ListedRun[] }) {
  const count = useStore(overlayStore, ({ slots }) => slots.filter((slot) => slot !== null).length);
  const isRefused = useStore(overlayStore, (state) => state.isRefused);
  return (
    <div className={styles.tools}>
      <span role="status" data-testid="chosen">
        {count === 0 ? "Choose runs to draw their curves over each other." : `${count} chosen.`}
        {isRefused
          ? ` No more than ${mostChosen} can be told from each other on a chart: take one off first.`
          : ""}
      </span>
      <button
        type="button"
        onClick={() => {
          const { runIds: deleted } = deletedRuns.getState();
          for (const { run } of listed) if (!deleted.has(run.runId)) chooseRun(run.runId);
        }}
      >
        Choose all listed
      </button>
      <button type="button" disabled={count === 0} onClick={dismissAllRuns}>
        Choose none
      </button>
    </div>
  );
}

/** Groups of the chosen runs, or of all that are listed while fewer than two are chosen. */
function Groups({ listed }: { readonly listed: readonly RunRecord[] }) {
  const slots = useStore(overlayStore, (state) => state.slots);
  const groupBy = useStore(overlayStore, (state) => state.groupBy);
  const ids = listed.map(({ runId }) => runId).join(" ");
  const { runs, of } = useMemo(() => {
    const known = runHistory.getState().runs;
    const chosen = known.filter(({ runId }) => slots.includes(runId));
    if (chosen.length > 1) return { runs: chosen, of: `Of the ${chosen.length} chosen runs` };
    const wanted = new Set(ids.split(" "));
    const all = known.filter(({ runId }) => wanted.has(runId));
    return { runs: all, of: `Of the ${all.length} listed runs` };
  }, [slots, ids]);
  const groupable = settingsThatVary(runs);
  if (groupable.length === 0) return null;
  return (
    <>
      <div className={styles.tools}>
        <GroupBy groupable={groupable} />
      </div>
      {groupBy === null ? null : <GroupTable runs={runs} setting={groupBy} of={of} />}
    </>
  );
}

function smoothedDistillation({ runId, config }: RunRecord): number | null {
  return hasTeacher(config) ? endMean(metricLogOf(runId).column("distillation")) : null;
}

async function save(kind: "csv" | "latex"): Promise<void> {
  const { saveRuns } = await import("./runsTable.ts");
  saveRuns(kind);
}
