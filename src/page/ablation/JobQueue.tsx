import { useEffect, useState } from "react";
import { useStore } from "zustand";
import { moveJob, requeueJob, skipJob } from "../commands/ablation.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { metricLogOf } from "../metrics/metricArchive.ts";
import { lastRow } from "../metrics/metricLog.ts";
import type { AblationJob } from "../../contract/ablationJob.ts";
import { ablationIsGoing, ablationStore } from "../stores/ablationStore.ts";
import { notifyError } from "../stores/noticeStore.ts";
import { jobLabel } from "../trials/ablationJobs.ts";
import { describeRest, type GoingRun } from "../trials/estimate.ts";
import { measures } from "../trials/measures.ts";
import { formatDuration } from "../widgets/formatNumbers.ts";
import { stateNames } from "./ablationTable.ts";
import styles from "./AblationView.module.css";
import { openRun } from "../commands/openRun.ts";

/** Every run of the ablation in the order in which they are done, and what can be changed about that. */
export function JobQueue() {
  const { design, jobs } = useStore(ablationStore);
  const isGoing = useStore(ablationStore, (state) => ablationIsGoing(state));
  const waiting = jobs.filter(({ state }) => state === "queued");
  return (
    <section className={styles.queue} aria-labelledby="ablation-queue-title">
      <h3 id="ablation-queue-title">All runs, in order</h3>
      {isGoing ? <Rest /> : null}
      <div className={styles.table}>
        <table data-testid="ablation-queue">
          <thead>
            <tr>
              {["Run", "State", measures.knn.name, measures.distillation.name, "Took", "Actions"].map(
                (name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ),
              )}
            </tr>
          </thead>
          <tbody>
            {jobs.map((job) => (
              <JobRow
                key={`${job.value} ${job.seed}`}
                job={job}
                label={`${jobLabel(design, job)}, seed ${job.seed}`}
                hasOwnLoss={design.axis === "method"}
                isFirst={job === waiting[0]}
                isLast={job === waiting.at(-1)}
              />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

interface JobRowProps {
  readonly job: AblationJob;
  readonly label: string;
  /** Where methods are compared, whose losses are not one measure. */
  readonly hasOwnLoss: boolean;
  /** Of those that wait. */
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

function JobRow({ job, label, hasOwnLoss, isFirst, isLast }: JobRowProps) {
  const engine = useEngine();
  const { state, problem, result, seconds, runId, attempts } = job;
  const knn = result?.knn ?? null;
  const distillation = hasOwnLoss ? null : (result?.distillation ?? null);
  const again = state === "queued" && attempts > 0 && problem !== "" ? ", once more" : "";
  return (
    <tr data-state={state}>
      <th scope="row">{label}</th>
      <td>
        {stateNames[state]}
        {again}
        {problem === "" ? null : <span className={styles.why}>{problem}</span>}
      </td>
      <td>{knn === null ? "–" : measures.knn.format(knn)}</td>
      <td>{distillation === null ? "–" : measures.distillation.format(distillation)}</td>
      <td>{seconds === null ? "–" : formatDuration(seconds)}</td>
      <td className={styles.actions}>
        {state === "queued" ? (
          <>
            <button
              type="button"
              aria-label={`Run ${label} earlier`}
              title="Earlier"
              disabled={isFirst}
              onClick={() => moveJob(job, -1)}
            >
              ↑
            </button>
            <button
              type="button"
              aria-label={`Run ${label} later`}
              title="Later"
              disabled={isLast}
              onClick={() => moveJob(job, 1)}
            >
              ↓
            </button>
            <button type="button" aria-label={`Skip ${label}`} onClick={() => skipJob(job)}>
              Skip
            </button>
          </>
        ) : null}
        {state === "failed" || state === "skipped" || state === "stoppedEarly" ? (
          <button type="button" aria-label={`Queue ${label} again`} onClick={() => requeueJob(job)}>
            Queue again
          </button>
        ) : null}
        {state === "done" ? (
          <button
            type="button"
            aria-label={`Curves of ${label}, in Train`}
            onClick={() => void openRun(engine, runId).catch(notifyError)}
          >
            Its curves
          </button>
        ) : null}
      </td>
    </tr>
  );
}

const restEveryMs = 1000;

/** How much is left, told anew every second. */
function Rest() {
  const { design, jobs } = useStore(ablationStore);
  const [, tell] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tell((count) => count + 1), restEveryMs);
    return () => clearInterval(timer);
  }, []);
  const runId = jobs.find(({ state }) => state === "running")?.runId ?? "";
  return (
    <p className={styles.lead} data-testid="ablation-rest">
      {describeRest(design, jobs, runId === "" ? null : goingRun(runId))}
    </p>
  );
}

function goingRun(runId: string): GoingRun | null {
  return lastRow(metricLogOf(runId));
}
