import { useId } from "react";
import { useStore } from "zustand";
import type { BackendCandidate, BackendChoice, BackendReport } from "../../contract/backend.ts";
import type { RunExecution } from "../../contract/protocol.ts";
import { makeRoom } from "../commands/keptRuns.ts";
import { openBackend } from "../commands/openBackend.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { whyNotIsolated } from "../offline/isolation.ts";
import { engineStore } from "../stores/engineStore.ts";
import { keepEvery, keepEverySeconds, keptStore } from "../stores/keptStore.ts";
import { runIsBusy, runStore } from "../stores/runStore.ts";
import { formatBytes } from "../widgets/formatNumbers.ts";
import { backendLabels } from "./backendLabels.ts";
import { KeptOnMachine } from "./KeptOnMachine.tsx";
import styles from "./MachineStation.module.css";

/** Where training runs, and why there; with a way to choose another backend. */
export function MachineStation() {
  const engine = useEngine();
  const { status, choice, report, error, memory } = useStore(engineStore);
  const busy = useStore(runStore, (run) => runIsBusy(run));

  return (
    <div className={styles.machine}>
      <p className={styles.small}>Everything happens in this browser; nothing is sent anywhere.</p>
      <div className={styles.row}>
        <label htmlFor="backend">Backend</label>
        <select
          id="backend"
          data-testid="backend-select"
          value={choice}
          disabled={busy || status === "opening" || status === "lost"}
          onChange={(event) => void openBackend(engine, event.target.value as BackendChoice)}
        >
          {Object.entries(backendLabels).map(([name, label]) => (
            <option key={name} value={name}>
              {label}
            </option>
          ))}
        </select>
      </div>
      {status === "opening" ? <p role="status">Trying out what this machine can do …</p> : null}
      {status === "lost" || status === "failed" ? (
        <p className={styles.warning}>
          {error?.message} {error?.hint}
        </p>
      ) : null}
      {report === null ? null : <Report report={report} />}
      {memory === null ? null : (
        <p className={styles.small}>
          After the last run: {memory.tensors} tensors, {formatBytes(memory.tensorBytes)}; images{" "}
          {formatBytes(memory.imageBytes)}.
        </p>
      )}
      <Execution />
      <KeptOnMachine />
      <Keeping />
    </div>
  );
}

const executors: Readonly<Record<RunExecution["executor"], string>> = {
  compiled: "Steps are compiled for the GPU",
  wasmPass: "The student passes through WebAssembly as a whole, without compiled GPU steps",
  layerByLayer: "The student runs layer by layer, without compiled GPU steps",
};
/** How often the run is kept, so that it can go on after whatever happens. */
function Keeping() {
  const engine = useEngine();
  const id = useId();
  const { everySeconds, list } = useStore(keptStore);
  const bytes = list?.runs.reduce((sum, entry) => sum + entry.bytes, 0) ?? 0;
  const { min, max } = keepEverySeconds;
  return (
    <>
      <div className={styles.row}>
        <label htmlFor={id}>Keep the run every</label>
        <span>
          <input
            id={id}
            type="number"
            data-testid="keep-every"
            min={min}
            max={max}
            value={everySeconds}
            onChange={(event) => keepEvery(event.target.valueAsNumber)}
          />{" "}
          s
        </span>
      </div>
      <p className={styles.small}>
        {everySeconds === 0
          ? "At a pause, at the end and when the page is left"
          : "Never so often that it takes more than 2 % of the time"}
        , from the next run on.{" "}
        {list === null
          ? ""
          : list.place === "memory"
            ? "This browser keeps nothing: what is here is gone with the page."
            : `${list.runs.length} runs are kept on this machine, ${formatBytes(bytes)}.`}
      </p>
      {bytes === 0 ? null : (
        <button type="button" data-testid="make-room" onClick={() => void makeRoom(engine)}>
          Delete what ended runs could go on from
        </button>
      )}
    </>
  );
}

/** How the steps of the present run are computed. */
function Execution() {
  const execution = useStore(runStore, (run) => run.execution);
  if (execution === null) return null;
  return (
    <p className={styles.small} data-testid="execution">
      {executors[execution.executor]}: {execution.details}.
    </p>
  );
}

function Report({ report }: { readonly report: BackendReport }) {
  return (
    <>
      <p data-testid="backend-report">
        <strong>{backendLabels[report.chosen]}</strong> on {report.adapter}. {report.reason}
      </p>
      {report.advice === "" ? null : (
        <p className={report.software ? styles.warning : styles.small}>{report.advice}</p>
      )}
      <table className={styles.candidates}>
        <thead>
          <tr>
            <th scope="col">Tried</th>
            <th scope="col" style={{ textAlign: "left" }}>
              On
            </th>
            <th scope="col">GFLOP/s</th>
          </tr>
        </thead>
        <tbody>
          {report.candidates.map((candidate) => (
            <Candidate key={candidate.name} candidate={candidate} />
          ))}
        </tbody>
      </table>
      {report.crossOriginIsolated ? null : (
        <p className={styles.small} data-testid="not-isolated">
          WebAssembly has one thread here in place of several, which makes training on it slower: this page is
          not cross-origin isolated. {whyNotIsolated() || "Reload the page to isolate it."}
        </p>
      )}
    </>
  );
}

function Candidate({ candidate }: { readonly candidate: BackendCandidate }) {
  return (
    <tr>
      <th scope="row">{backendLabels[candidate.name]}</th>
      <td>
        {candidate.available ? (
          candidate.adapter
        ) : (
          <span className={styles.problem}>{candidate.problem}</span>
        )}
      </td>
      <td>{candidate.gflops === null ? "–" : candidate.gflops.toPrecision(2)}</td>
    </tr>
  );
}
