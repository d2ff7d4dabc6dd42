import { useStore } from "zustand";
import { continueRun } from "../commands/continueRun.ts";
import { saveKeptStudent } from "../commands/keepStudents.ts";
import { deleteRuns, saveRecord } from "../commands/keptRuns.ts";
import { openRun } from "../commands/openRun.ts";
import { exportBundle } from "../commands/runBundles.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { deletedRuns, deleteLater, undoDelete } from "../stores/deletedRuns.ts";
import { exportStore } from "../stores/exportStore.ts";
import { keptStudents } from "../stores/keptStudents.ts";
import { notifyError } from "../stores/noticeStore.ts";
import { chooseRun, dismissRun, overlayStore } from "../stores/overlayStore.ts";
import type { RunRecord } from "../stores/runHistory.ts";
import { hasTeacher, runIsBusy, runStore } from "../stores/runStore.ts";
import { showView } from "../stores/viewStore.ts";
import { formatShare } from "../widgets/formatNumbers.ts";
import { Icon } from "../widgets/Icon.tsx";
import type { ListedRun } from "./chooseRuns.ts";
import { RunMenu } from "./RunMenu.tsx";
import { RunSample } from "./RunSample.tsx";
import styles from "./RunsView.module.css";

/** That a run which is over can be made longer by. */
const moreEpochs = 5;

/** A run of the list, and what can be done with it. */
export function RunRow({ run, entry }: ListedRun) {
  const engine = useEngine();
  const isDeleted = useStore(deletedRuns, ({ runIds }) => runIds.has(run.runId));
  const hasStudent =
    useStore(keptStudents, ({ files }) => files.has(run.runId)) || entry?.hasStudent === true;
  const busy = useStore(runStore, (state) => runIsBusy(state));
  const isPacking = useStore(exportStore, ({ task }) => task !== "");
  const isBrokenOff = entry?.record.run.metrics.end === null;
  const isComplete = entry?.checkpoint?.step === entry?.checkpoint?.totalSteps;
  // Loaded when it is asked for: nobody needs it before.
  const packStudent = async (): Promise<void> =>
    (await import("../commands/takeAway.ts")).takeKeptStudentAway(engine, run.runId);
  if (isDeleted)
    return (
      <tr className={styles.row}>
        <td />
        <th scope="row">{run.name}</th>
        <td colSpan={7}>is deleted.</td>
        <td className={styles.actions}>
          <button
            type="button"
            onClick={() => undoDelete(run.runId)}
            aria-label={`Keep ${run.name} after all`}
          >
            Undo
          </button>
        </td>
      </tr>
    );
  const ended = entry?.isElsewhere === true ? "in another tab" : isBrokenOff ? "broken off" : run.end.kind;
  return (
    <tr className={styles.row}>
      <Choice run={run} />
      <th scope="row">
        <Names run={run} entry={entry} />
      </th>
      <td className={styles.ended}>
        {ended}
        <span>{entry?.record.verdict}</span>
      </td>
      <td>{run.config.seed}</td>
      <td>{run.last?.step ?? entry?.checkpoint?.step ?? 0}</td>
      <td>{run.last?.loss.toFixed(3) ?? "–"}</td>
      <td>{hasTeacher(run.config) ? (run.last?.distillation.toFixed(3) ?? "–") : "–"}</td>
      <td>{formatShare(run.baseline?.untrainedKnn)}</td>
      <td>{formatShare(run.evaluations.at(-1)?.knn)}</td>
      <td className={styles.actions}>
        <RunMenu label={`What to do with ${run.name}`}>
          <button type="button" onClick={() => void openRun(engine, run.runId).catch(notifyError)}>
            Open in Train
          </button>
          <button
            type="button"
            disabled={busy || entry === null || entry.checkpoint === null || entry.isElsewhere}
            onClick={() => {
              showView("train");
              void continueRun(engine, run.runId, isComplete ? { moreEpochs } : {});
            }}
          >
            {isComplete ? `${moreEpochs} epochs more` : "Continue"}
          </button>
          <button
            type="button"
            disabled={!hasStudent}
            onClick={() => void saveKeptStudent(engine, run.runId).catch(notifyError)}
          >
            <Icon name="download" /> Student
          </button>
          <button
            type="button"
            disabled={busy || isPacking || entry?.hasStudent !== true}
            onClick={() => void packStudent().catch(notifyError)}
          >
            <Icon name="download" /> {isPacking ? "student.zip is being packed" : "student.zip"}
          </button>
          <button
            type="button"
            disabled={entry === null}
            onClick={() => void exportBundle(engine, run.runId).catch(notifyError)}
          >
            <Icon name="download" /> All, as a zip
          </button>
          <button
            type="button"
            disabled={entry?.isElsewhere === true}
            onClick={() => {
              dismissRun(run.runId);
              deleteLater(run.runId, () => void deleteRuns(engine, [run.runId]));
            }}
          >
            Delete
          </button>
        </RunMenu>
      </td>
    </tr>
  );
}

/** Whether its curves are drawn with those of others, and in which colour. */
function Choice({ run }: { readonly run: RunRecord }) {
  const slot = useStore(overlayStore, ({ slots }) => slots.indexOf(run.runId));
  return (
    <td className={styles.choice}>
      <label>
        <input
          type="checkbox"
          checked={slot >= 0}
          aria-label={`Choose ${run.name}`}
          onChange={({ target }) => (target.checked ? chooseRun(run.runId) : dismissRun(run.runId))}
        />
        {slot < 0 ? null : <RunSample slot={slot} />}
      </label>
    </td>
  );
}

/** The visitor's own words for it. They can be changed once the run is kept; until then their places are there. */
function Names({ run, entry }: ListedRun) {
  const engine = useEngine();
  const record = entry?.record ?? null;
  const { name, note, starred } = record ?? { name: run.name, note: "", starred: false };
  const change = (words: { name?: string; note?: string; starred?: boolean }): void => {
    if (record !== null) void saveRecord(engine, { ...record, ...words });
  };
  return (
    <span className={styles.names}>
      <button
        type="button"
        className={styles.star}
        disabled={record === null}
        aria-pressed={starred}
        aria-label={`Star ${name}`}
        onClick={() => change({ starred: !starred })}
      >
        {starred ? "★" : "☆"}
      </button>
      <input
        type="text"
        key={`name ${name}`}
        defaultValue={name}
        disabled={record === null}
        maxLength={200}
        title={name}
        aria-label={`Name of ${name}`}
        onBlur={({ target }) => {
          const words = target.value.trim();
          if (words !== "" && words !== name) change({ name: words });
        }}
      />
      <input
        type="text"
        key={`note ${note}`}
        defaultValue={note}
        disabled={record === null}
        maxLength={1000}
        placeholder="Note"
        aria-label={`Note on ${name}`}
        onBlur={({ target }) => {
          if (target.value !== note) change({ note: target.value });
        }}
      />
    </span>
  );
}
