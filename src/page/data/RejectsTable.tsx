import type { Reject, RejectReason } from "../../contract/dataset.ts";
import { saveFile } from "../widgets/saveFile.ts";
import { visibleText } from "../../lib/visibleText.ts";
import { rejectsCsv } from "../ingest/rejectsCsv.ts";
import { Icon } from "../widgets/Icon.tsx";
import styles from "./RejectsTable.module.css";

const reasons: Readonly<Record<RejectReason, string>> = {
  "not-an-image": "not an image",
  corrupt: "corrupt",
  "too-small": "too small",
  "too-large": "too large",
  duplicate: "duplicate",
  unsupported: "unsupported",
  unreadable: "unreadable",
  hidden: "hidden",
  misplaced: "not for here",
  "over-limit": "over the limit",
};

/** More rows would make the page slow; the CSV has them all. */
const shownRows = 200;

/** Which files were left out, and why. */
export function RejectsTable({ rejects }: { readonly rejects: readonly Reject[] }) {
  const counts = new Map<RejectReason, number>();
  for (const { reason } of rejects) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const brief = [...counts].map(([reason, count]) => `${count} ${reasons[reason]}`).join(", ");
  return (
    <details className={styles.rejects} data-testid="rejects">
      <summary>
        {rejects.length === 1 ? "1 file" : `${rejects.length.toLocaleString("en")} files`} left out: {brief}
      </summary>
      <div className={styles.scroller} tabIndex={0} role="group" aria-label="Files left out">
        <table>
          <thead>
            <tr>
              <th scope="col">File</th>
              <th scope="col">Reason</th>
              <th scope="col">In detail</th>
            </tr>
          </thead>
          <tbody>
            {rejects.slice(0, shownRows).map(({ path, reason, message }, i) => (
              <tr key={i}>
                <td>{visibleText(path)}</td>
                <td>{reasons[reason]}</td>
                <td>{visibleText(message)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rejects.length > shownRows ? (
        <p className={styles.more}>
          The first {shownRows} of {rejects.length.toLocaleString("en")}; the file has them all.
        </p>
      ) : null}
      <button
        type="button"
        data-testid="save-rejects"
        onClick={() => saveFile("images-left-out.csv", rejectsCsv(rejects), "text/csv")}
      >
        <Icon name="download" /> List as CSV
      </button>
    </details>
  );
}
