import type { ReactNode } from "react";
import type { ErrorWire } from "../../contract/errors.ts";
import { visibleText } from "../../lib/visibleText.ts";
import styles from "./Refusal.module.css";

interface RefusalProps {
  readonly error: ErrorWire;
  /** Begins the sentence that the error's message is. */
  readonly lead?: ReactNode;
  readonly testId: string;
  /** In place of the error's own list. */
  readonly children?: ReactNode;
}

/** Why something the visitor gave is not used, and what to do. */
export function Refusal({ error: { message, hint, details = [] }, lead, testId, children }: RefusalProps) {
  return (
    <div className={styles.refusal} role="alert" data-testid={testId}>
      <p>
        {lead}
        {visibleText(message)}
      </p>
      {hint === undefined ? null : <p>{hint}</p>}
      {children ?? (details.length === 0 ? null : <RefusalList label="Details" items={details} />)}
    </div>
  );
}

interface RefusalListProps {
  readonly label: string;
  readonly items: readonly string[];
  /** How many there are beyond those listed. */
  readonly more?: number;
}

export function RefusalList({ label, items, more = 0 }: RefusalListProps) {
  return (
    <ul className={styles.list} tabIndex={0} aria-label={label}>
      {items.map((item, i) => (
        <li key={i}>{visibleText(item)}</li>
      ))}
      {more > 0 ? <li>and {more.toLocaleString("en")} more</li> : null}
    </ul>
  );
}
