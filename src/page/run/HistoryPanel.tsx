import { useStore } from "zustand";
import type { RunEnd } from "../../contract/protocol.ts";
import { runHistory } from "../stores/runHistory.ts";
import { hasTeacher } from "../stores/runStore.ts";
import { formatShare } from "../widgets/formatNumbers.ts";
import { Panel } from "../widgets/Panel.tsx";

/** The runs of this visit, newest first. */
export function HistoryPanel() {
  const runs = useStore(runHistory, (state) => state.runs);
  if (runs.length === 0) return null;
  return (
    <Panel id="runs" title="Runs so far" brief={String(runs.length)} startsOpen={false}>
      <div style={{ overflow: "auto" }}>
        <table data-testid="run-history">
          <caption>Named by what each changes against the defaults.</caption>
          <thead>
            <tr>
              <th scope="col">Run</th>
              <th scope="col">Ended</th>
              <th scope="col">Steps</th>
              <th scope="col">Loss</th>
              <th scope="col">Distillation</th>
              <th scope="col">kNN untrained</th>
              <th scope="col">kNN</th>
            </tr>
          </thead>
          <tbody>
            {[...runs].reverse().map((run) => (
              <tr key={run.runId}>
                <th scope="row">{run.name}</th>
                <td>{endWords[run.end.kind]}</td>
                <td>{run.last?.step ?? 0}</td>
                <td>{run.last?.loss.toFixed(3) ?? "–"}</td>
                <td>{hasTeacher(run.config) ? (run.last?.distillation.toFixed(3) ?? "–") : "–"}</td>
                <td>{formatShare(run.baseline?.untrainedKnn)}</td>
                <td>{formatShare(run.evaluations.at(-1)?.knn)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

const endWords: Readonly<Record<RunEnd["kind"], string>> = {
  finished: "finished",
  stopped: "stopped",
  diverged: "diverged",
  failed: "failed",
};
