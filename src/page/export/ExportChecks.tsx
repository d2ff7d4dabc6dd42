import { useStore } from "zustand";
import { exportTolerance } from "../../contract/studentExport.ts";
import { exportStore, type PackedZip } from "../stores/exportStore.ts";
import { runStore } from "../stores/runStore.ts";
import { formatBytes } from "../widgets/formatNumbers.ts";
import styles from "./TakeAway.module.css";

/** What is being packed, and what was found when the files were tried. */
export function ExportChecks() {
  const task = useStore(exportStore, (state) => state.task);
  const runId = useStore(runStore, (run) => run.runId);
  const last = useStore(exportStore, (state) => (state.last?.runId === runId ? state.last : null));
  return (
    <div className={styles.checks} role="status" data-testid="export-checks">
      {task !== "" ? <p>{task} …</p> : last === null ? null : <Found {...last} />}
    </div>
  );
}

function Found({ checks, files, bytes }: PackedZip) {
  return (
    <>
      <p>
        student.zip: {files} files, {formatBytes(bytes)}.{" "}
        {checks.length === 0
          ? "Its certificate lets verify.py compare it with the student here."
          : "Each model says of eight drawn pictures what the student here says:"}
      </p>
      {checks.length === 0 ? null : (
        <table>
          <thead>
            <tr>
              <th scope="col">File</th>
              <th scope="col">Run by</th>
              <th scope="col">Largest difference</th>
            </tr>
          </thead>
          <tbody>
            {checks.map(({ file, runtime, largestDifference, agrees }) => (
              <tr key={file}>
                <th scope="row">{file}</th>
                <td>{runtime}</td>
                <td>
                  {largestDifference.toExponential(1)} {agrees ? "✓" : "✗"}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {checks.length === 0 ? null : (
        <p className={styles.note}>Allowed: {exportTolerance.toExponential(0)} of the largest value.</p>
      )}
    </>
  );
}
